package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.integer;
import static dev.jiffy.bench.fuzz.Sketch.real;

import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Functions of single elements, and what keeps numbers exact.
final class Elementwise {
  private static final List<String> CURVES =
      List.of(
          "Sigmoid",
          "Tanh",
          "Erf",
          "Softplus",
          "Gelu",
          "Mish",
          "HardSwish",
          "HardSigmoid",
          "Elu",
          "Selu",
          "Softsign",
          "Atan");

  private static final List<String> EXACT = List.of("Relu", "Neg", "Abs", "Identity");

  private Elementwise() {}

  static Value unary(Sketch s, Value x) {
    return switch (s.random.nextInt(4)) {
      case 0 ->
          s.like(
              x,
              "Clip",
              List.of(
                  x.name(),
                  s.constant((double) s.any(-2, 0)),
                  s.coin() ? "" : s.constant((double) s.any(0, 6))));
      case 1 -> s.like(x, "LeakyRelu", List.of(x.name()), real("alpha", s.any(-1, 2) / 2f));
      case 2 -> s.like(x, s.any(EXACT), List.of(x.name()));
      default -> s.like(x, s.any(s.exact ? EXACT : CURVES), List.of(x.name()));
    };
  }

  /// A value that may be broadcast to the shape of another.
  static String partner(Sketch s, Value x) {
    List<Value> fitting =
        s.wires.stream().filter(wire -> broadcasts(wire.dims(), x.dims())).toList();
    if (s.coin() && !fitting.isEmpty()) {
      return s.any(fitting).name();
    }
    List<Long> dims = x.dims().subList(s.random.nextInt(x.rank() + 1), x.rank());
    return s.weights(
        dims.stream().map(dim -> s.random.nextInt(3) == 0 ? 1 : dim).toArray(Long[]::new));
  }

  private static boolean broadcasts(List<Long> from, List<Long> to) {
    int apart = to.size() - from.size();
    for (int i = 0; apart >= 0 && i < from.size(); i++) {
      if (from.get(i) != 1 && !from.get(i).equals(to.get(apart + i))) {
        return false;
      }
    }
    return apart >= 0;
  }

  static Value binary(Sketch s, Value x) {
    String y = partner(s, x);
    List<String> pair = s.coin() ? List.of(x.name(), y) : List.of(y, x.name());
    return switch (s.random.nextInt(s.exact ? 6 : 8)) {
      case 0, 1 -> s.like(x, "Add", pair);
      case 2 -> s.like(x, "Sub", pair);
      case 3 -> s.like(x, s.coin() ? "Max" : "Min", pair);
      case 4 -> {
        String flags = s.node(s.coin() ? "Less" : "GreaterOrEqual", pair);
        yield s.like(x, "Where", List.of(flags, s.coin() ? y : s.constant(1), x.name()));
      }
      case 5 -> settled(s, s.like(x, "PRelu", List.of(x.name(), y)));
      case 6 -> settled(s, s.like(x, "Mul", pair));
      default -> {
        String above = s.node("Add", List.of(s.node("Abs", List.of(y)), s.constant(1)));
        yield s.like(x, "Div", List.of(x.name(), above));
      }
    };
  }

  /// What has few digits again, where numbers are s.exact.
  static Value settled(Sketch s, Value x) {
    return s.exact ? quantized(s, x, s.any(List.of(DType.U8, DType.I8))) : x;
  }

  /// A value as small integers and back.
  static Value quantized(Sketch s, Value x, DType dtype) {
    Tensor zero = Tensor.allocate(dtype, Shape.of());
    zero.setLong(0, s.coin() ? 0 : s.any(0, 127));
    String scale = s.constant(s.any(1, 2) / 4f);
    String point = s.constant(zero);
    String active = s.coin() ? x.name() : s.node("Relu", List.of(x.name()));
    String narrow = s.node("QuantizeLinear", List.of(active, scale, point));
    return s.like(x, "DequantizeLinear", List.of(narrow, scale, point));
  }

  /// The same in another type.
  static Value typed(Sketch s, Value x) {
    DType dtype = s.exact ? s.any(List.of(DType.I32, DType.I64, DType.F64)) : DType.F64;
    long number = Elements.number(dtype);
    String there = s.node("Cast", List.of(x.name()), integer("to", number));
    String other = s.node("Cast", List.of(partner(s, x)), integer("to", number));
    String made = s.node(s.any(List.of("Add", "Sub", "Max", "Mul")), List.of(there, other));
    return settled(s, s.like(x, "Cast", List.of(made), integer("to", s.number())));
  }
}
