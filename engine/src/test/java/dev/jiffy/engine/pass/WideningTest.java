package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is narrow in a file computes in f32.
class WideningTest {
  private final Random random = new Random(5);

  private String weights(Sketch s, DType dtype, long... dims) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, random.nextGaussian() / 2);
    }
    return s.constant(tensor);
  }

  private static Graph optimized(Graph graph, double tolerance) {
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    Map<String, Tensor> inputs = Rewritten.inputs(graph, 2, Random::nextGaussian);
    Map<String, Tensor> expected = Interpreter.run(graph, inputs);
    Map<String, Tensor> actual = Interpreter.run(optimized, inputs);
    for (String output : graph.outputs()) {
      Tensor right = Objects.requireNonNull(expected.get(output));
      Tensor got = Objects.requireNonNull(actual.get(output));
      assertEquals(right.dtype(), got.dtype());
      assertEquals(right.shape(), got.shape());
      for (long i = 0; i < right.shape().elements(); i++) {
        assertEquals(right.getDouble(i), got.getDouble(i), tolerance, output + " " + i);
      }
    }
    return optimized;
  }

  private static double tolerance(DType dtype) {
    return dtype == DType.F16 ? 4e-3 : 3e-2;
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void layersOfNarrowNumbersAreFused(DType dtype) {
    Sketch s = new Sketch();
    String x = s.input("x", dtype, "n", 6);
    String y = s.add(s.matMul(x, weights(s, dtype, 6, 5)), weights(s, dtype, 5));
    String z = s.matMul(s.unary(UnaryFunction.RELU, y), weights(s, dtype, 5, 3));
    Graph graph = optimized(s.graph(s.op(new Op.Softmax(-1, false), z)), tolerance(dtype));
    assertEquals(
        List.of("Cast", "MatMul", "MatMul", "Softmax", "Cast"), Rewritten.operators(graph));
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void tablesAndWhatIsHandedOutStayNarrow(DType dtype) {
    Sketch s = new Sketch();
    String row = s.op(new Op.Gather(0), weights(s, dtype, 9, 4), s.input("i", DType.I64, "n"));
    String y = s.mul(row, row);
    List<String> parts = s.ops(new Op.Split(-1, 2), 2, y);
    String isMore = s.op(new Op.Binary(BinaryFunction.GREATER), parts.get(0), parts.get(1));
    String least = s.op(new Op.Where(), isMore, parts.get(1), parts.get(0));
    Graph graph = optimized(s.graph(y, least), tolerance(dtype));
    assertEquals(
        List.of("Gather", "Cast", "Binary", "Cast", "Split", "Binary", "Where", "Cast"),
        Rewritten.operators(graph));
    assertEquals(1, graph.constants().values().stream().filter(c -> c.dtype() == dtype).count());
  }
}
