package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;

/// Rules of the operators whose results are random.
final class RandomRules {
  private RandomRules() {}

  static Fact infer(RandomOp op, Operands in) {
    return switch (op) {
      case RandomOp.Uniform o -> shaped(o.dtype(), in);
      case RandomOp.Normal o -> shaped(o.dtype(), in);
    };
  }

  private static Fact shaped(DType dtype, Operands in) {
    in.expect(1, 1, 1);
    if (!dtype.isFloat()) {
      throw new ModelException("type: expected a floating-point type, got " + Dtypes.name(dtype));
    }
    return ShapeRules.shaped(dtype, in);
  }
}
