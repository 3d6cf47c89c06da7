package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.integer;
import static dev.jiffy.bench.fuzz.Sketch.integers;
import static dev.jiffy.bench.fuzz.Sketch.real;
import static dev.jiffy.bench.fuzz.Sketch.text;
import static dev.jiffy.bench.fuzz.Sketch.with;

import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// What looks at the elements along a dimension.
final class Lines {
  private Lines() {}

  static Value reduce(Sketch s, Value x) {
    List<Integer> axes = new ArrayList<>();
    boolean keep = s.coin();
    List<Long> left = new ArrayList<>();
    for (int d = 0; d < x.rank(); d++) {
      boolean isReduced = s.random.nextInt(3) == 0 && x.dim(d) > 0;
      if (isReduced) {
        axes.add(d);
      }
      if (!isReduced || keep) {
        left.add(isReduced ? 1 : x.dim(d));
      }
    }
    if (axes.isEmpty() || x.elements() == 0) {
      return x;
    }
    String operator =
        s.any(
            s.exact
                ? List.of("ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1")
                : List.of(
                    "ReduceSum",
                    "ReduceMean",
                    "ReduceMax",
                    "ReduceMin",
                    "ReduceL1",
                    "ReduceL2",
                    "ReduceSumSquare",
                    "ReduceLogSumExp"));
    long[] given = axes.stream().mapToLong(axis -> s.signed(axis, x.rank())).toArray();
    Value y =
        s.wire(
            s.node(operator, List.of(x.name(), s.longs(given)), integer("keepdims", keep ? 1 : 0)),
            left);
    return Elementwise.settled(s, y);
  }

  static Value recur(Sketch s, Value x) {
    if (x.rank() != 3 || x.elements() == 0) {
      return x;
    }
    String operator = s.any(List.of("RNN", "GRU", "LSTM"));
    long gates = operator.equals("LSTM") ? 4 : operator.equals("GRU") ? 3 : 1;
    String direction = s.any(List.of("forward", "reverse", "bidirectional"));
    long directions = direction.equals("bidirectional") ? 2 : 1;
    long hidden = s.any(1, 9);
    List<String> in = new ArrayList<>();
    in.add(x.name());
    in.add(s.weights(directions, gates * hidden, x.dim(2)));
    in.add(s.weights(directions, gates * hidden, hidden));
    in.add(s.coin() ? "" : s.weights(directions, 2 * gates * hidden));
    Tensor lengths = Tensor.allocate(DType.I32, Shape.of(x.dim(1)));
    for (long i = 0; i < x.dim(1); i++) {
      lengths.setLong(i, s.any(1, x.dim(0)));
    }
    in.add(s.coin() ? "" : s.constant(lengths));
    in.add(s.coin() ? "" : s.weights(directions, x.dim(1), hidden));
    List<String> results = List.of(s.name("v"), s.name("v"));
    List<Proto> attributes =
        new ArrayList<>(List.of(integer("hidden_size", hidden), text("direction", direction)));
    if (operator.equals("GRU")) {
      attributes.add(integer("linear_before_reset", s.any(0, 1)));
    }
    s.node(operator, in, results, attributes.toArray(Proto[]::new));
    s.wire(results.getFirst(), List.of(x.dim(0), directions, x.dim(1), hidden));
    return s.wire(results.getLast(), List.of(directions, x.dim(1), hidden));
  }

  static Value normalize(Sketch s, Value x) {
    if (x.rank() == 0 || x.elements() == 0) {
      return x;
    }
    int axis = s.random.nextInt(x.rank());
    return switch (s.random.nextInt(3)) {
      case 0 ->
          s.like(
              x,
              s.coin() ? "Softmax" : "LogSoftmax",
              List.of(x.name()),
              integer("axis", s.signed(axis, x.rank())));
      case 1 -> {
        Long[] dims = x.dims().subList(axis, x.rank()).toArray(Long[]::new);
        yield s.like(
            x,
            "LayerNormalization",
            List.of(x.name(), s.weights(dims), s.weights(dims)),
            integer("axis", s.signed(axis, x.rank())),
            real("epsilon", 0.125f));
      }
      default ->
          s.like(
              x,
              "CumSum",
              List.of(x.name(), s.constant(Tensor.of(new long[] {s.signed(axis, x.rank())}))),
              integer("exclusive", s.any(0, 1)),
              integer("reverse", s.any(0, 1)));
    };
  }

  /// Formulas that are operators of their own, and what is nearly one.
  static Value formula(Sketch s, Value x) {
    float off = s.random.nextInt(4) == 0 ? 0.25f : 0;
    return switch (s.random.nextInt(4)) {
      case 0 -> {
        String erf =
            s.node("Erf", List.of(s.node("Div", List.of(x.name(), s.constant(1.4142135f + off)))));
        String sum = s.node("Add", List.of(erf, s.constant(1)));
        yield s.like(
            x, "Mul", List.of(s.node("Mul", List.of(x.name(), sum)), s.constant(0.5f + off)));
      }
      case 1 -> {
        String gate = s.node("Sigmoid", List.of(off == 0 ? x.name() : Elementwise.partner(s, x)));
        yield s.like(x, "Mul", List.of(gate, x.name()));
      }
      case 2 -> {
        if (x.rank() == 0 || x.elements() == 0) {
          yield x;
        }
        String axes = s.longs(off == 0 ? -1 : s.signed(s.random.nextInt(x.rank()), x.rank()));
        String mean = s.node("ReduceMean", List.of(x.name(), axes));
        String centred = s.node("Sub", List.of(x.name(), mean));
        String square =
            s.coin()
                ? s.node("Mul", List.of(centred, centred))
                : s.node("Pow", List.of(centred, s.constant(2)));
        String variance = s.node("ReduceMean", List.of(square, axes));
        String root = s.node("Sqrt", List.of(s.node("Add", List.of(variance, s.constant(0.125f)))));
        String normal = s.node("Div", List.of(centred, root));
        String last = Elementwise.partner(s, x);
        yield s.like(
            x, "Add", List.of(s.node("Mul", List.of(normal, Elementwise.partner(s, x))), last));
      }
      default -> {
        if (x.rank() < 3 || x.elements() == 0) {
          yield x;
        }
        long[] order = LongStream.range(0, x.rank()).toArray();
        order[x.rank() - 2]++;
        order[x.rank() - 1]--;
        String keys = s.node("Transpose", List.of(x.name()), integers("perm", order));
        String scores = s.node("MatMul", List.of(x.name(), keys));
        long length = x.dim(x.rank() - 2);
        Value all = new Value(scores, with(x.dims(), x.rank() - 1, length));
        String scaled = s.node(s.coin() ? "Mul" : "Div", List.of(scores, s.constant(0.5f)));
        String masked =
            s.coin() ? scaled : s.node("Add", List.of(scaled, Elementwise.partner(s, all)));
        String shares =
            s.node("Softmax", List.of(masked), integer("axis", off == 0 ? -1 : x.rank() - 2));
        yield s.like(x, "MatMul", List.of(shares, x.name()));
      }
    };
  }
}
