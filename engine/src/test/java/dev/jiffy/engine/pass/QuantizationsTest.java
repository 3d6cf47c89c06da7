package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Products of dynamically quantized inputs, as quantization tools write them.
class QuantizationsTest {
  private static final int DEPTH = 8;

  /// The columns of weights that are not folded as i32.
  private static final int LARGE = 9000;

  private static String product(
      Sketch s, List<String> quantized, DType weightType, long zero, long columns) {
    return product(s, quantized, weightType, zero, columns, s.number(0.01));
  }

  private static String product(
      Sketch s, List<String> quantized, DType weightType, long zero, long columns, String scale) {
    Tensor zeros = Constants.ofIntegers(weightType, Shape.of(), new long[] {zero});
    return product(s, quantized, weightType, zeros, columns, scale);
  }

  private static String product(
      Sketch s,
      List<String> quantized,
      DType weightType,
      Tensor zeros,
      long columns,
      String scale) {
    long[] elements = new long[Math.toIntExact(DEPTH * columns)];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = i * 7L % 100 + (weightType == DType.U8 ? 78 : -50);
    }
    Tensor weights = Constants.ofIntegers(weightType, Shape.of(DEPTH, columns), elements);
    Op wide = new Op.Cast(DType.I32, true);
    String left = s.sub(s.op(wide, quantized.get(0)), s.op(wide, quantized.get(2)));
    String right = s.sub(s.op(wide, s.constant(weights)), s.op(wide, s.constant(zeros)));
    String real = s.op(new Op.Cast(DType.F32, true), s.matMul(left, right));
    return s.mul(real, s.mul(quantized.get(1), scale));
  }

  @Test
  void becomesOneOperatorWithBiasAndActivation() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
    String y = s.add(s.weights(5), product(s, quantized, DType.I8, 0, 5));
    Graph graph = Rewritten.of(s.graph(s.unary(UnaryFunction.RELU, y)));
    assertEquals(List.of("QuantizedMatMul"), Rewritten.operators(graph));
  }

  @Test
  void unsignedWeightsWithAZeroPointBecomeSigned() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
    Graph graph = Rewritten.of(s.graph(product(s, quantized, DType.U8, 128, 6)));
    assertEquals(List.of("QuantizedMatMul"), Rewritten.operators(graph));
  }

  @Test
  void scalesThatWidenTheShapeStay() {
    for (int rank = 1; rank <= 3; rank++) {
      Sketch s = new Sketch();
      List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
      String scale = rank == 1 ? s.weights(5) : rank == 2 ? s.weights(1, 5) : s.weights(1, 1, 5);
      Graph graph = Rewritten.of(s.graph(product(s, quantized, DType.I8, 0, 5, scale)));
      Rewritten.assertCount(rank < 3 ? 1 : 0, graph, Op.QuantizedMatMul.class);
    }
  }

  @Test
  void weightsThatDoNotFitBytesStandForMore() {
    for (int zero : new int[] {1, 2, 255}) {
      Sketch s = new Sketch();
      List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
      String y = s.unary(UnaryFunction.RELU, product(s, quantized, DType.U8, zero, LARGE));
      Graph graph = Rewritten.of(s.graph(y));
      assertEquals(List.of("QuantizedMatMul"), Rewritten.operators(graph));
      Node product = graph.nodes().getFirst();
      assertEquals(DType.I8, graph.fact(product.input(1)).dtype());
      assertEquals(128 - zero, ((Op.QuantizedMatMul) product.op()).shift());
    }
  }

  @Test
  void weightsOfSeveralZeroPointsThatDoNotFitBytesAreWider() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
    Tensor zeros = Constants.ofIntegers(DType.U8, Shape.of(3), new long[] {0, 1, 2});
    Graph graph = Rewritten.of(s.graph(product(s, quantized, DType.U8, zeros, 3, s.number(0.01))));
    Rewritten.assertCount(1, graph, Op.QuantizedMatMul.class);
    assertEquals(DType.I16, graph.fact(graph.nodes().getFirst().input(1)).dtype());
  }

  @Test
  void severalProductsShareAnInput() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
    String one = product(s, quantized, DType.I8, 0, 5);
    String other = product(s, quantized, DType.I8, 3, 5);
    Graph graph = Rewritten.of(s.graph(s.binary(BinaryFunction.SUB, one, other)));
    Rewritten.assertCount(2, graph, Op.QuantizedMatMul.class);
    Rewritten.assertCount(0, graph, Op.DynamicQuantize.class);
  }

  private static String convolution(Sketch s, List<String> quantized, long groups, String scale) {
    return convolution(s, quantized, groups, scale, false, "");
  }

  /// @param bias the integers that are added, or ""
  /// @param isFirst whether they are the first operand
  private static String convolution(
      Sketch s, List<String> quantized, long groups, String scale, boolean isFirst, String bias) {
    long[] elements = new long[6 * 4 * 9];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = i * 7L % 100 + 78;
    }
    Op wide = new Op.Cast(DType.I32, true);
    String weights = s.constant(Constants.ofIntegers(DType.U8, Shape.of(6, 4, 3, 3), elements));
    String zero = s.constant(Constants.ofIntegers(DType.U8, Shape.of(), new long[] {128}));
    String left = s.sub(s.op(wide, quantized.get(0)), s.op(wide, quantized.get(2)));
    String right = s.sub(s.op(wide, weights), s.op(wide, zero));
    Op.Window window =
        new Op.Window(
            List.of(), List.of(), List.of(1L, 1L, 1L, 1L), List.of(), Op.AutoPad.NOTSET, false);
    Op conv = new Op.Conv(window, groups, Op.Layout.CHANNELS_FIRST, null);
    String sums = s.op(conv, left, right);
    if (!bias.isEmpty()) {
      sums = isFirst ? s.add(bias, sums) : s.add(sums, bias);
    }
    String real = s.op(new Op.Cast(DType.F32, true), sums);
    return s.mul(real, s.mul(quantized.get(1), scale));
  }

  @Test
  void convolutionsBecomeOneOperatorWithBiasAndActivation() {
    for (int groups : new int[] {1, 2}) {
      Sketch s = new Sketch();
      String x = s.input("x", "batch", 4 * groups, 5, 5);
      List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, x);
      String scale = groups == 1 ? s.number(0.01) : s.weights(6, 1, 1);
      String y = s.add(convolution(s, quantized, groups, scale), s.weights(1, 6, 1, 1));
      Graph graph = Rewritten.of(s.graph(s.unary(UnaryFunction.RELU, y)));
      Rewritten.assertCount(1, graph, QuantizedOp.DynamicConv.class);
      Rewritten.assertCount(0, graph, Op.DynamicQuantize.class);
      Rewritten.assertCount(0, graph, Op.Binary.class);
      Rewritten.assertCount(0, graph, Op.Unary.class);
    }
  }

  @Test
  void biasesThatWereMadeIntegersAreApart() {
    for (boolean isFirst : new boolean[] {true, false}) {
      Sketch s = new Sketch();
      List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", 4, 5, 5));
      String bias = s.input("bias", DType.I32, 6, 1, 1);
      String y = convolution(s, quantized, 1, s.number(0.01), isFirst, bias);
      Graph graph = Rewritten.of(s.graph(y));
      Rewritten.assertCount(1, graph, QuantizedOp.DynamicConv.class);
    }
  }

  @Test
  void scalesThatDoNotGoWithChannelsStay() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", 4, 5, 6));
    Graph graph = Rewritten.of(s.graph(convolution(s, quantized, 1, s.weights(6))));
    Rewritten.assertCount(0, graph, QuantizedOp.DynamicConv.class);
  }
}
