package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Lookup;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Operators without kernels become what they consist of, whatever the extents are.
class ExpansionsTest {
  static Stream<Op> operators() {
    return Stream.of(
        new Op.Softmax(1, false),
        new Op.Softmax(-2, true),
        new Op.Lrn(0.2f, 0.75f, 2, 3),
        new Op.Lrn(1, 0.6f, 1, 4),
        new Op.Lrn(-0.1f, 0.75f, 3, 9),
        new Op.LpNormalization(1, 1),
        new Op.LpNormalization(-1, 2));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void becomeOthers(Op op) {
    for (Object[] dims : List.of(new Object[] {"a", 5, "b", "c"}, new Object[] {2, 4, "a"})) {
      Sketch s = new Sketch();
      Graph graph = s.graph(s.op(op, s.input("x", dims)));
      Graph rewritten = Rewritten.of(graph);
      Rewritten.assertCount(0, rewritten, op.getClass());
      for (long least = 0; least < 2; least++) {
        Rewritten.assertSame(
            graph, rewritten, Rewritten.inputs(graph, least, Random::nextGaussian));
      }
      Rewritten.assertSame(graph, rewritten, Rewritten.inputs(graph, 2, _ -> 0));
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void doublesStay(Op op) {
    Sketch s = new Sketch();
    String x = s.input("x", DType.F64, 2, 5, 3, 4);
    Rewritten.assertCount(1, Rewritten.of(s.graph(s.op(op, x))), op.getClass());
  }

  @Test
  void softmaxOfAdjacentElementsStays() {
    Sketch s = new Sketch();
    String x = s.input("x", "a", 5, 1);
    Rewritten.assertOperators(Rewritten.of(s.graph(s.op(new Op.Softmax(1, false), x))), "Softmax");
  }

  @Test
  void logarithmsOfSumsAlongOuterDimensionsAreTakenApart() {
    for (boolean keepDims : new boolean[] {true, false}) {
      Op op = new Op.Reduce(ReduceFunction.LOG_SUM_EXP, keepDims, false);
      for (long[] axes : new long[][] {{0}, {-2}, {2, 0}, {1, 0}, {2}, {-1, 1}}) {
        Sketch s = new Sketch();
        String along = s.constant(Tensor.of(axes, axes.length));
        Graph graph = s.graph(s.op(op, s.input("x", "a", 4, "b"), along));
        Graph rewritten = Rewritten.of(graph);
        boolean isInner = (axes[0] == 2 && axes.length == 1) || axes[0] == -1;
        assertEquals(isInner ? 1 : 0, Rewritten.count(rewritten, op::equals));
        double[] strange = {Double.NaN, 1e30, -1e30, 100, Double.POSITIVE_INFINITY};
        for (double number : strange) {
          Rewritten.assertSame(
              graph,
              rewritten,
              Rewritten.inputs(graph, 1, r -> r.nextInt(5) == 0 ? number : r.nextGaussian()));
        }
        Rewritten.assertSame(
            graph, rewritten, Rewritten.inputs(graph, 1, _ -> Double.NEGATIVE_INFINITY));
        Rewritten.assertSame(graph, rewritten, Rewritten.inputs(graph, 0, Random::nextGaussian));
      }
    }
  }

  @Test
  void stepsOfFoldsThatDivideBlocksAreOfOnePixel() {
    assertFolded(1, new long[] {2, 2}, new long[] {0, 0, 0, 0}, 8, 6, 2, 2);
    assertFolded(1, new long[] {2, 4}, new long[] {1, 0, 1, 2}, 8, 14, 4, 4);
    assertFolded(1, new long[] {1, 3}, new long[] {0, 1, 2, 2}, 5, 9, 2, 6);
    assertFolded(0, new long[] {2, 2}, new long[] {0, 0, 0, 0}, 7, 6, 2, 2);
    assertFolded(0, new long[] {2, 2}, new long[] {0, 0, 0, 0}, 9, 9, 3, 3);
  }

  private static void assertFolded(
      long ones, long[] strides, long[] pads, long height, long width, long... block) {
    Op.Window window =
        new Op.Window(
            List.of(),
            List.of(strides[0], strides[1]),
            List.of(pads[0], pads[1], pads[2], pads[3]),
            List.of(),
            Op.AutoPad.NOTSET,
            false);
    long down = (height + pads[0] + pads[2] - block[0]) / strides[0] + 1;
    long across = (width + pads[1] + pads[3] - block[1]) / strides[1] + 1;
    Sketch s = new Sketch();
    String x = s.input("x", "n", 3 * block[0] * block[1], down * across);
    Graph graph =
        s.graph(s.op(new ImageOp.Fold(window), x, s.vector(height, width), s.vector(block)));
    Graph rewritten = Rewritten.of(graph);
    assertEquals(
        ones,
        Rewritten.count(
            rewritten,
            op -> op instanceof ImageOp.Fold(Op.Window near) && near.strides().isEmpty()));
    for (long least = 0; least < 2; least++) {
      Rewritten.assertSame(graph, rewritten, Rewritten.inputs(graph, least, Random::nextGaussian));
    }
  }

  @Test
  void powersOfThreeQuartersAreRoots() {
    Graph roots = localResponse(new Op.Lrn(1e-4f, 0.75f, 1, 5));
    assertEquals(2, Rewritten.count(roots, Rewritten.is(UnaryFunction.SQRT)));
    Op power = new Op.Binary(BinaryFunction.POW);
    assertEquals(0, Rewritten.count(roots, power::equals));
    for (Op.Lrn other : List.of(new Op.Lrn(1e-4f, 0.5f, 1, 5), new Op.Lrn(-1, 0.75f, 1, 5))) {
      assertEquals(1, Rewritten.count(localResponse(other), power::equals));
    }
  }

  private static Graph localResponse(Op.Lrn op) {
    Sketch s = new Sketch();
    return Rewritten.of(s.graph(s.op(op, s.input("x", 1, 6, "h", "w"))));
  }

  @Test
  void neighboursOfUnknownChannelsStay() {
    Sketch s = new Sketch();
    Op op = new Op.Lrn(0.2f, 0.75f, 2, 3);
    Rewritten.assertOperators(Rewritten.of(s.graph(s.op(op, s.input("x", 2, "c", 3)))), "Lrn");
  }

  // ---- channels as rows

  private static String instanceNorm(Sketch s, String x, String scale, String bias) {
    return s.op(new Op.InstanceNorm(1e-3f), x, scale, bias);
  }

  @Test
  void scaleAndBiasAreOfChannels() {
    Sketch s = new Sketch();
    String x = s.input("x", "n", 3, "h", "w");
    Graph graph = s.graph(instanceNorm(s, x, s.weights(1.0, 3), s.weights(3)));
    Rewritten.assertOperators(Rewritten.of(graph), "LayerNorm", "Binary", "Binary");
  }

  @Test
  void scaleAndBiasMayBeGiven() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, "c", "t");
    Graph graph = s.graph(instanceNorm(s, x, s.input("scale", "c"), s.input("bias", "c")));
    Rewritten.assertCount(1, Rewritten.of(graph), Op.LayerNorm.class);
    Rewritten.assertCount(2, Rewritten.of(graph), Op.Binary.class);
  }

  @Test
  void channelsThatTheRunChecksStay() {
    Sketch s = new Sketch();
    String x = s.input("x", 2, "c", 5);
    Graph graph = s.graph(instanceNorm(s, x, s.weights(1.0, 2), s.weights(2)));
    Rewritten.assertCount(1, Passes.optimize(graph, Interpreter::evaluate), Op.InstanceNorm.class);
  }

  @Test
  void groupsAreNormalisedInPlace() {
    Sketch s = new Sketch();
    String rows = s.reshape(s.input("x", "n", 6, "h", "w"), 0, 3, -1);
    String ones = s.constant(Tensor.of(new float[] {1, 1, 1}, 3));
    String zeros = s.constant(Tensor.of(new float[3], 3));
    Graph graph = s.graph(instanceNorm(s, rows, ones, zeros));
    Rewritten.assertOperators(Rewritten.of(graph), "Reshape", "LayerNorm");
  }

  @ParameterizedTest
  @EnumSource
  void scoresAreWhatOperatorsWithKernelsMakeOfThem(ScoreTransform transform) {
    boolean stays = transform == ScoreTransform.SOFTMAX_ZERO || transform == ScoreTransform.PROBIT;
    for (int classes = 1; classes < 4; classes++) {
      Tensor labels = Tensor.of(new long[] {7, 3, 5}, 3);
      for (boolean spreads : new boolean[] {false, true}) {
        Sketch s = new Sketch();
        Tensor own = spreads && classes == 1 ? Tensor.of(new long[] {7, 3}, 2) : labels;
        TableOp op = new TableOp.Classify(ClassChoice.GREATEST, transform, own);
        Graph graph = s.graph(s.ops(op, 2, s.input("x", "n", classes)));
        Graph rewritten = stays ? optimized(graph) : Rewritten.of(graph);
        TableOp plain = new TableOp.Classify(ClassChoice.GREATEST, ScoreTransform.NONE, own);
        boolean isPlain = rewritten.nodes().stream().anyMatch(n -> n.op().equals(plain));
        assertEquals(!stays || (spreads && classes == 1), isPlain);
      }
      Sketch s = new Sketch();
      Graph graph = s.graph(s.op(new TableOp.Scores(transform), s.input("x", "n", classes)));
      Graph rewritten = stays ? optimized(graph) : Rewritten.of(graph);
      Rewritten.assertCount(stays ? 1 : 0, rewritten, TableOp.Scores.class);
    }
  }

  /// What is not compared: numbers without a probability.
  private static Graph optimized(Graph graph) {
    return Passes.optimize(graph, Interpreter::evaluate);
  }

  @Test
  void dictionariesOfCloseIntegersAreTables() {
    Tensor values = Tensor.of(new float[] {1, 2, 3}, 3);
    Tensor otherwise = Tensor.of(new float[] {9}, 1);
    Lookup close = new Lookup(Tensor.of(new long[] {7, -2, 7}, 3), values, otherwise);
    Sketch s = new Sketch();
    Graph graph = s.graph(s.op(new TableOp.MapValues(close), s.input("x", DType.I64, "n")));
    Graph rewritten = Rewritten.of(graph);
    Rewritten.assertCount(0, rewritten, TableOp.MapValues.class);
    long most = Long.MAX_VALUE;
    long[] numbers = {7, -2, 0, 8, 9, -3, -4, most, most - 1, -most, Long.MIN_VALUE};
    Tensor x = Tensor.of(numbers, numbers.length);
    Rewritten.assertSame(graph, rewritten, Map.of("x", x));
    for (long other : new long[] {1 << 20, most, -most, Long.MIN_VALUE}) {
      Tensor keys = Tensor.of(new long[] {0, other, 0}, 3);
      assertNull(new Lookup(keys, values, otherwise).table());
    }
    assertNull(new Lookup(Tensor.of(new long[] {most, most - 1, most}, 3), values, null).table());
    for (long end : new long[] {most, Long.MIN_VALUE}) {
      assertNull(new Lookup(Tensor.of(new long[] {end, end, end}, 3), values, otherwise).table());
    }
  }
}
