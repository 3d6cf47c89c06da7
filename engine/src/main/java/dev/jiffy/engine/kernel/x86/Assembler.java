package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Memory;
import dev.jiffy.engine.kernel.x86.Operand.Relative;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes x86-64 instructions, one method call each, and the constants that they read.
///
/// Source of the encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
/// Vector instructions take the shorter VEX form where registers, width and operands allow it, else
/// EVEX, which needs AVX-512.
final class Assembler {
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

  /// A mask register.
  ///
  /// @param number 0 to 7; 0 stands for no mask where it guards an instruction
  record Mask(int number) {
    static final Mask NONE = new Mask(0);
  }

  /// Memory within the code.
  private static final class Constant {
    final int[] words;
    final Label label = new Label();

    /// What the words were made of, or null.
    float @Nullable [] table;

    Constant(int[] words) {
      this.words = words;
    }
  }

  private final List<Constant> constants = new ArrayList<>();
  private byte[] code = new byte[1024];
  private int size;

  /// {@return the code with its constants; all labels must be bound}
  byte[] finish() {
    for (Constant constant : constants) {
      while (size % (4 * constant.words.length) != 0) {
        emit(0xcc);
      }
      bind(constant.label);
      for (int word : constant.words) {
        emitInt(word);
      }
    }
    return Arrays.copyOf(code, size);
  }

  // ---- positions and constants

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

  /// {@return memory that holds a number in every element}
  ///
  /// @param value the number
  /// @param bytes the width of the vectors that read it
  Relative constant(float value, int bytes) {
    return constant(Float.floatToRawIntBits(value), bytes);
  }

  /// {@return memory that holds 32 bits in every element}
  ///
  /// @param bits the bits
  /// @param bytes the width of the vectors that read it
  Relative constant(int bits, int bytes) {
    boolean broadcast = bytes == 64;
    int[] words = new int[broadcast ? 1 : bytes / 4];
    Arrays.fill(words, bits);
    return new Relative(constant(words).label, broadcast);
  }

  /// {@return memory that holds numbers}
  ///
  /// @param values as many as a vector has, which do not change
  @SuppressWarnings("ReferenceEquality") // tables are constants of their own
  Relative table(float[] values) {
    for (int i = 0; i < constants.size(); i++) {
      if (constants.get(i).table == values) {
        return new Relative(constants.get(i).label, false);
      }
    }
    int[] words = new int[values.length];
    Arrays.setAll(words, i -> Float.floatToRawIntBits(values[i]));
    Constant constant = constant(words);
    constant.table = values;
    return new Relative(constant.label, false);
  }

  /// The constant of some words. Few are asked for by thousands of instructions, before any of this
  /// is compiled, and nearly all differ in their first word.
  private Constant constant(int[] words) {
    for (int i = 0; i < constants.size(); i++) {
      Constant known = constants.get(i);
      if (known.words[0] == words[0] && Arrays.equals(known.words, words)) {
        return known;
      }
    }
    Constant added = new Constant(words);
    constants.add(added);
    return added;
  }

  // ---- vector instructions

  /// `dst = op(x, y)`
  void op(VectorOp op, Vector dst, Vector x, Operand y) {
    vector(op, dst.number(), x.number(), y, width(dst, y), Mask.NONE, false, -1);
  }

  /// `dst = op(x, y, immediate)`
  void op(VectorOp op, Vector dst, Vector x, Operand y, int immediate) {
    vector(op, dst.number(), x.number(), y, width(dst, y), Mask.NONE, false, immediate);
  }

  /// `dst = op(x)`, or for a store `x = dst`
  void op(VectorOp op, Vector dst, Operand x) {
    vector(op, dst.number(), 0, x, width(dst, x), Mask.NONE, false, -1);
  }

  /// `dst = op(x, immediate)`
  void op(VectorOp op, Vector dst, Operand x, int immediate) {
    vector(op, dst.number(), 0, x, width(dst, x), Mask.NONE, false, immediate);
  }

  /// `dst = op(x, y)` where the mask has ones; elsewhere 0 or what was there
  void op(VectorOp op, Vector dst, Vector x, Operand y, Mask mask, boolean zeroing) {
    vector(op, dst.number(), x.number(), y, width(dst, y), mask, zeroing, -1);
  }

  /// `dst = op(x)` where the mask has ones; elsewhere 0 or what was there
  void op(VectorOp op, Vector dst, Operand x, Mask mask, boolean zeroing) {
    vector(op, dst.number(), 0, x, width(dst, x), mask, zeroing, -1);
  }

  /// `dst = x · y` for the elements whose comparison holds; AVX-512 only
  void compare(Mask dst, Vector x, Operand y, int predicate) {
    vectorAs(
        true, VectorOp.CMPPS, dst.number(), x.number(), y, x.bytes(), Mask.NONE, false, predicate);
  }

  /// `dst = mask element < 0 ? y : x`, element by element; AVX only
  void blend(Vector dst, Vector x, Operand y, Vector mask) {
    vector(
        VectorOp.BLENDVPS,
        dst.number(),
        x.number(),
        y,
        dst.bytes(),
        Mask.NONE,
        false,
        mask.number() << 4);
  }

  /// `dst = x << bits` or `x >> bits` for elements of 32 bits
  void shift(Shift shift, Vector dst, Vector x, int bits) {
    int field = shift == Shift.LEFT ? 6 : shift == Shift.RIGHT ? 2 : 4;
    vector(VectorOp.PSHIFTD, field, dst.number(), x, x.bytes(), Mask.NONE, false, bits);
  }

  /// `dst = mask of a vector held in memory`: elements below 0 choose; `VMASKMOVPS`, AVX only
  void loadMasked(Vector dst, Vector mask, Memory from) {
    vector(
        VectorOp.MASKMOVPS, dst.number(), mask.number(), from, dst.bytes(), Mask.NONE, false, -1);
  }

  /// Stores the elements that a mask chooses; `VMASKMOVPS`, AVX only
  void storeMasked(Vector source, Vector mask, Memory to) {
    vector(
        VectorOp.MASKMOVPS_TO,
        source.number(),
        mask.number(),
        to,
        source.bytes(),
        Mask.NONE,
        false,
        -1);
  }

  /// Copies the low 32 bits of a general-purpose register to a mask.
  void kmov(Mask dst, Register source) {
    emitVex(3, 1, 0, 0, 0, source.number() >= 8, false, false);
    emit(0x92);
    emit(registers(dst.number(), source.number()));
  }

  /// Copies a mask to a general-purpose register.
  void kmov(Register dst, Mask source) {
    emitVex(3, 1, 0, 0, 0, false, dst.number() >= 8, false);
    emit(0x93);
    emit(registers(dst.number(), source.number()));
  }

  /// Clears the upper parts of the vector registers.
  void vzeroupper() {
    emit(0xc5);
    emit(0xf8);
    emit(0x77);
  }

  private static int width(Vector dst, Operand other) {
    return other instanceof Vector vector ? Math.max(dst.bytes(), vector.bytes()) : dst.bytes();
  }

  private void vector(
      VectorOp op,
      int reg,
      int source,
      Operand rm,
      int bytes,
      Mask mask,
      boolean zeroing,
      int immediate) {
    boolean high = reg > 15 || source > 15 || (rm instanceof Vector last && last.number() > 15);
    boolean evex =
        op.encoding == VectorOp.Encoding.EVEX
            || bytes == 64
            || high
            || mask.number() != 0
            || rm.broadcast();
    vectorAs(evex, op, reg, source, rm, bytes, mask, zeroing, immediate);
  }

  private void vectorAs(
      boolean evex,
      VectorOp op,
      int reg,
      int source,
      Operand rm,
      int bytes,
      Mask mask,
      boolean zeroing,
      int immediate) {
    if (evex && op.encoding == VectorOp.Encoding.VEX) {
      throw new IllegalStateException(op + " has no EVEX form");
    }
    if (rm.broadcast() && op.tuple != VectorOp.Tuple.FULL) {
      throw new IllegalStateException(op + " cannot repeat an element of memory");
    }
    int extension = rm.extension();
    if (evex) {
      emit(
          0x62,
          (~reg & 8) << 4 | (~extension & 3) << 5 | (~reg & 16) | op.map,
          (op.wide << 7) | ((~source & 15) << 3) | 4 | op.prefix,
          (zeroing ? 0x80 : 0)
              | ((bytes == 64 ? 2 : bytes == 32 ? 1 : 0) << 5)
              | (rm.broadcast() ? 0x10 : 0)
              | ((~source & 16) >> 1)
              | mask.number());
    } else {
      boolean x = (extension & 2) != 0;
      boolean b = (extension & 1) != 0;
      emitVex(op.prefix, op.map, op.wide, source, bytes, b, (reg & 8) != 0, x);
    }
    emit(op.opcode);
    int unit = evex ? op.tuple.bytes(bytes, rm.broadcast()) : 1;
    modRm(reg, rm, unit, immediate < 0 ? 0 : 1);
    if (immediate >= 0) {
      emit(immediate);
    }
  }

  /// Emits a VEX prefix, the short one where it suffices.
  private void emitVex(
      int prefix, int map, int wide, int source, int bytes, boolean b, boolean r, boolean x) {
    int last = ((~source & 15) << 3) | (bytes == 32 ? 4 : 0) | prefix;
    if (map == 1 && wide == 0 && !b && !x) {
      emit(0xc5);
      emit((r ? 0 : 0x80) | last);
    } else {
      emit(0xc4);
      emit((r ? 0 : 0x80) | (x ? 0 : 0x40) | (b ? 0 : 0x20) | map);
      emit((wide << 7) | last);
    }
  }

  // ---- matrix instructions (AMX)

  /// Loads the shapes of the tile registers.
  void loadTileShapes(Address from) {
    tileMemory(0, 0x49, 0, from);
  }

  /// Gives the tile registers back.
  void releaseTiles() {
    emitVex(0, 2, 0, 0, 0, false, false, false);
    emit(0x49);
    emit(0xc0);
  }

  /// `tile = 0`
  void zeroTile(int tile) {
    emitVex(3, 2, 0, 0, 0, false, false, false);
    emit(0x49);
    emit(0xc0 | (tile << 3));
  }

  /// Loads a tile: the index register of the address is the step between its rows.
  void loadTile(int tile, Address from) {
    tileMemory(3, 0x4b, tile, from);
  }

  /// Stores a tile: the index register of the address is the step between its rows.
  void storeTile(int tile, Address to) {
    tileMemory(2, 0x4b, tile, to);
  }

  private void tileMemory(int prefix, int opcode, int tile, Address address) {
    boolean x = address.index() != null && isHigh(address.index());
    emitVex(prefix, 2, 0, 0, 0, isHigh(address.base()), false, x);
    emit(opcode);
    modRm(tile, address, 1, 0);
  }

  /// `sums = sums + a · b` of pairs of bf16
  void multiplyBf16(int sums, int a, int b) {
    multiplyTiles(2, 0x5c, sums, a, b);
  }

  /// `sums = sums + a · b` of four unsigned by four signed bytes
  void multiplyBytes(int sums, int a, int b) {
    multiplyTiles(1, 0x5e, sums, a, b);
  }

  private void multiplyTiles(int prefix, int opcode, int sums, int a, int b) {
    emitVex(prefix, 2, 0, b, 0, false, false, false);
    emit(opcode);
    emit(registers(sums, a));
  }

  private static boolean isHigh(Register register) {
    return register.number() >= 8;
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
    int rex = 0x40 | ((dst.number() & 8) >> 1) | from.extension();
    if (rex != 0x40) {
      emit(rex);
    }
    emit(0x0f);
    emit(0xb7);
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

  void pop(Register register) {
    if (register.number() >= 8) {
      emit(0x41);
    }
    emit(0x58 | (register.number() & 7));
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
  private static int registers(int reg, int rm) {
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
  private void modRm(int reg, Operand rm, int unit, int trailing) {
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

  private void emit(int value) {
    reserve();
    code[size++] = (byte) value;
  }

  private void emit(int first, int second, int third, int fourth) {
    reserve();
    byte[] to = code;
    int at = size;
    to[at] = (byte) first;
    to[at + 1] = (byte) second;
    to[at + 2] = (byte) third;
    to[at + 3] = (byte) fourth;
    size = at + 4;
  }

  private void emitInt(int value) {
    emit(value, value >> 8, value >> 16, value >> 24);
  }

  private void reserve() {
    if (size + 4 > code.length) {
      code = Arrays.copyOf(code, 2 * size);
    }
  }
}
