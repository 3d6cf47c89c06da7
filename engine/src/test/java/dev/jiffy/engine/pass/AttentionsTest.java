package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Attention in the ways exporters write it becomes one operator on one merged product.
class AttentionsTest {
  private static final int HEADS = 3;
  private static final int SIZE = 4;
  private static final int WIDTH = HEADS * SIZE;

  /// Where the scale stands.
  enum Scale {
    SCORES_DIVIDED,
    SCORES_MULTIPLIED,
    QUERIES_BEFORE_TRANSPOSE,
    QUERIES_AFTER_TRANSPOSE,
    BOTH_BY_ROOT,
    NONE
  }

  /// How the mask is applied.
  enum Mask {
    NONE,
    ADDED,
    CHOSEN,
    CHOSEN_INVERSE
  }

  private static String projection(Sketch s, String x) {
    return s.add(s.weights(WIDTH), s.matMul(x, s.weights(WIDTH, WIDTH)));
  }

  private static String heads(Sketch s, String x, int... perm) {
    return s.transpose(s.reshape(x, 0, 0, HEADS, SIZE), perm);
  }

  private static String attention(Sketch s, Scale scale, Mask mask) {
    String x = s.input("x", "batch", "seq", WIDTH);
    String q = projection(s, x);
    String k = projection(s, x);
    String v = heads(s, projection(s, x), 0, 2, 1, 3);
    if (scale == Scale.QUERIES_BEFORE_TRANSPOSE) {
      q = s.mul(q, s.number(0.5));
    }
    q = heads(s, q, 0, 2, 1, 3);
    k = heads(s, k, 0, 2, 3, 1);
    if (scale == Scale.QUERIES_AFTER_TRANSPOSE) {
      q = s.div(q, s.number(2));
    } else if (scale == Scale.BOTH_BY_ROOT) {
      q = s.mul(q, s.number(Math.sqrt(0.5)));
      k = s.mul(s.number(Math.sqrt(0.5)), k);
    }
    String scores = s.matMul(q, k);
    if (scale == Scale.SCORES_DIVIDED) {
      scores = s.div(scores, s.number(2));
    } else if (scale == Scale.SCORES_MULTIPLIED) {
      scores = s.mul(s.number(0.5), scores);
    }
    scores =
        switch (mask) {
          case NONE -> scores;
          case ADDED -> s.add(scores, s.input("mask", "batch", 1, 1, "seq"));
          case CHOSEN ->
              s.op(
                  new Op.Where(),
                  s.binary(BinaryFunction.OR, choice(s), s.constant(first(true))),
                  scores,
                  s.number(Double.NEGATIVE_INFINITY));
          case CHOSEN_INVERSE ->
              s.op(
                  new Op.Where(),
                  s.binary(BinaryFunction.AND, choice(s), s.constant(first(false))),
                  s.number(-3.4e38),
                  scores);
        };
    String weights = s.op(new Op.Softmax(-1, false), scores);
    String context = s.transpose(s.matMul(weights, v), 0, 2, 1, 3);
    return s.reshape(context, 0, 0, WIDTH);
  }

  private static String choice(Sketch s) {
    return s.input("mask", DType.BOOL, "batch", 1, "seq", "seq");
  }

  /// Lets every query see the first key.
  private static Tensor first(boolean seen) {
    return Tensor.of(new boolean[] {seen, !seen, !seen}, 3);
  }

  private static void assertMerged(Graph graph) {
    Rewritten.assertCount(1, graph, Op.MatMul.class);
    Rewritten.assertCount(1, graph, Op.Split.class);
    Rewritten.assertCount(1, graph, AttentionOp.Attention.class);
    Rewritten.assertCount(0, graph, Op.Transpose.class);
    Rewritten.assertCount(0, graph, Op.Reshape.class);
  }

  @ParameterizedTest
  @EnumSource
  void scaleStandsAnywhere(Scale scale) {
    Sketch s = new Sketch();
    assertMerged(Rewritten.of(s.graph(attention(s, scale, Mask.ADDED))));
  }

  @ParameterizedTest
  @EnumSource
  void maskIsAddedOrChosen(Mask mask) {
    Sketch s = new Sketch();
    Graph graph = s.graph(attention(s, Scale.SCORES_DIVIDED, mask));
    boolean isAdded = mask == Mask.NONE || mask == Mask.ADDED;
    assertMerged(isAdded ? Rewritten.of(graph) : Rewritten.ofFinite(graph));
  }

  private static String stacked(Sketch s, String x, int length) {
    return s.reshape(heads(s, projection(s, x), 0, 2, 1, 3), -1, length, SIZE);
  }

  @Test
  void headsMayBeJoinedWithTheBatch() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", 5, WIDTH);
    String q = stacked(s, x, 5);
    String k = s.transpose(stacked(s, x, 5), 0, 2, 1);
    String v = stacked(s, x, 5);
    String scores = s.reshape(s.matMul(q, k), -1, HEADS, 5, 5);
    String masked = s.add(scores, s.input("mask", "batch", 1, 5, 5));
    String weights = s.op(new Op.Softmax(2, false), s.reshape(masked, -1, 5, 5));
    String context = s.reshape(s.matMul(weights, v), -1, HEADS, 5, SIZE);
    String merged = s.reshape(s.transpose(context, 0, 2, 1, 3), 0, 0, WIDTH);
    assertMerged(Rewritten.of(s.graph(merged)));
  }

  /// Where the heads of the operands differ, the products in one row are others than those apart.
  @Test
  void productsOfOtherBatchesStayInOneRow() {
    Sketch s = new Sketch();
    String left = s.reshape(s.input("x", 2, 3, 5, SIZE), 6, 5, SIZE);
    String right = s.reshape(s.input("y", 3, 2, SIZE, 5), 6, SIZE, 5);
    Rewritten.of(s.graph(s.matMul(left, right)));
  }

  @Test
  void keepsValuesReadElsewhere() {
    Sketch whole = new Sketch();
    String result = attention(whole, Scale.SCORES_DIVIDED, Mask.ADDED);
    // weights and scores are within; queries, keys and values are read, not replaced
    for (String inner : whole.made().subList(12, whole.made().size())) {
      if (inner.equals(result)) {
        continue;
      }
      Sketch s = new Sketch();
      Graph graph = Rewritten.of(s.graph(attention(s, Scale.SCORES_DIVIDED, Mask.ADDED), inner));
      assertEquals(0, Rewritten.count(graph, AttentionOp.Attention.class), inner);
    }
  }

  /// Attention without projections, scores hidden by a number.
  private static Graph hidden(double number, Object queries, Object keys) {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", WIDTH);
    String q = heads(s, x, 0, 2, 1, 3);
    String k = heads(s, x, 0, 2, 3, 1);
    String mask = s.input("mask", DType.BOOL, "batch", 1, queries, keys);
    String scores = s.op(new Op.Where(), mask, s.matMul(q, k), s.number(number));
    String weights = s.op(new Op.Softmax(3, false), scores);
    String context = s.transpose(s.matMul(weights, q), 0, 2, 1, 3);
    return s.graph(s.reshape(context, 0, 0, WIDTH));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-2, -1e4, -65504})
  void smallNumberDoesNotHideScores(double number) {
    Rewritten.assertCount(0, Rewritten.of(hidden(number, 1, "seq")), AttentionOp.Attention.class);
    Rewritten.assertCount(0, Rewritten.of(hidden(number, "seq", 1)), AttentionOp.Attention.class);
  }

  /// Of a query that sees no key, nothing is left but the mean of all values.
  @ParameterizedTest
  @ValueSource(doubles = {-1e8, -1e9, -1e20, -1e30, -3.4028235e38})
  void hiddenScoresAllWeighTheSame(double number) {
    for (Object queries : List.of(1, "seq")) {
      Graph graph = Rewritten.ofFinite(hidden(number, queries, "seq"));
      Rewritten.assertCount(1, graph, AttentionOp.Attention.class);
    }
    Graph rows = Rewritten.ofFinite(hidden(number, "seq", 1));
    Rewritten.assertCount(
        0, rows, AttentionOp.Attention.class); // there are no kernels for such a mask
  }

  @Test
  void doublesKeepAScaleThatIsNoFloat() {
    for (double scale : new double[] {0.25, 0.3}) {
      Sketch s = new Sketch();
      String x = s.input("x", DType.F64, "batch", "seq", WIDTH);
      String q = heads(s, x, 0, 2, 1, 3);
      Tensor factor = Constants.of(DType.F64, Shape.of(), new double[] {scale});
      String scores = s.mul(s.matMul(q, heads(s, x, 0, 2, 3, 1)), s.constant(factor));
      String weights = s.op(new Op.Softmax(3, false), scores);
      String context = s.transpose(s.matMul(weights, q), 0, 2, 1, 3);
      Graph graph = Rewritten.of(s.graph(s.reshape(context, 0, 0, WIDTH)));
      Rewritten.assertCount(scale == 0.25 ? 1 : 0, graph, AttentionOp.Attention.class);
    }
  }

  @Test
  void scaleThatMakesABatchStays() {
    Sketch s = new Sketch();
    String half = s.constant(Tensor.of(new float[] {0.5f}, 1, 1, 1));
    String x = s.mul(s.input("x", "queries", WIDTH), half);
    String y = s.input("y", 1, "keys", WIDTH);
    String q = heads(s, x, 0, 2, 1, 3);
    String scores = s.matMul(q, heads(s, y, 0, 2, 3, 1));
    String weights = s.op(new Op.Softmax(3, false), scores);
    String context = s.matMul(weights, heads(s, y, 0, 2, 1, 3));
    Graph graph = Rewritten.of(s.graph(s.reshape(s.transpose(context, 0, 2, 1, 3), 0, 0, WIDTH)));
    assertEquals(
        List.of("Binary", "Attention"), Rewritten.operators(graph), () -> Rewritten.text(graph));
  }

  @Test
  void headsThatDoNotFitAreRefused() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", WIDTH);
    String batch = s.op(new Op.ShapeOf(0, 1L), s.input("y", "others"));
    String target = s.op(new Op.Concat(0), batch, s.vector(0, HEADS, SIZE));
    String split = s.op(new Op.Reshape(false), x, target);
    String q = s.transpose(split, 0, 2, 1, 3);
    String scores = s.matMul(q, s.transpose(split, 0, 2, 3, 1));
    String weights = s.op(new Op.Softmax(3, false), scores);
    String context = s.transpose(s.matMul(weights, q), 0, 2, 1, 3);
    Graph graph = Passes.optimize(s.graph(s.reshape(context, 0, 0, WIDTH)), Interpreter::evaluate);
    Rewritten.assertCount(1, graph, AttentionOp.Attention.class);
    Tensor three = Tensor.allocate(DType.F32, Shape.of(2, 3, WIDTH));
    for (long others = 2; others < 4; others++) {
      Tensor y = Tensor.allocate(DType.F32, Shape.of(others));
      Map<String, Tensor> inputs = Map.of("x", three, "y", y);
      if (others == 2) {
        Interpreter.run(graph, inputs);
      } else {
        assertThrows(ModelException.class, () -> Interpreter.run(graph, inputs));
      }
    }
  }

  @Test
  void crossAttentionKeepsItsProducts() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "queries", WIDTH);
    String y = s.input("y", "batch", "keys", WIDTH);
    String q = heads(s, projection(s, x), 0, 2, 1, 3);
    String k = heads(s, projection(s, y), 0, 2, 3, 1);
    String v = heads(s, projection(s, y), 0, 2, 1, 3);
    String weights = s.op(new Op.Softmax(3, false), s.matMul(q, k));
    String context = s.transpose(s.matMul(weights, v), 0, 2, 1, 3);
    Graph graph = Rewritten.of(s.graph(s.reshape(context, 0, 0, WIDTH)));
    Rewritten.assertCount(1, graph, AttentionOp.Attention.class);
    Rewritten.assertCount(3, graph, Op.MatMul.class);
  }

  /// One product for all three, cut along a dimension of its own.
  @Test
  void cutsOneProduct() {
    Sketch s = new Sketch();
    String x = s.input("x", "batch", "seq", WIDTH);
    String all = s.add(s.matMul(x, s.weights(WIDTH, 3 * WIDTH)), s.weights(3 * WIDTH));
    String five = s.transpose(s.reshape(all, 0, 0, 3, HEADS, SIZE), 2, 0, 3, 1, 4);
    String q = part(s, five, 0);
    String k = s.transpose(part(s, five, 1), 0, 1, 3, 2);
    String scores = s.matMul(s.mul(q, s.number(0.3)), k);
    String weights = s.op(new Op.Softmax(-1, false), scores);
    String context = s.transpose(s.matMul(weights, part(s, five, 2)), 0, 2, 1, 3);
    Graph graph = Rewritten.of(s.graph(s.reshape(context, 0, 0, WIDTH)));
    assertEquals(
        List.of("MatMul", "Split", "Attention"),
        Rewritten.operators(graph),
        () -> Rewritten.text(graph));
  }

  private static String part(Sketch s, String five, long index) {
    if (index == 2) {
      return s.op(new Op.Gather(0), five, s.constant(Tensor.of(new long[] {2})));
    }
    String slice = s.op(new Op.Slice(), five, s.vector(index), s.vector(index + 1), s.vector(0));
    return s.op(new Op.Squeeze(), slice, s.vector(0));
  }
}
