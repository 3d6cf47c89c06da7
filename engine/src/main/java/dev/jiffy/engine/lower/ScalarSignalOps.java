package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.engine.kernel.scalar.ScalarSignal;
import dev.jiffy.tensor.Tensor;

/// Operators on signals, on the scalar kernels.
final class ScalarSignalOps {
  private ScalarSignalOps() {}

  static void run(SignalOp op, Operands o) {
    switch (op) {
      case SignalOp.Fourier f -> fourier(f, o);
      case SignalOp.ShortTimeFourier _ -> {
        Tensor window = o.optional(2);
        Tensor given = o.optional(3);
        long length = given == null ? o.in(2).shape().dim(0) : given.getLong(0);
        ScalarSignal.shortTime(
            o.in(0), o.in(1).getLong(0), window, Math.toIntExact(length), o.out());
      }
      case SignalOp.MelWeights _ ->
          ScalarSignal.melWeights(
              o.in(1).getLong(0),
              o.in(2).getLong(0),
              o.in(3).getDouble(0),
              o.in(4).getDouble(0),
              o.out());
    }
  }

  private static void fourier(SignalOp.Fourier op, Operands o) {
    Tensor given = o.optional(2);
    int axis = o.axis(given == null ? -2 : given.getLong(0));
    Tensor length = o.optional(1);
    long points = length == null ? o.in(0).shape().dim(axis) : length.getLong(0);
    ScalarSignal.fourier(o.in(0), axis, Math.toIntExact(points), op.inverse(), o.out());
  }
}
