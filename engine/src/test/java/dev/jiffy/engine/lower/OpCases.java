package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Every operator case, and what runs them: one list for all kinds of plans.
final class OpCases {
  /// What computes an operator: the scalar kernels, a plan on vectors, a file written and read.
  @FunctionalInterface
  interface Runner {
    /// {@return all outputs}
    ///
    /// @param op the operator
    /// @param inputs its inputs; null stands for an absent optional one
    /// @param outputs the number of outputs
    List<Tensor> run(Op op, List<@Nullable Tensor> inputs, int outputs);
  }

  /// The oracle.
  static final Runner SCALAR = Samples::evaluate;

  private OpCases() {}

  /// {@return all cases}
  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>(ElementwiseCases.all());
    cases.addAll(MovementCases.all());
    cases.addAll(ScatterCases.all());
    cases.addAll(ReductionCases.all());
    cases.addAll(MatrixCases.all());
    cases.addAll(RecurrentCases.all());
    cases.addAll(WindowCases.all());
    cases.addAll(PoolPositionCases.all());
    cases.addAll(QuantizedCases.all());
    cases.addAll(TableCases.all());
    cases.addAll(ImageCases.all());
    cases.addAll(SignalCases.all());
    return cases;
  }

  /// Checks a runner's outputs against the oracle's.
  ///
  /// @param c the case
  /// @param runner what is checked
  /// @param tolerance how far an f32 number may be off, relative to 1 or to the expected number,
  ///   whichever is larger
  static void check(OpCase c, Runner runner, double tolerance) {
    List<Tensor> expected = SCALAR.run(c.op(), c.inputs(), c.outputs());
    List<Tensor> actual = runner.run(c.op(), c.inputs(), c.outputs());
    for (int k = 0; k < c.outputs(); k++) {
      Tensor e = expected.get(k);
      Tensor a = actual.get(k);
      if (e.dtype() != a.dtype() || !e.shape().equals(a.shape())) {
        throw new AssertionError(
            "%s output %d: expected %s%s, got %s%s"
                .formatted(c, k, e.dtype(), e.shape(), a.dtype(), a.shape()));
      }
      for (long i = 0; i < e.shape().elements(); i++) {
        if (!isNear(e.getDouble(i), a.getDouble(i), tolerance(e.dtype(), tolerance))) {
          throw new AssertionError(
              "%s output %d element %d: expected %s, got %s"
                  .formatted(c, k, i, e.getDouble(i), a.getDouble(i)));
        }
      }
    }
  }

  /// {@return how far a number of a type may be off}
  ///
  /// @param dtype the type
  /// @param f32 how far an f32 number may be off
  static double tolerance(DType dtype, double f32) {
    return switch (dtype) {
      case F32 -> f32;
      case F64 -> 1e-12;
      case F16 -> 1e-3;
      case BF16 -> 1e-2;
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL, STRING -> 0;
    };
  }

  /// {@return whether a number is as expected: infinities and NaN exactly}
  ///
  /// @param expected the expected number
  /// @param actual the number
  /// @param tolerance how far it may be off, relative to 1 or to the expected number
  static boolean isNear(double expected, double actual, double tolerance) {
    if (Double.isNaN(expected) || Double.isInfinite(expected)) {
      return Double.compare(expected, actual) == 0;
    }
    return Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
  }
}
