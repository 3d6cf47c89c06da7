package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Rewritten.assertOperators;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What stands around a matrix product goes into it.
class MatrixProductsTest {
  private static Graph rewritten(Sketch s, String... outputs) {
    return Rewritten.of(s.graph(outputs));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, false, false",
    "2, 0.5, false, true",
    "0.5, 0, true, false",
    "1, 3, true, true"
  })
  void gemmIsAProduct(float alpha, float beta, boolean transposeA, boolean transposeB) {
    Sketch s = new Sketch();
    String x = transposeA ? s.input("x", 4, "n") : s.input("x", "n", 4);
    String w = transposeB ? s.weights(5, 4) : s.weights(4, 5);
    String y = s.op(new Op.Gemm(alpha, beta, transposeA, transposeB), x, w, s.weights(1, 5));
    assertOperators(rewritten(s, y), "MatMul");
  }

  @Test
  void gemmWithComputedAddendKeepsTheSum() {
    Sketch s = new Sketch();
    String y =
        s.op(
            new Op.Gemm(1, 2, false, false),
            s.input("x", "n", 4),
            s.weights(4, 5),
            s.unary(UnaryFunction.TANH, s.input("c", 5)));
    assertOperators(rewritten(s, y), "Unary", "Binary", "MatMul", "Binary");
  }

  @Test
  void productsOfIntegersKeepWhatFollows() {
    Sketch s = new Sketch();
    String x = s.input("x", DType.I32, 2, 3);
    String b = s.constant(Tensor.of(new int[] {2, 5}, 2));
    String sum = s.add(s.matMul(x, integers(s, 3)), s.input("r", DType.I32, 2, 2));
    String biased = s.add(s.matMul(x, integers(s, 4)), b);
    String scaled = s.div(s.matMul(x, integers(s, 5)), b);
    Graph graph = rewritten(s, sum, biased, scaled);
    assertEquals(3, Rewritten.count(graph, new Op.MatMul(false, false, 1, null)::equals));
    Rewritten.assertCount(3, graph, Op.Binary.class);
  }

  @Test
  void productsOfIntegersHaveNoFactors() {
    Sketch s = new Sketch();
    String b = s.constant(Tensor.of(new int[] {2, 5}, 2));
    String x = s.input("x", DType.I32, 2, 3);
    String y = s.op(new Op.Gemm(2, 0.5f, false, false), x, integers(s, 5), b);
    assertOperators(rewritten(s, y), "Gemm");
  }

  @Test
  void productsOfIntegersHaveNoActivation() {
    Sketch s = new Sketch();
    String y = s.matMul(s.input("x", DType.I32, 2, 3), integers(s, 6));
    assertOperators(rewritten(s, s.unary(UnaryFunction.RELU, y)), "MatMul", "Unary");
  }

  @Test
  void productsOfDoublesHaveNoActivation() {
    Sketch s = new Sketch();
    String w = s.constant(Constants.of(DType.F64, Shape.of(3, 2), new double[] {1, 2, 3, 4, 5, 6}));
    String y = s.matMul(s.input("x", DType.F64, 2, 3), w);
    assertOperators(rewritten(s, s.unary(UnaryFunction.RELU, y)), "MatMul", "Unary");
  }

  private static String integers(Sketch s, int first) {
    return s.constant(Tensor.of(new int[] {first, 1, -2, 4, -5, 6}, 3, 2));
  }

  @Test
  void takesBiasResidualAndActivation() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", 4);
    String y = s.add(s.weights(4), s.matMul(x, s.weights(4, 4)));
    Graph graph = rewritten(s, s.unary(UnaryFunction.GELU, s.add(x, y)));
    assertOperators(graph, "MatMul");
    assertEquals(4, graph.nodes().getFirst().inputs().size());
  }

  @Test
  void takesFactors() {
    Sketch s = new Sketch();
    String y = s.matMul(s.input("x", "n", 4), s.weights(4, 3));
    String z = s.mul(s.sub(s.mul(y, s.weights(3)), s.weights(1, 3)), s.number(0.3));
    assertOperators(rewritten(s, z), "MatMul");
  }

  /// As attention is written that scales both sides.
  @ParameterizedTest
  @CsvSource({"1, 9, q, false", "1, 9, q, true", "9, 1, k, false", "n, n, q, true"})
  void keysAreNotScaled(String queries, String keys, String scaled, boolean divides) {
    Sketch s = new Sketch();
    String q = s.input("q", 2, extent(queries), 4);
    String k = s.input("k", 2, extent(keys), 4);
    String factor = s.constant(Tensor.of(new float[] {0.3f}, 1));
    String each = divides ? s.div(k, factor) : s.mul(k, factor);
    String y = s.matMul(q, s.op(new Op.Transpose(List.of(0L, 2L, 1L)), each));
    Graph graph = rewritten(s, y);
    assertOperators(graph, "Binary", "MatMul");
    assertEquals(scaled, graph.nodes().getFirst().input(0));
  }

  private static Object extent(String text) {
    return text.equals("n") ? text : Integer.valueOf(text);
  }

  @Test
  void largeWeightsStayAsTheyAre() {
    Tensor weights = Tensor.allocate(DType.F32, Shape.of(4096, 4097));
    for (long i = 0; i < weights.shape().elements(); i += 1021) {
      weights.setDouble(i, (double) (i % 7 - 3));
    }
    for (boolean isOne : new boolean[] {true, false}) {
      Sketch s = new Sketch();
      String y = s.matMul(s.input("x", 1, 4096), s.constant(weights));
      String biased = s.add(y, s.weights(4097));
      Graph graph = rewritten(s, s.mul(biased, isOne ? s.number(0.3) : s.weights(4097)));
      if (isOne) {
        assertOperators(graph, "MatMul");
        assertEquals(new Op.MatMul(false, false, 0.3f, null), graph.nodes().getFirst().op());
      } else {
        assertOperators(graph, "MatMul", "Binary");
      }
      String read = graph.nodes().getFirst().input(1);
      assertSame(weights, graph.constants().get(read));
    }
  }

  @Test
  void addendForEachRowStays() {
    Sketch s = new Sketch();
    String y = s.add(s.matMul(s.input("x", 2, 4), s.weights(4, 3)), s.weights(2, 1));
    assertOperators(rewritten(s, y), "MatMul", "Binary");
  }

  @Test
  void productReadElsewhereStays() {
    Sketch s = new Sketch();
    String y = s.matMul(s.input("x", "n", 4), s.weights(4, 3));
    Graph graph = rewritten(s, s.add(y, s.weights(3)), y);
    assertOperators(graph, "MatMul", "Binary");
  }

  @Test
  void residualAfterActivationStays() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 4);
    String y = s.unary(UnaryFunction.RELU, s.matMul(x, s.weights(4, 4)));
    assertOperators(rewritten(s, s.add(y, x)), "MatMul", "Binary");
  }

  @Test
  void transposeOfAnOperandIsAFlag() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "n", 4);
    String y = s.matMul(x, s.transpose(s.input("y", "batch", "m", 4), 0, 2, 1));
    assertOperators(rewritten(s, y), "MatMul");
  }

  @Test
  void otherTransposesStay() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, 3, 4);
    String y = s.matMul(x, s.transpose(s.input("y", 4, 2, 3), 1, 0, 2));
    assertOperators(rewritten(s, y), "Transpose", "MatMul");
  }

  // ---- layer normalisation with what stands around it

  private static String norm(Sketch s, String x, String scale) {
    String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, -1));
    String square = s.mul(d, d);
    String variance = s.add(s.reduce(ReduceFunction.MEAN, square, -1), s.number(1e-5));
    String root = s.unary(UnaryFunction.SQRT, variance);
    return scale.isEmpty()
        ? s.div(d, root)
        : s.mul(d, s.mul(scale, s.unary(UnaryFunction.RECIPROCAL, root)));
  }

  @Test
  void normTakesScaleAndBias() {
    Sketch s = new Sketch();
    String y = s.mul(norm(s, s.input("x", "batch", "seq", 4), ""), s.weights(1, 1, 4));
    assertOperators(rewritten(s, s.add(s.weights(4), y)), "LayerNorm");
  }

  @Test
  void normTakesScaleWithinTheRate() {
    Sketch s = new Sketch();
    String y = norm(s, s.input("x", "batch", "seq", 4), s.weights(4));
    assertOperators(rewritten(s, s.add(s.weights(4), y)), "LayerNorm");
  }

  @Test
  void normIsFoundRegrouped() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", 4);
    String mean = s.reduce(ReduceFunction.MEAN, x, 2);
    String d = s.sub(x, mean);
    String variance = s.add(s.reduce(ReduceFunction.MEAN, s.mul(d, d), 2), s.number(1e-3));
    String root = s.unary(UnaryFunction.SQRT, variance);
    String rate = s.mul(s.unary(UnaryFunction.RECIPROCAL, root), s.weights(4));
    String y = s.add(s.mul(x, rate), s.sub(s.weights(4), s.mul(mean, rate)));
    assertOperators(rewritten(s, y), "LayerNorm");
  }

  @Test
  void normTakesResidual() {
    Sketch s = new Sketch();
    String x = s.add(s.input("x", "batch", "seq", 4), s.input("y", "batch", "seq", 4));
    assertOperators(rewritten(s, s.mul(norm(s, x, ""), s.weights(4))), "LayerNorm");
  }

  @Test
  void sumReadElsewhereIsNoResidual() {
    Sketch s = new Sketch();
    String x = s.add(s.input("x", "batch", "seq", 4), s.input("y", "batch", "seq", 4));
    assertOperators(rewritten(s, norm(s, x, ""), x), "Binary", "LayerNorm");
  }

  @Test
  void normalisationAcrossOtherDimensionsStays() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 4, 5);
    String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, 1));
    String variance = s.add(s.reduce(ReduceFunction.MEAN, s.mul(d, d), 1), s.number(1e-5));
    Graph graph =
        rewritten(s, s.binary(BinaryFunction.DIV, d, s.unary(UnaryFunction.SQRT, variance)));
    assertEquals(0, Rewritten.count(graph, Op.LayerNorm.class));
  }
}
