package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Parts of tensors taken as directly as possible: a slice can be a view, a copy by index cannot.
final class Slices {
  private Slices() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return node.op() instanceof Op.Gather
        ? evenGather(draft, node) || gatherOfSlice(draft, node)
        : sliceOfReshape(draft, node) || sliceOfSlice(draft, node);
  }

  /// `x[…, i, …]` with a constant index is a slice and a reshape, `x[…, [i, i + s, …], …]` a slice.
  private static boolean evenGather(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Gather(long axis))) {
      return false;
    }
    List<Dim> shape = draft.fact(node.input(0)).shape();
    long[] index = draft.constant(node.input(1)) == null ? null : draft.integers(node.input(1));
    if (shape == null
        || shape.size() < 2
        || index == null
        || index.length == 0
        || draft.constant(node.input(0)) != null) {
      return false;
    }
    int own = Axes.normal(axis, shape.size());
    if (!(shape.get(own) instanceof Dim.Known(long extent))) {
      return false;
    }
    long[] counted = new long[index.length];
    for (int i = 0; i < index.length; i++) {
      counted[i] = index[i] < 0 ? index[i] + extent : index[i];
    }
    long start = counted[0];
    long last = counted[counted.length - 1];
    long step = counted.length == 1 ? 1 : counted[1] - start;
    boolean isEven = start >= 0 && step > 0 && last < extent;
    for (int i = 0; i < counted.length; i++) {
      isEven &= counted[i] == start + i * step;
    }
    int rank = draft.fact(node.input(1)).rank();
    if (!isEven || rank > 1) {
      return false;
    }
    String part = slice(draft, node, node.input(0), start, last + 1, own, step);
    return rank == 1
        ? draft.replace(node, part)
        : draft.replace(node, new Op.Squeeze(), part, draft.vector(node.output() + "/axes", own));
  }

  private static String slice(
      Draft draft, Node origin, String x, long start, long end, long axis, long step) {
    String hint = origin.output();
    String starts = draft.vector(hint + "/starts", start);
    String ends = draft.vector(hint + "/ends", end);
    String axes = draft.vector(hint + "/axes", axis);
    return step == 1
        ? draft.add(origin, new Op.Slice(), x, starts, ends, axes)
        : draft.add(
            origin, new Op.Slice(), x, starts, ends, axes, draft.vector(hint + "/steps", step));
  }

  /// `w[indices[a:b]]` with constant weights and indices is `w[indices][a:b]`, unless all that the
  /// indices pick is too much to be kept or some pick nothing.
  private static boolean gatherOfSlice(Draft draft, Node node) {
    Node slice = draft.producer(node.input(1), Op.Slice.class);
    if (slice == null
        || !(node.op() instanceof Op.Gather(long axis))
        || draft.constant(node.input(0)) == null
        || draft.constant(slice.input(0)) == null) {
      return false;
    }
    long[] axes = draft.integers(slice.input(3));
    int rank = draft.fact(node.input(0)).rank();
    int indexRank = draft.fact(slice.input(0)).rank();
    if (axes == null || rank < 1 || indexRank < 1) {
      return false;
    }
    int first = Axes.normal(axis, rank);
    long[] own = Arrays.stream(axes).map(a -> first + Axes.normal(a, indexRank)).toArray();
    List<String> read = List.of(node.input(0), slice.input(0));
    List<Fact> made = List.of(draft.made(node.op(), node.input(0), slice.input(0)));
    List<Tensor> picked = ConstantFolding.computed(draft, node.op(), read, made);
    if (picked == null) {
      return false;
    }
    return draft.replace(
        node,
        new Op.Slice(),
        MatrixProducts.inputs(
            draft.constant(node.output(), picked.getFirst()),
            slice.input(1),
            slice.input(2),
            draft.vector(node.output() + "/axes", own),
            slice.input(4)));
  }

  /// A slice of a dimension that a reshape split off is a slice of the whole dimension.
  private static boolean sliceOfReshape(Draft draft, Node node) {
    Node reshape = draft.producer(node.input(0), Op.Reshape.class);
    long[] starts = reshape == null ? null : draft.integers(node.input(1));
    long[] ends = draft.integers(node.hasInput(2) ? node.input(2) : "");
    long[] axes = draft.integers(node.input(3));
    long[] steps = draft.integers(node.input(4));
    if (reshape == null
        || starts == null
        || ends == null
        || axes == null
        || axes.length != 1
        || (node.hasInput(4) && (steps == null || steps[0] != 1))
        || !ShapeArithmetic.keepsElements(draft, reshape)) {
      return false;
    }
    List<Dim> before = draft.fact(reshape.input(0)).shape();
    List<Dim> after = draft.fact(reshape.output()).shape();
    if (before == null || after == null) {
      return false;
    }
    int axis = Axes.normal(axes[0], after.size());
    Whole whole = whole(before, after, axis);
    if (whole == null || !(after.get(axis) instanceof Dim.Known(long extent))) {
      return false;
    }
    long start = Math.clamp(starts[0] < 0 ? starts[0] + extent : starts[0], 0, extent);
    long end = Math.clamp(ends[0] < 0 ? ends[0] + extent : ends[0], 0, extent);
    String part;
    if (end <= start) {
      return false;
    } else if (whole.outer == 1) {
      part =
          slice(
              draft, node, reshape.input(0), start * whole.inner, end * whole.inner, whole.axis, 1);
    } else if (end == start + 1 && whole.inner == 1) {
      part = slice(draft, node, reshape.input(0), start, whole.outer * extent, whole.axis, extent);
    } else {
      return false;
    }
    long[] target =
        ShapeArithmetic.target(draft.fact(part).shape(), draft.fact(node.output()).shape());
    return target != null
        && draft.replace(
            node, new Op.Reshape(false), part, draft.vector(node.output() + "/shape", target));
  }

  /// Slices of different dimensions in a row are one.
  private static boolean sliceOfSlice(Draft draft, Node node) {
    Node before = draft.producer(node.input(0), Op.Slice.class);
    if (before == null || !draft.readOnce(before.output())) {
      return false;
    }
    int rank = draft.fact(node.output()).rank();
    String[] inputs = new String[5];
    inputs[0] = before.input(0);
    for (int i = 1; i < 5; i++) {
      long[] inner = elements(draft, before, i);
      long[] outer = elements(draft, node, i);
      if (inner == null || outer == null || rank < 0) {
        return false;
      }
      if (i == 3 && shareAxis(inner, outer, rank)) {
        return false;
      }
      long[] both = Arrays.copyOf(inner, inner.length + outer.length);
      System.arraycopy(outer, 0, both, inner.length, outer.length);
      inputs[i] = draft.vector(node.output() + "/slice", both);
    }
    return draft.replace(node, node.op(), inputs);
  }

  private static boolean shareAxis(long[] inner, long[] outer, int rank) {
    for (long a : inner) {
      for (long b : outer) {
        if (Axes.normal(a, rank) == Axes.normal(b, rank)) {
          return true;
        }
      }
    }
    return false;
  }

  /// {@return an input of a slice, absent steps as ones, or null where it is not known}
  private static long @Nullable [] elements(Draft draft, Node slice, int input) {
    if (slice.hasInput(input)) {
      return draft.integers(slice.input(input));
    }
    long[] starts = input == 4 ? draft.integers(slice.input(1)) : null;
    if (starts == null) {
      return null;
    }
    long[] ones = new long[starts.length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /// The dimension that a reshape split.
  ///
  /// @param axis the dimension before
  /// @param outer the product of what it was split into before the dimension at hand
  /// @param inner the product after it
  private record Whole(int axis, long outer, long inner) {}

  private static @Nullable Whole whole(List<Dim> before, List<Dim> after, int axis) {
    List<Integer> in = ReshapeSinking.nonUnit(before);
    List<Integer> out = ReshapeSinking.nonUnit(after);
    int place = out.indexOf(axis);
    int front = 0;
    while (front < Math.min(in.size(), place)
        && before.get(in.get(front)).equals(after.get(out.get(front)))) {
      front++;
    }
    int back = 0;
    while (back < in.size() - front
        && back < out.size() - place - 1
        && before
            .get(in.get(in.size() - 1 - back))
            .equals(after.get(out.get(out.size() - 1 - back)))) {
      back++;
    }
    if (place < 0 || in.size() - front - back != 1) {
      return null;
    }
    long outer = 1;
    long inner = 1;
    for (int i = front; i < out.size() - back; i++) {
      if (!(after.get(out.get(i)) instanceof Dim.Known(long extent))) {
        return null;
      }
      outer *= i < place ? extent : 1;
      inner *= i > place ? extent : 1;
    }
    return new Whole(in.get(front), outer, inner);
  }
}
