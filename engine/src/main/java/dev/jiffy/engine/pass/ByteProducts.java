package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.ByteConv;
import dev.jiffy.engine.ir.QuantizedOp.ByteMatMul;
import dev.jiffy.engine.ir.QuantizedOp.ByteSums;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.engine.ir.QuantizedOp.Quantize;
import dev.jiffy.engine.ir.QuantizedOp.Rounding;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Products and convolutions of what quantized numbers stand for become products of the numbers
/// themselves, with what follows: an activation, and the quantization of the result.
final class ByteProducts {
  private ByteProducts() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    return (op instanceof Dequantize && unsigned(draft, node))
        || (op instanceof Quantize && (noRoundTrip(draft, node) || rounding(draft, node)))
        || (op instanceof Op.Gather && lookUp(draft, node))
        || (op instanceof Op.Transpose && transpose(draft, node))
        || (op instanceof Op.MatMul && (matMul(draft, node) || sums(draft, node)))
        || (op instanceof Op.Conv && (conv(draft, node) || sums(draft, node)))
        || (op instanceof Op.Unary && activation(draft, node));
  }

  /// One scale and zero point for all elements.
  private record Affine(float scale, int zero) {
    static @Nullable Affine of(Draft draft, Node node, long block) {
      Tensor scale = draft.constant(node.input(1));
      Tensor zero = draft.constant(node.input(2));
      boolean isOne =
          block == 0
              && scale != null
              && scale.dtype() == DType.F32
              && scale.shape().elements() == 1
              && (zero == null ? !node.hasInput(2) : zero.shape().elements() == 1);
      return isOne && scale != null
          ? new Affine(
              (float) scale.getDouble(0), zero == null ? 0 : Math.toIntExact(zero.getLong(0)))
          : null;
    }
  }

  private static @Nullable Affine dequantized(Draft draft, @Nullable Node node) {
    return node != null && node.op() instanceof Dequantize op
        ? Affine.of(draft, node, op.block())
        : null;
  }

  private static @Nullable Affine quantized(Draft draft, Node node, DType to) {
    return node.op() instanceof Quantize op && op.to() == to
        ? Affine.of(draft, node, op.block())
        : null;
  }

  private static String zero(Draft draft, Node node, int zero) {
    Tensor tensor = Tensor.allocate(DType.U8, Shape.of());
    tensor.setLong(0, zero);
    return draft.constant(node.output() + "/zero", tensor);
  }

  /// Signed bytes that nobody sees are unsigned ones, which products multiply.
  private static boolean unsigned(Draft draft, Node node) {
    Node source = draft.producer(node.input(0), Quantize.class);
    Affine stands = dequantized(draft, node);
    Affine made = source == null ? null : quantized(draft, source, DType.I8);
    if (source == null || stands == null || made == null) {
      return false;
    }
    String bytes =
        draft.add(
            source,
            new Quantize(0, 0, DType.U8),
            source.input(0),
            source.input(1),
            zero(draft, source, made.zero + 128));
    return draft.replace(
        node, new Dequantize(0, 0), bytes, node.input(1), zero(draft, node, stands.zero + 128));
  }

  /// Numbers that are made of bytes and become the same bytes.
  private static boolean noRoundTrip(Draft draft, Node node) {
    Node source = draft.producer(node.input(0), Dequantize.class);
    Affine stands = dequantized(draft, source);
    return source != null
        && stands != null
        && stands.equals(quantized(draft, node, draft.fact(source.input(0)).dtype()))
        && !draft.isOutput(node.output())
        && draft.replace(node, source.input(0));
  }

  /// Of a table of bytes only what is looked up becomes numbers.
  private static boolean lookUp(Draft draft, Node node) {
    Node table = draft.producer(node.input(0), Dequantize.class);
    if (table == null
        || draft.constant(table.input(0)) == null
        || dequantized(draft, table) == null) {
      return false;
    }
    String picked = draft.add(node, node.op(), table.input(0), node.input(1));
    return draft.replace(
        node, new Dequantize(0, 0), MatrixProducts.inputs(picked, table.input(1), table.input(2)));
  }

  /// A transposed constant of bytes is the transpose of what the constant stands for: products take
  /// that as it lies.
  static boolean transposed(Draft draft, Node node) {
    Node transpose = draft.producer(node.input(0), Op.Transpose.class);
    if (transpose == null
        || !isTransposedMatrix(draft, transpose)
        || !(node.op() instanceof Dequantize(long axis, long block))
        || block != 0) {
      return false;
    }
    String numbers =
        draft.add(
            node,
            new Dequantize(1 - Math.floorMod(axis, 2), 0),
            MatrixProducts.inputs(transpose.input(0), node.input(1), node.input(2)));
    return draft.replace(node, new Op.Transpose(List.of(1L, 0L)), numbers);
  }

  private static boolean isTransposedMatrix(Draft draft, Node node) {
    Tensor matrix = draft.constant(node.input(0));
    return matrix != null
        && matrix.shape().rank() == 2
        && node.op() instanceof Op.Transpose(List<Long> order)
        && Axes.perm(order, 2)[0] == 1;
  }

  /// A transposed constant of bytes.
  private static boolean transpose(Draft draft, Node node) {
    Node source = draft.producer(node.input(0), Dequantize.class);
    Tensor bytes = source == null ? null : draft.constant(source.input(0));
    if (source == null
        || bytes == null
        || !(node.op() instanceof Op.Transpose(List<Long> order))
        || !(source.op() instanceof Dequantize(long axis, long block))
        || block != 0) {
      return false;
    }
    int rank = bytes.shape().rank();
    int[] perm = Axes.perm(order, rank);
    int along = axis < -rank || axis >= rank ? 0 : Axes.inverse(perm)[Axes.normal(axis, rank)];
    return draft.replace(
        node,
        new Dequantize(along, 0),
        MatrixProducts.inputs(
            draft.constant(source.input(0), Constants.permute(bytes, perm)),
            source.input(1),
            source.input(2)));
  }

  /// Weights less their zero points, with a scale for each index of an axis.
  private record Quantized(Tensor bytes, Tensor scales) {}

  /// {@return weights less their zero points, or null where it is not known what they are}
  private static @Nullable Quantized weights(Draft draft, String value, int axis) {
    Node node = draft.producer(value, Dequantize.class);
    Tensor q = node == null ? null : draft.constant(node.input(0));
    Tensor scale = node == null ? null : draft.constant(node.input(1));
    Tensor zero = node == null ? null : draft.constant(node.input(2));
    if (node == null
        || q == null
        || scale == null
        || scale.dtype() != DType.F32
        || (zero == null && node.hasInput(2))
        || !(node.op() instanceof Dequantize(long along, long block))
        || block != 0) {
      return null;
    }
    int extent = Math.toIntExact(q.shape().dim(axis));
    boolean isOne = scale.shape().elements() == 1;
    if (!isOne && Axes.normal(along, q.shape().rank()) != axis) {
      return null;
    }
    double[] scales = new double[extent];
    for (int i = 0; i < extent; i++) {
      scales[i] = scale.getDouble(isOne ? 0 : i);
    }
    Tensor bytes = centred(q, zero, axis);
    return bytes == null ? null : new Quantized(bytes, vector(scales));
  }

  /// {@return integers less their zero points as i8, or as i16 where they do not fit, or null where
  /// they do not fit those}
  static @Nullable Tensor centred(Tensor q, @Nullable Tensor zero, int axis) {
    long[] zeros = zero == null ? new long[] {0} : zero.toLongs();
    if (q.dtype() == DType.I8 && Arrays.stream(zeros).allMatch(one -> one == 0)) {
      return q;
    }
    if (CentredBytes.suits(q, zeros)) {
      return CentredBytes.of(q, (int) zeros[0]);
    }
    Shape shape = q.shape();
    long same = zeros.length == 1 ? shape.elements() : shape.elements(axis + 1, shape.rank());
    return shape.elements() > Integer.MAX_VALUE ? null : new Centring(q, zeros, same).result();
  }

  /// `(q - z) · s · w · t`: the scale of each column is `s · t`.
  private static boolean matMul(Draft draft, Node node) {
    Node x = draft.producer(node.input(0), Dequantize.class);
    Affine left = dequantized(draft, x);
    if (x == null
        || left == null
        || draft.fact(x.input(0)).dtype() != DType.U8
        || node.hasInput(3)
        || !(node.op() instanceof Op.MatMul op)
        || op.transposeA()
        || op.alpha() != 1
        || draft.fact(node.input(1)).rank() != 2
        || draft.fact(node.input(0)).rank() < 2
        || !hasBias(draft, node)) {
      return false;
    }
    Quantized w = weights(draft, node.input(1), op.transposeB() ? 0 : 1);
    if (w == null) {
      return false;
    }
    Tensor matrix = op.transposeB() ? Constants.permute(w.bytes, new int[] {1, 0}) : w.bytes;
    return draft.replace(
        node,
        new ByteMatMul(left.zero, op.activation(), null),
        inputs(draft, node, x, left, matrix, w.scales));
  }

  private static boolean conv(Draft draft, Node node) {
    Node x = draft.producer(node.input(0), Dequantize.class);
    Affine left = dequantized(draft, x);
    if (x == null
        || left == null
        || draft.fact(x.input(0)).dtype() != DType.U8
        || node.hasInput(3)
        || draft.fact(node.input(1)).rank() > 4
        || !(node.op() instanceof Op.Conv op)
        || !hasBias(draft, node)) {
      return false;
    }
    Quantized w = weights(draft, node.input(1), 0);
    return w != null
        && draft.replace(
            node,
            new ByteConv(op, left.zero, null),
            inputs(draft, node, x, left, w.bytes, w.scales));
  }

  /// `(i32(q) - z) · w`, i32.
  private static boolean sums(Draft draft, Node node) {
    Op.Conv conv = node.op() instanceof Op.Conv op ? op : null;
    int rank = draft.fact(node.input(1)).rank();
    boolean fits =
        draft.fact(node.output()).dtype() == DType.I32
            && !node.hasInput(2)
            && !node.hasInput(3)
            && (conv == null
                ? node.op().equals(new Op.MatMul()) && draft.fact(node.input(0)).rank() >= 2
                : conv.activation() == null && rank <= 4);
    Node x = draft.producer(node.input(0));
    Tensor zero = null;
    if (x != null && x.op().equals(new Op.Binary(BinaryFunction.SUB))) {
      zero = draft.constant(x.input(1));
      fits &= zero != null && zero.shape().elements() == 1;
      x = draft.producer(x.input(0));
    }
    Tensor weights =
        fits ? Quantizations.weights(draft, node.input(1), conv == null ? 1 : 0) : null;
    long shift = zero == null ? 0 : zero.getLong(0);
    return weights != null
        && x != null
        && x.op() instanceof Op.Cast
        && draft.fact(x.input(0)).dtype() == DType.U8
        && shift >= 0
        && shift <= 255
        && draft.replace(
            node,
            new ByteSums(conv, (int) shift),
            x.input(0),
            draft.constant(node.input(1) + "/bytes", weights));
  }

  private static boolean hasBias(Draft draft, Node node) {
    Tensor bias = draft.constant(node.input(2));
    return bias == null ? !node.hasInput(2) : bias.dtype() == DType.F32;
  }

  private static String[] inputs(
      Draft draft, Node node, Node x, Affine left, Tensor w, Tensor scales) {
    double[] products = scales.toDoubles();
    for (int i = 0; i < products.length; i++) {
      products[i] *= left.scale;
    }
    String weights = node.input(1);
    return MatrixProducts.inputs(
        x.input(0),
        draft.constant(weights + "/bytes", w),
        draft.constant(weights + "/scale", vector(products)),
        node.input(2));
  }

  private static Tensor vector(double[] elements) {
    return Constants.of(DType.F32, Shape.of(elements.length), elements);
  }

  private static boolean activation(Draft draft, Node node) {
    Node product = draft.producer(node.input(0));
    if (product == null
        || !(node.op() instanceof Op.Unary unary)
        || !Epilogues.isActivation(unary.function())
        || !draft.readOnce(product.output())) {
      return false;
    }
    Op next =
        switch (product.op()) {
          case ByteMatMul(int zero, Op.Unary before, Rounding rounding)
              when before == null && rounding == null ->
              new ByteMatMul(zero, unary, null);
          case ByteConv(Op.Conv conv, int zero, Rounding rounding)
              when conv.activation() == null && rounding == null ->
              new ByteConv(with(conv, unary), zero, null);
          default -> null;
        };
    return next != null && draft.replace(node, next, product.inputs().toArray(String[]::new));
  }

  private static Op.Conv with(Op.Conv conv, Op.@Nullable Unary activation) {
    return new Op.Conv(conv.window(), conv.groups(), conv.layout(), activation);
  }

  /// The result becomes bytes. Without an activation their scale goes into that of the columns.
  private static boolean rounding(Draft draft, Node node) {
    Affine to = quantized(draft, node, DType.U8);
    Node product = draft.producer(node.input(0));
    if (to == null || product == null || !draft.readOnce(product.output())) {
      return false;
    }
    Op.Unary activation =
        switch (product.op()) {
          case ByteMatMul matMul -> matMul.activation();
          case ByteConv conv -> conv.conv().activation();
          default -> null;
        };
    Op.Unary kept = isLimit(activation, to) ? null : activation;
    float factor = kept == null ? 1 : 1 / to.scale;
    Rounding rounding = new Rounding(factor, to.zero);
    Op next =
        switch (product.op()) {
          case ByteMatMul(int zero, _, Rounding before) when before == null ->
              new ByteMatMul(zero, kept, rounding);
          case ByteConv(Op.Conv conv, int zero, Rounding before) when before == null ->
              new ByteConv(with(conv, kept), zero, rounding);
          default -> null;
        };
    String[] inputs = product.inputs().toArray(String[]::new);
    for (int i = 2; next != null && kept == null && i < inputs.length; i++) {
      Tensor vector = draft.constant(inputs[i]);
      if (vector == null) {
        return false;
      }
      double[] elements = vector.toDoubles();
      for (int c = 0; c < elements.length; c++) {
        elements[c] = (float) elements[c] / to.scale;
      }
      inputs[i] = draft.constant(inputs[i], vector(elements));
    }
    return next != null && draft.replace(node, next, inputs);
  }

  /// Whether an activation does no more than the limits of bytes do.
  private static boolean isLimit(Op.@Nullable Unary activation, Affine to) {
    return activation != null
        && switch (activation.function()) {
          case RELU -> to.zero == 0;
          case CLIP ->
              activation.alpha() <= -to.zero * to.scale
                  && activation.beta() >= (255 - to.zero) * to.scale;
          default -> false;
        };
  }

  /// Whatever else is quantized and known is computed at load.
  static boolean constant(Draft draft, Node node) {
    Tensor q = draft.constant(node.input(0));
    Tensor scale = draft.constant(node.input(1));
    Tensor zero = draft.constant(node.input(2));
    if (q == null || scale == null || (zero == null && node.hasInput(2))) {
      return false;
    }
    List<@Nullable Tensor> inputs = Arrays.asList(q, scale, zero);
    Tensor value = draft.evaluate(node.op(), inputs, 1).getFirst();
    return draft.replace(node, draft.constant(node.output(), value));
  }

  /// {@return whether a node is what products and convolutions of bytes are made of, which stays
  /// until they are}
  static boolean keeps(Draft draft, Node node) {
    if (node.op() instanceof Op.Transpose) {
      return isTransposedMatrix(draft, node)
          && !draft.isOutput(node.output())
          && areScaled(draft.readersAhead(node.output()));
    }
    if (!(node.op() instanceof Dequantize)) {
      return WrittenScales.keeps(draft, node);
    }
    List<Dim> shape = draft.fact(node.output()).shape();
    return shape == null || shape.size() > 1;
  }

  /// Whether values are read, and only by what has no scales for their blocks.
  private static boolean areScaled(List<Node> readers) {
    return !readers.isEmpty()
        && readers.stream()
            .allMatch(reader -> reader.op() instanceof Dequantize(_, long block) && block == 0);
  }
}
