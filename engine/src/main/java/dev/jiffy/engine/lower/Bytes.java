package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Lowers operators on quantized numbers.
final class Bytes {
  /// Up to which f32 are all whole numbers.
  private static final long EXACT = 1 << 24;

  private Bytes() {}

  static boolean lower(Node node, QuantizedOp op, Lowering lowering) {
    return switch (op) {
      case QuantizedOp.Quantize _ -> quantize(node, lowering);
      case QuantizedOp.Dequantize _ -> lowering.isF32(node.output()) && lowering.defer(node);
      case QuantizedOp.ByteTable _ -> lowerTable(node, lowering);
      case QuantizedOp.ByteMatMul matMul -> lower(node, matMul, lowering);
      case QuantizedOp.ByteConv conv -> lower(node, conv, lowering);
      case QuantizedOp.ByteSums sums -> lower(node, sums, lowering);
      case QuantizedOp.DynamicConv conv -> DynamicBytes.lower(node, conv, lowering);
      case QuantizedOp.BlockMatMul blocks -> BlockWeights.lower(node, blocks, lowering);
    };
  }

  static void pack(Graph graph, Node node, QuantizedOp op, Weights weights) {
    if (op instanceof QuantizedOp.BlockMatMul blocks) {
      BlockWeights.pack(graph, node, blocks, weights);
      return;
    }
    Tensor w = graph.constants().get(node.input(1));
    Tensor scales = graph.constants().get(node.input(2));
    Tensor bias = graph.constants().get(node.input(3));
    if (w == null || (node.hasInput(2) && scales == null) || (node.hasInput(3) && bias == null)) {
      return;
    }
    ByteConvolution convolution =
        switch (op) {
          case QuantizedOp.ByteMatMul matMul -> convolution(matMul, w, 1, weights);
          case QuantizedOp.ByteConv conv ->
              expected(graph, node, conv.conv(), conv.zero(), conv.rounding(), w, weights);
          case QuantizedOp.ByteSums sums -> sums(expected(graph, node, sums, w, weights));
          case QuantizedOp.DynamicConv conv ->
              expected(graph, node, conv.conv(), ByteConvolution.DYNAMIC, null, w, weights);
          default -> null;
        };
    ByteKernels.Prepared prepared =
        convolution == null ? null : prepare(convolution, weights.target());
    if (convolution != null && prepared != null) {
      weights.bytesConv(prepared, convolution, w, scales, bias);
    }
  }

  /// {@return a convolution prepared, or null where there are no kernels for it}
  static ByteKernels.@Nullable Prepared prepare(ByteConvolution convolution, Target target) {
    NarrowKernels narrow = target.matrices().narrow();
    return narrow == null ? null : narrow.bytes().prepare(convolution);
  }

  private static @Nullable ByteConvolution expected(
      Graph graph, Node node, QuantizedOp.ByteSums op, Tensor w, Weights weights) {
    return op.conv() == null
        ? convolution(new QuantizedOp.ByteMatMul(op.zero(), null, null), w, 1, weights)
        : expected(graph, node, op.conv(), op.zero(), null, w, weights);
  }

  private static @Nullable ByteConvolution sums(@Nullable ByteConvolution convolution) {
    return convolution == null ? null : convolution.sums();
  }

  /// {@return a convolution of images, as far as it is known at load, or null if it is none}
  private static @Nullable ByteConvolution expected(
      Graph graph,
      Node node,
      Op.Conv conv,
      int zero,
      QuantizedOp.@Nullable Rounding rounding,
      Tensor w,
      Weights weights) {
    int rank = w.shape().rank();
    if (!isImages(conv, rank)) {
      return null;
    }
    int in = Math.toIntExact(w.shape().dim(1) * conv.groups());
    Shape x = Images.expected(graph.fact(node.input(0)), rank, in);
    Shape y = Images.expected(graph.fact(node.output()), rank, (int) w.shape().dim(0));
    ConvGeometry geometry = Images.geometry(conv, w.shape(), x, y);
    return new ByteConvolution(geometry, zero, weights.shift(w), rounding(rounding));
  }

  private static boolean isImages(Op.Conv conv, int rank) {
    return conv.layout() == Op.Layout.CHANNELS_LAST && (rank == 3 || rank == 4);
  }

  /// {@return a convolution of images, or null where there is nothing to compute or it is none}
  static @Nullable ByteConvolution convolution(
      Node node,
      Op.Conv conv,
      int zero,
      QuantizedOp.@Nullable Rounding rounding,
      Tensor w,
      Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    long most = Math.max(x.elements(), y.elements());
    return isImages(conv, x.rank())
            && x.elements() > 0
            && y.elements() > 0
            && most <= Integer.MAX_VALUE
        ? new ByteConvolution(
            Images.geometry(conv, w.shape(), x, y),
            zero,
            lowering.weights().shift(w),
            rounding(rounding))
        : null;
  }

  private static ByteConvolution.@Nullable Rounding rounding(
      QuantizedOp.@Nullable Rounding rounding) {
    return rounding == null
        ? null
        : new ByteConvolution.Rounding(rounding.factor(), rounding.zero());
  }

  private static ByteConvolution convolution(
      QuantizedOp.ByteMatMul op, Tensor w, int rows, Weights weights) {
    Activation activation = Linear.activation(op.activation());
    return new ByteConvolution(
        geometry(w, rows, activation), op.zero(), weights.shift(w), rounding(op.rounding()));
  }

  /// {@return the convolution that a product is: over an image one pixel wide}
  ///
  /// @param w the weights, `[k, n]`
  /// @param rows the rows of the product
  static ConvGeometry geometry(Tensor w, int rows, @Nullable Activation activation) {
    int k = (int) w.shape().dim(0);
    int n = (int) w.shape().dim(1);
    return new ConvGeometry(1, rows, 1, k, rows, 1, n, 1, 1, 1, 1, 1, 1, 0, 0, 1, activation);
  }

  private static boolean lower(Node node, QuantizedOp.ByteMatMul op, Lowering lowering) {
    Tensor w = lowering.graph().constants().get(node.input(1));
    ByteConvolution convolution = w == null ? null : convolution(node, op, w, lowering);
    return w != null && convolution != null && lower(node, convolution, w, lowering);
  }

  /// {@return the convolution that a product is, or null where there is nothing to compute}
  private static @Nullable ByteConvolution convolution(
      Node node, QuantizedOp.ByteMatMul op, Tensor w, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    if (x.elements() == 0 || w.shape().elements() == 0) {
      return null;
    }
    long rows = x.elements() / w.shape().dim(0);
    return rows <= Integer.MAX_VALUE ? convolution(op, w, (int) rows, lowering.weights()) : null;
  }

  private static boolean lower(Node node, QuantizedOp.ByteSums op, Lowering lowering) {
    Tensor w = lowering.graph().constants().get(node.input(1));
    if (w == null) {
      return false;
    }
    ByteConvolution scaled =
        op.conv() == null
            ? convolution(node, new QuantizedOp.ByteMatMul(op.zero(), null, null), w, lowering)
            : convolution(node, op.conv(), op.zero(), null, w, lowering);
    return scaled != null && lower(node, scaled.sums(), w, lowering);
  }

  private static boolean lower(Node node, QuantizedOp.ByteConv op, Lowering lowering) {
    Tensor w = lowering.graph().constants().get(node.input(1));
    ByteConvolution convolution =
        w == null ? null : convolution(node, op.conv(), op.zero(), op.rounding(), w, lowering);
    return w != null && convolution != null && lower(node, convolution, w, lowering);
  }

  private static boolean lower(
      Node node, ByteConvolution convolution, Tensor w, Lowering lowering) {
    Tensor scales = lowering.graph().constants().get(node.input(2));
    Tensor bias = lowering.graph().constants().get(node.input(3));
    if ((scales == null && !convolution.isSum()) || (node.hasInput(3) && bias == null)) {
      return false;
    }
    ByteKernels.Prepared prepared = prepare(convolution, lowering.target());
    if (prepared == null) {
      return lowerAsFloats(node, convolution, w, scales, lowering);
    }
    Place x = lowering.place(node.input(0));
    Place packed =
        lowering.fixed(lowering.weights().bytesConv(prepared, convolution, w, scales, bias));
    Place y = lowering.result(node.output());
    lowering.add(
        new ByteConvStep(
            Lowering.label(node),
            lowering.target(),
            prepared,
            convolution.geometry(),
            x,
            Place.ABSENT,
            packed,
            y),
        x,
        y);
    return true;
  }

  /// Bytes less their zero point are exact in f32: what kernels cannot compute of bytes is computed
  /// of f32, between conversions.
  private static boolean lowerAsFloats(
      Node node,
      ByteConvolution convolution,
      Tensor w,
      @Nullable Tensor scales,
      Lowering lowering) {
    if (convolution.isSum() && !isExact(convolution, w)) {
      return false;
    }
    Target target = lowering.target();
    String label = Lowering.label(node);
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    ByteConvolution.Rounding rounding = convolution.rounding();
    Affine centred = new Affine(DType.U8, 1, convolution.zero());
    Place numbers = asFloats(label, centred, lowering.place(node.input(0)), x, lowering);
    Place bias = lowering.place(node.input(3));
    Place to = lowering.result(node.output());
    boolean isWhole = rounding == null && !convolution.isSum();
    Place sums = isWhole ? to : lowering.planned(4 * y.elements());
    ConvGeometry geometry = convolution.geometry();
    Place packed = lowering.fixed(lowering.weights().floatConv(geometry, 0, w, scales));
    Layer layer = new Layer(numbers, packed, bias, Place.ABSENT, sums);
    lowering.add(new ConvStep(label, target, geometry, false, layer), layer.places());
    if (rounding != null) {
      Affine result = new Affine(DType.U8, 1 / rounding.factor(), rounding.zero());
      asBytes(label, result, sums, to, y, lowering);
    }
    if (convolution.isSum()) {
      lowering.add(
          new CastStep(label, target, DType.F32, DType.I32, y.elements(), sums, to), sums, to);
    }
    return true;
  }

  /// Whether sums are exact in f32, in any order.
  private static boolean isExact(ByteConvolution convolution, Tensor w) {
    boolean isMatrix = w.shape().rank() == 2;
    int channels = convolution.geometry().outChannels();
    long[] sums = new long[channels];
    long perChannel = w.shape().elements() / channels;
    for (long i = 0; i < w.shape().elements(); i++) {
      sums[(int) (isMatrix ? i % channels : i / perChannel)] += Math.abs(w.getLong(i));
    }
    long most = Math.max(convolution.zero(), 255 - convolution.zero());
    return Arrays.stream(sums).max().orElse(0) * most <= EXACT;
  }

  /// Makes f32 of bytes.
  ///
  /// @return where they lie
  static Place asFloats(String label, Affine affine, Place x, Shape shape, Lowering lowering) {
    Place y = lowering.planned(4 * shape.elements());
    asFloats(label, affine, x, y, shape, lowering);
    return y;
  }

  /// Makes f32 of bytes.
  static void asFloats(
      String label, Affine affine, Place x, Place y, Shape shape, Lowering lowering) {
    Target target = lowering.target();
    lowering.add(new BytesStep(label, target, affine, false, shape.elements(), x, y), x, y);
  }

  /// Makes bytes of f32.
  static void asBytes(
      String label, Affine affine, Place x, Place y, Shape shape, Lowering lowering) {
    Target target = lowering.target();
    lowering.add(new BytesStep(label, target, affine, true, shape.elements(), x, y), x, y);
  }

  private static boolean lowerTable(Node node, Lowering lowering) {
    Place x = lowering.place(node.input(0));
    Place table = lowering.place(node.input(1));
    Place y = lowering.result(node.output());
    long elements = lowering.shape(node.output()).elements();
    RowKernels kernels = lowering.target().rows();
    lowering.add(
        new SliceStep(
            Lowering.label(node),
            lowering.target(),
            2.0 * elements,
            elements,
            1,
            1,
            x,
            y,
            (from, to, n, frame, _) -> kernels.lookUp(frame.at(table), from, to, n)),
        x,
        table,
        y);
    return true;
  }

  private static boolean quantize(Node node, Lowering lowering) {
    Affine affine = affine(lowering.graph(), node);
    if (affine == null || !lowering.isF32(node.input(0))) {
      return false;
    }
    String x = node.input(0);
    Place y = lowering.result(node.output());
    asBytes(Lowering.label(node), affine, lowering.place(x), y, lowering.shape(x), lowering);
    return true;
  }

  /// {@return what all bytes that a node makes or reads stand for, or null where they differ or it
  /// is not known}
  static @Nullable Affine affine(Graph graph, Node node) {
    String bytes = node.op() instanceof QuantizedOp.Quantize ? node.output() : node.input(0);
    DType type = graph.fact(bytes).dtype();
    Tensor scale = graph.constants().get(node.input(1));
    Tensor zero = graph.constants().get(node.input(2));
    if (scale == null
        || scale.shape().elements() != 1
        || !(scale.getDouble(0) > 0)
        || (node.hasInput(2) && zero == null)
        || !Affine.isSupported(type)) {
      return null;
    }
    return new Affine(
        type, (float) scale.getDouble(0), zero == null ? 0 : Math.toIntExact(zero.getLong(0)));
  }
}
