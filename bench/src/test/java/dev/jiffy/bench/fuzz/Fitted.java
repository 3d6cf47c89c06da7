package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.value;

import dev.jiffy.bench.fuzz.Corpus.Seed;
import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.DType;
import java.util.List;
import java.util.Random;

/// Graphs whose nodes fit each other, of the kinds that rewrites and kernels are made for: nearly
/// all are answered, with shapes and attributes that are seldom met.
final class Fitted {
  private static final int GRAPH = 7;

  private Fitted() {}

  /// {@return a graph with inputs for it}
  ///
  /// @param exact whether it is to be exact
  static Seed of(Random random, boolean exact) {
    Sketch s = new Sketch(random, exact);
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      s.input(s.dims(random.nextInt(3) == 0 ? random.nextInt(6) : 2 + random.nextInt(3)));
    }
    for (int i = 1 + random.nextInt(9); i > 0; i--) {
      step(s, s.recent());
    }
    Value last = Elementwise.unary(s, s.recent());
    for (Value wire : s.wires) {
      if (!s.inputs.containsKey(wire.name()) && (wire.equals(last) || random.nextInt(5) == 0)) {
        s.graph.add(12, value(wire.name(), s.number(), wire.dims()));
      }
    }
    Proto model =
        new Proto(Proto.Kind.MODEL)
            .add(1, 10)
            .add(GRAPH, s.graph)
            .add(8, new Proto(Proto.Kind.OPSET).add(1, "").add(2, 21 + random.nextInt(2)));
    return new Seed("fitted", model, s.inputs);
  }

  private static void step(Sketch s, Value x) {
    switch (s.random.nextInt(s.exact ? 18 : 21)) {
      case 0 -> Elementwise.unary(s, x);
      case 1, 2 -> Elementwise.binary(s, x);
      case 3, 4 -> Moves.move(s, x);
      case 5 -> Moves.join(s, x);
      case 6 -> Lines.reduce(s, x);
      case 7, 8 -> Images.convolve(s, Images.image(s, x));
      case 9 -> Images.pool(s, Images.image(s, x));
      case 10 -> Images.scaled(s, Images.image(s, x));
      case 11, 12 -> Products.product(s, x);
      case 13 -> {
        if (s.exact) {
          Elementwise.quantized(s, x, s.any(List.of(DType.U8, DType.I8, DType.U16, DType.I16)));
        } else {
          Elementwise.unary(s, x);
        }
      }
      case 14 -> Control.control(s, x);
      case 15 -> Elementwise.typed(s, x);
      case 16, 17 -> Moves.index(s, x);
      case 18 -> Lines.normalize(s, x);
      case 19 -> Lines.recur(s, x);
      default -> Lines.formula(s, x);
    }
  }
}
