package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.pass.Sinking.Sunk;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Transposes sink through reshapes that split, merge, add or drop dimensions without mixing those
/// that the transpose takes apart.
final class ReshapeSinking {
  private ReshapeSinking() {}

  /// Dimensions before a reshape that become dimensions after it, extents of 1 left out.
  ///
  /// @param before positions before
  /// @param after positions after
  private record Group(List<Integer> before, List<Integer> after) {
    /// {@return the first of the source's dimensions that a transpose made these of}
    int first(Sunk sunk) {
      int first = Integer.MAX_VALUE;
      for (int axis : before) {
        first = Math.min(first, sunk.perm()[axis]);
      }
      return first;
    }
  }

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Sunk sunk = Sinking.sunk(draft, node.input(0));
    if (sunk == null) {
      return false;
    }
    List<Dim> source = draft.fact(sunk.source()).shape();
    List<Dim> before = draft.fact(node.input(0)).shape();
    List<Dim> after = draft.fact(node.output()).shape();
    List<Group> groups =
        source == null || before == null || after == null ? null : groups(before, after);
    if (source == null || after == null || groups == null || groups.isEmpty()) {
      return false;
    }
    List<Group> inOrder = new ArrayList<>(groups);
    inOrder.sort((a, b) -> Integer.compare(a.first(sunk), b.first(sunk)));
    List<Integer> order = order(inOrder, after);
    int[] perm = Axes.inverse(array(order));
    String x = sunk.source();
    List<Dim> xShape = source;
    if (!areTogether(groups, sunk, source)) {
      // a channel shuffle: the channels are rearranged where they are, the image stays
      if (after.size() < 4 || !Arrays.equals(perm, Axes.toFirst(after.size()))) {
        return false;
      }
      int[] gather = gathered(inOrder, sunk, source);
      x = draft.add(node, new Op.Transpose(Axes.list(gather)), x);
      xShape = draft.fact(x).shape();
    }
    List<Dim> ordered = new ArrayList<>();
    for (int axis : order) {
      ordered.add(after.get(axis));
    }
    long[] target = ShapeArithmetic.target(xShape, ordered);
    if (target == null) {
      return false;
    }
    String result =
        draft.add(node, new Op.Reshape(false), x, draft.vector(node.output() + "/shape", target));
    return Sinking.finish(draft, node, result, perm);
  }

  /// {@return which dimensions become which, or null where that cannot be said}
  private static @Nullable List<Group> groups(List<Dim> before, List<Dim> after) {
    List<Integer> in = nonUnit(before);
    List<Integer> out = nonUnit(after);
    List<Group> groups = new ArrayList<>();
    int i = 0;
    int o = 0;
    while (i < in.size() && o < out.size()) {
      int firstIn = i;
      int firstOut = o;
      Dim left = before.get(in.get(i++));
      Dim right = after.get(out.get(o++));
      while (!left.equals(right)) {
        if (!(left instanceof Dim.Known(long a)) || !(right instanceof Dim.Known(long b))) {
          return null;
        }
        if (a < b) {
          if (i == in.size() || !(before.get(in.get(i)) instanceof Dim.Known(long next))) {
            return null;
          }
          left = Dim.of(Math.multiplyExact(a, next));
          i++;
        } else {
          if (o == out.size() || !(after.get(out.get(o)) instanceof Dim.Known(long next))) {
            return null;
          }
          right = Dim.of(Math.multiplyExact(b, next));
          o++;
        }
      }
      groups.add(new Group(in.subList(firstIn, i), out.subList(firstOut, o)));
    }
    return i == in.size() && o == out.size() ? groups : null;
  }

  /// {@return the dimensions of a shape that are not of extent 1}
  ///
  /// @param shape the shape
  static List<Integer> nonUnit(List<Dim> shape) {
    List<Integer> axes = new ArrayList<>();
    for (int i = 0; i < shape.size(); i++) {
      if (!shape.get(i).is(1)) {
        axes.add(i);
      }
    }
    return axes;
  }

  /// {@return the result's dimensions in the order of groups; extents of 1 stay in front or behind
  /// the dimension before them}
  private static List<Integer> order(List<Group> groups, List<Dim> after) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < after.size() && after.get(i).is(1); i++) {
      order.add(i);
    }
    for (Group group : groups) {
      for (int axis : group.after) {
        order.add(axis);
        for (int i = axis + 1; i < after.size() && after.get(i).is(1); i++) {
          order.add(i);
        }
      }
    }
    return order;
  }

  /// {@return whether the dimensions of each group lie next to each other in the source, in order}
  private static boolean areTogether(List<Group> groups, Sunk sunk, List<Dim> source) {
    List<Integer> present = nonUnit(source);
    for (Group group : groups) {
      for (int i = 1; i < group.before.size(); i++) {
        int left = present.indexOf(sunk.perm()[group.before.get(i - 1)]);
        int right = present.indexOf(sunk.perm()[group.before.get(i)]);
        if (right != left + 1) {
          return false;
        }
      }
    }
    return true;
  }

  /// {@return the permutation of the source that brings the dimensions of each group together}
  private static int[] gathered(List<Group> inOrder, Sunk sunk, List<Dim> source) {
    List<Integer> axes = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      if (source.get(i).is(1)) {
        axes.add(i);
      }
    }
    for (Group group : inOrder) {
      for (int axis : group.before) {
        axes.add(sunk.perm()[axis]);
      }
    }
    return array(axes);
  }

  private static int[] array(List<Integer> axes) {
    int[] array = new int[axes.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = axes.get(i);
    }
    return array;
  }

  /// `flatten(transpose(x)) · w` with constant weights: the rows of the weights are rearranged.
  static boolean flatten(Draft draft, Node node) {
    Node reshape =
        node.op() instanceof Op.MatMul product && !product.transposeA()
            ? draft.producer(node.input(0), Op.Reshape.class)
            : null;
    Sunk sunk = reshape == null ? null : Sinking.sunk(draft, reshape.input(0));
    Tensor weights = draft.constant(node.input(1));
    if (reshape == null
        || sunk == null
        || weights == null
        || weights.shape().rank() != 2
        || sunk.perm()[0] != 0
        || !draft.readOnce(reshape.output())
        || !(node.op() instanceof Op.MatMul product)) {
      return false;
    }
    List<Dim> before = draft.fact(reshape.input(0)).shape();
    List<Dim> after = draft.fact(reshape.output()).shape();
    int rank = sunk.perm().length;
    if (before == null
        || after == null
        || after.size() != 2
        || !before.get(0).equals(after.get(0))) {
      return false;
    }
    boolean rowsLast = product.transposeB();
    long[] dims = new long[rank];
    for (int i = 1; i < rank; i++) {
      if (!(before.get(i) instanceof Dim.Known(long known))) {
        return false;
      }
      dims[rowsLast ? i : i - 1] = known;
    }
    dims[rowsLast ? 0 : rank - 1] = weights.shape().dim(rowsLast ? 0 : 1);
    int[] back = Axes.inverse(sunk.perm());
    int[] perm = new int[rank];
    for (int i = 1; i < rank; i++) {
      perm[rowsLast ? i : i - 1] = rowsLast ? back[i] : back[i] - 1;
    }
    perm[rowsLast ? 0 : rank - 1] = rowsLast ? 0 : rank - 1;
    Tensor rearranged =
        Constants.permute(weights.reshape(dims), perm).reshape(weights.shape().dims());
    long[] target = ShapeArithmetic.target(draft.fact(sunk.source()).shape(), after);
    if (target == null) {
      return false;
    }
    String[] inputs = node.inputs().toArray(String[]::new);
    inputs[0] =
        draft.add(
            reshape,
            new Op.Reshape(false),
            sunk.source(),
            draft.vector(reshape.output() + "/shape", target));
    inputs[1] = draft.constant(node.input(1), rearranged);
    return draft.replace(node, product, inputs);
  }
}
