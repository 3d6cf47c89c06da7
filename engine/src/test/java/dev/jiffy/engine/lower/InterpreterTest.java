package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InterpreterTest {
  /// x / 2 split in two, and the rows of x that are not zero.
  private static Graph graph() {
    return new Graph(
        "g",
        List.of("x"),
        List.of("second", "rows", "two"),
        List.of(
            new Node("halve", new Op.Binary(BinaryFunction.DIV), List.of("x", "two"), List.of("h")),
            new Node("cut", new Op.Split(0, 2), List.of("h"), List.of("", "second")),
            new Node("find", new Op.NonZero(), List.of("x"), List.of("at")),
            new Node("pick", new Op.Gather(0), List.of("x", "at"), List.of("rows"))),
        Map.of("two", Tensor.of(new long[] {2})),
        Map.of("x", Fact.of(DType.I64, List.of(Dim.of("n")))));
  }

  @Test
  void nodesRunInOrderWithShapesOfTheMoment() {
    Map<String, Tensor> out =
        Interpreter.run(graph(), Map.of("x", Tensor.of(new long[] {0, 5, 0, 8}, 4)));
    assertEquals(List.of("second", "rows", "two"), List.copyOf(out.keySet()));
    List<Tensor> values = List.copyOf(out.values());
    assertArrayEquals(new long[] {0, 4}, values.get(0).toLongs());
    assertEquals(Shape.of(1, 2), values.get(1).shape());
    assertArrayEquals(new long[] {5, 8}, values.get(1).toLongs());
    assertArrayEquals(new long[] {2}, values.get(2).toLongs());
  }

  @Test
  void failuresNameTheNode() {
    Graph graph =
        new Graph(
            "g",
            List.of("x"),
            List.of("y"),
            List.of(new Node("pick", new Op.Gather(0), List.of("x", "at"), List.of("y"))),
            Map.of("at", Tensor.of(new long[] {7})),
            Map.of("x", Fact.of(DType.I64, 3)));
    assertEquals(
        "node 'pick' (Gather): index 7 of axis 0 is out of range: the extent is 3",
        message(graph, Map.of("x", Tensor.of(new long[3], 3))));
  }

  @Test
  void inputsAreChecked() {
    assertTrue(message(graph(), Map.of()).startsWith("input 'x' is missing"));
    Tensor x = Tensor.of(new long[2], 2);
    assertTrue(message(graph(), Map.of("x", x, "y", x)).startsWith("there is no input 'y'"));
    assertTrue(message(graph(), Map.of("x", Tensor.of(new int[2], 2))).contains("must be i64[n]"));
    assertTrue(message(graph(), Map.of("x", x.reshape(1, 2))).contains("got I64[1, 2]"));
  }

  private static String message(Graph graph, Map<String, Tensor> inputs) {
    ModelException e = assertThrows(ModelException.class, () -> Interpreter.run(graph, inputs));
    return String.valueOf(e.getMessage());
  }
}
