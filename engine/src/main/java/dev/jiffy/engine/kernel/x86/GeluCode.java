package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.MathCode.ROUNDER;
import static dev.jiffy.engine.kernel.x86.MathCode.SIGN;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.Arrays;

/// Generates `x / 2 · (1 + erf(x / √2))` of registers, in place, the error below 2e-7 times `x`;
/// exactly 0 or `x` for large arguments. AVX-512 only.
///
/// Where there are several values, constants are kept in free registers, which saves up to thirteen
/// loads of each.
final class GeluCode {
  /// The normal distribution function less ½ of `|x|`, cut into 16 segments around `i / SEGMENTS`:
  /// coefficients of `i - SEGMENTS · |x|`, the highest power first. The error is below 1.3e-7.
  private static final float[][] TABLE = {
    {
      0.0f,
      0.00028184536f,
      0.00039873013f,
      0.00031542694f,
      0.00013013599f,
      -2.9954439e-05f,
      -0.00010249477f,
      -0.00010053354f,
      -6.7154666e-05f,
      -3.477836e-05f,
      -1.4642227e-05f,
      -5.1298107e-06f,
      -1.5157783e-06f,
      -3.8101095e-07f,
      -8.195089e-08f,
      0.0f
    },
    {
      0.003177394f,
      0.0025831682f,
      0.0011555428f,
      -0.00032531077f,
      -0.0012265565f,
      -0.0014042184f,
      -0.0011106958f,
      -0.0006878705f,
      -0.00034900766f,
      -0.0001482909f,
      -5.342722e-05f,
      -1.6450655e-05f,
      -4.351808e-06f,
      -9.927693e-07f,
      -1.9584746e-07f,
      0.0f
    },
    {
      0.0f,
      -0.008977651f,
      -0.014724927f,
      -0.015870048f,
      -0.013320598f,
      -0.009183597f,
      -0.005325307f,
      -0.0026303448f,
      -0.0011150526f,
      -0.00040766812f,
      -0.00012897032f,
      -3.5389385e-05f,
      -8.437527e-06f,
      -1.7502168e-06f,
      -3.1619123e-07f,
      0.0f
    },
    {
      -0.14506869f,
      -0.13578786f,
      -0.11135828f,
      -0.08001245f,
      -0.050369173f,
      -0.02778066f,
      -0.013424198f,
      -0.0056832843f,
      -0.0021080077f,
      -0.0006850194f,
      -0.00019502343f,
      -4.8642833e-05f,
      -1.062902e-05f,
      -2.0347147e-06f,
      -3.4122638e-07f,
      0.0f
    },
    {
      0.0f,
      0.14193521f,
      0.26647055f,
      0.36234355f,
      0.42710242f,
      0.46548182f,
      0.48543853f,
      0.49454322f,
      0.4981876f,
      0.49946743f,
      0.49986175f,
      0.49996832f,
      0.4999936f,
      0.49999887f,
      0.49999982f,
      0.5f
    }
  };

  private static final float SEGMENTS = 2.75f;

  private static final float LIMIT = (TABLE[0].length - 0.51f) / SEGMENTS;
  private static final int BYTES = 64;

  private final Assembler code;
  private final Vector[] free;

  // constants, in the order in which they are worth a register
  private Operand rounder;
  private Operand magnitude;
  private Operand segments;
  private final Operand[] table = new Operand[TABLE.length];
  private Operand half;
  private Operand limit;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param free the registers that may change, at least [MathCode#TEMPORARIES]
  GeluCode(Assembler code, Vector... free) {
    this.code = code;
    this.free = free;
    rounder = code.constant(ROUNDER, BYTES);
    magnitude = code.constant(~SIGN, BYTES);
    segments = code.constant(SEGMENTS, BYTES);
    Arrays.setAll(table, i -> code.table(TABLE[i]));
    half = code.constant(0.5f, BYTES);
    limit = code.constant(LIMIT, BYTES);
  }

  /// Loads constants into the registers that a value does not need.
  void prepare() {
    int register = MathCode.TEMPORARIES + 1;
    rounder = hold(register++, rounder);
    magnitude = hold(register++, magnitude);
    segments = hold(register++, segments);
    for (int i = 0; i < table.length; i++) {
      table[i] = hold(register++, table[i]);
    }
    half = hold(register++, half);
    limit = hold(register, limit);
  }

  private Operand hold(int register, Operand constant) {
    if (register >= free.length) {
      return constant;
    }
    load(free[register], constant);
    return free[register];
  }

  private void load(Vector to, Operand constant) {
    if (constant instanceof Operand.Relative memory && memory.broadcast()) {
      code.op(VectorOp.BROADCASTSS, to, new Operand.Relative(memory.label(), false));
    } else {
      code.op(VectorOp.MOVUPS, to, constant);
    }
  }

  /// Applies the function to a register. Takes the memory below the stack pointer where there are
  /// just [MathCode#TEMPORARIES] registers.
  void apply(Vector x) {
    Vector rest = free[0];
    Vector segment = free[1];
    Vector sum = free[2];
    boolean keeps = free.length > MathCode.TEMPORARIES;
    Vector coefficient = keeps ? free[MathCode.TEMPORARIES] : x;
    Operand.Address below = at(Register.RSP, -BYTES);
    if (!keeps) {
      code.op(VectorOp.MOVUPS_TO, x, below);
    }
    code.op(VectorOp.ANDPS, sum, x, magnitude);
    code.op(VectorOp.MINPS, sum, sum, limit);
    load(segment, rounder);
    code.op(VectorOp.FMADD231PS, segment, sum, segments);
    code.op(VectorOp.SUBPS, rest, segment, rounder);
    code.op(VectorOp.FNMADD231PS, rest, sum, segments);
    code.op(VectorOp.PERMPS, sum, segment, table[0]);
    for (int i = 1; i < table.length; i++) {
      code.op(VectorOp.PERMPS, coefficient, segment, table[i]);
      code.op(VectorOp.FMADD213PS, sum, rest, coefficient);
    }
    if (!keeps) {
      code.op(VectorOp.MOVUPS, x, below);
    }
    code.op(VectorOp.ANDPS, rest, x, magnitude);
    code.op(VectorOp.MULPS, x, x, half);
    code.op(VectorOp.FMADD231PS, x, sum, rest);
  }
}
