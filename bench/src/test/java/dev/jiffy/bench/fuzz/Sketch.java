package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/// A graph as it grows, and the numbers, values, constants and nodes that it is made of.
///
/// The numbers of an exact graph are multiples of powers of two that no sum rounds, so that what is
/// quantized is the same however it is computed.
final class Sketch {
  private static final int MOST_ELEMENTS = 20_000;

  /// A value of the graph.
  ///
  /// @param name its name
  /// @param dims its extents
  record Value(String name, List<Long> dims) {
    int rank() {
      return dims.size();
    }

    long dim(int axis) {
      return dims.get(axis);
    }

    long elements() {
      return dims.stream().reduce(1L, (a, b) -> a * b);
    }
  }

  final Random random;
  final boolean exact;
  final DType real;
  final Map<String, Tensor> inputs = new LinkedHashMap<>();
  Proto graph = new Proto(Proto.Kind.GRAPH).add(2, "fitted");
  List<Value> wires = new ArrayList<>();
  private int names;

  Sketch(Random random, boolean exact) {
    this.random = random;
    this.exact = exact;
    this.real =
        exact || random.nextInt(3) > 0 ? DType.F32 : any(List.of(DType.F64, DType.F16, DType.BF16));
  }

  boolean coin() {
    return random.nextBoolean();
  }

  /// A whole number of a range, both ends within.
  long any(long from, long to) {
    return from + random.nextInt((int) (to - from + 1));
  }

  <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  Value recent() {
    return wires.get(wires.size() - 1 - random.nextInt(Math.min(3, wires.size())));
  }

  long extent() {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextInt(8) == 0 ? any(100, 1100) : any(9, 40);
      case 1 -> 1;
      case 2 -> random.nextInt(6) == 0 ? 0 : 8;
      case 3 -> 16;
      default -> any(2, 8);
    };
  }

  List<Long> dims(int rank) {
    List<Long> dims = LongStream.generate(this::extent).limit(rank).boxed().toList();
    return new Value("", dims).elements() > MOST_ELEMENTS ? Collections.nCopies(rank, 3L) : dims;
  }

  float real() {
    return exact ? any(-4, 4) / 4f : (float) random.nextGaussian();
  }

  Tensor tensor(List<Long> dims) {
    Tensor tensor = Tensor.allocate(real, Shape.of(array(dims)));
    boolean whole = random.nextInt(6) == 0; // zeros, ones and the like
    float same = any(-1, 2);
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, whole ? same : real());
    }
    return tensor;
  }

  static long[] array(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  String name(String prefix) {
    return prefix + names++;
  }

  long number() {
    return Elements.number(real);
  }

  static Proto value(String name, long type, List<Long> dims) {
    Proto shape = new Proto(Proto.Kind.SHAPE);
    dims.forEach(dim -> shape.add(1, new Proto(Proto.Kind.DIMENSION).add(1, dim)));
    Proto tensor = new Proto(Proto.Kind.TENSOR_TYPE).add(1, type).add(2, shape);
    return new Proto(Proto.Kind.VALUE)
        .add(1, name)
        .add(2, new Proto(Proto.Kind.TYPE).add(1, tensor));
  }

  Value input(List<Long> dims) {
    Value wire = new Value(name("x"), dims);
    graph.add(11, value(wire.name, number(), dims));
    inputs.put(wire.name, tensor(dims));
    wires.add(wire);
    return wire;
  }

  String constant(Tensor tensor) {
    String name = name("c");
    graph.add(5, Elements.proto(name, tensor));
    return name;
  }

  String constant(double number) {
    Tensor tensor = Tensor.allocate(real, Shape.of());
    tensor.setDouble(0, number);
    return constant(tensor);
  }

  String longs(long... numbers) {
    return constant(Tensor.of(numbers, numbers.length));
  }

  /// Weights: constants, now and then an input.
  String weights(Long... dims) {
    List<Long> list = List.of(dims);
    return random.nextInt(8) == 0 && graph.text(2).equals("fitted")
        ? input(list).name
        : constant(tensor(list));
  }

  static Proto attribute(String name, int type) {
    return new Proto(Proto.Kind.ATTRIBUTE).add(1, name).add(20, type);
  }

  static Proto integer(String name, long number) {
    return attribute(name, 2).add(3, number);
  }

  static Proto real(String name, float number) {
    return attribute(name, 1).add(2, number);
  }

  static Proto text(String name, String text) {
    return attribute(name, 3).add(4, text);
  }

  static Proto integers(String name, long... numbers) {
    Proto attribute = attribute(name, 7);
    for (long number : numbers) {
      attribute.add(8, number);
    }
    return attribute;
  }

  /// Adds a node.
  ///
  /// @return the name of its result
  String node(String operator, List<String> in, Proto... attributes) {
    String result = name("v");
    node(operator, in, List.of(result), attributes);
    return result;
  }

  void node(String operator, List<String> in, List<String> out, Proto... attributes) {
    Proto node = new Proto(Proto.Kind.NODE);
    in.forEach(name -> node.add(1, name));
    out.forEach(name -> node.add(2, name));
    node.add(4, operator);
    for (Proto attribute : attributes) {
      node.add(5, attribute);
    }
    graph.add(1, node);
  }

  Value wire(String name, List<Long> dims) {
    Value wire = new Value(name, List.copyOf(dims));
    if (wire.elements() <= MOST_ELEMENTS) {
      wires.add(wire);
    }
    return wire;
  }

  Value like(Value x, String operator, List<String> in, Proto... attributes) {
    return wire(node(operator, in, attributes), x.dims);
  }

  static List<Long> with(List<Long> dims, int axis, long extent) {
    List<Long> changed = new ArrayList<>(dims);
    changed.set(axis, extent);
    return changed;
  }

  /// An axis, counted from either end.
  long signed(int axis, int rank) {
    return coin() ? axis : axis - rank;
  }

  long index(long extent) {
    return extent == 0 ? 0 : any(-extent, extent - 1);
  }
}
