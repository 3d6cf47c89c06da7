package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Memory;
import dev.jiffy.engine.kernel.x86.Operand.Relative;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes x86-64 instructions, also of vectors and matrices, one method call each, and the
/// constants that they read.
///
/// Vector instructions take the shorter VEX form where registers, width and operands allow it, else
/// EVEX, which needs AVX-512.
final class Assembler extends GeneralAssembler {
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

  /// Returns to the caller of code that uses vectors.
  ///
  /// @param saved what was pushed at the start of the code
  /// @return the code with its constants; all labels must be bound
  byte[] end(Register... saved) {
    pop(saved);
    vzeroupper();
    ret();
    return finish();
  }

  /// {@return the code with its constants; all labels must be bound}
  byte[] finish() {
    for (Constant constant : constants) {
      align(4 * constant.words.length);
      bind(constant.label);
      for (int word : constant.words) {
        emitInt(word);
      }
    }
    return bytes();
  }

  // ---- constants

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
    for (int i = 0; i < words.length; i++) {
      words[i] = Float.floatToRawIntBits(values[i]);
    }
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

  /// `dst = x < 0` for bytes; AVX-512 only
  void signs(Mask dst, Vector x) {
    vector(VectorOp.PMOVB2M, dst.number(), 0, x, x.bytes(), Mask.NONE, false, -1);
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

  /// Compares the low 16 bits of a mask with 0.
  void test(Mask mask) {
    emitVex(0, 1, 0, 0, 0, false, false, false);
    emit(0x98);
    emit(registers(mask.number(), mask.number()));
  }

  /// `dst = source` as f32, in the first element
  void convert(Vector dst, Register source) {
    Vector last = new Vector(source.number(), dst.bytes());
    op(VectorOp.CVTSI2SS, dst, dst, last);
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
}
