package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates loops over the elements of rows: over whole vectors, then over one that is cut where
/// the row ends.
///
/// Bodies load and store through this, so that a cut vector is neither read nor written beyond the
/// end (see [CutVectors]). The register `RCX` counts the bytes that are done.
final class LoopCode {
  private static final Register DONE = Register.RCX;
  private static final int EXCHANGE_HALVES = 0x4e;
  private static final int EXCHANGE_NEIGHBOURS = 0xb1;

  /// What is done in one pass of a loop.
  interface Body {
    /// Generates the body.
    ///
    /// @param vectors a vector's number within the pass, or how many vectors it has
    void emit(int vectors);
  }

  /// How a vector takes up another.
  interface Combination {
    /// Generates `value = value · other`.
    void emit(Vector value, Vector other);
  }

  private final Assembler code;
  private final int bytes;
  private final boolean wide;
  private boolean cut;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param vectorBytes the width of vectors
  LoopCode(Assembler code, int vectorBytes) {
    this.code = code;
    bytes = vectorBytes;
    wide = vectorBytes == 64;
  }

  /// {@return registers of consecutive numbers}
  Vector[] registers(int from, int count) {
    Vector[] registers = new Vector[count];
    for (int i = 0; i < count; i++) {
      registers[i] = new Vector(from + i, bytes);
    }
    return registers;
  }

  /// {@return how many vector registers bodies may use, from the first}
  static int registers(int vectorBytes) {
    return vectorBytes == 64 ? 32 : 15;
  }

  /// Takes the mask of cut vectors from a register, as [Masks] makes it.
  void present(Register mask) {
    CutVectors.present(code, bytes, mask);
  }

  /// Generates a loop.
  ///
  /// @param rowBytes the bytes of a row
  /// @param scratch a register that may change
  /// @param unroll the vectors of one pass, while there are as many
  /// @param body what is done with one vector
  void each(Register rowBytes, Register scratch, int unroll, Body body) {
    groups(rowBytes, scratch, unroll, new OneByOne(body));
  }

  private record OneByOne(Body body) implements Body {
    @Override
    public void emit(int vectors) {
      for (int vector = 0; vector < vectors; vector++) {
        body.emit(vector);
      }
    }
  }

  /// Generates a loop whose body takes several vectors at a time.
  ///
  /// @param rowBytes the bytes of a row
  /// @param scratch a register that changes between bodies
  /// @param most the vectors of one pass, while there are as many; then one
  /// @param body what is done with so many vectors
  void groups(Register rowBytes, Register scratch, int most, Body body) {
    code.mov(DONE, 0);
    if (most > 1) {
      whole(rowBytes, scratch, most, body);
    }
    whole(rowBytes, scratch, 1, body);
    Label end = new Label();
    code.alu(CMP, DONE, rowBytes);
    code.jump(GREATER_OR_EQUAL, end);
    cut = true;
    body.emit(1);
    cut = false;
    code.bind(end);
  }

  private void whole(Register rowBytes, Register scratch, int vectors, Body body) {
    Label end = new Label();
    code.lea(scratch, at(rowBytes, -vectors * bytes));
    code.alu(CMP, DONE, scratch);
    code.jump(GREATER, end);
    Label next = code.here();
    body.emit(vectors);
    code.alu(ADD, DONE, vectors * bytes);
    code.alu(CMP, DONE, scratch);
    code.jump(LESS_OR_EQUAL, next);
    code.bind(end);
  }

  /// Generates the body for a row of less than a vector.
  void once(Body body) {
    code.mov(DONE, 0);
    cut = true;
    body.emit(0);
    cut = false;
  }

  /// `dst = bits`, in every element.
  void repeat(Vector dst, Register bits) {
    Address below = at(Register.RSP, -8);
    code.storeInt(bits, below);
    code.op(VectorOp.BROADCASTSS, dst, below);
  }

  private Address address(Register row, int vector) {
    return at(row, DONE, 1, vector * bytes);
  }

  /// Loads a vector of a row, with zeros beyond its end.
  void load(Vector dst, Register row, int vector) {
    CutVectors.load(code, dst, address(row, vector), cut);
  }

  /// Loads the elements of a vector that exist, with zeros for the others.
  void loadCut(Vector dst, Address from) {
    CutVectors.load(code, dst, from, true);
  }

  /// Stores a vector of a row.
  void store(Vector source, Register row, int vector) {
    CutVectors.store(code, source, address(row, vector), cut);
  }

  /// Counts the elements that are done, for [#loadBytes] and [#storeBytes].
  void countElements(Register elements) {
    code.mov(elements, DONE);
    code.shift(GeneralAssembler.Shift.RIGHT, elements, 2);
  }

  /// Loads a vector of unsigned bytes of a row as 32 bits each; AVX-512 only.
  void loadBytes(Vector dst, Register row, Register elements, int vector) {
    Address from = at(row, elements, 1, vector * bytes / 4);
    code.op(VectorOp.PMOVZXBD, dst, from, cut ? CutVectors.PRESENT : Mask.NONE, cut);
  }

  /// Stores a vector of 32 bits each, none negative, as a row's unsigned bytes; AVX-512 only.
  void storeBytes(Vector source, Register row, Register elements, int vector) {
    Address to = at(row, elements, 1, vector * bytes / 4);
    code.op(VectorOp.PMOVUSDB_TO, source, to, cut ? CutVectors.PRESENT : Mask.NONE, false);
  }

  /// Puts another vector's elements where the row has ended.
  void fill(Vector value, Vector beyond) {
    if (cut && wide) {
      code.op(VectorOp.BLENDMPS, value, beyond, value, CutVectors.PRESENT, false);
    } else if (cut) {
      code.blend(value, beyond, value, CutVectors.mask(bytes));
    }
  }

  /// Combines all elements of a vector; each of the result's elements is the outcome.
  ///
  /// @param value the vector
  /// @param other a register that may change
  /// @param combination how two are combined
  void fold(Vector value, Vector other, Combination combination) {
    halve(value, other, combination);
    code.op(VectorOp.PERMILPS, other.as(16), value.as(16), EXCHANGE_NEIGHBOURS);
    combination.emit(value.as(16), other.as(16));
    code.op(VectorOp.BROADCASTSS, value, value.as(16));
  }

  /// Combines all elements of a vector; each of the result's elements is the outcome.
  ///
  /// @param value the vector
  /// @param other a register that may change
  /// @param op an instruction of two operands
  void fold(Vector value, Vector other, VectorOp op) {
    fold(value, other, new ByInstruction(code, op));
  }

  private record ByInstruction(Assembler code, VectorOp op) implements Combination {
    @Override
    public void emit(Vector value, Vector other) {
      code.op(op, value, value, other);
    }
  }

  /// Combines all elements of 64 bits of a vector; the first two of the result are the outcome.
  ///
  /// @param value the vector
  /// @param other a register that may change
  /// @param combination how two are combined
  void halve(Vector value, Vector other, Combination combination) {
    if (wide) {
      code.op(VectorOp.EXTRACTF32X8_TO, value, other.as(32), 1);
      combination.emit(value.as(32), other.as(32));
    }
    code.op(VectorOp.EXTRACTF128_TO, value.as(32), other.as(16), 1);
    combination.emit(value.as(16), other.as(16));
    code.op(VectorOp.PERMILPS, other.as(16), value.as(16), EXCHANGE_HALVES);
    combination.emit(value.as(16), other.as(16));
  }

  /// Combines all elements of several vectors; each of the first's elements is the outcome.
  ///
  /// @param values the vectors
  /// @param op an instruction of two operands
  void fold(Vector[] values, VectorOp op) {
    for (int i = 1; i < values.length; i++) {
      code.op(op, values[0], values[0], values[i]);
    }
    fold(values[0], values[1], op);
  }
}
