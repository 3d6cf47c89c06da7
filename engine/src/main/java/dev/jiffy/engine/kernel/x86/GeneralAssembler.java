package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Relative;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes x86-64 instructions of general-purpose registers, one method call each, and what they and
/// all others are made of.
///
/// Source of the encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
abstract sealed class GeneralAssembler permits Assembler {
  /// Arithmetic of two general-purpose operands; the values are the field in machine code.
  enum Alu {
    ADD(0),
    OR(1),
    ADC(2),
    AND(4),
    SUB(5),
    XOR(6),
    CMP(7);

    final int field;

    Alu(int field) {
      this.field = field;
    }
  }

  /// Shifts; values are the field in machine code.
  enum Shift {
    LEFT(4),
    RIGHT(5),
    RIGHT_SIGNED(7);

    final int field;

    Shift(int field) {
      this.field = field;
    }
  }

  /// When a jump is taken; the values are the numbers in machine code.
  enum Condition {
    BELOW(2),
    ABOVE_OR_EQUAL(3),
    EQUAL(4),
    NOT_EQUAL(5),
    LESS(12),
    GREATER_OR_EQUAL(13),
    LESS_OR_EQUAL(14),
    GREATER(15);

    final int number;

    Condition(int number) {
      this.number = number;
    }
  }

  private byte[] code = new byte[1024];
  private int size;

  /// {@return what has been written}
  byte[] bytes() {
    return Arrays.copyOf(code, size);
  }

  /// Fills up to a multiple of some bytes with what stops a thread that runs there.
  void align(int bytes) {
    while (size % bytes != 0) {
      emit(0xcc);
    }
  }

  // ---- positions

  /// Gives a label the current position.
  void bind(Label label) {
    label.position = size;
    for (int at : label.waiting) {
      patch(at, label.position);
    }
    label.waiting.clear();
  }

  /// {@return a label at the current position}
  Label here() {
    Label label = new Label();
    bind(label);
    return label;
  }

  // ---- general-purpose instructions, 64 bits

  void mov(Register dst, Register source) {
    rex(source.number(), null, dst.number());
    emit(0x89);
    emit(registers(source.number(), dst.number()));
  }

  /// `dst = value`
  void mov(Register dst, long value) {
    if (value == (int) value) {
      rex(0, null, dst.number());
      emit(0xc7);
      emit(registers(0, dst.number()));
      emitInt((int) value);
    } else {
      rex(0, null, dst.number());
      emit(0xb8 | (dst.number() & 7));
      emitInt((int) value);
      emitInt((int) (value >>> 32));
    }
  }

  /// `dst = memory`, 64 bits
  void load(Register dst, Address from) {
    general(0x8b, dst, from);
  }

  /// `memory = source`, 64 bits
  void store(Register source, Address to) {
    general(0x89, source, to);
  }

  /// `dst = memory`, 32 bits, extended by its sign
  void loadInt(Register dst, Address from) {
    general(0x63, dst, from);
  }

  /// `dst = memory`, 32 bits, extended by zeros
  void loadUnsigned(Register dst, Address from) {
    narrow(0x8b, dst, from);
  }

  /// `dst = memory`, 16 bits, extended by zeros
  void loadShort(Register dst, Address from) {
    loadPart(0xb7, dst, from);
  }

  /// `dst = memory`, 8 bits, extended by zeros
  void loadByte(Register dst, Address from) {
    loadPart(0xb6, dst, from);
  }

  private void loadPart(int opcode, Register dst, Address from) {
    int rex = 0x40 | ((dst.number() & 8) >> 1) | from.extension();
    if (rex != 0x40) {
      emit(rex);
    }
    emit(0x0f);
    emit(opcode);
    modRm(dst.number(), from, 1, 0);
  }

  /// Compares 32 bits of memory with the low 32 bits of a register.
  void compareInt(Address memory, Register register) {
    narrow(0x39, register, memory);
  }

  /// `memory = source`, the low 32 bits
  void storeInt(Register source, Address to) {
    narrow(0x89, source, to);
  }

  /// `dst = address of memory`
  void lea(Register dst, Address from) {
    general(0x8d, dst, from);
  }

  void alu(Alu alu, Register dst, Register source) {
    rex(source.number(), null, dst.number());
    emit((alu.field << 3) | 1);
    emit(registers(source.number(), dst.number()));
  }

  void alu(Alu alu, Register dst, int value) {
    rex(0, null, dst.number());
    boolean small = value == (byte) value;
    emit(small ? 0x83 : 0x81);
    emit(registers(alu.field, dst.number()));
    if (small) {
      emit(value);
    } else {
      emitInt(value);
    }
  }

  void alu(Alu alu, Register dst, Address from) {
    general((alu.field << 3) | 3, dst, from);
  }

  /// `memory = memory alu value`, through a register, which keeps the result
  void alu(Alu alu, Address memory, int value, Register through) {
    load(through, memory);
    alu(alu, through, value);
    store(through, memory);
  }

  /// `dst = dst · source`
  void imul(Register dst, Register source) {
    rex(dst.number(), null, source.number());
    emit(0x0f);
    emit(0xaf);
    emit(registers(dst.number(), source.number()));
  }

  /// `dst = source · value`
  void imul(Register dst, Register source, int value) {
    rex(dst.number(), null, source.number());
    emit(0x69);
    emit(registers(dst.number(), source.number()));
    emitInt(value);
  }

  /// `RDX = RAX · source`, the upper half; the lower one becomes `RAX`
  void imulHigh(Register source) {
    rex(0, null, source.number());
    emit(0xf7);
    emit(registers(5, source.number()));
  }

  void shift(Shift shift, Register dst, int bits) {
    rex(0, null, dst.number());
    emit(0xc1);
    emit(registers(shift.field, dst.number()));
    emit(bits);
  }

  /// `register = register << RCX`
  void shiftLeft(Register register) {
    rex(0, null, register.number());
    emit(0xd3);
    emit(registers(Shift.LEFT.field, register.number()));
  }

  /// Compares some bits with 0.
  void test(Register register, int bits) {
    rex(0, null, register.number());
    emit(0xf7);
    emit(registers(0, register.number()));
    emitInt(bits);
  }

  /// Compares with 0.
  void test(Register register) {
    rex(register.number(), null, register.number());
    emit(0x85);
    emit(registers(register.number(), register.number()));
  }

  void push(Register register) {
    if (register.number() >= 8) {
      emit(0x41);
    }
    emit(0x50 | (register.number() & 7));
  }

  /// Puts registers on the stack, which [#pop(Register...)] takes back.
  void push(Register... registers) {
    for (Register register : registers) {
      push(register);
    }
  }

  void pop(Register register) {
    if (register.number() >= 8) {
      emit(0x41);
    }
    emit(0x58 | (register.number() & 7));
  }

  /// Takes back what [#push(Register...)] put on the stack.
  void pop(Register... registers) {
    for (int i = registers.length - 1; i >= 0; i--) {
      pop(registers[i]);
    }
  }

  void jump(Label target) {
    emit(0xe9);
    distance(target, 0);
  }

  void jump(Condition condition, Label target) {
    emit(0x0f);
    emit(0x80 | condition.number);
    distance(target, 0);
  }

  /// Counts a register down and goes on at the start of a loop until it is 0.
  void repeat(Label loop, Register count) {
    alu(Alu.SUB, count, 1);
    jump(Condition.NOT_EQUAL, loop);
  }

  void ret() {
    emit(0xc3);
  }

  /// Asks for memory to be brought into a cache.
  ///
  /// @param level 1, 2 or 3; 0 for once-only use
  void prefetch(Address address, int level) {
    prefixless(address);
    emit(0x0f);
    emit(0x18);
    modRm(level, address, 1, 0);
  }

  /// Asks for memory that will be written to be brought into the first-level cache.
  void prefetchForWrite(Address address) {
    prefixless(address);
    emit(0x0f);
    emit(0x0d);
    modRm(1, address, 1, 0);
  }

  void cpuid() {
    emit(0x0f);
    emit(0xa2);
  }

  void xgetbv() {
    emit(0x0f);
    emit(0x01);
    emit(0xd0);
  }

  private void general(int opcode, Register register, Address address) {
    rex(register.number(), address, address.base().number());
    emit(opcode);
    modRm(register.number(), address, 1, 0);
  }

  private void narrow(int opcode, Register register, Address address) {
    int rex = 0x40 | ((register.number() & 8) >> 1) | address.extension();
    if (rex != 0x40) {
      emit(rex);
    }
    emit(opcode);
    modRm(register.number(), address, 1, 0);
  }

  private void prefixless(Address address) {
    int extension = address.extension();
    if (extension != 0) {
      emit(0x40 | extension);
    }
  }

  /// {@return the byte that names two registers}
  static int registers(int reg, int rm) {
    return 0xc0 | ((reg & 7) << 3) | (rm & 7);
  }

  private void rex(int reg, @Nullable Address address, int rm) {
    int last = address == null ? (rm & 8) >> 3 : address.extension();
    emit(0x48 | ((reg & 8) >> 1) | last);
  }

  // ---- operands and bytes

  /// Emits the bytes that name a register and a last operand.
  ///
  /// @param unit what short displacements are multiples of
  /// @param trailing the bytes that follow the operand
  void modRm(int reg, Operand rm, int unit, int trailing) {
    int field = (reg & 7) << 3;
    if (rm instanceof Vector vector) {
      emit(0xc0 | field | (vector.number() & 7));
    } else if (rm instanceof Address address) {
      address(field, address, unit);
    } else if (rm instanceof Relative relative) {
      emit(field | 5);
      distance(relative.label(), trailing);
    }
  }

  private void address(int field, Address address, int unit) {
    int displacement = address.displacement();
    int base = address.base().number() & 7;
    Register index = address.index();
    boolean small = displacement % unit == 0 && displacement / unit == (byte) (displacement / unit);
    int mode = displacement == 0 && base != 5 ? 0 : small ? 0x40 : 0x80;
    if (index == null && base != 4) {
      emit(mode | field | base);
    } else {
      emit(mode | field | 4);
      int scale = Integer.numberOfTrailingZeros(address.scale());
      emit((scale << 6) | ((index == null ? 4 : index.number() & 7) << 3) | base);
    }
    if (mode == 0x40) {
      emit(displacement / unit);
    } else if (mode == 0x80) {
      emitInt(displacement);
    }
  }

  private void distance(Label target, int trailing) {
    int at = size;
    emitInt(-trailing);
    if (target.position >= 0) {
      patch(at, target.position);
    } else {
      target.waiting.add(at);
    }
  }

  private void patch(int at, int target) {
    int value = target - (at + 4) + code[at]; // at most a small negative number was stored
    for (int i = 0; i < 4; i++) {
      code[at + i] = (byte) (value >> (8 * i));
    }
  }

  void emit(int value) {
    reserve();
    code[size++] = (byte) value;
  }

  void emit(int first, int second, int third, int fourth) {
    reserve();
    byte[] to = code;
    int at = size;
    to[at] = (byte) first;
    to[at + 1] = (byte) second;
    to[at + 2] = (byte) third;
    to[at + 3] = (byte) fourth;
    size = at + 4;
  }

  void emitInt(int value) {
    emit(value, value >> 8, value >> 16, value >> 24);
  }

  private void reserve() {
    if (size + 4 > code.length) {
      code = Arrays.copyOf(code, 2 * size);
    }
  }
}
