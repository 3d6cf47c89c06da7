package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Lookup;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Operators that no kernel computes at once become what they consist of. Runs last: layouts and
/// formulas are about the whole operators.
final class Expansions {
  private Expansions() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    return (op instanceof Op.Softmax && softmax(draft, node))
        || (op instanceof Op.Reduce && logSumExp(draft, node))
        || (op instanceof Op.InstanceNorm && instanceNorm(draft, node))
        || (op instanceof Op.Lrn && localResponse(draft, node))
        || (op instanceof Op.LpNormalization && lpNormalization(draft, node))
        || (op instanceof ImageOp.Fold && Folds.apply(draft, node))
        || (op instanceof TableOp.MapValues && mapValues(draft, node))
        || (op instanceof TableOp.Classify && classify(draft, node))
        || (op instanceof TableOp.Scores && scores(draft, node));
  }

  /// The shape of what a node reads, null where that is a scalar or not of f32.
  private static @Nullable List<Dim> shape(Draft draft, Node node) {
    Fact x = draft.fact(node.input(0));
    return x.dtype() == DType.F32 && x.rank() > 0 ? x.shape() : null;
  }

  private static String binary(
      Draft draft, Node node, BinaryFunction function, String x, String y) {
    return draft.add(node, new Op.Binary(function), x, y);
  }

  private static String number(Draft draft, Node node, float value) {
    Tensor tensor = Constants.of(DType.F32, Shape.of(), new double[] {value});
    return draft.constant(node.output() + "/number", tensor);
  }

  /// Each channel of each image is a row to normalise.
  private static boolean instanceNorm(Draft draft, Node node) {
    List<Dim> shape = shape(draft, node);
    if (shape == null
        || !(node.op() instanceof Op.InstanceNorm(float epsilon))
        || !List.of(shape.get(1)).equals(draft.fact(node.input(1)).shape())
        || !List.of(shape.get(1)).equals(draft.fact(node.input(2)).shape())) {
      return false; // the run has to check the channels
    }
    String normal = draft.add(node, new Op.LayerNorm(2, epsilon), node.input(0));
    String scaled = perChannel(draft, node, BinaryFunction.MUL, normal, 1, shape.size() - 2);
    return draft.replace(
        node, perChannel(draft, node, BinaryFunction.ADD, scaled, 2, shape.size() - 2));
  }

  /// {@return a value combined with an input of one number for each channel, where that changes it}
  private static String perChannel(
      Draft draft, Node node, BinaryFunction function, String value, int input, int spatial) {
    String numbers = node.input(input);
    Tensor constant = draft.constant(numbers);
    double neutral = function == BinaryFunction.MUL ? 1 : 0;
    if (constant != null && Arrays.stream(constant.toDoubles()).allMatch(c -> c == neutral)) {
      return value;
    }
    String column;
    if (constant == null) {
      long[] axes = LongStream.rangeClosed(1, spatial).toArray();
      column = draft.add(node, new Op.Unsqueeze(), numbers, draft.vector(numbers + "/axes", axes));
    } else {
      long[] dims = new long[1 + spatial];
      Arrays.fill(dims, 1);
      dims[0] = constant.shape().elements();
      column = draft.constant(numbers, constant.reshape(dims));
    }
    return binary(draft, node, function, value, column);
  }

  /// Along any but the innermost dimension, elements of adjacent lines are adjacent.
  private static boolean softmax(Draft draft, Node node) {
    List<Dim> shape = shape(draft, node);
    if (shape == null || !(node.op() instanceof Op.Softmax(long along, boolean log))) {
      return false;
    }
    int axis = Axes.normal(along, shape.size());
    if (shape.subList(axis + 1, shape.size()).stream().allMatch(dim -> dim.is(1))) {
      return false;
    }
    String x = node.input(0);
    String axes = draft.vector(node.output() + "/axes", axis);
    String largest = reduce(draft, node, ReduceFunction.MAX, x, axes);
    String shifted = binary(draft, node, BinaryFunction.SUB, x, largest);
    String power = draft.add(node, new Op.Unary(UnaryFunction.EXP), shifted);
    String sum = reduce(draft, node, ReduceFunction.SUM, power, axes);
    if (!log) {
      return draft.replace(node, new Op.Binary(BinaryFunction.DIV), power, sum);
    }
    // a difference of its own joins the chain that ends here
    return draft.replace(
        node,
        new Op.Binary(BinaryFunction.SUB),
        binary(draft, node, BinaryFunction.SUB, x, largest),
        draft.add(node, new Op.Unary(UnaryFunction.LOG), sum));
  }

  /// As with softmax, along any but the innermost dimensions. What is subtracted is finite, as the
  /// largest may not be.
  private static boolean logSumExp(Draft draft, Node node) {
    List<Dim> shape = shape(draft, node);
    long[] along = node.hasInput(1) ? draft.integers(node.input(1)) : null;
    if (shape == null
        || along == null
        || along.length == 0
        || !(node.op() instanceof Op.Reduce(ReduceFunction function, boolean keepDims, boolean _))
        || function != ReduceFunction.LOG_SUM_EXP) {
      return false;
    }
    int rank = shape.size();
    List<Integer> reduced = Arrays.stream(along).mapToObj(axis -> Axes.normal(axis, rank)).toList();
    if (IntStream.range(Collections.min(reduced), rank)
        .allMatch(axis -> reduced.contains(axis) || shape.get(axis).is(1))) {
      return false;
    }
    String x = node.input(0);
    String axes = node.input(1);
    Op finite = new Op.Unary(UnaryFunction.CLIP, -Float.MAX_VALUE, Float.MAX_VALUE);
    String shift = draft.add(node, finite, reduce(draft, node, ReduceFunction.MAX, x, axes));
    String shifted = binary(draft, node, BinaryFunction.SUB, x, shift);
    String power = draft.add(node, new Op.Unary(UnaryFunction.EXP), shifted);
    String sum = reduce(draft, node, ReduceFunction.SUM, power, axes);
    String logarithm = draft.add(node, new Op.Unary(UnaryFunction.LOG), sum);
    Op add = new Op.Binary(BinaryFunction.ADD);
    return keepDims
        ? draft.replace(node, add, logarithm, shift)
        : draft.replace(node, new Op.Squeeze(), draft.add(node, add, logarithm, shift), axes);
  }

  private static String reduce(
      Draft draft, Node node, ReduceFunction function, String x, String axes) {
    return draft.add(node, new Op.Reduce(function, true, false), x, axes);
  }

  /// `x / (bias + alpha · mean(x²))^beta`, the mean that of a pool along the channels of images
  /// whose rows they are.
  private static boolean localResponse(Draft draft, Node node) {
    List<Dim> shape = shape(draft, node);
    if (shape == null
        || !(node.op() instanceof Op.Lrn(float alpha, float beta, float bias, long size))
        || shape.size() < 3
        || shape.size() > 4
        || !(shape.get(1) instanceof Dim.Known(long channels))
        || channels == 0
        || size > Op.Window.MOST / 2) {
      return false;
    }
    String x = node.input(0);
    long before = (size - 1) / 2;
    long after = size - 1 - before;
    boolean isLine = shape.size() == 3;
    Op.Window window =
        new Op.Window(
            isLine ? List.of(size) : List.of(size, 1L),
            List.of(),
            isLine ? List.of(before, after) : List.of(before, 0L, after, 0L),
            List.of(),
            Op.AutoPad.NOTSET,
            false);
    Op pool = new Op.Pool(Op.PoolFunction.AVERAGE, window, true, false, 2, Op.Layout.CHANNELS_LAST);
    String mean = draft.add(node, pool, binary(draft, node, BinaryFunction.MUL, x, x));
    String scaled = binary(draft, node, BinaryFunction.MUL, mean, number(draft, node, alpha));
    String base = binary(draft, node, BinaryFunction.ADD, scaled, number(draft, node, bias));
    String divisor;
    if (beta == 0.75f && alpha >= 0 && bias >= 0) {
      String root = draft.add(node, new Op.Unary(UnaryFunction.SQRT), base);
      String fourth = draft.add(node, new Op.Unary(UnaryFunction.SQRT), root);
      divisor = binary(draft, node, BinaryFunction.MUL, root, fourth);
    } else {
      divisor = binary(draft, node, BinaryFunction.POW, base, number(draft, node, beta));
    }
    return draft.replace(node, new Op.Binary(BinaryFunction.DIV), x, divisor);
  }

  /// `x / norm`, where that is not 0.
  private static boolean lpNormalization(Draft draft, Node node) {
    List<Dim> shape = shape(draft, node);
    if (shape == null || !(node.op() instanceof Op.LpNormalization(long axis, long p))) {
      return false;
    }
    ReduceFunction function = p == 1 ? ReduceFunction.L1 : ReduceFunction.L2;
    String axes = draft.vector(node.output() + "/axes", axis);
    String norm = reduce(draft, node, function, node.input(0), axes);
    String isZero = binary(draft, node, BinaryFunction.EQUAL, norm, number(draft, node, 0));
    String divisor = draft.add(node, new Op.Where(), isZero, number(draft, node, 1), norm);
    return draft.replace(node, new Op.Binary(BinaryFunction.DIV), node.input(0), divisor);
  }

  /// A dictionary of integers close to each other is a table; an integer beyond its ends counts as
  /// the next one within.
  private static boolean mapValues(Draft draft, Node node) {
    Lookup.Table table =
        node.op() instanceof TableOp.MapValues(Lookup lookup) ? lookup.table() : null;
    if (table == null || draft.fact(node.input(0)).dtype() != DType.I64) {
      return false;
    }
    long extent = table.values().shape().dim(0);
    String first = integer(draft, node, table.first());
    String last = integer(draft, node, table.first() + extent - 1);
    String raised = binary(draft, node, BinaryFunction.MAX, node.input(0), first);
    String limited = binary(draft, node, BinaryFunction.MIN, raised, last);
    String index = binary(draft, node, BinaryFunction.SUB, limited, first);
    String values = draft.constant(node.output() + "/values", table.values());
    return draft.replace(node, new Op.Gather(0), values, index);
  }

  /// A class is chosen by the scores as they are; what becomes of these needs no labels.
  private static boolean classify(Draft draft, Node node) {
    if (!(node.op()
            instanceof
            TableOp.Classify(ClassChoice choice, ScoreTransform transform, Tensor labels))
        || node.outputs().size() < 2) {
      return false;
    }
    String scores = transformed(draft, node, transform, labels.shape().elements() == 2);
    if (scores == null) {
      return false;
    }
    Op plain = new TableOp.Classify(choice, ScoreTransform.NONE, labels);
    String label = draft.add(node, plain, List.of(node.input(0)), 1).getFirst();
    return draft.replace(node, List.of(label, scores));
  }

  private static boolean scores(Draft draft, Node node) {
    String scores =
        node.op() instanceof TableOp.Scores(ScoreTransform transform)
            ? transformed(draft, node, transform, false)
            : null;
    return scores != null && draft.replace(node, scores);
  }

  /// {@return scores transformed, or null where their number is not known or no operators do}
  ///
  /// @param spreads whether one score becomes two
  private static @Nullable String transformed(
      Draft draft, Node node, ScoreTransform transform, boolean spreads) {
    String x = node.input(0);
    List<Dim> shape = shape(draft, node);
    if (shape == null || !(shape.getLast() instanceof Dim.Known(long count))) {
      return null;
    }
    if (count == 1 && spreads) {
      boolean isLogistic = transform == ScoreTransform.LOGISTIC;
      String other =
          isLogistic
              ? draft.add(node, new Op.Unary(UnaryFunction.NEG), x)
              : binary(draft, node, BinaryFunction.SUB, number(draft, node, 1), x);
      String both = draft.add(node, new Op.Concat(-1), other, x);
      return isLogistic ? draft.add(node, new Op.Unary(UnaryFunction.SIGMOID), both) : both;
    }
    return switch (transform) {
      case NONE -> x;
      case SOFTMAX -> count == 1 ? x : draft.add(node, new Op.Softmax(-1, false), x);
      case LOGISTIC -> count == 1 ? x : draft.add(node, new Op.Unary(UnaryFunction.SIGMOID), x);
      case SOFTMAX_ZERO, PROBIT -> null;
    };
  }

  private static String integer(Draft draft, Node node, long value) {
    return draft.constant(node.output() + "/number", Tensor.of(new long[] {value}));
  }
}
