package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Attention written out as products, softmax and transposes becomes one operator.
///
/// The formula is `merge(softmax(scale · heads(q) · heads(k)ᵀ + mask) · heads(v))` where `heads`
/// reshapes `[batch, length, heads · size]` to four dimensions and transposes to `[batch, heads,
/// length, size]`, and `merge` does the reverse. The scale may stand before or after the product,
/// on either operand, as factor or divisor; the mask may be added or chosen by Where. The operator
/// adds it, so that a masked score that is NaN or infinite stays so. Products and softmaxes of
/// `[batch · heads, length, size]` are first computed apart.
final class Attentions {
  /// This or less, chosen instead of a score, weighs nothing beside one that is no such number
  /// itself: the exponential of the difference is 0.
  private static final double HIDES = -1e8;

  /// Plus a score, this or less stays what it is, even in double precision: a mask that is added
  /// hides the score as one that is chosen does, and where all keys are masked, all weigh the same.
  private static final double BLOTS_OUT = -1e30;

  private Attentions() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    return (op instanceof Op.Reshape && attention(draft, node))
        || (op instanceof Op.MatMul && stackedProduct(draft, node))
        || (op instanceof Op.Softmax && stackedSoftmax(draft, node));
  }

  /// A value without its constant factor.
  private record Scaled(String value, double factor) {}

  /// The heads of a value `[batch, length, count · size]`.
  private record Heads(String value, double factor, Dim batch, Dim length, long count, long size) {}

  /// A product of queries and keys before the softmax.
  private record Scores(Node product, double factor, String mask) {}

  private static boolean attention(Draft draft, Node node) {
    Node merge = transposed(draft, node.input(0), 0, 2, 1, 3);
    Node context = merge == null ? null : draft.producer(merge.input(0), Op.MatMul.class);
    if (context == null
        || !context.op().equals(new Op.MatMul())
        || context.hasInput(2)
        || context.hasInput(3)
        || !draft.readOnce(node.input(0))
        || !draft.readOnce(context.output())) {
      return false;
    }
    Node softmax = draft.producer(context.input(0), Op.Softmax.class);
    if (softmax == null
        || !(softmax.op() instanceof Op.Softmax(long axis, boolean log))
        || log
        || (axis != 3 && axis != -1)
        || !draft.readOnce(softmax.output())) {
      return false;
    }
    Scores scores = scores(draft, softmax);
    return scores != null && build(draft, node, context, scores);
  }

  private static boolean build(Draft draft, Node node, Node context, Scores scores) {
    if (!(scores.product.op() instanceof Op.MatMul product)) {
      return false;
    }
    Heads q = heads(draft, node, scores.product.input(0), false);
    Heads k = heads(draft, node, scores.product.input(1), !product.transposeB());
    Heads v = heads(draft, node, context.input(1), false);
    if (q == null
        || k == null
        || v == null
        || v.factor != 1
        || q.count != k.count
        || q.count != v.count
        || q.size != k.size
        || q.size != v.size
        || !q.batch.equals(k.batch)
        || !q.batch.equals(v.batch)
        || !k.length.equals(v.length)
        || !tellsKeysApart(draft, scores.mask, k.length)) {
      return false;
    }
    List<Dim> result = draft.fact(node.output()).shape();
    if (result == null || !result.equals(List.of(q.batch, q.length, Dim.of(q.count * q.size)))) {
      return false;
    }
    double scale = scores.factor * product.alpha() * q.factor * k.factor;
    return Fusion.isParameter(draft, node.output(), scale)
        && draft.replace(
            node,
            new AttentionOp.Attention(q.count, (float) scale),
            MatrixProducts.inputs(q.value, k.value, v.value, scores.mask));
  }

  /// {@return whether a mask, if there is one, has a number for each key: there are kernels for no
  /// other}
  private static boolean tellsKeysApart(Draft draft, String mask, Dim keys) {
    if (mask.isEmpty() || keys.is(1)) {
      return true;
    }
    List<Dim> shape = draft.fact(mask).shape();
    return shape != null && !shape.isEmpty() && !shape.getLast().is(1);
  }

  private static @Nullable Node transposed(Draft draft, String value, int... perm) {
    Node node = draft.producer(value, Op.Transpose.class);
    return node != null
            && node.op() instanceof Op.Transpose(List<Long> own)
            && own.equals(Axes.list(perm))
        ? node
        : null;
  }

  // ---- heads that a reshape has joined with the batch

  private static boolean stackedProduct(Draft draft, Node node) {
    String left = unstacked(draft, node.input(0));
    String right = unstacked(draft, node.input(1));
    return left != null
        && right != null
        && !node.hasInput(2)
        && !node.hasInput(3)
        && leading(draft, left).equals(leading(draft, right))
        && stack(draft, node, draft.add(node, node.op(), left, right));
  }

  private static boolean stackedSoftmax(Draft draft, Node node) {
    String apart = unstacked(draft, node.input(0));
    return apart != null
        && node.op() instanceof Op.Softmax(long axis, boolean log)
        && (axis == 2 || axis == -1)
        && stack(draft, node, draft.add(node, new Op.Softmax(-1, log), apart));
  }

  /// {@return the matrices `[batch, heads, …]` that are `[batch · heads, …]` reshaped, or null}
  private static @Nullable String unstacked(Draft draft, String value) {
    Node reshape = draft.producer(value, Op.Reshape.class);
    List<Dim> stacked = draft.fact(value).shape();
    List<Dim> apart = reshape == null ? null : draft.fact(reshape.input(0)).shape();
    return reshape != null
            && stacked != null
            && apart != null
            && stacked.size() == 3
            && apart.size() == 4
            && apart.subList(2, 4).equals(stacked.subList(1, 3))
            && ShapeArithmetic.keepsElements(draft, reshape)
        ? reshape.input(0)
        : null;
  }

  private static List<Dim> leading(Draft draft, String value) {
    return Objects.requireNonNull(draft.fact(value).shape()).subList(0, 2);
  }

  /// Reshapes what a node makes of matrices that lie apart as the node makes it.
  private static boolean stack(Draft draft, Node node, String apart) {
    long[] target =
        ShapeArithmetic.target(draft.fact(apart).shape(), draft.fact(node.output()).shape());
    return target != null
        && draft.replace(
            node, new Op.Reshape(false), apart, draft.vector(node.output() + "/shape", target));
  }

  // ---- scores

  private static @Nullable Scores scores(Draft draft, Node softmax) {
    String value = softmax.input(0);
    Scores plain = product(draft, value, "");
    if (plain != null) {
      return plain;
    }
    Node masked = draft.producer(value);
    if (masked == null || !draft.readOnce(value)) {
      return null;
    }
    if (masked.op() instanceof Op.Binary(BinaryFunction function)
        && function == BinaryFunction.ADD) {
      Scores first = product(draft, masked.input(0), masked.input(1));
      return first == null ? product(draft, masked.input(1), masked.input(0)) : first;
    }
    return masked.op() instanceof Op.Where ? chosen(draft, masked) : null;
  }

  /// Scores where a condition holds or does not, a number that hides them elsewhere.
  private static @Nullable Scores chosen(Draft draft, Node where) {
    for (int side = 1; side <= 2; side++) {
      Double fill = draft.scalar(where.input(3 - side));
      Scores scores = product(draft, where.input(side), "");
      DType dtype = draft.fact(where.output()).dtype();
      if (fill == null || fill > HIDES || scores == null || dtype != DType.F32) {
        continue;
      }
      Tensor zero = Tensor.allocate(dtype, Shape.of());
      String kept = draft.constant(where.output() + "/kept", zero);
      Tensor least = Tensor.of(new float[] {(float) Math.min(fill, BLOTS_OUT)});
      String blot = draft.constant(where.output() + "/hidden", least);
      String mask =
          side == 1
              ? draft.add(where, new Op.Where(), where.input(0), kept, blot)
              : draft.add(where, new Op.Where(), where.input(0), blot, kept);
      return new Scores(scores.product, scores.factor, mask);
    }
    return null;
  }

  private static @Nullable Scores product(Draft draft, String value, String mask) {
    Scaled scaled = unscaled(draft, value);
    Node product = draft.producer(scaled.value, Op.MatMul.class);
    boolean fits =
        product != null
            && product.op() instanceof Op.MatMul matMul
            && !matMul.transposeA()
            && matMul.activation() == null
            && !product.hasInput(2)
            && !product.hasInput(3)
            && draft.fact(scaled.value).rank() == 4
            && draft.readOnce(scaled.value);
    return product != null && fits ? new Scores(product, scaled.factor, mask) : null;
  }

  /// Takes factors and divisors off a value as long as nobody else reads the scaled value.
  private static Scaled unscaled(Draft draft, String value) {
    Node node = draft.producer(value, Op.Binary.class);
    if (node == null
        || !draft.readOnce(value)
        || !(node.op() instanceof Op.Binary(BinaryFunction function))) {
      return new Scaled(value, 1);
    }
    for (int side = 0; side < 2; side++) {
      Double number = draft.scalar(node.input(1 - side));
      boolean isFactor = function == BinaryFunction.MUL;
      boolean isDivisor = function == BinaryFunction.DIV && side == 0;
      if (number == null
          || !(isFactor || isDivisor)
          || !Fusion.sameRank(draft, node.input(side), value)) {
        continue;
      }
      Scaled inner = unscaled(draft, node.input(side));
      return new Scaled(inner.value, inner.factor * (isFactor ? number : 1 / number));
    }
    return new Scaled(value, 1);
  }

  // ---- heads

  private static @Nullable Heads heads(
      Draft draft, Node origin, String value, boolean isTransposed) {
    Scaled outer = unscaled(draft, value);
    Node transpose =
        isTransposed
            ? transposed(draft, outer.value, 0, 2, 3, 1)
            : transposed(draft, outer.value, 0, 2, 1, 3);
    if (transpose == null) {
      return null;
    }
    Scaled middle = unscaled(draft, transpose.input(0));
    List<Dim> split = draft.fact(middle.value).shape();
    if (split == null
        || split.size() != 4
        || !(split.get(2) instanceof Dim.Known(long count))
        || !(split.get(3) instanceof Dim.Known(long size))) {
      return null;
    }
    List<Dim> flat = List.of(split.get(0), split.get(1), Dim.of(count * size));
    Node reshape = draft.producer(middle.value, Op.Reshape.class);
    String source =
        reshape != null && ShapeArithmetic.keepsElements(draft, reshape)
            ? reshape.input(0)
            : middle.value;
    if (!flat.equals(draft.fact(source).shape())) {
      long[] target = ShapeArithmetic.target(draft.fact(source).shape(), flat);
      if (target == null) {
        return null;
      }
      source =
          draft.add(
              origin,
              new Op.Reshape(false),
              source,
              draft.vector(origin.output() + "/shape", target));
    }
    Scaled inner = unscaled(draft, source);
    return new Heads(
        inner.value,
        outer.factor * middle.factor * inner.factor,
        split.get(0),
        split.get(1),
        count,
        size);
  }
}
