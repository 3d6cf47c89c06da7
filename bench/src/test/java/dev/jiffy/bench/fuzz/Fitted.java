package dev.jiffy.bench.fuzz;

import dev.jiffy.bench.fuzz.Corpus.Seed;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/// Graphs whose nodes fit each other, of the kinds that rewrites and kernels are made for: nearly
/// all are answered, with shapes and attributes that are seldom met.
///
/// The numbers of an exact graph are multiples of powers of two that no sum rounds, so that what is
/// quantized is the same however it is computed.
final class Fitted {
  private static final int GRAPH = 7;
  private static final int MOST_ELEMENTS = 20_000;
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

  /// A value of the graph.
  ///
  /// @param name its name
  /// @param dims its extents
  private record Wire(String name, List<Long> dims) {
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

  private final Random random;
  private final boolean exact;
  private final DType real;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private Proto graph = new Proto(Proto.Kind.GRAPH).add(2, "fitted");
  private List<Wire> wires = new ArrayList<>();
  private int names;

  private Fitted(Random random, boolean exact) {
    this.random = random;
    this.exact = exact;
    this.real =
        exact || random.nextInt(3) > 0 ? DType.F32 : any(List.of(DType.F64, DType.F16, DType.BF16));
  }

  /// {@return a graph with inputs for it}
  ///
  /// @param exact whether it is to be exact
  static Seed of(Random random, boolean exact) {
    return new Fitted(random, exact).make();
  }

  private Seed make() {
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      input(dims(random.nextInt(3) == 0 ? random.nextInt(6) : 2 + random.nextInt(3)));
    }
    for (int i = 1 + random.nextInt(9); i > 0; i--) {
      step(recent());
    }
    Wire last = unary(recent());
    for (Wire wire : wires) {
      if (!inputs.containsKey(wire.name) && (wire.equals(last) || random.nextInt(5) == 0)) {
        graph.add(12, value(wire.name, number(), wire.dims));
      }
    }
    Proto model =
        new Proto(Proto.Kind.MODEL)
            .add(1, 10)
            .add(GRAPH, graph)
            .add(8, new Proto(Proto.Kind.OPSET).add(1, "").add(2, 21 + random.nextInt(2)));
    return new Seed("fitted", model, inputs);
  }

  // ---- numbers

  private boolean coin() {
    return random.nextBoolean();
  }

  /// A whole number of a range, both ends within.
  private long any(long from, long to) {
    return from + random.nextInt((int) (to - from + 1));
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private Wire recent() {
    return wires.get(wires.size() - 1 - random.nextInt(Math.min(3, wires.size())));
  }

  private long extent() {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextInt(8) == 0 ? any(100, 1100) : any(9, 40);
      case 1 -> 1;
      case 2 -> random.nextInt(6) == 0 ? 0 : 8;
      case 3 -> 16;
      default -> any(2, 8);
    };
  }

  private List<Long> dims(int rank) {
    List<Long> dims = LongStream.generate(this::extent).limit(rank).boxed().toList();
    return new Wire("", dims).elements() > MOST_ELEMENTS ? Collections.nCopies(rank, 3L) : dims;
  }

  private float real() {
    return exact ? any(-4, 4) / 4f : (float) random.nextGaussian();
  }

  private Tensor tensor(List<Long> dims) {
    Tensor tensor = Tensor.allocate(real, Shape.of(array(dims)));
    boolean whole = random.nextInt(6) == 0; // zeros, ones and the like
    float same = any(-1, 2);
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, whole ? same : real());
    }
    return tensor;
  }

  private static long[] array(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  // ---- parts of the graph

  private String name(String prefix) {
    return prefix + names++;
  }

  private long number() {
    return Elements.number(real);
  }

  private static Proto value(String name, long type, List<Long> dims) {
    Proto shape = new Proto(Proto.Kind.SHAPE);
    dims.forEach(dim -> shape.add(1, new Proto(Proto.Kind.DIMENSION).add(1, dim)));
    Proto tensor = new Proto(Proto.Kind.TENSOR_TYPE).add(1, type).add(2, shape);
    return new Proto(Proto.Kind.VALUE)
        .add(1, name)
        .add(2, new Proto(Proto.Kind.TYPE).add(1, tensor));
  }

  private Wire input(List<Long> dims) {
    Wire wire = new Wire(name("x"), dims);
    graph.add(11, value(wire.name, number(), dims));
    inputs.put(wire.name, tensor(dims));
    wires.add(wire);
    return wire;
  }

  private String constant(Tensor tensor) {
    String name = name("c");
    graph.add(5, Elements.proto(name, tensor));
    return name;
  }

  private String constant(double number) {
    Tensor tensor = Tensor.allocate(real, Shape.of());
    tensor.setDouble(0, number);
    return constant(tensor);
  }

  private String longs(long... numbers) {
    return constant(Tensor.of(numbers, numbers.length));
  }

  /// Weights: constants, now and then an input.
  private String weights(Long... dims) {
    List<Long> list = List.of(dims);
    return random.nextInt(8) == 0 && graph.text(2).equals("fitted")
        ? input(list).name
        : constant(tensor(list));
  }

  private static Proto attribute(String name, int type) {
    return new Proto(Proto.Kind.ATTRIBUTE).add(1, name).add(20, type);
  }

  private static Proto integer(String name, long number) {
    return attribute(name, 2).add(3, number);
  }

  private static Proto real(String name, float number) {
    return attribute(name, 1).add(2, number);
  }

  private static Proto text(String name, String text) {
    return attribute(name, 3).add(4, text);
  }

  private static Proto integers(String name, long... numbers) {
    Proto attribute = attribute(name, 7);
    for (long number : numbers) {
      attribute.add(8, number);
    }
    return attribute;
  }

  /// Adds a node.
  ///
  /// @return the name of its result
  private String node(String operator, List<String> in, Proto... attributes) {
    String result = name("v");
    node(operator, in, List.of(result), attributes);
    return result;
  }

  private void node(String operator, List<String> in, List<String> out, Proto... attributes) {
    Proto node = new Proto(Proto.Kind.NODE);
    in.forEach(name -> node.add(1, name));
    out.forEach(name -> node.add(2, name));
    node.add(4, operator);
    for (Proto attribute : attributes) {
      node.add(5, attribute);
    }
    graph.add(1, node);
  }

  private Wire wire(String name, List<Long> dims) {
    Wire wire = new Wire(name, List.copyOf(dims));
    if (wire.elements() <= MOST_ELEMENTS) {
      wires.add(wire);
    }
    return wire;
  }

  private Wire like(Wire x, String operator, List<String> in, Proto... attributes) {
    return wire(node(operator, in, attributes), x.dims);
  }

  private static List<Long> with(List<Long> dims, int axis, long extent) {
    List<Long> changed = new ArrayList<>(dims);
    changed.set(axis, extent);
    return changed;
  }

  /// An axis, counted from either end.
  private long signed(int axis, int rank) {
    return coin() ? axis : axis - rank;
  }

  // ---- steps

  private void step(Wire x) {
    switch (random.nextInt(exact ? 18 : 21)) {
      case 0 -> unary(x);
      case 1, 2 -> binary(x);
      case 3, 4 -> move(x);
      case 5 -> join(x);
      case 6 -> reduce(x);
      case 7, 8 -> convolve(image(x));
      case 9 -> pool(image(x));
      case 10 -> scaled(image(x));
      case 11, 12 -> product(x);
      case 13 -> {
        if (exact) {
          quantized(x, any(List.of(DType.U8, DType.I8, DType.U16, DType.I16)));
        } else {
          unary(x);
        }
      }
      case 14 -> control(x);
      case 15 -> typed(x);
      case 16, 17 -> index(x);
      case 18 -> normalize(x);
      case 19 -> recur(x);
      default -> formula(x);
    }
  }

  private Wire unary(Wire x) {
    return switch (random.nextInt(4)) {
      case 0 ->
          like(
              x,
              "Clip",
              List.of(
                  x.name,
                  constant((double) any(-2, 0)),
                  coin() ? "" : constant((double) any(0, 6))));
      case 1 -> like(x, "LeakyRelu", List.of(x.name), real("alpha", any(-1, 2) / 2f));
      case 2 -> like(x, any(EXACT), List.of(x.name));
      default -> like(x, any(exact ? EXACT : CURVES), List.of(x.name));
    };
  }

  /// A value that may be broadcast to the shape of another.
  private String partner(Wire x) {
    List<Wire> fitting = wires.stream().filter(wire -> broadcasts(wire.dims, x.dims)).toList();
    if (coin() && !fitting.isEmpty()) {
      return any(fitting).name;
    }
    List<Long> dims = x.dims.subList(random.nextInt(x.rank() + 1), x.rank());
    return weights(dims.stream().map(dim -> random.nextInt(3) == 0 ? 1 : dim).toArray(Long[]::new));
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

  private Wire binary(Wire x) {
    String y = partner(x);
    List<String> pair = coin() ? List.of(x.name, y) : List.of(y, x.name);
    return switch (random.nextInt(exact ? 6 : 8)) {
      case 0, 1 -> like(x, "Add", pair);
      case 2 -> like(x, "Sub", pair);
      case 3 -> like(x, coin() ? "Max" : "Min", pair);
      case 4 -> {
        String flags = node(coin() ? "Less" : "GreaterOrEqual", pair);
        yield like(x, "Where", List.of(flags, coin() ? y : constant(1), x.name));
      }
      case 5 -> settled(like(x, "PRelu", List.of(x.name, y)));
      case 6 -> settled(like(x, "Mul", pair));
      default -> {
        String above = node("Add", List.of(node("Abs", List.of(y)), constant(1)));
        yield like(x, "Div", List.of(x.name, above));
      }
    };
  }

  private Wire move(Wire x) {
    int rank = x.rank();
    int axis = rank == 0 ? 0 : random.nextInt(rank);
    return switch (rank == 0 ? 0 : random.nextInt(11)) {
      case 0 -> {
        int place = random.nextInt(rank + 1);
        List<Long> wider = new ArrayList<>(x.dims);
        wider.add(place, 1L);
        yield rank > 5
            ? x
            : wire(node("Unsqueeze", List.of(x.name, longs(signed(place, rank + 1)))), wider);
      }
      case 1 -> transpose(x);
      case 2 -> reshape(x);
      case 3, 4 -> slice(x, axis);
      case 5 -> {
        long before = any(0, 2);
        long after = any(0, 2);
        long[] pads = new long[2 * rank];
        pads[axis] = before;
        pads[rank + axis] = after;
        boolean fits = x.dim(axis) > 2;
        String mode = fits ? any(List.of("constant", "reflect", "edge")) : "constant";
        List<String> in =
            mode.equals("constant")
                ? List.of(x.name, longs(pads), constant((double) any(-1, 1)))
                : List.of(x.name, longs(pads));
        yield wire(
            node("Pad", in, text("mode", mode)), with(x.dims, axis, x.dim(axis) + before + after));
      }
      case 6 -> {
        long[] indices = LongStream.range(0, any(0, 4)).map(i -> index(x.dim(axis))).toArray();
        yield x.dim(axis) == 0
            ? x
            : wire(
                node(
                    "Gather", List.of(x.name, longs(indices)), integer("axis", signed(axis, rank))),
                with(x.dims, axis, indices.length));
      }
      case 7 -> {
        long[] repeats = new long[rank];
        Arrays.fill(repeats, 1);
        repeats[axis] = any(1, 3);
        yield wire(
            node("Tile", List.of(x.name, longs(repeats))),
            with(x.dims, axis, x.dim(axis) * repeats[axis]));
      }
      case 8 -> {
        List<Long> wider = new ArrayList<>(x.dims);
        wider.replaceAll(dim -> dim == 1 ? any(1, 4) : dim);
        wider.addFirst(any(1, 2));
        yield wire(node("Expand", List.of(x.name, longs(array(wider)))), wider);
      }
      case 9 -> {
        long before = x.dims.subList(0, axis).stream().reduce(1L, (a, b) -> a * b);
        long after = x.dims.subList(axis, rank).stream().reduce(1L, (a, b) -> a * b);
        yield wire(
            node("Flatten", List.of(x.name), integer("axis", signed(axis, rank))),
            List.of(before, after));
      }
      default -> split(x, axis);
    };
  }

  private long index(long extent) {
    return extent == 0 ? 0 : any(-extent, extent - 1);
  }

  /// What reads or writes elements by their index.
  private Wire index(Wire x) {
    if (x.rank() == 0 || x.elements() == 0) {
      return x;
    }
    int axis = random.nextInt(x.rank());
    Proto along = integer("axis", signed(axis, x.rank()));
    return switch (random.nextInt(7)) {
      case 0 -> {
        long count = any(1, x.dim(axis));
        List<String> results = List.of(name("v"), name("i"));
        node("TopK", List.of(x.name, longs(count)), results, along, integer("largest", any(0, 1)));
        yield wire(results.getFirst(), with(x.dims, axis, count));
      }
      case 1 -> {
        String places =
            node(coin() ? "ArgMax" : "ArgMin", List.of(x.name), along, integer("keepdims", 1));
        yield wire(
            node("GatherElements", List.of(partnerOf(x), places), along), with(x.dims, axis, 1));
      }
      case 2 -> {
        long count = any(1, 3);
        long[] indices = LongStream.range(0, count).map(i -> index(x.dim(0))).toArray();
        Tensor table = Tensor.of(indices, count, 1);
        List<Long> dims = with(x.dims, 0, count);
        yield coin()
            ? wire(node("GatherND", List.of(x.name, constant(table))), dims)
            : like(
                x,
                "ScatterND",
                List.of(x.name, constant(table), weights(dims.toArray(Long[]::new))),
                text("reduction", any(List.of("add", "max", "min"))));
      }
      case 3 -> {
        List<Long> dims = with(x.dims, axis, any(1, 3));
        Tensor indices = Tensor.allocate(DType.I64, Shape.of(array(dims)));
        for (long i = 0; i < indices.shape().elements(); i++) {
          indices.setLong(i, index(x.dim(axis)));
        }
        yield like(
            x,
            "ScatterElements",
            List.of(x.name, constant(indices), weights(dims.toArray(Long[]::new))),
            along,
            text("reduction", any(List.of("add", "max", "min"))));
      }
      case 4 ->
          x.rank() < 2
              ? x
              : like(
                  x,
                  "Trilu",
                  List.of(x.name, constant(Tensor.of(new long[] {any(-2, 2)}))),
                  integer("upper", any(0, 1)));
      case 5 -> {
        String flags = node("Greater", List.of(x.name, constant(0)));
        String numbers = node("Cast", List.of(flags), integer("to", coin() ? 7 : 6));
        String sums = node("Cast", List.of(numbers), integer("to", number()));
        yield like(x, "Mul", List.of(sums, x.name));
      }
      default -> {
        String shape = node("Shape", List.of(x.name));
        String filled = node("ConstantOfShape", List.of(shape));
        String zeros = node("Cast", List.of(filled), integer("to", number()));
        yield like(x, "Add", List.of(x.name, zeros));
      }
    };
  }

  /// A value of the same shape.
  private String partnerOf(Wire x) {
    List<Wire> alike = wires.stream().filter(wire -> wire.dims.equals(x.dims)).toList();
    return alike.isEmpty() ? x.name : any(alike).name;
  }

  private Wire transpose(Wire x) {
    List<Long> order = new ArrayList<>(LongStream.range(0, x.rank()).boxed().toList());
    Collections.shuffle(order, random);
    return wire(
        node("Transpose", List.of(x.name), integers("perm", array(order))),
        order.stream().map(axis -> x.dim(axis.intValue())).toList());
  }

  /// Joins or parts dimensions.
  private Wire reshape(Wire x) {
    List<Long> wanted = new ArrayList<>(x.dims);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int axis = wanted.isEmpty() ? 0 : random.nextInt(wanted.size());
      if (wanted.size() > 1 && coin() && axis + 1 < wanted.size()) {
        wanted.set(axis, wanted.get(axis) * wanted.remove(axis + 1));
      } else if (wanted.size() < 6) {
        long factor = any(1, 4);
        long extent = wanted.isEmpty() ? 1 : wanted.get(axis);
        if (extent % factor == 0 && !wanted.isEmpty()) {
          wanted.set(axis, factor);
          wanted.add(axis + (coin() ? 0 : 1), extent / factor);
        } else {
          wanted.add(axis, 1L);
        }
      }
    }
    long[] shape = array(wanted);
    boolean isEmpty = x.elements() == 0;
    if (shape.length > 0 && coin() && !isEmpty) {
      shape[random.nextInt(shape.length)] = -1;
    }
    return wire(
        node("Reshape", List.of(x.name, longs(shape)), integer("allowzero", isEmpty ? 1 : 0)),
        wanted);
  }

  private Wire slice(Wire x, int axis) {
    long extent = x.dim(axis);
    long step = any(1, 3);
    long from = any(0, Math.max(0, extent - 1));
    long to = any(from, extent);
    boolean back = random.nextInt(3) == 0 && from < extent;
    long count = Math.ceilDiv(to - from, step);
    String begin = longs(back ? to - 1 : coin() ? from : from - extent);
    String end = longs(back ? from - 1 - extent : to == extent && coin() ? Long.MAX_VALUE : to);
    if (extent == 0 || (to == from && back)) {
      return x;
    }
    return wire(
        node(
            "Slice",
            List.of(x.name, begin, end, longs(signed(axis, x.rank())), longs(back ? -step : step))),
        with(x.dims, axis, count));
  }

  private Wire split(Wire x, int axis) {
    long first = any(0, x.dim(axis));
    List<String> parts = List.of(name("v"), name("v"));
    node(
        "Split",
        List.of(x.name, longs(first, x.dim(axis) - first)),
        parts,
        integer("axis", signed(axis, x.rank())));
    wire(parts.getFirst(), with(x.dims, axis, first));
    return wire(parts.getLast(), with(x.dims, axis, x.dim(axis) - first));
  }

  private Wire join(Wire x) {
    if (x.rank() == 0) {
      return x;
    }
    int axis = random.nextInt(x.rank());
    List<Wire> fitting =
        wires.stream()
            .filter(
                w -> w.rank() == x.rank() && with(w.dims, axis, 0).equals(with(x.dims, axis, 0)))
            .toList();
    List<Wire> parts = new ArrayList<>();
    if (fitting.isEmpty()) {
      return x;
    }
    for (int i = (int) any(1, 3); i > 0; i--) {
      parts.add(any(fitting));
    }
    parts.add(random.nextInt(parts.size() + 1), x);
    return wire(
        node(
            "Concat",
            parts.stream().map(Wire::name).toList(),
            integer("axis", signed(axis, x.rank()))),
        with(x.dims, axis, parts.stream().mapToLong(part -> part.dim(axis)).sum()));
  }

  private Wire reduce(Wire x) {
    List<Integer> axes = new ArrayList<>();
    boolean keep = coin();
    List<Long> left = new ArrayList<>();
    for (int d = 0; d < x.rank(); d++) {
      boolean isReduced = random.nextInt(3) == 0 && x.dim(d) > 0;
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
        any(
            exact
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
    long[] given = axes.stream().mapToLong(axis -> signed(axis, x.rank())).toArray();
    Wire y =
        wire(
            node(operator, List.of(x.name, longs(given)), integer("keepdims", keep ? 1 : 0)), left);
    return settled(y);
  }

  // ---- images

  /// A value as images, three to five dimensions.
  private Wire image(Wire x) {
    if (x.rank() >= 3 && x.rank() <= 5) {
      return x;
    }
    List<Long> dims = dims((int) any(3, 4));
    Wire image = new Wire("", dims);
    return wire(
        image.elements() == x.elements()
            ? node("Reshape", List.of(x.name, longs(array(dims))), integer("allowzero", 1))
            : constant(tensor(dims)),
        dims);
  }

  /// A window.
  ///
  /// @param attributes what describes it
  /// @param kernel its extents
  /// @param extents the number of its positions along each dimension
  private record Window(List<Proto> attributes, List<Long> kernel, List<Long> extents) {}

  /// A window with as many positions as it leaves along each dimension, or none where it does not
  /// fit.
  private Window window(Wire x, boolean transposed, boolean padded) {
    int rank = x.rank() - 2;
    long[] kernel = new long[rank];
    long[] strides = new long[rank];
    long[] dilations = new long[rank];
    long[] pads = new long[2 * rank];
    List<Long> extents = new ArrayList<>();
    boolean square = coin();
    for (int d = 0; d < rank; d++) {
      boolean same = square && d > 0;
      kernel[d] = same ? kernel[0] : any(1, random.nextInt(4) == 0 ? 7 : 3);
      strides[d] = same ? strides[0] : random.nextInt(3) == 0 ? any(1, 3) : 1;
      dilations[d] = same ? dilations[0] : random.nextInt(4) == 0 ? any(1, 3) : 1;
      // each window sees some of the image
      for (int end : new int[] {d, rank + d}) {
        pads[end] =
            padded && coin()
                ? Math.min(any(0, 2), Math.max(0, Math.min(kernel[d], x.dim(2 + d)) - 1))
                : 0;
      }
      long reach = (kernel[d] - 1) * dilations[d] + 1;
      long cut = pads[d] + pads[rank + d];
      long extent = x.dim(2 + d);
      extents.add(
          transposed
              ? (extent - 1) * strides[d] + reach - cut
              : Math.floorDiv(extent + cut - reach, strides[d]) + 1);
    }
    List<Proto> attributes = new ArrayList<>();
    attributes.add(integers("kernel_shape", kernel));
    attributes.add(integers("strides", strides));
    attributes.add(integers("dilations", dilations));
    attributes.add(integers("pads", pads));
    return new Window(attributes, LongStream.of(kernel).boxed().toList(), extents);
  }

  private static boolean isThere(Window window) {
    return window.extents.stream().allMatch(extent -> extent > 0);
  }

  private static List<Long> images(long batch, long channels, List<Long> extents) {
    List<Long> dims = new ArrayList<>(List.of(batch, channels));
    dims.addAll(extents);
    return dims;
  }

  private Wire convolve(Wire x) {
    boolean transposed = random.nextInt(3) == 0;
    Window window = window(x, transposed, true);
    long channels = x.dim(1);
    if (!isThere(window) || channels == 0 || x.elements() == 0) {
      return x;
    }
    long groups = coin() ? 1 : coin() ? channels : channels % 2 == 0 ? 2 : 1;
    long each = random.nextInt(3) == 0 ? any(1, 17) : any(1, 2);
    long made = groups * each;
    List<Long> shape =
        transposed
            ? images(channels, each, window.kernel)
            : images(made, channels / groups, window.kernel);
    List<String> in = new ArrayList<>(List.of(x.name, kernel(shape, transposed ? 1 : 0)));
    if (coin()) {
      in.add(weights(made));
    }
    window.attributes.add(integer("group", groups));
    Wire y =
        wire(
            node(
                transposed ? "ConvTranspose" : "Conv", in, window.attributes.toArray(Proto[]::new)),
            images(x.dim(0), made, window.extents));
    return settled(y);
  }

  /// Weights that may be quantized.
  private String kernel(List<Long> shape, int axis) {
    if (!exact || random.nextInt(4) == 0) {
      return weights(shape.toArray(Long[]::new));
    }
    Tensor bytes = Tensor.allocate(DType.I8, Shape.of(array(shape)));
    for (long i = 0; i < bytes.shape().elements(); i++) {
      bytes.setLong(i, any(-4, 4));
    }
    boolean each = coin() && !shape.isEmpty();
    long count = each ? shape.get(axis) : 1;
    Tensor scales = Tensor.allocate(DType.F32, each ? Shape.of(count) : Shape.of());
    Tensor zeros = Tensor.allocate(DType.I8, scales.shape());
    for (long i = 0; i < count; i++) {
      scales.setDouble(i, coin() ? 0.25 : 0.5);
      zeros.setLong(i, random.nextInt(3) == 0 ? any(-2, 2) : 0);
    }
    return node(
        "DequantizeLinear",
        List.of(constant(bytes), constant(scales), constant(zeros)),
        integer("axis", axis));
  }

  private Wire pool(Wire x) {
    boolean max = exact || coin();
    Window window = window(x, false, max || coin());
    if (!isThere(window) || x.elements() == 0) {
      return x;
    }
    if (random.nextInt(5) == 0) {
      return wire(
          node(max ? "GlobalMaxPool" : "GlobalAveragePool", List.of(x.name)),
          images(x.dim(0), x.dim(1), Collections.nCopies(x.rank() - 2, 1L)));
    }
    if (!max) {
      window.attributes.add(integer("count_include_pad", any(0, 1)));
    }
    Proto[] attributes = window.attributes.toArray(Proto[]::new);
    return wire(
        node(max ? "MaxPool" : "AveragePool", List.of(x.name), attributes),
        images(x.dim(0), x.dim(1), window.extents));
  }

  /// What is done for each channel, or changes the extents of images.
  private Wire scaled(Wire x) {
    long channels = x.dim(1);
    return switch (random.nextInt(exact ? 3 : 6)) {
      case 0 -> {
        Long[] dims = new Long[x.rank() - 1];
        Arrays.fill(dims, 1L);
        dims[0] = channels;
        yield settled(like(x, coin() ? "Mul" : "Add", List.of(x.name, weights(dims))));
      }
      case 1 -> {
        if (x.rank() != 4 || channels % 4 != 0) {
          yield x;
        }
        yield wire(
            node(
                "DepthToSpace",
                List.of(x.name),
                integer("blocksize", 2),
                text("mode", coin() ? "DCR" : "CRD")),
            List.of(x.dim(0), channels / 4, x.dim(2) * 2, x.dim(3) * 2));
      }
      case 2 -> {
        float[] scales = new float[x.rank()];
        Arrays.fill(scales, 1);
        List<Long> dims = new ArrayList<>(x.dims);
        for (int d = 2; d < x.rank(); d++) {
          scales[d] = any(1, 3);
          dims.set(d, dims.get(d) * (long) scales[d]);
        }
        if (x.elements() == 0) {
          yield x;
        }
        String mode = exact || x.rank() == 5 ? "nearest" : any(List.of("nearest", "linear"));
        yield wire(
            node(
                "Resize",
                List.of(x.name, "", constant(Tensor.of(scales, scales.length))),
                text("mode", mode),
                text(
                    "coordinate_transformation_mode",
                    any(List.of("asymmetric", "half_pixel", "align_corners"))),
                text("nearest_mode", any(List.of("floor", "ceil", "round_prefer_floor")))),
            dims);
      }
      case 3 -> {
        String variance = node("Abs", List.of(weights(channels)));
        yield like(
            x,
            "BatchNormalization",
            List.of(x.name, weights(channels), weights(channels), weights(channels), variance),
            real("epsilon", 0.125f));
      }
      case 4 ->
          like(
              x,
              "InstanceNormalization",
              List.of(x.name, weights(channels), weights(channels)),
              real("epsilon", 0.125f));
      default -> like(x, "LRN", List.of(x.name), integer("size", any(1, 5)), real("alpha", 0.5f));
    };
  }

  // ---- products

  private Wire product(Wire x) {
    if (x.rank() < 2) {
      return x;
    }
    long k = x.dim(x.rank() - 1);
    long n = k > 100 ? any(1, 40) : extent();
    List<Long> dims = with(x.dims, x.rank() - 1, n);
    return switch (random.nextInt(5)) {
      case 4 -> {
        if (x.rank() != 3) {
          yield x;
        }
        String equation = any(List.of("abc,cd->abd", "abc,cd->dba", "abc,cd->ad", "abc,cd->bd"));
        List<Long> result =
            equation
                .substring(equation.indexOf('>') + 1)
                .chars()
                .mapToObj(c -> c == 'd' ? (Long) n : (Long) x.dim(c - 'a'))
                .toList();
        yield settled(
            wire(
                node("Einsum", List.of(x.name, weights(k, n)), text("equation", equation)),
                result));
      }
      case 0 -> {
        if (x.rank() != 2 || x.elements() == 0) {
          yield x;
        }
        boolean left = coin();
        boolean right = coin();
        long shared = left ? x.dim(0) : k;
        Proto[] attributes = {
          integer("transA", left ? 1 : 0),
          integer("transB", right ? 1 : 0),
          real("alpha", any(1, 2) / 2f),
          real("beta", any(0, 2) / 2f)
        };
        List<Long> weights = right ? List.of(n, shared) : List.of(shared, n);
        List<String> in = new ArrayList<>(List.of(x.name, kernel(weights, right ? 0 : 1)));
        List<Long> result = List.of(left ? k : x.dim(0), n);
        if (coin()) {
          in.add(partner(new Wire("", result)));
        }
        yield settled(wire(node("Gemm", in, attributes), result));
      }
      case 1 -> { // with itself, transposed
        long[] order = LongStream.range(0, x.rank()).toArray();
        order[x.rank() - 2]++;
        order[x.rank() - 1]--;
        String turned = node("Transpose", List.of(x.name), integers("perm", order));
        yield settled(
            wire(
                node("MatMul", List.of(x.name, turned)),
                with(x.dims, x.rank() - 1, x.dim(x.rank() - 2))));
      }
      case 2 -> {
        Long[] shape = x.dims.toArray(Long[]::new);
        shape[x.rank() - 2] = k;
        shape[x.rank() - 1] = n;
        yield settled(wire(node("MatMul", List.of(x.name, weights(shape))), dims));
      }
      default -> settled(wire(node("MatMul", List.of(x.name, kernel(List.of(k, n), 1))), dims));
    };
  }

  /// What has few digits again, where numbers are exact.
  private Wire settled(Wire x) {
    return exact ? quantized(x, any(List.of(DType.U8, DType.I8))) : x;
  }

  /// A value as small integers and back.
  private Wire quantized(Wire x, DType dtype) {
    Tensor zero = Tensor.allocate(dtype, Shape.of());
    zero.setLong(0, coin() ? 0 : any(0, 127));
    String scale = constant(any(1, 2) / 4f);
    String point = constant(zero);
    String active = coin() ? x.name : node("Relu", List.of(x.name));
    String narrow = node("QuantizeLinear", List.of(active, scale, point));
    return like(x, "DequantizeLinear", List.of(narrow, scale, point));
  }

  // ---- others

  private Wire recur(Wire x) {
    if (x.rank() != 3 || x.elements() == 0) {
      return x;
    }
    String operator = any(List.of("RNN", "GRU", "LSTM"));
    long gates = operator.equals("LSTM") ? 4 : operator.equals("GRU") ? 3 : 1;
    String direction = any(List.of("forward", "reverse", "bidirectional"));
    long directions = direction.equals("bidirectional") ? 2 : 1;
    long hidden = any(1, 9);
    List<String> in = new ArrayList<>();
    in.add(x.name);
    in.add(weights(directions, gates * hidden, x.dim(2)));
    in.add(weights(directions, gates * hidden, hidden));
    in.add(coin() ? "" : weights(directions, 2 * gates * hidden));
    Tensor lengths = Tensor.allocate(DType.I32, Shape.of(x.dim(1)));
    for (long i = 0; i < x.dim(1); i++) {
      lengths.setLong(i, any(1, x.dim(0)));
    }
    in.add(coin() ? "" : constant(lengths));
    in.add(coin() ? "" : weights(directions, x.dim(1), hidden));
    List<String> results = List.of(name("v"), name("v"));
    List<Proto> attributes =
        new ArrayList<>(List.of(integer("hidden_size", hidden), text("direction", direction)));
    if (operator.equals("GRU")) {
      attributes.add(integer("linear_before_reset", any(0, 1)));
    }
    node(operator, in, results, attributes.toArray(Proto[]::new));
    wire(results.getFirst(), List.of(x.dim(0), directions, x.dim(1), hidden));
    return wire(results.getLast(), List.of(directions, x.dim(1), hidden));
  }

  private Wire normalize(Wire x) {
    if (x.rank() == 0 || x.elements() == 0) {
      return x;
    }
    int axis = random.nextInt(x.rank());
    return switch (random.nextInt(3)) {
      case 0 ->
          like(
              x,
              coin() ? "Softmax" : "LogSoftmax",
              List.of(x.name),
              integer("axis", signed(axis, x.rank())));
      case 1 -> {
        Long[] dims = x.dims.subList(axis, x.rank()).toArray(Long[]::new);
        yield like(
            x,
            "LayerNormalization",
            List.of(x.name, weights(dims), weights(dims)),
            integer("axis", signed(axis, x.rank())),
            real("epsilon", 0.125f));
      }
      default ->
          like(
              x,
              "CumSum",
              List.of(x.name, constant(Tensor.of(new long[] {signed(axis, x.rank())}))),
              integer("exclusive", any(0, 1)),
              integer("reverse", any(0, 1)));
    };
  }

  /// Formulas that are operators of their own, and what is nearly one.
  private Wire formula(Wire x) {
    float off = random.nextInt(4) == 0 ? 0.25f : 0;
    return switch (random.nextInt(4)) {
      case 0 -> {
        String erf = node("Erf", List.of(node("Div", List.of(x.name, constant(1.4142135f + off)))));
        String sum = node("Add", List.of(erf, constant(1)));
        yield like(x, "Mul", List.of(node("Mul", List.of(x.name, sum)), constant(0.5f + off)));
      }
      case 1 -> {
        String gate = node("Sigmoid", List.of(off == 0 ? x.name : partner(x)));
        yield like(x, "Mul", List.of(gate, x.name));
      }
      case 2 -> {
        if (x.rank() == 0 || x.elements() == 0) {
          yield x;
        }
        String axes = longs(off == 0 ? -1 : signed(random.nextInt(x.rank()), x.rank()));
        String mean = node("ReduceMean", List.of(x.name, axes));
        String centred = node("Sub", List.of(x.name, mean));
        String square =
            coin()
                ? node("Mul", List.of(centred, centred))
                : node("Pow", List.of(centred, constant(2)));
        String variance = node("ReduceMean", List.of(square, axes));
        String root = node("Sqrt", List.of(node("Add", List.of(variance, constant(0.125f)))));
        String normal = node("Div", List.of(centred, root));
        String last = partner(x);
        yield like(x, "Add", List.of(node("Mul", List.of(normal, partner(x))), last));
      }
      default -> {
        if (x.rank() < 3 || x.elements() == 0) {
          yield x;
        }
        long[] order = LongStream.range(0, x.rank()).toArray();
        order[x.rank() - 2]++;
        order[x.rank() - 1]--;
        String keys = node("Transpose", List.of(x.name), integers("perm", order));
        String scores = node("MatMul", List.of(x.name, keys));
        long length = x.dim(x.rank() - 2);
        Wire all = new Wire(scores, with(x.dims, x.rank() - 1, length));
        String scaled = node(coin() ? "Mul" : "Div", List.of(scores, constant(0.5f)));
        String masked = coin() ? scaled : node("Add", List.of(scaled, partner(all)));
        String shares =
            node("Softmax", List.of(masked), integer("axis", off == 0 ? -1 : x.rank() - 2));
        yield like(x, "MatMul", List.of(shares, x.name));
      }
    };
  }

  /// The same in another type.
  private Wire typed(Wire x) {
    DType dtype = exact ? any(List.of(DType.I32, DType.I64, DType.F64)) : DType.F64;
    long number = Elements.number(dtype);
    String there = node("Cast", List.of(x.name), integer("to", number));
    String other = node("Cast", List.of(partner(x)), integer("to", number));
    String made = node(any(List.of("Add", "Sub", "Max", "Mul")), List.of(there, other));
    return settled(like(x, "Cast", List.of(made), integer("to", number())));
  }

  // ---- control flow

  /// A graph within the graph: what some steps make of a value that keep its shape.
  private Proto body(String title, Wire x, Wire... formal) {
    Proto around = graph;
    List<Wire> before = wires;
    graph = new Proto(Proto.Kind.GRAPH).add(2, title);
    wires = new ArrayList<>(before);
    wires.addAll(List.of(formal));
    Wire y = x;
    for (int i = (int) any(1, 2); i > 0; i--) {
      y = coin() ? unary(y) : binary(y);
    }
    graph.add(12, value(y.name, number(), y.dims));
    Proto body = graph;
    graph = around;
    wires = before;
    return body;
  }

  private static Proto graph(String name, Proto graph) {
    return attribute(name, 5).add(6, graph);
  }

  private static Proto identity(String from, String to) {
    return new Proto(Proto.Kind.NODE).add(1, from).add(2, to).add(4, "Identity");
  }

  private Wire control(Wire x) {
    return switch (random.nextInt(3)) {
      case 0 -> {
        Tensor flag = Tensor.allocate(DType.BOOL, Shape.of());
        flag.setLong(0, any(0, 1));
        String sum = node("ReduceSum", List.of(x.name), integer("keepdims", 0));
        String condition =
            coin() ? constant(flag) : node("Greater", List.of(sum, constant((double) any(-1, 1))));
        yield like(
            x,
            "If",
            List.of(condition),
            graph("then_branch", body("then", x)),
            graph("else_branch", body("else", x)));
      }
      case 1 -> {
        Wire state = new Wire(name("s"), x.dims);
        Proto body = body("loop", state, state);
        String go = name("b");
        String on = name("b");
        String kept = name("k");
        String next = body.messages(12).getFirst().text(1);
        body.remove(12);
        body.add(11, value(name("i"), 7, List.of()))
            .add(11, value(go, 9, List.of()))
            .add(11, value(state.name, number(), x.dims))
            .add(1, identity(go, on))
            .add(1, identity(next, kept))
            .add(12, value(on, 9, List.of()))
            .add(12, value(next, number(), x.dims))
            .add(12, value(kept, number(), x.dims));
        long trips = any(0, 3);
        List<String> results = List.of(name("v"), name("v"));
        String count = constant(Tensor.of(new long[] {trips}));
        node("Loop", List.of(count, "", x.name), results, graph("body", body));
        List<Long> stacked = new ArrayList<>(x.dims);
        stacked.addFirst(trips);
        wire(results.getLast(), stacked);
        yield wire(results.getFirst(), x.dims);
      }
      default -> {
        if (x.rank() == 0) {
          yield x;
        }
        int axis = random.nextInt(x.rank());
        Proto where = integer("axis", signed(axis, x.rank()));
        String parts = node("SplitToSequence", List.of(x.name), where, integer("keepdims", 1));
        if (coin() && x.dim(axis) > 0) {
          String index = constant(Tensor.of(new long[] {index(x.dim(axis))}));
          yield wire(node("SequenceAt", List.of(parts, index)), with(x.dims, axis, 1));
        }
        yield x.dim(axis) == 0 ? x : like(x, "ConcatFromSequence", List.of(parts), where);
      }
    };
  }
}
