package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Rewritten.assertOperators;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Folding, shape arithmetic, identities, repetitions and movements.
class CleaningTest {
  private static Graph rewritten(Sketch s, String... outputs) {
    return Rewritten.of(s.graph(outputs));
  }

  // ---- constants

  @Test
  void constantsAreComputed() {
    Sketch s = new Sketch();
    String c = s.transpose(s.add(s.weights(3, 2), s.number(1)), 1, 0);
    Graph graph = rewritten(s, s.mul(s.input("x", "n", 2, 3), c));
    assertOperators(graph, "Binary");
  }

  @Test
  void textsMoveLikeNumbers() {
    Tensor texts = Tensor.ofStrings(List.of("a", "b", "c", "d", "e", "f"), 2, 3);
    Tensor moved = Constants.permute(texts, new int[] {1, 0});
    assertEquals(List.of("a", "d", "b", "e", "c", "f"), moved.strings());
    assertEquals(Shape.of(3, 2), moved.shape());
  }

  @Test
  void anExtentKeepsTheRankOfItsIndex() {
    Sketch s = new Sketch();
    String shape = s.op(new Op.ShapeOf(0, null), s.input("x", "n", 3));
    String index = s.constant(Tensor.of(new long[] {0}, 1, 1));
    rewritten(s, s.op(new Op.Gather(0), shape, index));
  }

  @Test
  void integersTakeAShapeThatIsKnownLater() {
    Sketch s = new Sketch();
    String shape = s.op(new Op.ShapeOf(0, null), s.input("x", "n"));
    rewritten(s, s.op(new Op.Reshape(false), s.vector(7, 8), shape));
  }

  @Test
  void randomNumbersAreNeitherComputedNorShared() {
    for (Float seed : Arrays.asList(null, 3f)) {
      Sketch s = new Sketch();
      Op uniform = new RandomOp.Uniform(DType.F32, 0, 1, seed);
      String a = s.op(uniform, s.vector(2, 3));
      String b = s.op(uniform, s.vector(2, 3));
      Graph graph = Passes.optimize(s.graph(s.add(a, b)), Interpreter::evaluate);
      assertOperators(graph, "Uniform", "Uniform", "Binary");
    }
  }

  @Test
  void branchesThatDrawNumbersAreNotShared() {
    for (boolean random : new boolean[] {true, false}) {
      Sketch branch = new Sketch();
      String made =
          random
              ? branch.op(new RandomOp.Uniform(DType.F32, 0, 1, null), branch.vector(2))
              : branch.op(new Op.Expand(), branch.number(3), branch.vector(2));
      Graph body = branch.graph(made);
      Sketch outer = new Sketch();
      String inner =
          outer.op(new Op.If(body, body), outer.constant(Tensor.of(new boolean[] {true})));
      Graph nested = outer.graph(inner);
      Sketch s = new Sketch();
      String condition = s.input("condition", DType.BOOL);
      String a = s.op(new Op.If(nested, nested), condition);
      String b = s.op(new Op.If(nested, nested), condition);
      Graph graph = Passes.optimize(s.graph(s.add(a, b)), Interpreter::evaluate);
      Rewritten.assertCount(random ? 2 : 1, graph, Op.If.class);
    }
  }

  @Test
  void weightsAreComputedHoweverLarge() {
    Sketch s = new Sketch();
    String large = s.op(new Op.Expand(), s.weights(1, 1), s.vector(1000, 1000));
    Graph graph = rewritten(s, s.matMul(s.input("x", 2, 1000), large));
    assertEquals(List.of("MatMul"), Rewritten.operators(graph));
    Sketch t = new Sketch();
    String image = t.op(new Op.Expand(), t.weights(1, 1, 1, 1), t.vector(1, 1, 1000, 1000));
    Op.Window window =
        new Op.Window(List.of(), List.of(), List.of(), List.of(), Op.AutoPad.NOTSET, false);
    Op conv = new Op.Conv(window, 1, Op.Layout.CHANNELS_FIRST, null);
    Graph other = rewritten(t, t.op(conv, image, t.input("w", 2, 1, 3, 3)));
    assertEquals("Expand", Rewritten.operators(other).getFirst());
  }

  /// As a quantizer writes them that knows no operator for it: `cast(bytes) · scale + zero`,
  /// turned.
  @Test
  void weightsAreComputedOfBytes() {
    Sketch s = new Sketch();
    String bytes = s.constant(Tensor.allocate(DType.U8, Shape.of(1000, 100)));
    String scaled = s.mul(s.op(new Op.Cast(DType.F32, true), bytes), s.weights(1));
    String turned = s.op(new Op.Transpose(List.of(1L, 0L)), s.add(scaled, s.weights(1)));
    Graph graph = rewritten(s, s.matMul(s.input("x", 2, 100), turned));
    assertEquals(List.of("MatMul"), Rewritten.operators(graph));
  }

  @Test
  void bytesOfIntegerProductsStay() {
    Sketch s = new Sketch();
    String bytes = s.constant(Tensor.allocate(DType.U8, Shape.of(1000, 100)));
    String wide = s.op(new Op.Cast(DType.I32, true), bytes);
    String centred = s.sub(wide, s.constant(Tensor.of(new int[] {7}, 1)));
    String x = s.input("x", DType.I32, 2, 1000);
    Graph graph = Passes.simplify(s.graph(s.matMul(x, centred)), Interpreter::evaluate);
    assertEquals(List.of("Cast", "Binary", "MatMul"), Rewritten.operators(graph));
  }

  @Test
  void expansionsAreNotComputed() {
    Sketch s = new Sketch();
    String large = s.op(new Op.Expand(), s.weights(1, 1), s.vector(1000, 1000));
    Graph graph =
        rewritten(
            s,
            s.op(
                new Op.Reduce(ReduceFunction.MAX, false, false),
                s.mul(large, s.input("x")),
                s.vector(0, 1)));
    assertEquals("Expand", Rewritten.operators(graph).getFirst());
  }

  @Test
  void outputsMayBeConstants() {
    Sketch s = new Sketch();
    s.input("x", 2);
    Graph graph = rewritten(s, s.add(s.weights(2), s.weights(2)));
    assertEquals(0, graph.nodes().size());
  }

  @Test
  void unreadNodesGo() {
    Sketch s = new Sketch();
    String x = s.input("x", 2);
    s.unary(UnaryFunction.EXP, s.unary(UnaryFunction.NEG, x));
    assertOperators(rewritten(s, s.unary(UnaryFunction.TANH, x)), "Unary");
  }

  private static Graph convertedUnitVectors(boolean alsoRead) {
    Sketch s = new Sketch();
    String indices = s.input("i", DType.I64, "n");
    String vectors = s.op(new Op.OneHot(-1), indices, s.vector(5), s.vector(0, 1));
    String numbers = s.op(new Op.Cast(DType.F32, true), vectors);
    return alsoRead ? rewritten(s, numbers, vectors) : rewritten(s, numbers);
  }

  @Test
  void unitVectorsAreMadeInTheTypeThatIsWanted() {
    assertOperators(convertedUnitVectors(false), "OneHot");
    assertOperators(convertedUnitVectors(true), "OneHot", "Cast");
  }

  private static Graph picked(Object rows, double off, long axis) {
    Sketch s = new Sketch();
    String x = s.input("x", rows, 13, 1);
    String indices = s.input("i", DType.I64, "n", 4);
    String values = s.constant(Tensor.of(new float[] {(float) off, 1}, 2));
    String vectors = s.op(new Op.OneHot(1), indices, s.vector(13), values);
    String products = s.binary(BinaryFunction.MUL, x, vectors);
    Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
    return rewritten(s, s.op(sum, products, s.vector(axis)));
  }

  @Test
  void sumOfProductsWithUnitVectorsIsOneOperator() {
    assertOperators(picked("n", 0, 1), "OneHotDot");
    assertOperators(picked(1, 0, 1), "OneHot", "Binary", "Reduce");
    assertOperators(picked("n", 2, 1), "OneHot", "Binary", "Reduce");
    assertOperators(picked("n", 0, 2), "OneHot", "Binary", "Reduce");
  }

  // ---- shapes

  private static String extent(Sketch s, String x, long axis) {
    String shape = s.op(new Op.ShapeOf(0, null), x);
    String extent = s.op(new Op.Gather(0), shape, s.constant(Tensor.of(new long[] {axis})));
    return s.op(new Op.Unsqueeze(), extent, s.vector(0));
  }

  @Test
  void reshapeToComputedShapeIsConstant() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", 12);
    String target =
        s.op(new Op.Concat(0), extent(s, x, 0), extent(s, x, 1), s.vector(3), s.vector(4));
    Graph graph = rewritten(s, s.op(new Op.Reshape(false), x, target));
    assertOperators(graph, "Reshape");
  }

  @Test
  void shapeOfOtherInputStays() {
    Sketch s = new Sketch();
    String x = s.input("x", "rows", "columns");
    String y = s.input("y", "left", "right", "rows", "columns");
    // neither extent appears where it is in x
    String target = s.op(new Op.Concat(0), extent(s, y, 3), extent(s, y, 2));
    Graph graph = rewritten(s, s.op(new Op.Reshape(false), x, target));
    assertEquals("Reshape", Rewritten.operators(graph).getLast());
    assertEquals(1, Rewritten.count(graph, Op.Concat.class));
  }

  @Test
  void onePartOfAShapeIsRead() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq");
    Graph graph =
        rewritten(s, extent(s, x, 1), s.op(new Op.Cast(DType.F32, true), extent(s, x, 1)));
    assertOperators(graph, "ShapeOf", "Cast");
  }

  private static void assertRefused(Graph graph, Tensor x) {
    assertRefused(graph, Map.of("x", x));
  }

  private static void assertRefused(Graph graph, Map<String, Tensor> inputs) {
    assertThrows(ModelException.class, () -> Interpreter.run(graph, inputs));
  }

  private static Tensor zeros(long... dims) {
    return Tensor.allocate(DType.F32, Shape.of(dims));
  }

  @Test
  void namedDimensionsAreSqueezedWhereTheyAreOne() {
    Sketch s = new Sketch();
    Graph graph = s.graph(s.op(new Op.Squeeze(), s.input("x", "batch", "seq", 4), s.vector(0)));
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    Tensor one = Tensor.allocate(DType.F32, Shape.of(1, 3, 4));
    Tensor result = Interpreter.run(optimized, Map.of("x", one)).get(graph.outputs().getFirst());
    assertEquals(Shape.of(3, 4), Objects.requireNonNull(result).shape());
    assertRefused(optimized, Tensor.allocate(DType.F32, Shape.of(2, 3, 4)));
  }

  @Test
  void knownDimensionsAreSqueezedByAReshape() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 1, "seq", 1);
    assertOperators(rewritten(s, s.op(new Op.Squeeze(), x, s.vector(1, -1))), "Reshape");
  }

  @Test
  void elementsThatDoNotDivideAreRefusedThoughTheyMeetAgain() {
    for (long back : new long[] {-1, 0}) {
      Sketch s = new Sketch();
      String x = s.input("x", "n");
      String target = back < 0 ? s.vector(-1) : s.op(new Op.ShapeOf(0, null), x);
      String pairs = s.reshape(x, -1, 2);
      Graph graph = s.graph(s.unary(UnaryFunction.ABS, s.op(new Op.Reshape(false), pairs, target)));
      Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
      Tensor even = Tensor.allocate(DType.F32, Shape.of(6));
      Tensor result = Interpreter.run(optimized, Map.of("x", even)).get(graph.outputs().getFirst());
      assertEquals(Shape.of(6), Objects.requireNonNull(result).shape());
      assertRefused(optimized, Tensor.allocate(DType.F32, Shape.of(7)));
    }
  }

  @Test
  void theExtentOfAnotherInputIsChecked() {
    Sketch s = new Sketch();
    String x = s.input("x", "rows", 4);
    String y = s.input("y", "others");
    String target = s.op(new Op.Concat(0), extent(s, y, 0), s.vector(4));
    Graph graph =
        Passes.optimize(s.graph(s.op(new Op.Reshape(false), x, target)), Interpreter::evaluate);
    assertRefused(graph, Map.of("x", zeros(3, 4), "y", zeros(2)));
  }

  @Test
  void partsOfAReshapeThatDoesNotFitAreRefused() {
    Sketch s = new Sketch();
    String x = s.reshape(s.input("x", "n"), 3, 4);
    Graph graph = s.graph(s.op(new Op.Slice(), x, s.vector(1), s.vector(2), s.vector(0)));
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    Interpreter.run(optimized, Map.of("x", zeros(12)));
    assertRefused(optimized, zeros(16));
  }

  @Test
  void matricesThatDoNotFitAreRefused() {
    Sketch s = new Sketch();
    String x = s.input("x", "rows", "columns", 4);
    String target = s.op(new Op.Concat(0), extent(s, s.input("y", "others"), 0), s.vector(4));
    String soft = s.op(new Op.Softmax(1, false), s.op(new Op.Reshape(false), x, target));
    String y = s.op(new Op.Reshape(false), soft, s.op(new Op.ShapeOf(0, null), x));
    Graph optimized = Passes.optimize(s.graph(y), Interpreter::evaluate);
    Interpreter.run(optimized, Map.of("x", zeros(2, 3, 4), "y", zeros(6)));
    assertRefused(optimized, Map.of("x", zeros(2, 3, 4), "y", zeros(5)));
  }

  // ---- identities

  @Test
  void neutralOperatorsGo() {
    Sketch s = new Sketch();
    String x = s.unary(UnaryFunction.TANH, s.input("x", "n", 3));
    String y = s.op(new Op.Identity(), s.op(new Op.Cast(DType.F32, true), x));
    y = s.div(s.mul(s.add(s.number(0), s.sub(y, s.number(0))), s.number(1)), s.number(1));
    y = s.binary(BinaryFunction.POW, y, s.number(1));
    y = s.op(new Op.Concat(0), s.op(new Op.Pad(Op.PadMode.EDGE), y, s.vector(0, 0, 0, 0)));
    y = s.op(new Op.Slice(), y, s.vector(0), s.vector(Long.MAX_VALUE), s.vector(1));
    y = s.op(new Op.Tile(), s.transpose(y, 0, 1), s.vector(1, 1));
    y = s.op(new Op.Expand(), s.reshape(y, 0, 3), s.vector(1, 3));
    assertOperators(rewritten(s, s.unary(UnaryFunction.ABS, y)), "Unary", "Unary");
  }

  @Test
  void numbersThatWidenTheShapeStay() {
    Sketch s = new Sketch();
    Graph graph =
        rewritten(s, s.mul(s.input("x", 3), s.constant(Tensor.of(new float[] {1}, 1, 1))));
    assertOperators(graph, "Binary");
  }

  @Test
  void inputsAreHandedOutByIdentity() {
    Sketch s = new Sketch();
    String x = s.input("x", 3);
    String y = s.unary(UnaryFunction.EXP, x);
    Graph graph = rewritten(s, s.op(new Op.Identity(), x), y, s.op(new Op.Identity(), y));
    assertOperators(graph, "Unary", "Identity", "Identity");
  }

  @ParameterizedTest
  @ValueSource(doubles = {2, 3, 0.5, -1, -0.5})
  void powersAreSimpler(double exponent) {
    Sketch s = new Sketch();
    String x = s.unary(UnaryFunction.EXP, s.input("x", "n", 3));
    Graph graph = rewritten(s, s.binary(BinaryFunction.POW, x, s.number(exponent)));
    assertEquals(
        0,
        Rewritten.count(
            graph, op -> op instanceof Op.Binary(BinaryFunction f) && f == BinaryFunction.POW));
  }

  @Test
  void otherPowersStay() {
    Sketch s = new Sketch();
    String x = s.unary(UnaryFunction.EXP, s.input("x", "n", 3));
    Graph graph = rewritten(s, s.binary(BinaryFunction.POW, x, s.number(2.5)));
    assertOperators(graph, "Unary", "Binary");
  }

  private static long divisions(Graph graph) {
    return Rewritten.count(graph, new Op.Binary(BinaryFunction.DIV)::equals);
  }

  @ParameterizedTest
  @ValueSource(doubles = {41, 47, 55})
  void wholeQuotientsStayWhole(double divisor) {
    Sketch s = new Sketch();
    String quotient = s.div(s.input("x", "n"), s.number(divisor));
    String less = s.transpose(s.sub(quotient, s.number(1)), 0);
    Graph graph =
        rewritten(s, s.unary(UnaryFunction.FLOOR, quotient), s.unary(UnaryFunction.SIGN, less));
    Tensor x = Tensor.of(new float[] {(float) divisor}, 1);
    Map<String, Tensor> results = Interpreter.run(graph, Map.of("x", x));
    List<Double> numbers =
        graph.outputs().stream()
            .map(output -> Objects.requireNonNull(results.get(output)).getDouble(0))
            .toList();
    assertEquals(List.of(1.0, 0.0), numbers, () -> Rewritten.text(graph));
  }

  @Test
  void quotientsByPowersOfTwoAreProducts() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, s.unary(UnaryFunction.FLOOR, s.div(s.input("x", "n"), s.number(8))));
    assertEquals(0, divisions(graph), () -> Rewritten.text(graph));
  }

  @Test
  void quotientsThatAreSummedAreProducts() {
    Sketch s = new Sketch();
    String x = s.div(s.input("x", "n", 4, 3), s.number(255));
    String shifted = s.unary(UnaryFunction.RELU, s.sub(x, s.weights(4, 1)));
    String summed = s.matMul(s.transpose(shifted, 0, 2, 1), s.weights(4, 2));
    Graph graph = rewritten(s, summed, s.op(new Op.Softmax(-1, false), x));
    assertEquals(0, divisions(graph), () -> Rewritten.text(graph));
  }

  @Test
  void limitsMerge() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 3);
    String y =
        s.binary(BinaryFunction.MIN, s.number(2), s.binary(BinaryFunction.MAX, x, s.number(-1)));
    Graph graph = rewritten(s, s.clip(0, 1, s.unary(UnaryFunction.RELU, y)));
    assertOperators(graph, "Unary");
  }

  // ---- repetitions

  @Test
  void repetitionsAreComputedOnce() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 3);
    String left = s.unary(UnaryFunction.EXP, s.mul(x, s.number(0.3)));
    String right = s.unary(UnaryFunction.EXP, s.mul(x, s.number(0.3)));
    assertOperators(rewritten(s, s.add(left, right)), "Binary", "Unary", "Binary");
  }

  @Test
  void differentNumbersAreDifferent() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 3);
    Graph graph = rewritten(s, s.add(s.mul(x, s.number(0.3)), s.mul(x, s.number(0.4))));
    assertOperators(graph, "Binary", "Binary", "Binary");
  }

  // ---- movements

  @Test
  void transposesAndReshapesMerge() {
    Sketch s = new Sketch();
    String x = s.transpose(s.transpose(s.input("x", "n", 3, 4), 1, 2, 0), 2, 1, 0);
    String y =
        s.reshape(
            s.reshape(s.op(new Op.Unsqueeze(), s.input("y", "n", 6), s.vector(1)), 0, 2, 3), 0, 6);
    Graph graph = rewritten(s, x, s.unary(UnaryFunction.ABS, y));
    assertOperators(graph, "Transpose", "Unary");
  }

  @Test
  void softmaxOfAFlattenedTensorRunsOnTheTensor() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 3, "seq");
    String soft = s.op(new Op.Softmax(1, false), s.op(new Op.Flatten(2), x));
    String y = s.op(new Op.Reshape(true), soft, s.op(new Op.ShapeOf(0, null), x));
    assertOperators(rewritten(s, y), "Softmax");
  }

  @Test
  void softmaxOfSeveralDimensionsStays() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 3, 4);
    String soft = s.op(new Op.Softmax(1, false), s.op(new Op.Flatten(1), x));
    Graph graph = rewritten(s, s.reshape(soft, 0, 3, 4));
    assertOperators(graph, "Reshape", "Softmax", "Reshape");
  }

  @Test
  void slicesMerge() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 6, 8);
    String once = s.op(new Op.Slice(), x, s.vector(1), s.vector(5), s.vector(1), s.vector(2));
    String twice = s.op(new Op.Slice(), once, s.vector(0), s.vector(4), s.vector(-1));
    assertOperators(rewritten(s, twice), "Slice");
  }

  @Test
  void evenlySpacedIndicesAreASlice() {
    for (long[] indices : new long[][] {{1, 3, 5}, {-6, -5, -4}, {0, -3}, {2}}) {
      assertOperators(picked(indices), "Slice");
    }
    for (long[] indices : new long[][] {{5, 3, 1}, {1, 1}, {0, 1, 3}, {1, 2, 0}}) {
      assertOperators(picked(indices), "Gather");
    }
  }

  private static Graph picked(long... indices) {
    Sketch s = new Sketch();
    String some = s.constant(Tensor.of(indices, indices.length));
    return rewritten(s, s.op(new Op.Gather(1), s.input("x", "n", 6), some));
  }

  @Test
  void positionsAreASlice() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq");
    String all = s.constant(Tensor.of(new long[] {0, 1, 2, 3, 4, 5, 6, 7}, 1, 8));
    String some = s.op(new Op.Slice(), all, s.vector(0), extent(s, x, 1), s.vector(1));
    Graph graph = rewritten(s, s.op(new Op.Gather(0), s.weights(8, 5), some));
    assertOperators(graph, "ShapeOf", "Slice");
  }

  private static String[] positioned(Sketch s, String table, long last) {
    long[] indices = new long[4096];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = i % 8;
    }
    indices[indices.length - 1] = last;
    String seq = extent(s, s.input("x", "batch", "seq"), 1);
    String some = s.op(new Op.Slice(), s.vector(indices), s.vector(0), seq, s.vector(0));
    return new String[] {s.op(new Op.Gather(0), table, some)};
  }

  @Test
  void positionsOfTooManyRowsAreLookedUpAsTheyAreNeeded() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, positioned(s, s.weights(8, 64), 7));
    assertOperators(graph, "ShapeOf", "Slice", "Gather");
  }

  @Test
  void positionsThatNobodyAsksForNeedNoRow() {
    Sketch s = new Sketch();
    Graph graph = rewritten(s, positioned(s, s.weights(8, 2), 8));
    assertOperators(graph, "ShapeOf", "Slice", "Gather");
  }

  // ---- the pipeline

  @Test
  void passesHaveNames() {
    Sketch s = new Sketch();
    Graph graph = s.graph(s.unary(UnaryFunction.EXP, s.input("x", 3)));
    List<String> names = new ArrayList<>(Passes.names());
    assertEquals("clean", names.getFirst());
    for (String name : names) {
      assertSame(graph, Passes.upTo(name, graph, Interpreter::evaluate));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Passes.upTo("no such pass", graph, Interpreter::evaluate));
  }
}
