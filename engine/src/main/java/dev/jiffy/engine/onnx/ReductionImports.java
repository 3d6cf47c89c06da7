package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Op;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Operators that combine elements along dimensions.
final class ReductionImports {
  private ReductionImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "ReduceSum" -> reduce(13, ReduceFunction.SUM);
      case "ReduceMean" -> reduce(18, ReduceFunction.MEAN);
      case "ReduceMax" -> reduce(18, ReduceFunction.MAX);
      case "ReduceMin" -> reduce(18, ReduceFunction.MIN);
      case "ReduceProd" -> reduce(18, ReduceFunction.PROD);
      case "ReduceL1" -> reduce(18, ReduceFunction.L1);
      case "ReduceL2" -> reduce(18, ReduceFunction.L2);
      case "ReduceLogSum" -> reduce(18, ReduceFunction.LOG_SUM);
      case "ReduceLogSumExp" -> reduce(18, ReduceFunction.LOG_SUM_EXP);
      case "ReduceSumSquare" -> reduce(18, ReduceFunction.SUM_SQUARE);
      case "ArgMax" -> Operator.of(1, 1, 1, n -> argReduce(n, true));
      case "ArgMin" -> Operator.of(1, 1, 1, n -> argReduce(n, false));
      case "CumSum" -> Operator.of(11, 2, 2, ReductionImports::cumSum);
      case "Softmax" -> Operator.of(1, 1, 1, n -> softmax(n, axis -> new Op.Softmax(axis, false)));
      case "LogSoftmax" ->
          Operator.of(1, 1, 1, n -> softmax(n, axis -> new Op.Softmax(axis, true)));
      case "Hardmax" -> Operator.of(1, 1, 1, n -> softmax(n, Op.Hardmax::new));
      default -> null;
    };
  }

  private static Operator reduce(int axesAreInput, ReduceFunction function) {
    return Operator.of(1, 1, 2, n -> reduce(n, axesAreInput, function));
  }

  private static void reduce(NodeScope node, int axesAreInput, ReduceFunction function) {
    boolean keepDims = node.flag("keepdims", true);
    if (node.opset() >= axesAreInput) {
      node.same(new Op.Reduce(function, keepDims, node.flag("noop_with_empty_axes", false)));
      return;
    }
    List<Long> axes = node.integers("axes");
    node.result(
        new Op.Reduce(function, keepDims, false),
        node.input(0),
        axes.isEmpty() ? "" : node.longs(axes));
  }

  private static void argReduce(NodeScope node, boolean largest) {
    long axis = node.integer("axis", 0);
    boolean keepDims = node.flag("keepdims", true);
    boolean last = node.flag("select_last_index", false);
    node.same(new Op.ArgReduce(largest, axis, keepDims, last));
  }

  private static void cumSum(NodeScope node) {
    boolean exclusive = node.flag("exclusive", false);
    boolean reverse = node.flag("reverse", false);
    node.same(new Op.CumSum(exclusive, reverse));
  }

  /// Before operator set 13 the dimensions from the axis on were taken as one.
  private static void softmax(NodeScope node, LongFunction<Op> op) {
    if (node.opset() >= 13) {
      node.same(op.apply(node.integer("axis", -1)));
      return;
    }
    long axis = node.integer("axis", 1);
    int rank = node.rank(node.input(0));
    if (axis == -1 || (rank > 0 && axis == rank - 1)) {
      node.same(op.apply(-1));
      return;
    }
    String flat = node.make(new Op.Flatten(axis), node.input(0));
    String result = node.make(op.apply(1), flat);
    String shape = node.make(new Op.ShapeOf(0, null), node.input(0));
    node.result(new Op.Reshape(true), result, shape);
  }
}
