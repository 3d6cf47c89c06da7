package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators that read or change the shape alone, or make a tensor from a shape.
final class ShapeRules {
  private ShapeRules() {}

  static Fact shapeOf(Op.ShapeOf op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.of(DType.I64, List.of(in.fresh("rank")));
    }
    int rank = shape.size();
    Long last = op.end();
    int from = clamp(op.start(), rank);
    int to = last == null ? rank : Math.max(from, clamp(last, rank));
    List<Dim> dims = shape.subList(from, to);
    return new Fact(DType.I64, List.of(Dim.of(to - from)), dims);
  }

  private static int clamp(long axis, int rank) {
    return Math.clamp(axis < 0 ? axis + rank : axis, 0, rank);
  }

  static Fact size(Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    return new Fact(DType.I64, List.of(), shape == null ? null : List.of(Dims.product(shape)));
  }

  static Fact reshape(Op.Reshape op, Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    int rank = in.length(1);
    List<Dim> target = in.value(1);
    List<Dim> from = in.shape(0);
    if (target == null) {
      return Fact.of(in.dtype(0), rank < 0 ? null : in.fresh("reshaped", rank));
    }
    List<Dim> shape = target(op.allowZero(), target, from, in);
    List<Dim> value = in.fact(0).value();
    boolean isKept =
        value != null
            && (shape.isEmpty() || (shape.size() == 1 && shape.getFirst().is(value.size())));
    return new Fact(in.dtype(0), shape, isKept ? value : null);
  }

  private static List<Dim> target(
      boolean allowZero, List<Dim> target, @Nullable List<Dim> from, Operands in) {
    Dim[] dims = new Dim[target.size()];
    int inferred = -1;
    for (int i = 0; i < dims.length; i++) {
      Dim dim = target.get(i);
      if (dim.is(-1)) {
        if (inferred >= 0) {
          throw new ModelException(
              "shape " + Dims.text(target) + ": expected at most one -1, got more");
        }
        inferred = i;
      } else if (dim.is(0) && !allowZero) {
        if (from != null && i >= from.size()) {
          throw new ModelException(
              "shape "
                  + Dims.text(target)
                  + ": 0 at index "
                  + i
                  + " copies an extent, but "
                  + Dims.text(from)
                  + " has rank "
                  + from.size());
        }
        dim = from == null ? in.fresh("reshaped") : from.get(i);
      } else if (dim instanceof Dim.Known known && known.value() < 0) {
        throw new ModelException(
            "shape " + Dims.text(target) + ": expected extents or -1, got " + dim);
      }
      dims[i] = dim;
    }
    if (inferred >= 0) {
      dims[inferred] = Dims.ONE;
      dims[inferred] =
          from == null ? in.fresh("reshaped") : missing(target, from, List.of(dims), inferred);
    } else if (from != null) {
      checkElements(target, from, List.of(dims));
    }
    return List.of(dims);
  }

  private static void checkElements(List<Dim> target, List<Dim> from, List<Dim> to) {
    if (from.equals(to)) {
      return;
    }
    Long want = Dims.knownProduct(from);
    Long got = Dims.knownProduct(to);
    if (want != null && got != null && !want.equals(got)) {
      throw new ModelException(
          "shape "
              + Dims.text(target)
              + ": expected the "
              + want
              + " elements of "
              + Dims.text(from)
              + ", got "
              + got);
    }
  }

  /// The extent that -1 stands for; `to` has 1 in its place.
  private static Dim missing(List<Dim> target, List<Dim> from, List<Dim> to, int inferred) {
    Long total = Dims.knownProduct(from);
    Long others = Dims.knownProduct(to);
    if (total != null && others != null && others != 0) {
      if (total % others != 0) {
        throw new ModelException(
            "shape "
                + Dims.text(target)
                + ": the "
                + total
                + " elements of "
                + Dims.text(from)
                + " do not divide by "
                + others);
      }
      return Dim.of(total / others);
    }
    if (total != null && total == 0 && others == null) {
      return Dims.ZERO;
    }
    // an extent kept in place cancels, whatever it is: this also holds where it is 0
    List<Dim> dividend = new ArrayList<>(from);
    List<Dim> divisor = new ArrayList<>();
    for (Dim dim : to) {
      if (!dividend.remove(dim)) {
        divisor.add(dim);
      }
    }
    if (Dims.product(divisor).is(0)) {
      throw new ModelException(
          "shape "
              + Dims.text(target)
              + ": -1 at index "
              + inferred
              + " beside an empty dimension");
    }
    return Dims.floorDivide(Dims.product(dividend), Dims.product(divisor));
  }

  static Fact flatten(Op.Flatten op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.of(in.dtype(0), in.fresh("flattened", 2));
    }
    int rank = shape.size();
    // the axis may be the rank itself: then there is one column
    int axis = op.axis() == rank ? rank : rank == 0 ? 0 : Operands.axis(op.axis(), rank);
    if (rank == 0 && op.axis() != 0) {
      throw new ModelException("axis " + op.axis() + ": expected 0 for rank 0");
    }
    return Fact.of(
        in.dtype(0), List.of(Dims.product(shape, 0, axis), Dims.product(shape, axis, rank)));
  }

  static Fact squeeze(Operands in) {
    in.expect(1, 2, 1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    boolean[] chosen = squeezed(shape, in);
    if (chosen == null) {
      return Fact.unranked(in.dtype(0));
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      if (!chosen[i]) {
        dims.add(shape.get(i));
      } else if (shape.get(i) instanceof Dim.Known known && known.value() != 1) {
        throw new ModelException("axis " + i + ": expected extent 1, got " + Dims.text(shape));
      }
    }
    return new Fact(in.dtype(0), dims, dims.size() <= 1 ? in.value(0) : null);
  }

  /// The dimensions that go, or null where that depends on what is not known.
  private static boolean @Nullable [] squeezed(List<Dim> shape, Operands in) {
    if (in.has(1)) {
      in.index(1);
      long[] axes = in.numbers(1);
      return axes == null ? null : Operands.axes(axes, shape.size());
    }
    boolean[] chosen = new boolean[shape.size()];
    for (int i = 0; i < chosen.length; i++) {
      if (!(shape.get(i) instanceof Dim.Known known)) {
        return null;
      }
      chosen[i] = known.value() == 1;
    }
    return chosen;
  }

  static Fact unsqueeze(Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    List<Dim> shape = in.shape(0);
    long[] axes = in.numbers(1);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    if (axes == null) {
      List<Dim> count = in.shape(1);
      return count != null && count.size() == 1 && count.get(0) instanceof Dim.Known known
          ? Fact.of(
              in.dtype(0), in.fresh("unsqueezed", Math.toIntExact(shape.size() + known.value())))
          : Fact.unranked(in.dtype(0));
    }
    int rank = shape.size() + axes.length;
    boolean[] inserted = Operands.axes(axes, rank);
    Dim[] dims = new Dim[rank];
    int next = 0;
    for (int i = 0; i < rank; i++) {
      dims[i] = inserted[i] ? Dims.ONE : shape.get(next++);
    }
    return new Fact(in.dtype(0), List.of(dims), rank <= 1 ? in.value(0) : null);
  }

  static Fact expand(Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    int length = in.length(1);
    List<Dim> target = in.value(1);
    List<Dim> from = in.shape(0);
    if (target == null) {
      return Fact.of(in.dtype(0), expanded(from, length, in));
    }
    List<Dim> shape = Dims.broadcast(from, extents("shape", target));
    List<Dim> value = in.fact(0).value();
    if (value != null && shape != null && shape.size() <= 1) {
      return repeated(in.dtype(0), shape, value);
    }
    return Fact.of(in.dtype(0), shape);
  }

  private static @Nullable List<Dim> expanded(@Nullable List<Dim> from, int length, Operands in) {
    if (from == null || length < 0) {
      return null;
    }
    Dim[] dims = new Dim[Math.max(from.size(), Operands.checkRank(length))];
    for (int i = 0; i < dims.length; i++) {
      int source = i - dims.length + from.size();
      Dim dim = source < 0 ? Dims.ONE : from.get(source);
      boolean stays = i < dims.length - length || (dim instanceof Dim.Known && !dim.is(1));
      dims[i] = stays ? dim : in.fresh("expanded");
    }
    return List.of(dims);
  }

  /// A value of rank 0 or 1 repeated to fill a shape of rank 0 or 1.
  private static Fact repeated(DType dtype, List<Dim> shape, List<Dim> value) {
    if (shape.isEmpty()) {
      return new Fact(dtype, shape, value);
    }
    if (!(shape.getFirst() instanceof Dim.Known size) || size.value() > Operands.MAX_VALUE) {
      return Fact.of(dtype, shape);
    }
    Dim[] filled = new Dim[(int) size.value()];
    for (int i = 0; i < filled.length; i++) {
      filled[i] = value.get(value.size() == 1 ? 0 : i);
    }
    return new Fact(dtype, shape, List.of(filled));
  }

  /// Elements that are extents: no known one is negative.
  static List<Dim> extents(String what, List<Dim> value) {
    for (Dim dim : value) {
      if (dim instanceof Dim.Known known && known.value() < 0) {
        throw new ModelException(
            what + " " + Dims.text(value) + ": expected extents of at least 0, got " + dim);
      }
    }
    return value;
  }

  static Fact constantOfShape(Op.ConstantOfShape op, Operands in) {
    in.expect(1, 1, 1);
    in.index(0);
    if (op.value().shape().elements() != 1) {
      throw new ModelException("value: expected one element, got " + op.value().shape());
    }
    DType dtype = op.value().dtype();
    Fact shaped = shaped(dtype, in);
    List<Dim> shape = shaped.shape();
    List<Dim> value = Constants.value(op.value().reshape(1), 1);
    return shape != null && in.value(0) != null && shape.size() <= 1 && value != null
        ? repeated(dtype, shape, value)
        : shaped;
  }

  /// A result whose shape is the first input.
  static Fact shaped(DType dtype, Operands in) {
    in.index(0);
    int rank = in.length(0);
    List<Dim> value = in.value(0);
    if (value == null) {
      return Fact.of(dtype, rank < 0 ? null : in.fresh("filled", rank));
    }
    return Fact.of(dtype, extents("shape", value));
  }

  static Fact range(Operands in) {
    in.expect(3, 3, 1);
    DType dtype = in.numeric(0);
    in.same(1, 0);
    in.same(2, 0);
    Dim start = in.scalar(0);
    Dim limit = in.scalar(1);
    Dim delta = in.scalar(2);
    if (start == null || limit == null || delta == null) {
      Tensor[] ends = {in.constant(0), in.constant(1), in.constant(2)};
      boolean known = Arrays.stream(ends).allMatch(end -> end != null);
      Dim count = known && dtype.isFloat() ? count(in) : in.fresh("range");
      return Fact.of(dtype, List.of(count));
    }
    Dim count = count(start, limit, delta, in);
    return new Fact(dtype, List.of(count), rangeValue(dtype, start, delta, count));
  }

  private static Dim count(Operands in) {
    double[] ends = new double[3];
    for (int i = 0; i < 3; i++) {
      Tensor tensor = in.constant(i);
      if (tensor != null) {
        ends[i] = tensor.getDouble(0);
      }
    }
    double count = Math.ceil((ends[1] - ends[0]) / ends[2]);
    if (ends[2] == 0 || Double.isNaN(count) || count >= 0x1p62) {
      throw new ModelException(
          "range from " + ends[0] + " to " + ends[1] + " by " + ends[2] + " has no end");
    }
    return Dim.of((long) Math.max(count, 0));
  }

  private static Dim count(Dim start, Dim limit, Dim delta, Operands in) {
    if (delta.is(0)) {
      throw new ModelException("delta: expected a number other than 0, got 0");
    }
    if (!(delta instanceof Dim.Known step)) {
      return in.fresh("range");
    }
    Dim span = step.value() > 0 ? Dims.subtract(limit, start) : Dims.subtract(start, limit);
    return Dims.max(Dims.ceilDivide(span, Math.absExact(step.value())), Dims.ZERO);
  }

  private static @Nullable List<Dim> rangeValue(DType dtype, Dim start, Dim delta, Dim count) {
    if (!(count instanceof Dim.Known n) || n.value() > Operands.MAX_VALUE || dtype.isFloat()) {
      return null;
    }
    Dim[] value = new Dim[(int) n.value()];
    for (int i = 0; i < value.length; i++) {
      value[i] = Dims.add(start, Dims.multiply(delta, i));
    }
    return ElementwiseRules.kept(dtype, value);
  }

  static Fact eyeLike(Op.EyeLike op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0, 2);
    DType wanted = op.dtype();
    DType made = wanted == null ? in.dtype(0) : wanted;
    if (made == DType.STRING) {
      throw new ModelException("expected a type of numbers, got " + made);
    }
    return Fact.of(made, shape == null ? in.fresh("eye", 2) : shape);
  }
}
