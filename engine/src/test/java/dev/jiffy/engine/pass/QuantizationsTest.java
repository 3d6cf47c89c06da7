package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Products of dynamically quantized inputs, as quantization tools write them.
class QuantizationsTest {
  private static final int DEPTH = 8;

  private static String product(
      Sketch s, List<String> quantized, DType weightType, long zero, long columns) {
    long[] elements = new long[Math.toIntExact(DEPTH * columns)];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = i * 7L % 100 + (weightType == DType.U8 ? 78 : -50);
    }
    Tensor weights = Constants.ofIntegers(weightType, Shape.of(DEPTH, columns), elements);
    Tensor zeros = Constants.ofIntegers(weightType, Shape.of(), new long[] {zero});
    Op wide = new Op.Cast(DType.I32, true);
    String left = s.sub(s.op(wide, quantized.get(0)), s.op(wide, quantized.get(2)));
    String right = s.sub(s.op(wide, s.constant(weights)), s.op(wide, s.constant(zeros)));
    String real = s.op(new Op.Cast(DType.F32, true), s.matMul(left, right));
    return s.mul(real, s.mul(quantized.get(1), s.number(0.01)));
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
  void weightsThatDoNotFitStay() {
    Sketch s = new Sketch();
    List<String> quantized = s.ops(new Op.DynamicQuantize(), 3, s.input("x", "batch", DEPTH));
    Graph graph = Rewritten.of(s.graph(product(s, quantized, DType.U8, 0, 6)));
    Rewritten.assertCount(0, graph, Op.QuantizedMatMul.class);
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
}
