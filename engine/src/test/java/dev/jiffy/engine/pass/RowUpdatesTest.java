package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Rewritten.assertOperators;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import org.junit.jupiter.api.Test;

/// Updates of elements whose indices repeat along rows.
class RowUpdatesTest {
  private final Sketch s = new Sketch();

  /// Updates of `x`, with indices expanded to the shape of the updates.
  private Graph graph(long axis, Op.ScatterMode mode, String x, String indices, long... shape) {
    String all = s.op(new Op.Expand(), indices, s.vector(shape));
    Object[] extents = new Object[shape.length];
    for (int i = 0; i < shape.length; i++) {
      extents[i] = i == 0 ? "edges" : (Object) (int) shape[i];
    }
    String updates = s.input("updates", extents);
    return s.graph(s.op(new Op.ScatterElements(axis, mode), x, all, updates));
  }

  @Test
  void ofRowsForEveryMode() {
    for (Op.ScatterMode mode : Op.ScatterMode.values()) {
      Sketch own = new Sketch();
      String rows = own.input("rows", DType.I64, "edges", 1);
      String all = own.op(new Op.Expand(), rows, own.vector(1, 3));
      Op scatter = new Op.ScatterElements(-2, mode);
      String y = own.op(scatter, own.input("x", 4, 3), all, own.input("updates", "edges", 3));
      assertOperators(Rewritten.of(own.graph(y)), "ScatterNd");
    }
  }

  @Test
  void ofMatrices() {
    String rows = s.input("rows", DType.I64, "edges", 1, 1);
    Graph graph = graph(0, Op.ScatterMode.ADD, s.input("x", "nodes", 2, 3), rows, 1, 2, 3);
    assertOperators(Rewritten.of(graph), "Reshape", "ScatterNd");
  }

  @Test
  void notOfPartsOfRows() {
    String rows = s.input("rows", DType.I64, "edges", 1);
    Graph graph = graph(0, Op.ScatterMode.ADD, s.input("x", 4, 5), rows, 1, 3);
    assertOperators(Rewritten.of(graph), "Expand", "ScatterElements");
  }

  @Test
  void notAlongRows() {
    String columns = s.input("columns", DType.I64, "edges", 1);
    Graph graph = graph(1, Op.ScatterMode.ADD, s.input("x", "edges", 3), columns, 1, 3);
    assertOperators(Rewritten.of(graph), "Expand", "ScatterElements");
  }

  @Test
  void notOfOneIndexForAllRows() {
    String row = s.input("row", DType.I64, 1, 3);
    String all = s.op(new Op.Expand(), row, s.vector(2, 3));
    Op scatter = new Op.ScatterElements(0, Op.ScatterMode.ADD);
    Graph graph = s.graph(s.op(scatter, s.input("x", 4, 3), all, s.input("updates", 2, 3)));
    assertOperators(Rewritten.of(graph), "Expand", "ScatterElements");
  }
}
