package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// The turned elements of rotary positions, as they are written out: `(-b, a)` of the halves `a`
/// and `b` of a row, or of the elements at even and at odd places, joined pair by pair. What was
/// two parts, a negation and a concatenation becomes one copy, in which the elements of each pair
/// change places, times their signs, which are part of the elementwise chain behind it. So is what
/// the importer makes of the operator `RotaryEmbedding`.
final class Rotations {
  private static final long FROM_THE_END = Long.MIN_VALUE;

  private Rotations() {}

  /// Every so-manieth element of the last dimension of a value.
  ///
  /// @param x the value
  /// @param start the first element
  /// @param step from one to the next
  /// @param count how many
  /// @param isNegative whether they are negated
  /// @param isColumn whether each is a dimension of its own
  private record Part(
      String x, long start, long step, long count, boolean isNegative, boolean isColumn) {

    private boolean is(long first, long apart, boolean column) {
      return start == first && step == apart && isColumn == column;
    }
  }

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    int rank = draft.fact(node.output()).rank();
    if (!(node.op() instanceof Op.Concat(long axis))
        || node.inputs().size() != 2
        || rank < 1
        || Axes.normal(axis, rank) != rank - 1
        || !draft.fact(node.output()).dtype().isFloat()) {
      return false;
    }
    Part first = part(draft, node.input(0));
    Part second = part(draft, node.input(1));
    if (first == null
        || second == null
        || !first.x.equals(second.x)
        || first.isNegative == second.isNegative
        || first.count != second.count
        || extent(draft, first.x) != 2 * first.count) {
      return false;
    }
    long half = first.count;
    double sign = first.isNegative ? -1 : 1;
    if (first.is(half, 1, false) && second.is(0, 1, false)) {
      String others = exchanged(draft, node, first.x, -2, 2, half);
      return draft.replace(
          node, signed(draft, node, first.x, others, i -> i < half ? sign : -sign));
    }
    if (first.is(1, 2, true) && second.is(0, 2, true)) {
      String others = exchanged(draft, node, first.x, -1, half, 2);
      String signed = signed(draft, node, first.x, others, i -> i % 2 == 0 ? sign : -sign);
      String pairs = shape(draft, node, "/turned", rank, half, 2);
      return draft.replace(node, new Op.Reshape(false), signed, pairs);
    }
    return false;
  }

  /// The last dimension cut into two, and the order of one of these turned round.
  private static String exchanged(
      Draft draft, Node node, String x, long axis, long outer, long inner) {
    String name = node.output();
    String dims = shape(draft, node, "/pairs", draft.fact(x).rank() + 1, outer, inner);
    return draft.add(
        node,
        new Op.Slice(),
        draft.add(node, new Op.Reshape(false), x, dims),
        draft.vector(name + "/last", -1),
        draft.vector(name + "/end", FROM_THE_END),
        draft.vector(name + "/axis", axis),
        draft.vector(name + "/back", -1));
  }

  /// Elements in the order of a value, each times its sign.
  private static String signed(
      Draft draft, Node node, String x, String elements, IntToDoubleFunction sign) {
    int extent = Math.toIntExact(extent(draft, x));
    double[] signs = new double[extent];
    Arrays.setAll(signs, sign);
    Tensor tensor = Constants.of(draft.fact(x).dtype(), Shape.of(extent), signs);
    String dims = shape(draft, node, "/joined", draft.fact(x).rank(), extent);
    return draft.add(
        node,
        new Op.Binary(BinaryFunction.MUL),
        draft.add(node, new Op.Reshape(false), elements, dims),
        draft.constant(node.output() + "/signs", tensor));
  }

  /// {@return the extents of a reshape: some last ones; the others stay}
  private static String shape(Draft draft, Node node, String name, int rank, long... last) {
    long[] dims = new long[rank];
    System.arraycopy(last, 0, dims, rank - last.length, last.length);
    return draft.vector(node.output() + name, dims);
  }

  private static @Nullable Part part(Draft draft, String value) {
    boolean isNegative = false;
    boolean isColumn = false;
    String at = value;
    for (int i = 0; i < 2; i++) {
      Node node = draft.readOnce(at) ? draft.producer(at) : null;
      if (node == null) {
        return null;
      }
      if (!isNegative && node.op().equals(new Op.Unary(UnaryFunction.NEG))) {
        isNegative = true;
        at = node.input(0);
      } else if (!isColumn && addsOne(draft, node)) {
        isColumn = true;
        at = node.input(0);
      }
    }
    Node slice = draft.readOnce(at) ? draft.producer(at, Op.Slice.class) : null;
    return slice == null ? null : part(draft, slice, isNegative, isColumn);
  }

  /// Whether a node adds a last dimension of one element.
  private static boolean addsOne(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Unsqueeze) && !(node.op() instanceof Op.Reshape)) {
      return false;
    }
    List<Dim> before = draft.fact(node.input(0)).shape();
    List<Dim> after = draft.fact(node.output()).shape();
    return before != null
        && after != null
        && after.size() == before.size() + 1
        && after.getLast().is(1)
        && after.subList(0, before.size()).equals(before);
  }

  private static @Nullable Part part(
      Draft draft, Node slice, boolean isNegative, boolean isColumn) {
    long[] starts = draft.integers(slice.input(1));
    long[] ends = draft.integers(slice.input(2));
    long[] axes = draft.integers(slice.input(3));
    long[] steps = slice.hasInput(4) ? draft.integers(slice.input(4)) : new long[] {1};
    int rank = draft.fact(slice.input(0)).rank();
    long extent = extent(draft, slice.input(0));
    if (starts == null
        || ends == null
        || axes == null
        || steps == null
        || axes.length != 1
        || extent < 0
        || Axes.normal(axes[0], rank) != rank - 1
        || steps[0] < 1) {
      return null;
    }
    long start = Math.clamp(starts[0] < 0 ? starts[0] + extent : starts[0], 0, extent);
    long end = Math.clamp(ends[0] < 0 ? ends[0] + extent : ends[0], start, extent);
    long count = (end - start + steps[0] - 1) / steps[0];
    return new Part(slice.input(0), start, steps[0], count, isNegative, isColumn);
  }

  /// {@return the last extent of a value, or -1 where it is not known}
  private static long extent(Draft draft, String value) {
    List<Dim> shape = draft.fact(value).shape();
    return shape != null && !shape.isEmpty() && shape.getLast() instanceof Dim.Known(long extent)
        ? extent
        : -1;
  }
}
