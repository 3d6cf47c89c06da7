package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Reads and writes vectors of f32 that may be cut: only their first elements exist then, and
/// memory beyond them is not touched.
///
/// The first mask register with AVX-512, or the last vector register without, says which elements
/// of a cut vector exist.
final class CutVectors {
  /// With AVX-512, which elements exist.
  static final Mask PRESENT = new Mask(1);

  private CutVectors() {}

  /// {@return without AVX-512, which elements exist}
  ///
  /// @param vectorBytes the width of vectors
  static Vector mask(int vectorBytes) {
    return new Vector(15, vectorBytes);
  }

  /// Takes the mask of cut vectors from a register, as [Masks] makes it.
  static void present(Assembler code, int vectorBytes, Register mask) {
    if (vectorBytes == 64) {
      code.kmov(PRESENT, mask);
    } else {
      code.op(VectorOp.MOVUPS, mask(vectorBytes), at(mask));
    }
  }

  /// `to = from`, with zeros where the vector is cut.
  static void load(Assembler code, Vector to, Address from, boolean cut) {
    if (!cut) {
      code.op(VectorOp.MOVUPS, to, from);
    } else if (to.bytes() == 64) {
      code.op(VectorOp.MOVUPS, to, from, PRESENT, true);
    } else {
      code.loadMasked(to, mask(to.bytes()), from);
    }
  }

  /// `sum += from`; changes another register where the vector is cut.
  ///
  /// @param add adds numbers of any size
  static void add(
      Assembler code, VectorOp add, Vector sum, Address from, boolean cut, Vector other) {
    if (cut) {
      load(code, other, from, true);
      code.op(add, sum, sum, other);
    } else {
      code.op(add, sum, sum, from);
    }
  }

  /// `to = vector`
  static void store(Assembler code, Vector vector, Address to, boolean cut) {
    if (!cut) {
      code.op(VectorOp.MOVUPS_TO, vector, to);
    } else if (vector.bytes() == 64) {
      code.op(VectorOp.MOVUPS_TO, vector, to, PRESENT, false);
    } else {
      code.storeMasked(vector, mask(vector.bytes()), to);
    }
  }
}
