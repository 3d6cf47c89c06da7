package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.attribute;
import static dev.jiffy.bench.fuzz.Sketch.integer;
import static dev.jiffy.bench.fuzz.Sketch.value;
import static dev.jiffy.bench.fuzz.Sketch.with;

import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Control flow, whose bodies are graphs within the graph.
final class Control {
  private Control() {}

  /// A graph within the graph: what some steps make of a value that keep its shape.
  private static Proto body(Sketch s, String title, Value x, Value... formal) {
    Proto around = s.graph;
    List<Value> before = s.wires;
    s.graph = new Proto(Proto.Kind.GRAPH).add(2, title);
    s.wires = new ArrayList<>(before);
    s.wires.addAll(List.of(formal));
    Value y = x;
    for (int i = (int) s.any(1, 2); i > 0; i--) {
      y = s.coin() ? Elementwise.unary(s, y) : Elementwise.binary(s, y);
    }
    s.graph.add(12, value(y.name(), s.number(), y.dims()));
    Proto body = s.graph;
    s.graph = around;
    s.wires = before;
    return body;
  }

  private static Proto graph(String name, Proto graph) {
    return attribute(name, 5).add(6, graph);
  }

  private static Proto identity(String from, String to) {
    return new Proto(Proto.Kind.NODE).add(1, from).add(2, to).add(4, "Identity");
  }

  static Value control(Sketch s, Value x) {
    return switch (s.random.nextInt(3)) {
      case 0 -> {
        Tensor flag = Tensor.allocate(DType.BOOL, Shape.of());
        flag.setLong(0, s.any(0, 1));
        String sum = s.node("ReduceSum", List.of(x.name()), integer("keepdims", 0));
        String condition =
            s.coin()
                ? s.constant(flag)
                : s.node("Greater", List.of(sum, s.constant((double) s.any(-1, 1))));
        yield s.like(
            x,
            "If",
            List.of(condition),
            graph("then_branch", body(s, "then", x)),
            graph("else_branch", body(s, "else", x)));
      }
      case 1 -> {
        Value state = new Value(s.name("s"), x.dims());
        Proto body = body(s, "loop", state, state);
        String go = s.name("b");
        String on = s.name("b");
        String kept = s.name("k");
        String next = body.messages(12).getFirst().text(1);
        body.remove(12);
        body.add(11, value(s.name("i"), 7, List.of()))
            .add(11, value(go, 9, List.of()))
            .add(11, value(state.name(), s.number(), x.dims()))
            .add(1, identity(go, on))
            .add(1, identity(next, kept))
            .add(12, value(on, 9, List.of()))
            .add(12, value(next, s.number(), x.dims()))
            .add(12, value(kept, s.number(), x.dims()));
        long trips = s.any(0, 3);
        List<String> results = List.of(s.name("v"), s.name("v"));
        String count = s.constant(Tensor.of(new long[] {trips}));
        s.node("Loop", List.of(count, "", x.name()), results, graph("body", body));
        List<Long> stacked = new ArrayList<>(x.dims());
        stacked.addFirst(trips);
        s.wire(results.getLast(), stacked);
        yield s.wire(results.getFirst(), x.dims());
      }
      default -> {
        if (x.rank() == 0) {
          yield x;
        }
        int axis = s.random.nextInt(x.rank());
        Proto where = integer("axis", s.signed(axis, x.rank()));
        String parts = s.node("SplitToSequence", List.of(x.name()), where, integer("keepdims", 1));
        if (s.coin() && x.dim(axis) > 0) {
          String index = s.constant(Tensor.of(new long[] {s.index(x.dim(axis))}));
          yield s.wire(s.node("SequenceAt", List.of(parts, index)), with(x.dims(), axis, 1));
        }
        yield x.dim(axis) == 0 ? x : s.like(x, "ConcatFromSequence", List.of(parts), where);
      }
    };
  }
}
