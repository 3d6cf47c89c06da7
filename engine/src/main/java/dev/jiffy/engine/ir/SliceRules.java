package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rule of strided parts.
final class SliceRules {
  /// Ends from here on mean "to the end" of a dimension whose extent is not known.
  private static final long FAR = Integer.MAX_VALUE;

  private SliceRules() {}

  static Fact slice(Operands in) {
    in.expect(3, 5, 1);
    int count = -1;
    for (int i = 1; i < 5; i++) {
      if (in.has(i)) {
        in.index(i);
        count = common(i, count, in.length(i));
      }
    }
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    long[] axes = in.has(3) ? in.numbers(3) : null;
    if (count < 0 || (in.has(3) && axes == null)) {
      return Fact.of(in.dtype(0), in.fresh("sliced", shape.size()));
    }
    if (axes == null && count > shape.size()) {
      throw new ModelException(
          "starts: expected at most " + shape.size() + " for " + in.fact(0) + ", got " + count);
    }
    if (axes != null) {
      Operands.axes(axes, shape.size());
    }
    Dim[] dims = shape.toArray(new Dim[0]);
    for (int i = 0; i < count; i++) {
      int axis = axes == null ? i : Operands.axis(axes[i], shape.size());
      dims[axis] = extent(dims[axis], i, in);
    }
    return new Fact(in.dtype(0), List.of(dims), value(dims, count, in));
  }

  private static int common(int input, int count, int length) {
    if (length >= 0 && count >= 0 && length != count) {
      throw new ModelException(
          "input " + input + ": expected " + count + " numbers as in input 1, got " + length);
    }
    return Math.max(count, length);
  }

  private static Dim extent(Dim dim, int index, Operands in) {
    List<Dim> starts = in.value(1);
    List<Dim> ends = in.value(2);
    List<Dim> steps = in.value(4);
    if (starts == null || ends == null || (in.has(4) && steps == null)) {
      return in.fresh("sliced");
    }
    Dim start = starts.get(index);
    Dim end = ends.get(index);
    Dim step = steps == null ? Dims.ONE : steps.get(index);
    if (step.is(0)) {
      throw new ModelException("steps: expected numbers other than 0, got " + steps);
    }
    if (!(step instanceof Dim.Known by)) {
      return in.fresh("sliced");
    }
    if (dim instanceof Dim.Known d && start instanceof Dim.Known s && end instanceof Dim.Known e) {
      return Dim.of(length(d.value(), s.value(), e.value(), by.value()));
    }
    Dim symbolic = symbolic(dim, start, end, by.value());
    return symbolic == null ? in.fresh("sliced") : symbolic;
  }

  /// The number of elements of a part.
  static long length(long dim, long start, long end, long step) {
    if (dim == 0) {
      return 0;
    }
    long to = end < 0 ? end + dim : end;
    if (step > 0) {
      long from = Math.clamp(start < 0 ? start + dim : start, 0, dim);
      long span = Math.clamp(to, 0, dim) - from;
      return span <= 0 ? 0 : (span - 1) / step + 1;
    }
    long from = start < 0 ? Math.max(start + dim, 0) : Math.min(start, dim - 1);
    long span = from - Math.clamp(to, -1, dim - 1);
    long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : -step;
    return span <= 0 ? 0 : (span - 1) / stride + 1;
  }

  private static @Nullable Dim symbolic(Dim dim, Dim start, Dim end, long step) {
    if (step < 0) {
      boolean fromLast = start.is(-1) || (start instanceof Dim.Known s && s.value() >= FAR);
      boolean toFirst = end instanceof Dim.Known e && e.value() <= -FAR;
      return fromLast && toFirst && step > -FAR ? Dims.ceilDivide(dim, -step) : null;
    }
    Dim from = fromFront(dim, start);
    Dim to = fromFront(dim, end);
    if (from == null || to == null || step > FAR) {
      return null;
    }
    if (Dims.atLeast(Dims.subtract(from, to), 0)) {
      return Dims.ZERO;
    }
    // the end is at most the extent, so a start beyond it leaves nothing without being limited
    Dim last = to;
    if (dim instanceof Dim.Symbol && to instanceof Dim.Known k && k.value() >= FAR) {
      last = dim;
    } else if (!(end instanceof Dim.Known k) || k.value() >= 0) {
      last = Dims.min(dim, to);
    }
    return Dims.ceilDivide(Dims.max(Dims.subtract(last, from), Dims.ZERO), step);
  }

  /// A start or end counted from the front, at least 0.
  private static @Nullable Dim fromFront(Dim dim, Dim at) {
    if (at instanceof Dim.Known known) {
      if (known.value() >= 0) {
        return at;
      }
      return known.value() <= -FAR ? Dims.ZERO : Dims.max(Dims.add(dim, known.value()), Dims.ZERO);
    }
    return Dims.atLeast(at, 0) ? at : null;
  }

  private static @Nullable List<Dim> value(Dim[] dims, int count, Operands in) {
    List<Dim> value = in.value(0);
    long[] starts = in.numbers(1);
    long[] steps = in.numbers(4);
    if (value == null || dims.length != 1 || !(dims[0] instanceof Dim.Known size)) {
      return null;
    }
    if (count == 0 || value.isEmpty()) {
      return value;
    }
    if (starts == null || (in.has(4) && steps == null) || size.value() > Operands.MAX_VALUE) {
      return null;
    }
    long step = steps == null ? 1 : steps[0];
    long at = starts[0] < 0 ? starts[0] + value.size() : starts[0];
    at = step > 0 ? Math.max(at, 0) : Math.clamp(at, 0, value.size() - 1L);
    Dim[] part = new Dim[(int) size.value()];
    for (int i = 0; i < part.length; i++) {
      part[i] = value.get((int) (at + i * step));
    }
    return List.of(part);
  }
}
