package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Operators of the domain `com.microsoft`, which ONNX Runtime's optimizers and exporters write:
/// fused forms of several operators of ONNX, expanded into these.
final class MicrosoftImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);

  /// The longest run of words that is looked for.
  private static final long MOST_WORDS = 100;

  private MicrosoftImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Gelu" -> Operator.of(1, 1, 1, n -> n.same(new Unary(UnaryFunction.GELU)));
      case "BiasGelu" -> Operator.of(1, 2, 2, n -> biased(n, UnaryFunction.GELU));
      case "FastGelu" -> Operator.of(1, 1, 2, n -> biased(n, UnaryFunction.GELU_TANH));
      case "QuickGelu" -> Operator.of(1, 1, 1, MicrosoftImports::quickGelu);
      case "BiasSplitGelu" -> Operator.of(1, 2, 2, MicrosoftImports::splitGelu);
      case "FusedMatMul" -> Operator.of(1, 2, 2, MicrosoftImports::matMul);
      case "TransposeMatMul" -> Operator.of(1, 2, 2, MicrosoftImports::matMul);
      case "FusedGemm" -> Operator.of(1, 2, 3, MicrosoftImports::gemm);
      case "FusedConv" -> Operator.of(1, 2, 4, MicrosoftImports::conv);
      case "SkipLayerNormalization" -> Operator.of(1, 3, 5, 4, MicrosoftImports::skipNorm);
      case "SkipSimplifiedLayerNormalization" -> Operator.of(1, 3, 4, 4, MicrosoftImports::skipRms);
      case "EmbedLayerNormalization" -> Operator.of(1, 1, 9, 3, MicrosoftImports::embed);
      case "QEmbedLayerNormalization" -> Operator.of(1, 1, 18, 2, MicrosoftImports::embedQuantized);
      case "ConvTransposeWithDynamicPads" ->
          Operator.of(1, 2, 4, LinearImports::paddedConvTranspose);
      case "CropAndResize" -> Operator.of(1, 4, 4, CropImports::crop);
      case "UnfoldTensor" -> Operator.of(1, 1, 1, MicrosoftImports::unfold);
      case "NGramRepeatBlock" -> Operator.of(1, 2, 2, MicrosoftImports::blockRepeats);
      case "SimplifiedLayerNormalization" -> Operator.of(1, 2, 2, 2, MicrosoftImports::rms);
      default -> taken(name);
    };
  }

  /// Operators that ONNX has since taken.
  private static @Nullable Operator taken(String name) {
    return switch (name) {
      case "CDist" -> Operator.of(1, 2, 2, MicrosoftImports::distances);
      case "ExpandDims" -> Operator.of(1, 2, 2, MicrosoftImports::expandDims);
      case "GatherND" -> Operator.of(1, 2, 2, n -> n.same(new Op.GatherNd(0)));
      case "GridSample" -> Operator.of(1, 2, 2, ImageImports::sampleGrid);
      case "Pad" -> Operator.of(1, 2, 3, MicrosoftImports::pad);
      case "Range" -> Operator.of(1, 2, 3, MicrosoftImports::range);
      case "Trilu" -> Operator.of(1, 1, 2, n -> n.same(new Op.Trilu(n.flag("upper", true))));
      case "Unique" -> Operator.of(1, 1, 1, 3, MicrosoftImports::unique);
      default -> null;
    };
  }

  private static void biased(NodeScope node, UnaryFunction function) {
    String x = node.input(0);
    node.result(new Unary(function), node.has(1) ? node.make(ADD, x, node.input(1)) : x);
  }

  private static void quickGelu(NodeScope node) {
    node.same(new Unary(UnaryFunction.SILU, node.real("alpha", 1.702f), 0));
  }

  /// The first half of the channels, times the GELU of the second.
  private static void splitGelu(NodeScope node) {
    String shifted = node.make(ADD, node.input(0), node.input(1));
    List<String> halves = node.makeAll(new Op.Split(-1, 2), 2, shifted);
    String gate = node.make(new Unary(UnaryFunction.GELU), halves.getLast());
    node.result(MULTIPLY, halves.getFirst(), gate);
  }

  // ---- products

  private static void matMul(NodeScope node) {
    float alpha = node.real("alpha", 1);
    boolean left = node.flag("transA", false);
    boolean right = node.flag("transB", false);
    String a = batchFirst(node, node.input(0), node.flag("transBatchA", false));
    String b = batchFirst(node, node.input(1), node.flag("transBatchB", false));
    node.result(new Op.MatMul(left, right, alpha, null), a, b);
  }

  /// Moves the first dimension behind the batch.
  private static String batchFirst(NodeScope node, String x, boolean isLast) {
    int rank = node.rank(x);
    if (!isLast || (rank >= 0 && rank < 3)) {
      return x;
    }
    if (rank < 0) {
      node.unsupported("transposed batches of unknown rank");
      return x;
    }
    List<Long> order = new ArrayList<>(LongStream.range(1, rank - 1).boxed().toList());
    order.add(0L);
    order.add(rank - 1L);
    return node.make(new Op.Transpose(order), x);
  }

  private static void gemm(NodeScope node) {
    float alpha = node.real("alpha", 1);
    float beta = node.real("beta", 1);
    Op gemm = new Op.Gemm(alpha, beta, node.flag("transA", false), node.flag("transB", false));
    Unary activation =
        activation(
            node,
            node.real("activation_alpha", 0.01f),
            node.real("activation_beta", 0),
            node.real("activation_gamma", 0));
    String y = node.make(gemm, node.input(0), node.input(1), node.input(2));
    node.result(activation == null ? new Op.Identity() : activation, y);
  }

  private static void conv(NodeScope node) {
    List<Float> given = node.reals("activation_params");
    Unary activation =
        activation(
            node,
            given.isEmpty() ? 0.01f : given.get(0),
            given.size() < 2 ? 0.5f : given.get(1),
            0);
    Op conv =
        new Op.Conv(
            PoolImports.window(node, false),
            node.integer("group", 1),
            Layout.CHANNELS_FIRST,
            activation);
    node.same(conv);
  }

  /// The function that ends a fused operator, or null.
  private static @Nullable Unary activation(NodeScope node, float alpha, float beta, float gamma) {
    String name = node.text("activation", "");
    return switch (name) {
      case "" -> null;
      case "Relu" -> new Unary(UnaryFunction.RELU);
      case "Tanh" -> new Unary(UnaryFunction.TANH);
      case "Sigmoid" -> new Unary(UnaryFunction.SIGMOID);
      case "Softplus" -> new Unary(UnaryFunction.SOFTPLUS);
      case "Softsign" -> new Unary(UnaryFunction.SOFTSIGN);
      case "LeakyRelu" -> new Unary(UnaryFunction.LEAKY_RELU, alpha, 0);
      case "Elu" -> new Unary(UnaryFunction.ELU, alpha, 0);
      case "HardSigmoid" -> new Unary(UnaryFunction.HARD_SIGMOID, alpha, beta);
      case "Clip" -> new Unary(UnaryFunction.CLIP, alpha, beta);
      case "HardSwish" -> new Unary(UnaryFunction.HARD_SWISH, (float) (1.0 / 6), 0.5f);
      default -> {
        node.unsupported("activation '" + name + "' with " + gamma);
        yield null;
      }
    };
  }

  // ---- normalisation

  /// The last output is what was normalised: input, skip and bias added.
  private static void skipNorm(NodeScope node) {
    float epsilon = node.real("epsilon", 1e-12f);
    if (isRefusedStatistics(node)) {
      return;
    }
    String sum = node.make(ADD, node.input(0), node.input(1));
    if (node.has(4)) {
      sum = node.make(ADD, sum, node.input(4));
    }
    node.result(new Op.LayerNorm(-1, epsilon), sum, node.input(2), node.input(3));
    if (node.wants(3)) {
      node.result(3, new Op.Identity(), sum);
    }
  }

  private static void skipRms(NodeScope node) {
    float epsilon = node.real("epsilon", 1e-12f);
    if (isRefusedStatistics(node)) {
      return;
    }
    String sum = node.make(ADD, node.input(0), node.input(1));
    if (node.has(3)) {
      sum = node.make(ADD, sum, node.input(3));
    }
    node.result(MULTIPLY, scaled(node, sum, -1, epsilon), node.input(2));
    if (node.wants(3)) {
      node.result(3, new Op.Identity(), sum);
    }
  }

  private static boolean isRefusedStatistics(NodeScope node) {
    boolean wanted = node.wants(1) || node.wants(2);
    if (wanted) {
      node.unsupported("mean and deviation as results");
    }
    return wanted;
  }

  static void rms(NodeScope node) {
    node.ignore("stash_type");
    if (node.wants(1)) {
      node.unsupported("the deviation as a result");
      return;
    }
    long axis = node.integer("axis", -1);
    float epsilon = node.real("epsilon", 1e-5f);
    node.result(MULTIPLY, scaled(node, node.input(0), axis, epsilon), node.input(1));
  }

  /// `x / √(mean x² + epsilon)` over the dimensions from an axis on; f32 where the type of x may be
  /// too narrow for squares.
  private static String scaled(NodeScope node, String x, long axis, float epsilon) {
    int rank = node.rank(x);
    if (axis != -1 && axis != rank - 1) {
      node.unsupported("several dimensions to normalise");
    }
    DType dtype = node.dtype(x);
    if (dtype == DType.F16 || dtype == DType.BF16) {
      String wide = node.make(new Op.Cast(DType.F32, true), x);
      return node.make(new Op.Cast(dtype, true), scaled(node, wide, axis, epsilon));
    }
    String square = node.make(MULTIPLY, x, x);
    Op mean = new Op.Reduce(ReduceFunction.MEAN, true, false);
    String average = node.make(mean, square, node.longs(-1));
    String shifted = node.make(ADD, average, node.scalar(epsilon, x));
    String deviation = node.make(new Unary(UnaryFunction.SQRT), shifted);
    return node.make(new Binary(BinaryFunction.DIV), x, deviation);
  }

  /// Words, positions and segments looked up, added and normalised.
  private static void embed(NodeScope node) {
    embed(node, node.input(8), (_, rows) -> rows);
  }

  /// The same with tables of bytes, whose scales follow all of them, and then their zero points.
  private static void embedQuantized(NodeScope node) {
    node.require(8, 9, 11, 12, 13, 14, 16, 17);
    Op dequantize = new QuantizedOp.Dequantize(0, 0);
    embed(
        node,
        "",
        (table, rows) ->
            node.make(dequantize, rows, node.input(table + 6), node.input(table + 11)));
  }

  /// @param positions the numbers of the positions, or "" where they are counted
  /// @param real makes numbers of rows of a table, the input of a number
  private static void embed(
      NodeScope node, String positions, BiFunction<Integer, String, String> real) {
    node.require(2, 3, 5, 6);
    node.ignore("mask_index_type");
    float epsilon = node.real("epsilon", 1e-12f);
    String ids = node.input(0);
    Op look = new Op.Gather(0);
    String sum = real.apply(2, node.make(look, node.input(2), ids));
    String rows;
    if (positions.isEmpty()) {
      String length = node.make(new Op.ShapeOf(1, 2L), ids);
      rows = node.make(new Op.Slice(), node.input(3), node.longs(0), length, node.longs(0));
    } else {
      rows = node.make(look, node.input(3), positions);
    }
    sum = node.make(ADD, sum, real.apply(3, rows));
    if (node.has(1) && node.has(4)) {
      String segments = node.make(look, node.input(4), node.input(1));
      sum = node.make(ADD, sum, real.apply(4, segments));
    }
    String scale = real.apply(5, node.input(5));
    String bias = real.apply(6, node.input(6));
    node.result(new Op.LayerNorm(-1, epsilon), sum, scale, bias);
    if (node.wants(1)) {
      maskIndex(node, ids);
    }
    if (node.wants(2)) {
      node.result(2, new Op.Identity(), sum);
    }
  }

  /// How many words of each sequence count: 0 where there is no mask.
  private static void maskIndex(NodeScope node, String ids) {
    if (node.has(7)) {
      Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
      node.result(1, sum, node.input(7), node.longs(1));
    } else {
      Tensor zero = Tensor.allocate(DType.I32, Shape.of(1));
      String batch = node.make(new Op.ShapeOf(0, 1L), ids);
      node.result(1, new Op.ConstantOfShape(zero), batch);
    }
  }

  // ---- windows of sequences

  /// All windows of a size along a dimension, which become the last dimension.
  private static void unfold(NodeScope node) {
    int rank = node.rank(node.input(0));
    long size = node.integer("size");
    long step = node.integer("step", 1);
    if (rank < 1) {
      node.unsupported("an input of unknown rank");
      return;
    }
    long axis = Math.floorMod(node.integer("dim", -1), (long) rank);
    String none = node.longs(0);
    String extent = node.make(new Op.ShapeOf(axis, axis + 1), node.input(0));
    String end = node.make(new Op.Squeeze(), node.make(ADD, extent, node.longs(1 - size)), none);
    Tensor zero = Tensor.of(new long[] {0});
    Tensor one = Tensor.of(new long[] {1});
    Op range = new Op.Range();
    Tensor stride = Tensor.of(new long[] {step});
    String starts = node.make(range, node.constant(zero), end, node.constant(stride));
    String within =
        node.make(
            range,
            node.constant(zero),
            node.constant(Tensor.of(new long[] {size})),
            node.constant(one));
    String places = node.make(ADD, node.make(new Op.Unsqueeze(), starts, node.longs(1)), within);
    String windows = node.make(new Op.Gather(axis), node.input(0), places);
    List<Long> order = new ArrayList<>(LongStream.rangeClosed(0, rank).boxed().toList());
    order.add(order.remove((int) axis + 1));
    node.result(new Op.Transpose(order), windows);
  }

  /// Words that would repeat a run of words get the least score: `(ids, scores)`.
  private static void blockRepeats(NodeScope node) {
    long size = node.integer("ngram_size");
    if (size < 1 || size > MOST_WORDS) {
      node.unsupported("runs of " + size + " words");
      return;
    }
    String ids = node.input(0);
    String next = words(node, ids, size - 1, 0);
    String repeats = node.make(new Binary(BinaryFunction.EQUAL), next, next);
    for (long word = 1; word < size; word++) {
      String before = words(node, ids, size - 1 - word, -word);
      String last = words(node, words(node, ids, -word, 0), 0, 1 - word);
      String isEqual = node.make(new Binary(BinaryFunction.EQUAL), before, last);
      repeats = node.make(new Binary(BinaryFunction.AND), repeats, isEqual);
    }
    String scores = node.input(1);
    String least = node.scalar(Double.NEGATIVE_INFINITY, scores);
    String greatest = node.scalar(Double.POSITIVE_INFINITY, scores);
    String limits = node.make(new Op.Where(), repeats, least, greatest);
    node.result(new Op.ScatterElements(1, Op.ScatterMode.MIN), scores, next, limits);
  }

  /// The words of each sequence from one to before another; an end of 0 or more stands for that of
  /// the sequence.
  private static String words(NodeScope node, String ids, long from, long to) {
    long end = to < 0 ? to : Long.MAX_VALUE;
    return node.make(new Op.Slice(), ids, node.longs(from), node.longs(end), node.longs(1));
  }

  // ---- operators that ONNX has since taken

  /// The distances of all rows, `√(a² + b² - 2 a·b)`, or their squares.
  private static void distances(NodeScope node) {
    String metric = node.text("metric", "sqeuclidean");
    if (!metric.equals("euclidean") && !metric.equals("sqeuclidean")) {
      throw node.invalid("attribute 'metric' is '" + metric + "'");
    }
    String a = node.input(0);
    String b = node.input(1);
    Op sum = new Op.Reduce(ReduceFunction.SUM_SQUARE, true, false);
    String product = node.make(new Op.MatMul(false, true, -2, null), a, b);
    String rows = node.make(ADD, product, node.make(sum, a, node.longs(1)));
    String columns = node.make(sum, b, node.longs(1));
    String squares = node.make(ADD, rows, node.make(new Op.Transpose(List.of(1L, 0L)), columns));
    Op most = new Binary(BinaryFunction.MAX);
    if (metric.equals("sqeuclidean")) {
      node.result(most, squares, node.scalar(0, a));
    } else {
      String positive = node.make(most, squares, node.scalar(0, a));
      node.result(new Unary(UnaryFunction.SQRT), positive);
    }
  }

  private static void expandDims(NodeScope node) {
    String axis = node.make(new Op.Cast(DType.I64, true), node.input(1));
    String axes = node.make(new Op.Reshape(false), axis, node.longs(1));
    node.result(new Op.Unsqueeze(), node.input(0), axes);
  }

  private static void pad(NodeScope node) {
    String pads = node.make(new Op.Reshape(false), node.input(1), node.longs(-1));
    String value = node.has(2) ? node.make(new Op.Reshape(false), node.input(2), none(node)) : "";
    Op.PadMode mode = node.choice("mode", Op.PadMode.CONSTANT);
    node.result(new Op.Pad(mode), node.input(0), pads, value);
  }

  /// The shape of a scalar.
  private static String none(NodeScope node) {
    return node.constant(Tensor.allocate(DType.I64, Shape.of(0)));
  }

  private static void range(NodeScope node) {
    String delta = node.has(2) ? node.input(2) : node.scalar(1, node.input(0));
    node.result(new Op.Range(), node.input(0), node.input(1), delta);
  }

  /// Elements in the order in which they first appear, the position of each element among them, and
  /// how often they appear.
  private static void unique(NodeScope node) {
    List<String> made = node.makeAll(new SelectionOp.Unique(null, false), 4, node.input(0));
    for (int i = 0; i < 3; i++) {
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), made.get(i == 0 ? 0 : i + 1));
      }
    }
  }
}
