package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.array;
import static dev.jiffy.bench.fuzz.Sketch.integer;
import static dev.jiffy.bench.fuzz.Sketch.integers;
import static dev.jiffy.bench.fuzz.Sketch.text;
import static dev.jiffy.bench.fuzz.Sketch.with;

import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/// What moves elements, or picks and places them by index.
final class Moves {
  private Moves() {}

  static Value move(Sketch s, Value x) {
    int rank = x.rank();
    int axis = rank == 0 ? 0 : s.random.nextInt(rank);
    return switch (rank == 0 ? 0 : s.random.nextInt(11)) {
      case 0 -> {
        int place = s.random.nextInt(rank + 1);
        List<Long> wider = new ArrayList<>(x.dims());
        wider.add(place, 1L);
        yield rank > 5
            ? x
            : s.wire(
                s.node("Unsqueeze", List.of(x.name(), s.longs(s.signed(place, rank + 1)))), wider);
      }
      case 1 -> transpose(s, x);
      case 2 -> reshape(s, x);
      case 3, 4 -> slice(s, x, axis);
      case 5 -> {
        long before = s.any(0, 2);
        long after = s.any(0, 2);
        long[] pads = new long[2 * rank];
        pads[axis] = before;
        pads[rank + axis] = after;
        boolean fits = x.dim(axis) > 2;
        String mode = fits ? s.any(List.of("constant", "reflect", "edge")) : "constant";
        List<String> in =
            mode.equals("constant")
                ? List.of(x.name(), s.longs(pads), s.constant((double) s.any(-1, 1)))
                : List.of(x.name(), s.longs(pads));
        yield s.wire(
            s.node("Pad", in, text("mode", mode)),
            with(x.dims(), axis, x.dim(axis) + before + after));
      }
      case 6 -> {
        long[] indices = LongStream.range(0, s.any(0, 4)).map(i -> s.index(x.dim(axis))).toArray();
        yield x.dim(axis) == 0
            ? x
            : s.wire(
                s.node(
                    "Gather",
                    List.of(x.name(), s.longs(indices)),
                    integer("axis", s.signed(axis, rank))),
                with(x.dims(), axis, indices.length));
      }
      case 7 -> {
        long[] repeats = new long[rank];
        Arrays.fill(repeats, 1);
        repeats[axis] = s.any(1, 3);
        yield s.wire(
            s.node("Tile", List.of(x.name(), s.longs(repeats))),
            with(x.dims(), axis, x.dim(axis) * repeats[axis]));
      }
      case 8 -> {
        List<Long> wider = new ArrayList<>(x.dims());
        wider.replaceAll(dim -> dim == 1 ? s.any(1, 4) : dim);
        wider.addFirst(s.any(1, 2));
        yield s.wire(s.node("Expand", List.of(x.name(), s.longs(array(wider)))), wider);
      }
      case 9 -> {
        long before = x.dims().subList(0, axis).stream().reduce(1L, (a, b) -> a * b);
        long after = x.dims().subList(axis, rank).stream().reduce(1L, (a, b) -> a * b);
        yield s.wire(
            s.node("Flatten", List.of(x.name()), integer("axis", s.signed(axis, rank))),
            List.of(before, after));
      }
      default -> split(s, x, axis);
    };
  }

  /// What reads or writes elements by their index.
  static Value index(Sketch s, Value x) {
    if (x.rank() == 0 || x.elements() == 0) {
      return x;
    }
    int axis = s.random.nextInt(x.rank());
    Proto along = integer("axis", s.signed(axis, x.rank()));
    return switch (s.random.nextInt(7)) {
      case 0 -> {
        long count = s.any(1, x.dim(axis));
        List<String> results = List.of(s.name("v"), s.name("i"));
        s.node(
            "TopK",
            List.of(x.name(), s.longs(count)),
            results,
            along,
            integer("largest", s.any(0, 1)));
        yield s.wire(results.getFirst(), with(x.dims(), axis, count));
      }
      case 1 -> {
        String places =
            s.node(
                s.coin() ? "ArgMax" : "ArgMin", List.of(x.name()), along, integer("keepdims", 1));
        yield s.wire(
            s.node("GatherElements", List.of(partnerOf(s, x), places), along),
            with(x.dims(), axis, 1));
      }
      case 2 -> {
        long count = s.any(1, 3);
        long[] indices = LongStream.range(0, count).map(i -> s.index(x.dim(0))).toArray();
        Tensor table = Tensor.of(indices, count, 1);
        List<Long> dims = with(x.dims(), 0, count);
        yield s.coin()
            ? s.wire(s.node("GatherND", List.of(x.name(), s.constant(table))), dims)
            : s.like(
                x,
                "ScatterND",
                List.of(x.name(), s.constant(table), s.weights(dims.toArray(Long[]::new))),
                text("reduction", s.any(List.of("add", "max", "min"))));
      }
      case 3 -> {
        List<Long> dims = with(x.dims(), axis, s.any(1, 3));
        Tensor indices = Tensor.allocate(DType.I64, Shape.of(array(dims)));
        for (long i = 0; i < indices.shape().elements(); i++) {
          indices.setLong(i, s.index(x.dim(axis)));
        }
        yield s.like(
            x,
            "ScatterElements",
            List.of(x.name(), s.constant(indices), s.weights(dims.toArray(Long[]::new))),
            along,
            text("reduction", s.any(List.of("add", "max", "min"))));
      }
      case 4 ->
          x.rank() < 2
              ? x
              : s.like(
                  x,
                  "Trilu",
                  List.of(x.name(), s.constant(Tensor.of(new long[] {s.any(-2, 2)}))),
                  integer("upper", s.any(0, 1)));
      case 5 -> {
        String flags = s.node("Greater", List.of(x.name(), s.constant(0)));
        String numbers = s.node("Cast", List.of(flags), integer("to", s.coin() ? 7 : 6));
        String sums = s.node("Cast", List.of(numbers), integer("to", s.number()));
        yield s.like(x, "Mul", List.of(sums, x.name()));
      }
      default -> {
        String shape = s.node("Shape", List.of(x.name()));
        String filled = s.node("ConstantOfShape", List.of(shape));
        String zeros = s.node("Cast", List.of(filled), integer("to", s.number()));
        yield s.like(x, "Add", List.of(x.name(), zeros));
      }
    };
  }

  /// A value of the same shape.
  private static String partnerOf(Sketch s, Value x) {
    List<Value> alike = s.wires.stream().filter(wire -> wire.dims().equals(x.dims())).toList();
    return alike.isEmpty() ? x.name() : s.any(alike).name();
  }

  private static Value transpose(Sketch s, Value x) {
    List<Long> order = new ArrayList<>(LongStream.range(0, x.rank()).boxed().toList());
    Collections.shuffle(order, s.random);
    return s.wire(
        s.node("Transpose", List.of(x.name()), integers("perm", array(order))),
        order.stream().map(axis -> x.dim(axis.intValue())).toList());
  }

  /// Joins or parts dimensions.
  private static Value reshape(Sketch s, Value x) {
    List<Long> wanted = new ArrayList<>(x.dims());
    for (int i = 1 + s.random.nextInt(3); i > 0; i--) {
      int axis = wanted.isEmpty() ? 0 : s.random.nextInt(wanted.size());
      if (wanted.size() > 1 && s.coin() && axis + 1 < wanted.size()) {
        wanted.set(axis, wanted.get(axis) * wanted.remove(axis + 1));
      } else if (wanted.size() < 6) {
        long factor = s.any(1, 4);
        long extent = wanted.isEmpty() ? 1 : wanted.get(axis);
        if (extent % factor == 0 && !wanted.isEmpty()) {
          wanted.set(axis, factor);
          wanted.add(axis + (s.coin() ? 0 : 1), extent / factor);
        } else {
          wanted.add(axis, 1L);
        }
      }
    }
    long[] shape = array(wanted);
    boolean isEmpty = x.elements() == 0;
    if (shape.length > 0 && s.coin() && !isEmpty) {
      shape[s.random.nextInt(shape.length)] = -1;
    }
    return s.wire(
        s.node("Reshape", List.of(x.name(), s.longs(shape)), integer("allowzero", isEmpty ? 1 : 0)),
        wanted);
  }

  private static Value slice(Sketch s, Value x, int axis) {
    long extent = x.dim(axis);
    long step = s.any(1, 3);
    long from = s.any(0, Math.max(0, extent - 1));
    long to = s.any(from, extent);
    boolean back = s.random.nextInt(3) == 0 && from < extent;
    long count = Math.ceilDiv(to - from, step);
    String begin = s.longs(back ? to - 1 : s.coin() ? from : from - extent);
    String end = s.longs(back ? from - 1 - extent : to == extent && s.coin() ? Long.MAX_VALUE : to);
    if (extent == 0 || (to == from && back)) {
      return x;
    }
    return s.wire(
        s.node(
            "Slice",
            List.of(
                x.name(),
                begin,
                end,
                s.longs(s.signed(axis, x.rank())),
                s.longs(back ? -step : step))),
        with(x.dims(), axis, count));
  }

  private static Value split(Sketch s, Value x, int axis) {
    long first = s.any(0, x.dim(axis));
    List<String> parts = List.of(s.name("v"), s.name("v"));
    s.node(
        "Split",
        List.of(x.name(), s.longs(first, x.dim(axis) - first)),
        parts,
        integer("axis", s.signed(axis, x.rank())));
    s.wire(parts.getFirst(), with(x.dims(), axis, first));
    return s.wire(parts.getLast(), with(x.dims(), axis, x.dim(axis) - first));
  }

  static Value join(Sketch s, Value x) {
    if (x.rank() == 0) {
      return x;
    }
    int axis = s.random.nextInt(x.rank());
    List<Value> fitting =
        s.wires.stream()
            .filter(w ->
                w.rank() == x.rank() && with(w.dims(), axis, 0).equals(with(x.dims(), axis, 0)))
            .toList();
    List<Value> parts = new ArrayList<>();
    if (fitting.isEmpty()) {
      return x;
    }
    for (int i = (int) s.any(1, 3); i > 0; i--) {
      parts.add(s.any(fitting));
    }
    parts.add(s.random.nextInt(parts.size() + 1), x);
    return s.wire(
        s.node(
            "Concat",
            parts.stream().map(Value::name).toList(),
            integer("axis", s.signed(axis, x.rank()))),
        with(x.dims(), axis, parts.stream().mapToLong(part -> part.dim(axis)).sum()));
  }
}
