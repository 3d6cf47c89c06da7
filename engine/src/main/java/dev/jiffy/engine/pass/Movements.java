package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import java.util.List;
import java.util.stream.IntStream;

/// Reshapes and transposes in a row become one, or none.
final class Movements {
  private Movements() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return node.op() instanceof Op.Transpose
        ? transposeOfTranspose(draft, node)
        : reshapeOfReshape(draft, node) || softmaxOfMatrix(draft, node);
  }

  private static boolean transposeOfTranspose(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Transpose(List<Long> outer))) {
      return false;
    }
    int rank = draft.fact(node.output()).rank();
    if (rank < 0) {
      return false;
    }
    int[] perm = Axes.perm(outer, rank);
    String value = node.input(0);
    Node before = draft.producer(value, Op.Transpose.class);
    boolean merges = before != null;
    if (before != null && before.op() instanceof Op.Transpose(List<Long> inner)) {
      perm = Axes.compose(Axes.perm(inner, rank), perm);
      value = before.input(0);
    }
    if (Axes.isIdentity(perm)) {
      return (draft.isOutput(node.output()) && draft.producer(value) == null)
          ? draft.replace(node, new Op.Identity(), value)
          : draft.replace(node, value);
    }
    return merges && draft.replace(node, new Op.Transpose(Axes.list(perm)), value);
  }

  private static boolean reshapeOfReshape(Draft draft, Node node) {
    Node before = draft.producer(node.input(0), Op.Reshape.class);
    if (before == null) {
      return false;
    }
    List<Dim> to = draft.fact(node.output()).shape();
    long[] target = ShapeArithmetic.target(draft.fact(before.input(0)).shape(), to);
    if (to == null || target == null || !ShapeArithmetic.keepsElements(draft, before)) {
      return false;
    }
    String shape = draft.vector(node.output() + "/shape", target);
    return to.equals(ShapeArithmetic.reshaped(draft, before.input(0), shape))
        && draft.replace(node, new Op.Reshape(false), before.input(0), shape);
  }

  /// Softmax of a matrix that a reshape made and another undoes is Softmax along a dimension.
  private static boolean softmaxOfMatrix(Draft draft, Node node) {
    Node softmax = draft.producer(node.input(0));
    Node flat = softmax == null ? null : draft.producer(softmax.input(0));
    if (flat == null
        || softmax == null
        || !(flat.op() instanceof Op.Reshape || flat.op() instanceof Op.Flatten)
        || draft.fact(flat.output()).rank() != 2
        || !draft.readOnce(softmax.output())
        || !ShapeArithmetic.keepsElements(draft, flat)) {
      return false;
    }
    List<Dim> matrix = draft.fact(flat.output()).shape();
    List<Dim> shape = draft.fact(flat.input(0)).shape();
    if (matrix == null || shape == null || !shape.equals(draft.fact(node.output()).shape())) {
      return false;
    }
    int axis = shape.size() - 1;
    while (axis > 0 && shape.get(axis).is(1)) {
      axis--;
    }
    if (axis < 0 || !shape.get(axis).equals(matrix.getLast())) {
      return false;
    }
    return switch (softmax.op()) {
      case Op.Softmax(long own, boolean log) when own == 1 || own == -1 ->
          draft.replace(node, new Op.Softmax(axis, log), flat.input(0));
      case Op.Hardmax(long own) when own == 1 || own == -1 ->
          draft.replace(node, new Op.Hardmax(axis), flat.input(0));
      default -> false;
    };
  }

  /// A transpose that moves only dimensions of extent 1 is a reshape.
  static boolean transposeAsReshape(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Transpose(List<Long> list))) {
      return false;
    }
    List<Dim> from = draft.fact(node.input(0)).shape();
    if (from == null || !Sinking.isFree(from, Axes.perm(list, from.size()))) {
      return false;
    }
    List<Dim> to = draft.fact(node.output()).shape();
    long[] target = ShapeArithmetic.target(from, to);
    if (target != null) {
      return draft.replace(
          node,
          new Op.Reshape(false),
          node.input(0),
          draft.vector(node.output() + "/shape", target));
    }
    if (to == null) {
      return false;
    }
    String hint = node.output() + "/axes";
    String squeezed =
        draft.add(node, new Op.Squeeze(), node.input(0), draft.vector(hint, units(from)));
    return draft.replace(node, new Op.Unsqueeze(), squeezed, draft.vector(hint, units(to)));
  }

  private static long[] units(List<Dim> shape) {
    return IntStream.range(0, shape.size())
        .filter(axis -> shape.get(axis).is(1))
        .asLongStream()
        .toArray();
  }
}
