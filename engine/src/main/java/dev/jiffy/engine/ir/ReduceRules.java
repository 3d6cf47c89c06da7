package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of reductions and of the operators that work along one dimension.
final class ReduceRules {
  private ReduceRules() {}

  static Fact reduce(Op.Reduce op, Operands in) {
    in.expect(1, 2, 1);
    boolean extreme = op.function() == ReduceFunction.MAX || op.function() == ReduceFunction.MIN;
    if (!extreme || in.dtype(0) != DType.BOOL) {
      in.numeric(0);
    }
    long[] axes = new long[0];
    if (in.has(1)) {
      in.index(1);
      in.length(1);
      axes = in.numbers(1);
    }
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      boolean all = axes != null && axes.length == 0 && !op.noopWithEmptyAxes();
      return Fact.of(in.dtype(0), all && !op.keepDims() ? List.of() : null);
    }
    if (axes == null) {
      int reduced = Math.max(in.length(1), 0);
      if (reduced > shape.size()) {
        throw new ModelException(
            "axes: expected at most %d, got %d".formatted(shape.size(), reduced));
      }
      int rank = op.keepDims() ? shape.size() : shape.size() - reduced;
      boolean known = op.keepDims() || in.length(1) > 0;
      return Fact.of(in.dtype(0), known ? in.fresh("reduced", rank) : null);
    }
    boolean[] reduced = Operands.axes(axes, shape.size());
    if (axes.length == 0 && !op.noopWithEmptyAxes()) {
      Arrays.fill(reduced, true);
    }
    List<Dim> value = null;
    List<Dim> dims = remaining(shape, reduced, op.keepDims());
    if (shape.size() == 1 && reduced[0]) {
      value = value(op.function(), in);
    } else if (axes.length == 0 && (op.noopWithEmptyAxes() || shape.isEmpty())) {
      // no reduction, yet the function is applied to each element
      value =
          extreme || op.function() == ReduceFunction.SUM || op.function() == ReduceFunction.PROD
              ? in.value(0)
              : null;
    }
    return new Fact(in.dtype(0), dims, value);
  }

  private static List<Dim> remaining(List<Dim> shape, boolean[] reduced, boolean keepDims) {
    List<Dim> dims = new ArrayList<>(shape.size());
    for (int i = 0; i < reduced.length; i++) {
      if (!reduced[i]) {
        dims.add(shape.get(i));
      } else if (keepDims) {
        dims.add(Dims.ONE);
      }
    }
    return dims;
  }

  private static @Nullable List<Dim> value(ReduceFunction function, Operands in) {
    List<Dim> value = in.value(0);
    if (value == null) {
      return null;
    }
    BinaryFunction step =
        switch (function) {
          case SUM -> BinaryFunction.ADD;
          case PROD -> BinaryFunction.MUL;
          case MIN -> BinaryFunction.MIN;
          case MAX -> BinaryFunction.MAX;
          case MEAN, L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> null;
        };
    if (step == null || value.isEmpty()) {
      return step == BinaryFunction.ADD
          ? List.of(Dims.ZERO)
          : step == BinaryFunction.MUL ? List.of(Dims.ONE) : null;
    }
    Dim result = value.getFirst();
    try {
      for (int i = 1; i < value.size() && result != null; i++) {
        result = ScalarArithmetic.apply(step, result, value.get(i));
      }
    } catch (ArithmeticException _) {
      return null;
    }
    return result == null ? null : ElementwiseRules.kept(in.dtype(0), new Dim[] {result});
  }

  static Fact argReduce(Op.ArgReduce op, Operands in) {
    in.expect(1, 1, 1);
    in.numeric(0);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(DType.I64);
    }
    int axis = Operands.axis(op.axis(), shape.size());
    if (shape.get(axis).is(0)) {
      throw new ModelException(
          "dimension " + axis + ": expected at least one element, got " + in.fact(0));
    }
    boolean[] reduced = new boolean[shape.size()];
    reduced[axis] = true;
    return Fact.of(DType.I64, remaining(shape, reduced, op.keepDims()));
  }

  static Fact cumSum(Operands in) {
    in.expect(2, 2, 1);
    in.numeric(0);
    in.index(1);
    List<Dim> shape = in.shape(0);
    Dim axis = in.scalar(1);
    if (shape != null && axis instanceof Dim.Known known) {
      Operands.axis(known.value(), shape.size());
    }
    return Fact.of(in.dtype(0), shape);
  }

  /// A floating-point function along one dimension that keeps the shape.
  static Fact alongAxis(long axis, Operands in) {
    in.expect(1, 1, 1);
    in.floating(0);
    List<Dim> shape = in.shape(0);
    // a scalar has the one dimension that its axis may name
    if (shape != null && !(shape.isEmpty() && (axis == 0 || axis == -1))) {
      Operands.axis(axis, shape.size());
    }
    return in.fact(0);
  }

  static Fact lpNormalization(Op.LpNormalization op, Operands in) {
    if (op.p() != 1 && op.p() != 2) {
      throw new ModelException("p: expected 1 or 2, got " + op.p());
    }
    return alongAxis(op.axis(), in);
  }
}
