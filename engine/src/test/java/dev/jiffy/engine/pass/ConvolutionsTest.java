package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Rewritten.assertOperators;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What stands around a convolution goes into it, and a whole network runs channels last.
class ConvolutionsTest {
  private static final Op NORM = new Op.BatchNorm(1e-3f, Op.Layout.CHANNELS_FIRST);

  private static String conv(Sketch s, String x, long in, long out, long kernel) {
    return s.op(
        Sketch.conv(Sketch.window(kernel, 1, kernel / 2), 1),
        x,
        s.weights(out, in, kernel, kernel),
        s.weights(out));
  }

  private static String norm(Sketch s, String x, long channels) {
    return s.op(
        NORM,
        x,
        s.weights(channels),
        s.weights(channels),
        s.weights(channels),
        s.weights(4.0, channels));
  }

  private static Graph rewritten(Sketch s, String... outputs) {
    return Rewritten.of(s.graph(outputs));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3})
  void takesNormalisation(long kernel) {
    Sketch s = new Sketch();
    String y = norm(s, conv(s, s.input("x", "batch", 3, 5, 4), 3, 4, kernel), 4);
    assertOperators(rewritten(s, s.unary(UnaryFunction.RELU, y)), "Transpose", "Conv", "Transpose");
  }

  private static final Op NEAREST =
      new ImageOp.Resize(
          ImageOp.Interpolation.NEAREST,
          ImageOp.CoordinateMode.ASYMMETRIC,
          ImageOp.NearestMode.FLOOR,
          -0.75f,
          false,
          0,
          false,
          List.of(),
          ImageOp.AspectPolicy.STRETCH,
          Op.Layout.CHANNELS_FIRST);

  @Test
  void leavesNormalisationWhereTheConvolutionIsReadElsewhere() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", "batch", 3, 5, 4), 3, 4, 3);
    Graph graph = rewritten(s, norm(s, y, 4), y);
    assertEquals(2, Rewritten.count(graph, Op.Binary.class));
  }

  @Test
  void takesNormalisationOfTransposedConvolution() {
    Sketch s = new Sketch();
    Op op =
        new Op.ConvTranspose(
            Sketch.window(2, 2, 0), 1, List.of(), List.of(), Op.Layout.CHANNELS_FIRST, null);
    String y = s.op(op, s.input("x", 1, 3, 5, 4), s.weights(3, 4, 2, 2));
    assertOperators(
        rewritten(s, s.unary(UnaryFunction.SIGMOID, norm(s, y, 4))),
        "Transpose",
        "ConvTranspose",
        "Transpose");
  }

  @Test
  void normalisationAloneIsOneFactorAndOneAddend() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, norm(s, s.input("x", "batch", 3, 5, 4), 3));
    assertOperators(graph, "Binary", "Binary");
  }

  @Test
  void normalisationOfNarrowNumbersComputesWithItsWideParameters() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, norm(s, s.input("x", DType.F16, "batch", 3, 5, 4), 3));
    assertOperators(graph, "Cast", "Binary", "Binary", "Cast");
  }

  @Test
  void normalisationOfDoublesComputesWithDoubles() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, norm(s, s.input("x", DType.F64, "batch", 3, 5, 4), 3));
    assertOperators(graph, "Binary", "Binary");
    graph
        .constants()
        .values()
        .forEach(
            constant -> assertEquals(DType.F64, constant.dtype(), () -> Rewritten.text(graph)));
  }

  @Test
  void takesFactorsAndAddendsOnBothSides() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 3, 5, 4);
    String before = s.add(s.mul(x, s.weights(3, 1, 1)), s.weights(1, 3, 1, 1));
    String y = s.op(Sketch.conv(Sketch.POINT, 1), before, s.weights(4, 3, 1, 1));
    String after = s.sub(s.div(y, s.number(3)), s.weights(4, 1, 1));
    assertOperators(rewritten(s, after), "Transpose", "Conv", "Transpose");
  }

  @Test
  void pixelsThatNoPoolReadsAreNotComputed() {
    Op.Window[] windows = {
      Sketch.window(5, 1, 2),
      Sketch.window(3, 2, 1),
      new Op.Window(List.of(), List.of(), List.of(), List.of(), Op.AutoPad.SAME_UPPER, false),
    };
    for (Op.Window window : windows) {
      for (Op.PoolFunction function : List.of(Op.PoolFunction.MAX, Op.PoolFunction.AVERAGE)) {
        long kernel = window.kernel().isEmpty() ? 5 : window.kernel().getFirst();
        Sketch s = new Sketch();
        String x = s.input("x", "batch", 3, 14, 11);
        String y = s.op(Sketch.conv(window, 1), x, s.weights(4, 3, kernel, kernel));
        Op pool = pool(function, Sketch.window(3, 3, 0));
        Graph graph = rewritten(s, s.op(pool, s.unary(UnaryFunction.RELU, y)));
        boolean halved = !window.strides().isEmpty() && window.strides().getFirst() == 2;
        assertEquals(halved ? "[7, 6]" : "[12, 9]", spatial(graph), () -> Rewritten.text(graph));
      }
    }
  }

  @Test
  void pixelsThatAPoolReadsOrOthersDoAreComputed() {
    for (int form = 0; form < 3; form++) {
      Sketch s = new Sketch();
      String x = s.input("x", 1, 3, 14, 14);
      String y = conv(s, x, 3, 4, 5);
      Op.Window window =
          form == 0
              ? new Op.Window(
                  List.of(3L, 3L), List.of(3L, 3L), List.of(), List.of(), Op.AutoPad.NOTSET, true)
              : Sketch.window(3, 3, form == 1 ? 1 : 0);
      String pooled = s.op(pool(Op.PoolFunction.MAX, window), y);
      Graph graph = form == 2 ? s.graph(pooled, y) : s.graph(pooled);
      assertEquals("[14, 14]", spatial(Rewritten.of(graph)), () -> Rewritten.text(graph));
    }
  }

  private static Op pool(Op.PoolFunction function, Op.Window window) {
    return new Op.Pool(function, window, false, false, 2, Op.Layout.CHANNELS_FIRST);
  }

  /// {@return the spatial extents of the only convolution's result}
  private static String spatial(Graph graph) {
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Conv) {
        return Objects.requireNonNull(graph.fact(node.output()).shape()).subList(1, 3).toString();
      }
    }
    throw new AssertionError("no convolution");
  }

  @Test
  void paddingKeepsTheAddendOut() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 3, 5, 4);
    String before = s.add(s.mul(x, s.number(0.5)), s.number(2));
    Op depthwise = Sketch.conv(Sketch.window(3, 2, 1), 3);
    Graph graph = rewritten(s, s.op(depthwise, before, s.weights(3, 1, 3, 3), s.weights(3)));
    assertEquals(1, Rewritten.count(graph, Op.Binary.class), () -> Rewritten.text(graph));
  }

  @Test
  void addendThatMakesAnImageOfItStays() {
    Sketch s = new Sketch();
    String x = s.mul(s.input("x", 3, 5, 4), s.number(0.5));
    String image = s.add(x, s.constant(Tensor.of(new float[] {2}, 1, 1, 1, 1)));
    Graph graph = rewritten(s, conv(s, image, 3, 4, 3));
    Rewritten.assertCount(1, graph, Op.Conv.class);
    assertEquals(
        1,
        Rewritten.count(graph, new Op.Binary(BinaryFunction.ADD)::equals),
        () -> Rewritten.text(graph));
  }

  @Test
  void takesPadding() {
    Sketch s = new Sketch();
    String padded =
        s.op(
            new Op.Pad(Op.PadMode.CONSTANT),
            s.input("x", "batch", 3, 5, 4),
            s.vector(0, 0, 0, 1, 0, 0, 2, 1));
    assertOperators(rewritten(s, conv(s, padded, 3, 4, 3)), "Transpose", "Conv", "Transpose");
  }

  @Test
  void leavesPaddingWithAnotherNumber() {
    Sketch s = new Sketch();
    String padded =
        s.op(
            new Op.Pad(Op.PadMode.CONSTANT),
            s.input("x", "batch", 3, 5, 4),
            s.vector(0, 0, 0, 1, 0, 0, 2, 1),
            s.number(1));
    assertOperators(
        rewritten(s, conv(s, padded, 3, 4, 3)), "Pad", "Transpose", "Conv", "Transpose");
  }

  @Test
  void meanTakesPadding() {
    Sketch s = new Sketch();
    String padded =
        s.op(
            new Op.Pad(Op.PadMode.CONSTANT),
            s.input("x", "batch", 3, 5, 5),
            s.vector(0, 0, 1, 1, 0, 0, 1, 1));
    Op mean =
        new Op.Pool(
            Op.PoolFunction.AVERAGE,
            Sketch.window(3, 2, 0),
            false,
            false,
            0,
            Op.Layout.CHANNELS_FIRST);
    assertOperators(rewritten(s, s.op(mean, padded)), "Transpose", "Pool", "Transpose");
  }

  @Test
  void takesResidualAndActivation() {
    Sketch s = new Sketch();
    String x = s.unary(UnaryFunction.TANH, s.input("x", "batch", 3, 5, 4));
    String y = s.add(conv(s, conv(s, x, 3, 3, 3), 3, 3, 3), x);
    Graph graph = rewritten(s, s.clip(0, 6, y));
    assertOperators(graph, "Unary", "Transpose", "Conv", "Conv", "Transpose");
    assertEquals(4, graph.nodes().get(3).inputs().size());
  }

  @Test
  void residualOfAnotherShapeStays() {
    Sketch s = new Sketch();
    String y = s.add(conv(s, s.input("x", 1, 3, 5, 4), 3, 3, 3), s.input("r", 1, 3, 1, 1));
    assertEquals(1, Rewritten.count(rewritten(s, y), Op.Binary.class));
  }

  @Test
  void activationStaysWhereTheSumIsReadElsewhere() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", 1, 3, 5, 4), 3, 3, 3);
    Graph graph = rewritten(s, s.unary(UnaryFunction.RELU, y), y);
    assertEquals(1, Rewritten.count(graph, Op.Unary.class));
  }

  @Test
  void squeezeAndExcitationNeedsOneTransposeAtEachEnd() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", "batch", 3, 6, 6), 3, 8, 3);
    Op pool = new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, Op.Layout.CHANNELS_FIRST);
    String gate = s.unary(UnaryFunction.RELU, conv(s, s.op(pool, y), 8, 2, 1));
    String scaled = s.mul(y, s.unary(UnaryFunction.SIGMOID, conv(s, gate, 2, 8, 1)));
    Graph graph = rewritten(s, conv(s, s.mul(scaled, s.weights(8, 1, 1)), 8, 4, 1));
    Rewritten.assertCount(2, graph, Op.Transpose.class);
  }

  @Test
  void branchesMeetChannelsLast() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 3, 6, 6);
    String left = conv(s, x, 3, 4, 3);
    String right = conv(s, x, 3, 2, 1);
    String both = s.op(new Op.Concat(1), left, right);
    String large = s.op(NEAREST, both, "", s.constant(Tensor.of(new float[] {1, 1, 2, 2}, 4)));
    List<String> parts = s.ops(new Op.Split(1, 0), 2, large, s.vector(4, 2));
    String sum =
        s.op(new Op.Reduce(ReduceFunction.MEAN, false, false), parts.get(0), s.vector(2, 3));
    Graph graph = rewritten(s, sum, s.op(new Op.Softmax(1, false), parts.get(1)));
    Rewritten.assertCount(2, graph, Op.Transpose.class);
  }

  @Test
  void whatIsResizedChannelsLastStaysSo() {
    Sketch s = new Sketch();
    String scales = s.constant(Tensor.of(new float[] {1, 2, 3, 1}, 4));
    Graph graph = rewritten(s, s.op(NEAREST, s.input("x", "batch", 5, 6, 3), "", scales));
    assertOperators(graph, "Resize");
    s = new Sketch();
    scales = s.constant(Tensor.of(new float[] {1, 1, 2, 1}, 4));
    graph = rewritten(s, s.op(NEAREST, s.input("x", "batch", 3, 5, 6), "", scales));
    assertOperators(graph, "Transpose", "Resize", "Transpose");
  }

  @Test
  void channelShuffleStaysChannelsLast() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", "batch", 3, 6, 6), 3, 8, 1);
    String shuffled =
        s.reshape(s.transpose(s.reshape(y, 0, 2, 4, 6, 6), 0, 2, 1, 3, 4), 0, 8, 6, 6);
    Graph graph = rewritten(s, conv(s, shuffled, 8, 4, 1));
    // one at each end and the shuffle itself
    Rewritten.assertCount(3, graph, Op.Transpose.class);
    assertTrue(
        graph.nodes().stream()
            .anyMatch(node ->
                node.op() instanceof Op.Transpose(List<Long> perm)
                    && perm.size() == 5
                    && perm.subList(0, 3).equals(List.of(0L, 1L, 2L))),
        () -> Rewritten.text(graph));
  }

  @Test
  void classifierReadsTheImageAsItLies() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", "batch", 3, 4, 4), 3, 5, 3);
    String flat = s.reshape(y, 0, 80);
    Graph graph = rewritten(s, s.matMul(flat, s.weights(80, 7)));
    assertOperators(graph, "Transpose", "Conv", "Reshape", "MatMul");
  }

  @Test
  void evenAndOddChannelsAreSlices() {
    Sketch s = new Sketch();
    String y = conv(s, s.input("x", 1, 3, 4, 4), 3, 6, 1);
    String pairs = s.transpose(s.reshape(y, 3, 2, 16), 1, 0, 2);
    String halves = s.reshape(pairs, 2, 1, 3, 4, 4);
    String even = s.op(new Op.Gather(0), halves, s.constant(Tensor.of(new long[] {0})));
    Graph graph = rewritten(s, conv(s, even, 3, 2, 1));
    assertOperators(graph, "Transpose", "Conv", "Slice", "Conv", "Transpose");
  }

  /// A head: a window of one pixel, then one of nine for each channel.
  private static String head(Sketch s, String x, long channels) {
    String y = conv(s, x, 16, channels, 1);
    return s.op(
        Sketch.conv(Sketch.window(3, 1, 1), channels),
        y,
        s.weights(channels, 1, 3, 3),
        s.weights(channels));
  }

  @Test
  void headsOfOneImageAreComputedTogether() {
    Sketch s = new Sketch();
    String x = s.unary(UnaryFunction.TANH, s.input("x", 2, 16, 6, 5));
    String[] heads = {head(s, x, 1), head(s, x, 4), head(s, x, 10)};
    Graph graph = rewritten(s, heads);
    assertEquals(2, Rewritten.count(graph, Op.Conv.class), () -> Rewritten.text(graph));
    assertEquals(1, Rewritten.count(graph, Op.Split.class), () -> Rewritten.text(graph));
  }

  @Test
  void headsThatDifferStayApart() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, 16, 6, 5);
    String residual = s.input("r", 2, 4, 6, 5);
    Graph graph =
        rewritten(
            s,
            conv(s, x, 16, 4, 1),
            conv(s, x, 16, 4, 3),
            conv(s, x, 16, 16, 1),
            s.add(conv(s, x, 16, 4, 1), residual),
            s.unary(UnaryFunction.RELU, conv(s, x, 16, 4, 1)),
            s.op(Sketch.conv(Sketch.window(1, 1, 0), 1), x, s.weights(4, 16, 1, 1)),
            conv(s, s.unary(UnaryFunction.TANH, x), 16, 4, 1));
    assertEquals(7, Rewritten.count(graph, Op.Conv.class), () -> Rewritten.text(graph));
  }

  @Test
  void headsThatFillAsManyVectorsTogetherStayApart() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, 16, 6, 5);
    Graph graph = rewritten(s, conv(s, x, 16, 15, 1), conv(s, x, 16, 8, 1));
    assertEquals(2, Rewritten.count(graph, Op.Conv.class), () -> Rewritten.text(graph));
  }

  @Test
  void channelsThatAreReadElsewhereStayApart() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, 16, 6, 5);
    String first = conv(s, x, 16, 3, 1);
    String own = s.op(Sketch.conv(Sketch.window(3, 1, 1), 3), first, s.weights(3, 1, 3, 3));
    String second = conv(s, x, 16, 2, 1);
    String other = s.op(Sketch.conv(Sketch.window(3, 1, 1), 2), second, s.weights(2, 1, 3, 3));
    Graph graph = rewritten(s, own, s.unary(UnaryFunction.ABS, first), other);
    assertEquals(3, Rewritten.count(graph, Op.Conv.class), () -> Rewritten.text(graph));
  }
}
