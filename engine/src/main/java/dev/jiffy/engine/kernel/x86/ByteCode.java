package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates conversions between f32 and unsigned bytes, and of f16. They take 16 numbers at a
/// time, with AVX2 two vectors.
///
/// @param vectorBytes the width of vectors
record ByteCode(int vectorBytes) {
  /// The numbers of a group.
  static final int GROUP = 16;

  private static final int UNROLL = 4;

  private static final int EXCHANGE_MIDDLE = 0xd8;

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the vectors of a group}
  private Vector[] group(LoopCode loop) {
    return loop.registers(0, 4 * GROUP / vectorBytes);
  }

  /// {@return code that finds the least and the greatest of some numbers and 0; NaN counts as 0}
  ///
  /// Arguments, in order: x, where the two go, the bytes of x, and the mask of its end, as [Masks]
  /// makes it.
  byte[] range() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    loop.present(RCX);
    Vector value = register(0);
    Vector[] least = loop.registers(1, UNROLL);
    Vector[] greatest = loop.registers(1 + UNROLL, UNROLL);
    for (int i = 0; i < UNROLL; i++) {
      code.op(VectorOp.XORPS, least[i], least[i], least[i]);
      code.op(VectorOp.XORPS, greatest[i], greatest[i], greatest[i]);
    }
    loop.each(
        RDX,
        RAX,
        UNROLL,
        vector -> {
          loop.load(value, RDI, vector);
          // of two numbers of which one is NaN these are the second
          code.op(VectorOp.MINPS, least[vector], value, least[vector]);
          code.op(VectorOp.MAXPS, greatest[vector], value, greatest[vector]);
        });
    loop.fold(least, VectorOp.MINPS);
    loop.fold(greatest, VectorOp.MAXPS);
    code.op(VectorOp.MOVSS_TO, least[0].as(16), at(RSI));
    code.op(VectorOp.MOVSS_TO, greatest[0].as(16), at(RSI, 4));
    return code.end();
  }

  /// {@return code that quantizes numbers to unsigned bytes: `y = round(x / scale) + zero`, limited
  /// to 0 to 255, ties rounded to even; NaN becomes 0}
  ///
  /// Arguments, in order: x, whole (groups), at least 1, y, the bits of the scale as f32, and the
  /// zero point.
  ///
  /// @param inverts whether to multiply by the inverse of the scale, which must be finite, and
  ///   correct the quotient by what it leaves over, instead of dividing: rounded alike and faster
  byte[] quantize(boolean inverts) {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    QuantizationCode quantization =
        new QuantizationCode(
            code, register(2), register(3), register(4), inverts ? register(6) : null, register(7));
    loop.repeat(quantization.scale(), RCX);
    loop.repeat(quantization.zero(), R8);
    code.op(VectorOp.XORPS, register(5), register(5), register(5));
    quantization.prepare();
    Vector[] values = group(loop);
    Label next = code.here();
    for (int i = 0; i < values.length; i++) {
      code.op(VectorOp.MOVUPS, values[i], at(RDI, vectorBytes * i));
      quantization.steps(values[i]);
    }
    store(code, values);
    code.alu(ADD, RDI, 4 * GROUP);
    code.alu(ADD, RDX, GROUP);
    code.repeat(next, RSI);
    return code.end();
  }

  private void store(Assembler code, Vector[] values) {
    Vector first = values[0];
    if (wide()) {
      code.op(VectorOp.PMAXSD, first, first, register(5));
      code.op(VectorOp.PMOVUSDB_TO, first, at(RDX));
      return;
    }
    Vector upper = register(7).as(16);
    code.op(VectorOp.PACKSSDW, first, first, values[1]);
    code.op(VectorOp.EXTRACTF128_TO, first, upper, 1);
    code.op(VectorOp.PACKUSWB, first.as(16), first.as(16), upper);
    code.op(VectorOp.PERMILPS, first.as(16), first.as(16), EXCHANGE_MIDDLE);
    code.op(VectorOp.MOVUPS_TO, first.as(16), at(RDX));
  }

  /// {@return code that makes numbers of bytes: `y = (x - zero) · scale`}
  ///
  /// Arguments, in order: x, whole (groups), at least 1, y, the bits of the scale as f32, and the
  /// zero point.
  ///
  /// @param isSigned whether bytes have a sign
  byte[] dequantize(boolean isSigned) {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    Vector scale = register(2);
    Vector zero = register(3);
    loop.repeat(scale, RCX);
    loop.repeat(zero, R8);
    Vector[] values = group(loop);
    Label next = code.here();
    for (int i = 0; i < values.length; i++) {
      code.op(VectorOp.PMOVZXBD, values[i], at(RDI, vectorBytes / 4 * i));
      if (isSigned) {
        code.shift(Shift.LEFT, values[i], values[i], 24);
        code.shift(Shift.RIGHT_SIGNED, values[i], values[i], 24);
      }
      code.op(VectorOp.PSUBD, values[i], values[i], zero);
      code.op(VectorOp.CVTDQ2PS, values[i], values[i]);
      code.op(VectorOp.MULPS, values[i], values[i], scale);
      code.op(VectorOp.MOVUPS_TO, values[i], at(RDX, vectorBytes * i));
    }
    code.alu(ADD, RDI, GROUP);
    code.alu(ADD, RDX, 4 * GROUP);
    code.repeat(next, RSI);
    return code.end();
  }

  /// {@return code that makes f32 of f16}
  ///
  /// Arguments, in order: x, how many groups, at least 1, and y.
  byte[] widen() {
    Assembler code = new Assembler();
    Vector[] values = group(new LoopCode(code, vectorBytes));
    Label next = code.here();
    for (int i = 0; i < values.length; i++) {
      code.op(VectorOp.CVTPH2PS, values[i], at(RDI, vectorBytes / 2 * i));
      code.op(VectorOp.MOVUPS_TO, values[i], at(RDX, vectorBytes * i));
    }
    code.alu(ADD, RDI, 2 * GROUP);
    code.alu(ADD, RDX, 4 * GROUP);
    code.repeat(next, RSI);
    return code.end();
  }
}
