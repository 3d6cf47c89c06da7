package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.array;
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

/// Products of matrices, and weights for them.
final class Products {
  private Products() {}

  static Value product(Sketch s, Value x) {
    if (x.rank() < 2) {
      return x;
    }
    long k = x.dim(x.rank() - 1);
    long n = k > 100 ? s.any(1, 40) : s.extent();
    List<Long> dims = with(x.dims(), x.rank() - 1, n);
    return switch (s.random.nextInt(5)) {
      case 4 -> {
        if (x.rank() != 3) {
          yield x;
        }
        String equation = s.any(List.of("abc,cd->abd", "abc,cd->dba", "abc,cd->ad", "abc,cd->bd"));
        List<Long> result =
            equation
                .substring(equation.indexOf('>') + 1)
                .chars()
                .mapToObj(c -> c == 'd' ? (Long) n : (Long) x.dim(c - 'a'))
                .toList();
        yield Elementwise.settled(
            s,
            s.wire(
                s.node("Einsum", List.of(x.name(), s.weights(k, n)), text("equation", equation)),
                result));
      }
      case 0 -> {
        if (x.rank() != 2 || x.elements() == 0) {
          yield x;
        }
        boolean left = s.coin();
        boolean right = s.coin();
        long shared = left ? x.dim(0) : k;
        Proto[] attributes = {
          integer("transA", left ? 1 : 0),
          integer("transB", right ? 1 : 0),
          real("alpha", s.any(1, 2) / 2f),
          real("beta", s.any(0, 2) / 2f)
        };
        List<Long> weights = right ? List.of(n, shared) : List.of(shared, n);
        List<String> in = new ArrayList<>(List.of(x.name(), kernel(s, weights, right ? 0 : 1)));
        List<Long> result = List.of(left ? k : x.dim(0), n);
        if (s.coin()) {
          in.add(Elementwise.partner(s, new Value("", result)));
        }
        yield Elementwise.settled(s, s.wire(s.node("Gemm", in, attributes), result));
      }
      case 1 -> { // with itself, transposed
        long[] order = LongStream.range(0, x.rank()).toArray();
        order[x.rank() - 2]++;
        order[x.rank() - 1]--;
        String turned = s.node("Transpose", List.of(x.name()), integers("perm", order));
        yield Elementwise.settled(
            s,
            s.wire(
                s.node("MatMul", List.of(x.name(), turned)),
                with(x.dims(), x.rank() - 1, x.dim(x.rank() - 2))));
      }
      case 2 -> {
        Long[] shape = x.dims().toArray(Long[]::new);
        shape[x.rank() - 2] = k;
        shape[x.rank() - 1] = n;
        yield Elementwise.settled(
            s, s.wire(s.node("MatMul", List.of(x.name(), s.weights(shape))), dims));
      }
      default ->
          Elementwise.settled(
              s, s.wire(s.node("MatMul", List.of(x.name(), kernel(s, List.of(k, n), 1))), dims));
    };
  }

  /// Weights that may be quantized.
  static String kernel(Sketch s, List<Long> shape, int axis) {
    if (!s.exact || s.random.nextInt(4) == 0) {
      return s.weights(shape.toArray(Long[]::new));
    }
    Tensor bytes = Tensor.allocate(DType.I8, Shape.of(array(shape)));
    for (long i = 0; i < bytes.shape().elements(); i++) {
      bytes.setLong(i, s.any(-4, 4));
    }
    boolean each = s.coin() && !shape.isEmpty();
    long count = each ? shape.get(axis) : 1;
    Tensor scales = Tensor.allocate(DType.F32, each ? Shape.of(count) : Shape.of());
    Tensor zeros = Tensor.allocate(DType.I8, scales.shape());
    for (long i = 0; i < count; i++) {
      scales.setDouble(i, s.coin() ? 0.25 : 0.5);
      zeros.setLong(i, s.random.nextInt(3) == 0 ? s.any(-2, 2) : 0);
    }
    return s.node(
        "DequantizeLinear",
        List.of(s.constant(bytes), s.constant(scales), s.constant(zeros)),
        integer("axis", axis));
  }
}
