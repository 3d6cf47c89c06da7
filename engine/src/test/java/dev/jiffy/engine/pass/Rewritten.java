package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/// A graph after all passes, checked to compute what it did before.
final class Rewritten {
  private static final double TOLERANCE = 2e-4;

  private Rewritten() {}

  /// The optimised graph, after runs of both on random inputs, NaN and infinities among them.
  static Graph of(Graph graph) {
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    assertSame(graph, optimized);
    return optimized;
  }

  /// The same, for what is kept of finite numbers only.
  static Graph ofFinite(Graph graph) {
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    assertSame(graph, optimized, inputs(graph, 2, Random::nextGaussian));
    return optimized;
  }

  static void assertOperators(Graph graph, String... names) {
    assertEquals(List.of(names), operators(graph), () -> text(graph));
  }

  static void assertSame(Graph before, Graph after) {
    assertSame(before, after, inputs(before, 2, Random::nextGaussian));
    assertSame(before, after, inputs(before, 2, Rewritten::strange));
  }

  static void assertSame(Graph before, Graph after, Map<String, Tensor> inputs) {
    assertEquals(before.inputs(), after.inputs());
    assertEquals(before.outputs(), after.outputs());
    Map<String, Tensor> expected = Interpreter.run(before, inputs);
    Map<String, Tensor> actual = Interpreter.run(after, inputs);
    for (String output : before.outputs()) {
      Tensor left = Objects.requireNonNull(expected.get(output));
      Tensor right = Objects.requireNonNull(actual.get(output));
      assertEquals(left.dtype(), right.dtype(), output);
      assertEquals(left.shape(), right.shape(), output);
      for (long i = 0; i < left.shape().elements(); i++) {
        double a = left.getDouble(i);
        double b = right.getDouble(i);
        assertTrue(
            Double.compare(a, b) == 0 || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a)),
            () -> "%s: expected %s, got %s in%n%s".formatted(output, a, b, text(after)));
      }
    }
  }

  /// Now and then a number that computes unlike others.
  private static double strange(Random random) {
    return switch (random.nextInt(24)) {
      case 0 -> Double.NaN;
      case 1 -> Double.POSITIVE_INFINITY;
      case 2 -> Double.NEGATIVE_INFINITY;
      case 3 -> 100;
      case 4 -> -100;
      case 5 -> -0.0;
      default -> random.nextGaussian();
    };
  }

  /// Numbers for every input: symbols stand for `least`, one more, … in the order of their
  /// appearance.
  static Map<String, Tensor> inputs(Graph graph, long least, ToDoubleFunction<Random> number) {
    Random random = new Random(3);
    Map<String, Long> symbols = new LinkedHashMap<>();
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (String input : graph.inputs()) {
      Fact fact = graph.fact(input);
      List<Dim> shape = Objects.requireNonNull(fact.shape());
      long[] dims = new long[shape.size()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] =
            switch (shape.get(i)) {
              case Dim.Known(long value) -> value;
              case Dim.Symbol(String name) ->
                  symbols.computeIfAbsent(name, _ -> least + symbols.size());
            };
      }
      Tensor tensor = Tensor.allocate(fact.dtype(), Shape.of(dims));
      for (long i = 0; i < tensor.shape().elements(); i++) {
        if (fact.dtype().isFloat()) {
          tensor.setDouble(i, number.applyAsDouble(random));
        } else {
          tensor.setLong(i, random.nextInt(2));
        }
      }
      inputs.put(input, tensor);
    }
    return inputs;
  }

  static long count(Graph graph, Predicate<Op> op) {
    return graph.nodes().stream().map(Node::op).filter(op).count();
  }

  static long count(Graph graph, Class<? extends Op> type) {
    return count(graph, type::isInstance);
  }

  static Predicate<Op> is(UnaryFunction function) {
    return op -> op instanceof Op.Unary unary && unary.function() == function;
  }

  /// The operators in order, without values.
  static List<String> operators(Graph graph) {
    return graph.nodes().stream().map(node -> node.op().getClass().getSimpleName()).toList();
  }

  static void assertCount(long expected, Graph graph, Class<? extends Op> type) {
    assertEquals(expected, count(graph, type), () -> text(graph));
  }

  static String text(Graph graph) {
    StringBuilder text = new StringBuilder();
    for (Node node : graph.nodes()) {
      text.append(node).append('\n');
    }
    return text.toString();
  }
}
