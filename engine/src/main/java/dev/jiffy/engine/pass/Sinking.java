package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Transposes sink towards the outputs: `op(transpose(x))` becomes `transpose(op'(x))`, where they
/// meet other transposes and cancel out.
final class Sinking {
  /// Constants larger than this are not rearranged.
  private static final long MAX_CONSTANT_BYTES = 16 << 20;

  private Sinking() {}

  /// A transpose that makes a value.
  ///
  /// @param source what is transposed
  /// @param order for each dimension of the value the dimension of the source
  record Sunk(String source, List<Long> order) {
    /// {@return for each dimension of the value the dimension of the source}
    int[] perm() {
      return Axes.perm(order, order.size());
    }

    /// {@return the dimension of the source that is an axis of the value}
    ///
    /// @param axis the axis, negative from the end
    long axis(long axis) {
      return order.get(Axes.normal(axis, order.size()));
    }
  }

  /// {@return the transpose that makes a value, or null}
  ///
  /// @param draft the graph
  /// @param value the value
  static @Nullable Sunk sunk(Draft draft, String value) {
    Node node = draft.producer(value, Op.Transpose.class);
    int rank = node == null ? -1 : draft.fact(value).rank();
    return node != null && node.op() instanceof Op.Transpose(List<Long> perm) && rank >= 0
        ? new Sunk(node.input(0), Axes.list(Axes.perm(perm, rank)))
        : null;
  }

  /// {@return a value with its dimensions permuted: a new transpose merged with the one that makes
  /// the value, or a rearranged constant}
  ///
  /// @param draft the graph
  /// @param origin the node in whose place the transpose stands
  /// @param value the value
  /// @param perm for each dimension of the result the dimension of the value
  static String transposed(Draft draft, Node origin, String value, int[] perm) {
    Tensor constant = draft.constant(value);
    if (constant != null) {
      return draft.constant(value, Constants.permute(constant, perm));
    }
    Sunk sunk = sunk(draft, value);
    int[] whole = sunk == null ? perm : Axes.compose(sunk.perm(), perm);
    String source = sunk == null ? value : sunk.source();
    return Axes.isIdentity(whole)
        ? source
        : draft.add(origin, new Op.Transpose(Axes.list(whole)), source);
  }

  /// Puts a transpose where a node was.
  static boolean finish(Draft draft, Node node, String value, int[] perm) {
    return (Axes.isIdentity(perm) && !draft.isOutput(node.output()))
        ? draft.replace(node, value)
        : draft.replace(node, new Op.Transpose(Axes.list(perm)), value);
  }

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    return elementwise(draft, node)
        || alongAxis(draft, node)
        || (op instanceof Op.Concat && concat(draft, node))
        || (op instanceof Op.Split && split(draft, node))
        || (op instanceof Op.Pad && pad(draft, node))
        || (op instanceof Op.Tile && tile(draft, node))
        || (op instanceof Op.Gather && gather(draft, node))
        || reduce(draft, node);
  }

  // ---- elementwise

  private static boolean elementwise(Draft draft, Node node) {
    Op op = node.op();
    boolean isElementwise =
        op instanceof Op.Unary
            || op instanceof Op.Binary
            || op instanceof Op.Where
            || op instanceof Op.Cast
            || ((op instanceof QuantizedOp.Quantize || op instanceof QuantizedOp.Dequantize)
                && isOne(draft.fact(node.input(1)).shape()));
    int rank = isElementwise ? draft.fact(node.output()).rank() : -1;
    Sunk common = rank < 0 ? null : common(draft, node, rank);
    if (common == null) {
      return false;
    }
    int[] perm = common.perm();
    String[] inputs = new String[node.inputs().size()];
    for (int i = 0; i < inputs.length; i++) {
      String aligned = aligned(draft, node, node.input(i), perm, !isFree(draft, common));
      if (aligned == null) {
        return false;
      }
      inputs[i] = aligned;
    }
    return finish(draft, node, draft.add(node, node.op(), inputs), perm);
  }

  private static boolean isOne(@Nullable List<Dim> shape) {
    return shape != null && shape.stream().allMatch(dim -> dim.is(1));
  }

  /// {@return the first transpose of the result's rank that makes an input, one that takes work if
  /// there is any, or null}
  private static @Nullable Sunk common(Draft draft, Node node, int rank) {
    Sunk first = null;
    for (String input : node.inputs()) {
      Sunk sunk = sunk(draft, input);
      if (sunk == null || sunk.perm().length != rank) {
        continue;
      } else if (!isFree(draft, sunk)) {
        return sunk;
      }
      first = first == null ? sunk : first;
    }
    return first;
  }

  private static boolean isFree(Draft draft, Sunk sunk) {
    List<Dim> shape = draft.fact(sunk.source()).shape();
    return shape != null && isFree(shape, sunk.perm());
  }

  /// {@return what gives a value, broadcasting included, when transposed by `perm`; null where that
  /// takes work}
  ///
  /// @param mayTranspose whether there may be a new transpose that takes no work; it would sink in
  ///   turn, without end, where the one that sinks takes none either
  private static @Nullable String aligned(
      Draft draft, Node node, String value, int[] perm, boolean mayTranspose) {
    List<Dim> shape = draft.fact(value).shape();
    if (shape == null || shape.size() > perm.length) {
      return null;
    }
    Tensor constant = draft.constant(value);
    if (shape.stream().allMatch(dim -> dim.is(1))
        && (shape.size() < perm.length || constant != null)) {
      return value;
    }
    if (constant != null) {
      long[] padded = new long[perm.length];
      Arrays.fill(padded, 1);
      long[] dims = constant.shape().dims();
      System.arraycopy(dims, 0, padded, perm.length - dims.length, dims.length);
      return constant.shape().bytes(constant.dtype()) > MAX_CONSTANT_BYTES
          ? null
          : draft.constant(value, Constants.permute(constant.reshape(padded), Axes.inverse(perm)));
    }
    Sunk sunk = sunk(draft, value);
    if (shape.size() == perm.length) {
      return (sunk != null && Arrays.equals(sunk.perm(), perm))
              || (mayTranspose && isFree(shape, Axes.inverse(perm)))
          ? transposed(draft, node, value, Axes.inverse(perm))
          : null;
    }
    return null;
  }

  /// {@return whether a transpose of this shape moves only dimensions of extent 1}
  ///
  /// @param shape the shape before
  /// @param perm the permutation
  static boolean isFree(List<Dim> shape, int[] perm) {
    int last = -1;
    for (int axis : perm) {
      if (shape.get(axis).is(1)) {
        continue;
      }
      if (axis < last) {
        return false;
      }
      last = axis;
    }
    return true;
  }

  // ---- data movement

  private static boolean concat(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Concat(long axis))) {
      return false;
    }
    int rank = draft.fact(node.output()).rank();
    Sunk common = common(draft, node, rank);
    if (common == null) {
      return false;
    }
    int[] perm = common.perm();
    boolean mayTranspose = !isFree(draft, common);
    int balance = 0;
    for (String input : node.inputs()) {
      Sunk sunk = sunk(draft, input);
      List<Dim> shape = draft.fact(input).shape();
      if (sunk != null && Arrays.equals(sunk.perm(), perm)) {
        balance++;
      } else if (shape == null) {
        return false;
      } else if (draft.constant(input) == null
          && !(mayTranspose && isFree(shape, Axes.inverse(perm)))) {
        balance--;
      }
    }
    if (balance <= 0) {
      return false;
    }
    String[] inputs =
        node.inputs().stream()
            .map(input -> transposed(draft, node, input, Axes.inverse(perm)))
            .toArray(String[]::new);
    long own = perm[Axes.normal(axis, rank)];
    return finish(draft, node, draft.add(node, new Op.Concat(own), inputs), perm);
  }

  private static boolean split(Draft draft, Node node) {
    Sunk sunk = sunk(draft, node.input(0));
    if (sunk == null || !(node.op() instanceof Op.Split(long axis, long parts))) {
      return false;
    }
    List<String> inputs = new ArrayList<>(node.inputs());
    inputs.set(0, sunk.source());
    List<String> cut =
        draft.add(node, new Op.Split(sunk.axis(axis), parts), inputs, node.outputs().size());
    List<String> results = new ArrayList<>();
    for (String part : cut) {
      results.add(draft.add(node, new Op.Transpose(Axes.list(sunk.perm())), part));
    }
    return draft.replace(node, results);
  }

  /// As [Rule#apply].
  static boolean slice(Draft draft, Node node) {
    Sunk sunk = sunk(draft, node.input(0));
    if (sunk == null) {
      return false;
    }
    long[] axes = draft.integers(node.input(3));
    if (!node.hasInput(3)) {
      List<Dim> starts = draft.fact(node.input(1)).shape();
      if (starts != null && starts.size() == 1 && starts.getFirst() instanceof Dim.Known(long n)) {
        axes = IntStream.range(0, Math.toIntExact(n)).asLongStream().toArray();
      }
    }
    if (axes == null) {
      return false;
    }
    String own =
        draft.vector(node.output() + "/axes", Arrays.stream(axes).map(sunk::axis).toArray());
    String result =
        draft.add(
            node,
            node.op(),
            MatrixProducts.inputs(sunk.source(), node.input(1), node.input(2), own, node.input(4)));
    return finish(draft, node, result, sunk.perm());
  }

  private static boolean pad(Draft draft, Node node) {
    Sunk sunk = sunk(draft, node.input(0));
    if (sunk == null) {
      return false;
    }
    String pads = node.input(1);
    String axes = "";
    long[] known = draft.integers(node.input(3));
    long[] border = draft.integers(pads);
    if (node.hasInput(3) && known != null) {
      axes = draft.vector(node.output() + "/axes", Arrays.stream(known).map(sunk::axis).toArray());
    } else if (!node.hasInput(3) && border != null) {
      int rank = sunk.perm().length;
      long[] own = new long[border.length];
      for (int i = 0; i < rank; i++) {
        own[sunk.perm()[i]] = border[i];
        own[rank + sunk.perm()[i]] = border[rank + i];
      }
      pads = draft.vector(node.output() + "/pads", own);
    } else {
      return false;
    }
    String result =
        draft.add(node, node.op(), MatrixProducts.inputs(sunk.source(), pads, node.input(2), axes));
    return finish(draft, node, result, sunk.perm());
  }

  private static boolean tile(Draft draft, Node node) {
    Sunk sunk = sunk(draft, node.input(0));
    long[] repeats = sunk == null ? null : draft.integers(node.input(1));
    if (sunk == null || repeats == null) {
      return false;
    }
    long[] own = new long[repeats.length];
    for (int i = 0; i < own.length; i++) {
      own[sunk.perm()[i]] = repeats[i];
    }
    String result =
        draft.add(node, node.op(), sunk.source(), draft.vector(node.output() + "/repeats", own));
    return finish(draft, node, result, sunk.perm());
  }

  // ---- along axes

  private static boolean reduce(Draft draft, Node node) {
    boolean isReduce = node.op() instanceof Op.Reduce || node.op() instanceof Op.ArgReduce;
    Sunk sunk = isReduce ? sunk(draft, node.input(0)) : null;
    if (sunk == null) {
      return false;
    }
    if (node.op() instanceof Op.ArgReduce op) {
      Op own = new Op.ArgReduce(op.largest(), sunk.axis(op.axis()), op.keepDims(), op.lastIndex());
      String result = draft.add(node, own, sunk.source());
      return finish(
          draft,
          node,
          result,
          op.keepDims() ? sunk.perm() : without(sunk, new long[] {sunk.axis(op.axis())}));
    }
    long[] axes = draft.integers(node.input(1));
    if (!(node.op() instanceof Op.Reduce op) || axes == null || axes.length == 0) {
      return false;
    }
    long[] own = Arrays.stream(axes).map(sunk::axis).toArray();
    String result = draft.add(node, op, sunk.source(), draft.vector(node.output() + "/axes", own));
    return finish(draft, node, result, op.keepDims() ? sunk.perm() : without(sunk, own));
  }

  /// {@return the permutation of what is left when some of the source's dimensions go}
  private static int[] without(Sunk sunk, long[] gone) {
    boolean[] isGone = new boolean[sunk.perm().length];
    for (long axis : gone) {
      isGone[(int) axis] = true;
    }
    int[] place = new int[isGone.length];
    int count = 0;
    for (int i = 0; i < isGone.length; i++) {
      place[i] = isGone[i] ? -1 : count++;
    }
    return Arrays.stream(sunk.perm())
        .filter(axis -> !isGone[axis])
        .map(axis -> place[axis])
        .toArray();
  }

  private static boolean alongAxis(Draft draft, Node node) {
    boolean isAlongAxis =
        node.op() instanceof Op.Softmax
            || node.op() instanceof Op.Hardmax
            || node.op() instanceof Op.LpNormalization;
    Sunk sunk = isAlongAxis ? sunk(draft, node.input(0)) : null;
    if (sunk == null) {
      return false;
    }
    Op own =
        switch (node.op()) {
          case Op.Softmax(long axis, boolean log) -> new Op.Softmax(sunk.axis(axis), log);
          case Op.Hardmax(long axis) -> new Op.Hardmax(sunk.axis(axis));
          case Op.LpNormalization(long axis, long p) -> new Op.LpNormalization(sunk.axis(axis), p);
          default -> node.op();
        };
    return finish(draft, node, draft.add(node, own, sunk.source()), sunk.perm());
  }

  private static boolean gather(Draft draft, Node node) {
    Sunk sunk = sunk(draft, node.input(0));
    int added = sunk == null ? -1 : draft.fact(node.input(1)).rank();
    if (sunk == null || added < 0 || !(node.op() instanceof Op.Gather(long axis))) {
      return false;
    }
    int outer = Axes.normal(axis, sunk.perm().length);
    int own = sunk.perm()[outer];
    List<Integer> perm = new ArrayList<>();
    for (int i = 0; i < sunk.perm().length; i++) {
      if (i == outer) {
        for (int t = 0; t < added; t++) {
          perm.add(own + t);
        }
      } else {
        perm.add(sunk.perm()[i] < own ? sunk.perm()[i] : sunk.perm()[i] + added - 1);
      }
    }
    String result = draft.add(node, new Op.Gather(own), sunk.source(), node.input(1));
    return finish(draft, node, result, perm.stream().mapToInt(Integer::intValue).toArray());
  }
}
