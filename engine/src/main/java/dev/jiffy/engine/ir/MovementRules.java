package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators that move elements without looking at them.
final class MovementRules {
  private MovementRules() {}

  static Fact transpose(Op.Transpose op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    List<Long> perm = op.perm();
    for (long axis : perm) {
      if (axis < 0 || axis >= perm.size()) {
        throw new ModelException("perm " + perm + ": expected axes 0 to " + (perm.size() - 1));
      }
    }
    if (shape == null) {
      return Fact.of(in.dtype(0), perm.isEmpty() ? null : in.fresh("transposed", perm.size()));
    }
    int rank = shape.size();
    if (!perm.isEmpty() && perm.size() != rank) {
      throw new ModelException("perm " + perm + ": expected " + rank + " axes for " + in.fact(0));
    }
    Dim[] dims = new Dim[rank];
    boolean[] seen = new boolean[rank];
    for (int i = 0; i < rank; i++) {
      int axis = perm.isEmpty() ? rank - 1 - i : perm.get(i).intValue();
      if (seen[axis]) {
        throw new ModelException("perm " + perm + ": axis " + axis + " appears twice");
      }
      seen[axis] = true;
      dims[i] = shape.get(axis);
    }
    return new Fact(in.dtype(0), List.of(dims), in.fact(0).value());
  }

  static Fact concat(Op.Concat op, Operands in) {
    in.expect(1, Integer.MAX_VALUE, 1);
    List<Dim> shape = null;
    for (int i = 0; i < in.count(); i++) {
      in.same(i, 0);
      List<Dim> part = in.shape(i);
      if (part == null) {
        continue;
      }
      if (shape != null && part.size() != shape.size()) {
        throw new ModelException(
            "input " + i + ": expected rank " + shape.size() + ", got " + in.fact(i));
      }
      shape = shape == null ? part : shape;
    }
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    int axis = Operands.axis(op.axis(), shape.size());
    Dim[] dims = shape.toArray(new Dim[0]);
    dims[axis] = Dims.ZERO;
    boolean complete = true;
    for (int i = 0; i < in.count(); i++) {
      List<Dim> part = in.shape(i);
      if (part == null) {
        complete = false;
        continue;
      }
      join(dims, part, axis, i);
    }
    if (!complete) {
      dims[axis] = in.fresh("concatenated");
    }
    return new Fact(in.dtype(0), List.of(dims), complete ? concatValue(dims, in) : null);
  }

  private static void join(Dim[] dims, List<Dim> part, int axis, int input) {
    for (int i = 0; i < dims.length; i++) {
      Dim dim = i == axis ? Dims.add(dims[i], part.get(i)) : Dims.merge(dims[i], part.get(i));
      if (dim == null) {
        throw new ModelException(
            "input "
                + input
                + ": expected extent "
                + dims[i]
                + " in dimension "
                + i
                + ", got "
                + Dims.text(part));
      }
      dims[i] = dim;
    }
  }

  private static @Nullable List<Dim> concatValue(Dim[] dims, Operands in) {
    if (dims.length != 1
        || !(dims[0] instanceof Dim.Known size)
        || size.value() > Operands.MAX_VALUE) {
      return null;
    }
    List<Dim> value = new ArrayList<>((int) size.value());
    for (int i = 0; i < in.count(); i++) {
      List<Dim> part = in.value(i);
      if (part == null) {
        return null;
      }
      value.addAll(part);
    }
    return value;
  }

  static List<Fact> split(Op.Split op, Operands in) {
    in.expect(1, 2, Integer.MAX_VALUE);
    List<Dim> shape = in.shape(0);
    int outputs = in.outputs();
    if (shape == null) {
      return java.util.Collections.nCopies(outputs, Fact.unranked(in.dtype(0)));
    }
    int axis = Operands.axis(op.axis(), shape.size());
    Dim[] sizes = in.has(1) ? givenSizes(shape.get(axis), in) : equalSizes(op, shape.get(axis), in);
    List<Fact> facts = new ArrayList<>(outputs);
    List<Dim> value = in.value(0);
    long at = 0;
    for (int i = 0; i < outputs; i++) {
      List<Dim> part = null;
      if (value != null && sizes[i] instanceof Dim.Known n && at + n.value() <= value.size()) {
        part = value.subList((int) at, (int) (at + n.value()));
        at += n.value();
      } else {
        value = null;
      }
      facts.add(new Fact(in.dtype(0), Dims.with(shape, axis, sizes[i]), part));
    }
    return facts;
  }

  private static Dim[] givenSizes(Dim extent, Operands in) {
    in.index(1);
    in.length(1);
    List<Dim> value = in.value(1, Integer.MAX_VALUE);
    if (value == null) {
      return in.fresh("split", in.outputs()).toArray(new Dim[0]);
    }
    if (value.size() != in.outputs()) {
      throw new ModelException(
          "sizes " + value + ": expected one for each of " + in.outputs() + " outputs");
    }
    ShapeRules.extents("sizes", value);
    Dim sum = Dims.ZERO;
    for (Dim size : value) {
      sum = Dims.add(sum, size);
    }
    if (Dims.merge(sum, extent) == null) {
      throw new ModelException("sizes " + value + ": expected the sum " + extent + ", got " + sum);
    }
    return value.toArray(new Dim[0]);
  }

  private static Dim[] equalSizes(Op.Split op, Dim extent, Operands in) {
    int parts = in.outputs();
    if (op.parts() != 0 && op.parts() != parts) {
      throw new ModelException("expected " + op.parts() + " outputs, got " + parts);
    }
    Dim chunk = Dims.ceilDivide(extent, parts);
    Dim last = Dims.subtract(extent, Dims.multiply(chunk, parts - 1));
    if (last instanceof Dim.Known known && known.value() < 0) {
      throw new ModelException("extent " + extent + " cannot be cut into " + parts + " parts");
    }
    Dim[] sizes = new Dim[parts];
    Arrays.fill(sizes, chunk);
    sizes[parts - 1] = last;
    return sizes;
  }

  static Fact pad(Operands in) {
    in.expect(2, 4, 1);
    in.index(1);
    in.same(2, 0);
    int length = in.length(1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    int rank = shape.size();
    long[] axes = in.has(3) ? in.numbers(3) : null;
    if (in.has(3)) {
      in.index(3);
    }
    if (in.has(3) && axes == null) {
      return Fact.of(in.dtype(0), in.fresh("padded", rank));
    }
    int padded = axes == null ? rank : axes.length;
    if (axes != null) {
      Operands.axes(axes, rank);
    }
    if (length >= 0 && length != 2 * padded) {
      throw new ModelException("pads: expected " + 2 * padded + " numbers, got " + length);
    }
    List<Dim> pads = in.value(1);
    Dim[] dims = shape.toArray(new Dim[0]);
    for (int i = 0; i < padded; i++) {
      int axis = axes == null ? i : Operands.axis(axes[i], rank);
      dims[axis] =
          pads == null
              ? in.fresh("padded")
              : Dims.add(Dims.add(dims[axis], pads.get(i)), pads.get(padded + i));
      if (dims[axis] instanceof Dim.Known known && known.value() < 0) {
        throw new ModelException(
            "pads " + pads + " crop more than dimension " + axis + " of " + in.fact(0) + " has");
      }
    }
    return Fact.of(in.dtype(0), List.of(dims));
  }

  static Fact tile(Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    int length = in.length(1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.of(in.dtype(0), length < 0 ? null : in.fresh("tiled", length));
    }
    if (length >= 0 && length != shape.size()) {
      throw new ModelException("repeats: expected " + shape.size() + " numbers, got " + length);
    }
    List<Dim> repeats = in.value(1);
    if (repeats == null) {
      return Fact.of(in.dtype(0), in.fresh("tiled", shape.size()));
    }
    ShapeRules.extents("repeats", repeats);
    Dim[] dims = new Dim[shape.size()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Dims.multiply(shape.get(i), repeats.get(i));
    }
    return Fact.of(in.dtype(0), List.of(dims));
  }

  static Fact trilu(Operands in) {
    in.expect(1, 2, 1);
    List<Dim> shape = in.shape(0);
    if (shape != null && shape.size() < 2) {
      throw new ModelException("input 0: expected a rank of at least 2, got " + in.fact(0));
    }
    if (in.has(1)) {
      in.index(1);
      in.scalar(1);
    }
    return Fact.of(in.dtype(0), shape);
  }

  static Fact reverseSequence(Op.ReverseSequence op, Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    List<Dim> lengths = in.shape(1, 1);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return in.fact(0);
    }
    int batch = Operands.axis(op.batchAxis(), shape.size());
    int time = Operands.axis(op.timeAxis(), shape.size());
    if (batch == time) {
      throw new ModelException("batch and time axis: expected two, got " + batch + " twice");
    }
    Dims.merge("lengths", List.of(shape.get(batch)), lengths);
    return Fact.of(in.dtype(0), shape);
  }

  static Fact depthToSpace(Op.DepthToSpace op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0, 4);
    long block = block(op.block());
    if (shape == null) {
      return Fact.of(in.dtype(0), in.fresh("space", 4));
    }
    Dim channels = divided(shape, 1, Math.multiplyExact(block, block));
    return Fact.of(
        in.dtype(0),
        List.of(
            shape.get(0),
            channels,
            Dims.multiply(shape.get(2), block),
            Dims.multiply(shape.get(3), block)));
  }

  static Fact spaceToDepth(Op.SpaceToDepth op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0, 4);
    long block = block(op.block());
    if (shape == null) {
      return Fact.of(in.dtype(0), in.fresh("depth", 4));
    }
    return Fact.of(
        in.dtype(0),
        List.of(
            shape.get(0),
            Dims.multiply(shape.get(1), Math.multiplyExact(block, block)),
            divided(shape, 2, block),
            divided(shape, 3, block)));
  }

  private static long block(long block) {
    if (block < 1) {
      throw new ModelException("block: expected at least 1, got " + block);
    }
    return block;
  }

  private static Dim divided(List<Dim> shape, int axis, long divisor) {
    Dim dim = shape.get(axis);
    if (dim instanceof Dim.Known known && known.value() % divisor != 0) {
      throw new ModelException(
          "dimension " + axis + " of " + Dims.text(shape) + ": expected a multiple of " + divisor);
    }
    return Dims.floorDivide(dim, Dim.of(divisor));
  }
}
