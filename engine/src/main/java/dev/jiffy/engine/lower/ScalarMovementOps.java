package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.scalar.ScalarMovement;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The operators that move elements, on the scalar kernels.
final class ScalarMovementOps {
  private ScalarMovementOps() {}

  static void transpose(Op.Transpose op, Operands o) {
    int rank = o.rank(0);
    int[] perm = new int[rank];
    for (int d = 0; d < rank; d++) {
      perm[d] = op.perm().isEmpty() ? rank - 1 - d : Operands.axis(op.perm().get(d), rank);
    }
    ScalarMovement.permute(o.in(0), o.in(0).shape().dims(), perm, o.out());
  }

  static void depthToSpace(Op.DepthToSpace op, Operands o) {
    long[] x = o.in(0).shape().dims();
    long b = op.block();
    long depth = x[1] / (b * b);
    if (op.columnRowDepth()) {
      long[] dims = {x[0], depth, b, b, x[2], x[3]};
      ScalarMovement.permute(o.in(0), dims, new int[] {0, 1, 4, 2, 5, 3}, o.out());
    } else {
      long[] dims = {x[0], b, b, depth, x[2], x[3]};
      ScalarMovement.permute(o.in(0), dims, new int[] {0, 3, 4, 1, 5, 2}, o.out());
    }
  }

  static void spaceToDepth(Op.SpaceToDepth op, Operands o) {
    long[] x = o.in(0).shape().dims();
    long b = op.block();
    long[] dims = {x[0], x[1], x[2] / b, b, x[3] / b, b};
    ScalarMovement.permute(o.in(0), dims, new int[] {0, 3, 5, 1, 2, 4}, o.out());
  }

  static void expand(Operands o) {
    long[] y = o.out().shape().dims();
    long[] x = led(o.in(0).shape().dims(), y.length);
    long[][] maps = maps(o.out().shape());
    for (int d = 0; d < y.length; d++) {
      for (int i = 0; i < maps[d].length; i++) {
        maps[d][i] = x[d] == 1 ? 0 : i;
      }
    }
    ScalarMovement.pick(o.in(0).reshape(x), maps, null, o.out());
  }

  /// Returns extents led by 1.
  private static long[] led(long[] dims, int rank) {
    long[] all = new long[rank];
    Arrays.fill(all, 1);
    System.arraycopy(dims, 0, all, rank - dims.length, dims.length);
    return all;
  }

  /// {@return a map for each dimension of a result, without indices where it has no elements, since
  /// its extents may be huge}
  private static long[][] maps(Shape shape) {
    long[][] maps = new long[shape.rank()][0];
    if (shape.elements() > 0) {
      Arrays.setAll(maps, d -> new long[Math.toIntExact(shape.dim(d))]);
    }
    return maps;
  }

  static void tile(Operands o) {
    long[] x = o.in(0).shape().dims();
    long[][] maps = maps(o.out().shape());
    for (int d = 0; d < x.length; d++) {
      for (int i = 0; i < maps[d].length; i++) {
        maps[d][i] = i % x[d];
      }
    }
    ScalarMovement.pick(o.in(0), maps, null, o.out());
  }

  static void concat(Op.Concat op, Operands o) {
    int axis = Operands.axis(op.axis(), o.out().shape().rank());
    long at = 0;
    for (int i = 0; i < o.inputs().size(); i++) {
      Tensor x = o.in(i);
      long count = x.shape().dim(axis);
      ScalarMovement.slices(x, 0, o.out(), at, count, axis);
      at += count;
    }
  }

  static void split(Op.Split op, Operands o) {
    int axis = o.axis(op.axis());
    Tensor sizes = o.optional(1);
    int parts = o.outputs().size();
    long extent = o.in(0).shape().dim(axis);
    long even = -Math.floorDiv(-extent, (long) Math.max(parts, 1));
    long at = 0;
    for (int i = 0; i < parts; i++) {
      long count = sizes == null ? Math.min(even, extent - at) : sizes.getLong(i);
      Tensor out = o.optionalOut(i);
      if (out != null) {
        ScalarMovement.slices(o.in(0), at, out, 0, count, axis);
      }
      at += count;
    }
  }

  static void slice(Operands o) {
    Shape shape = o.in(0).shape();
    int rank = shape.rank();
    long[][] maps = maps(o.out().shape());
    for (int d = 0; d < rank; d++) {
      for (int i = 0; i < maps[d].length; i++) {
        maps[d][i] = i;
      }
    }
    Tensor starts = o.in(1);
    Tensor axes = o.optional(3);
    Tensor steps = o.optional(4);
    for (int k = 0; k < starts.shape().elements(); k++) {
      int axis = axes == null ? k : o.axis(axes.getLong(k));
      long step = steps == null ? 1 : steps.getLong(k);
      long extent = shape.dim(axis);
      long given = starts.getLong(k);
      long start = given < 0 ? given + extent : given;
      long first = Math.max(0, Math.min(step < 0 ? extent - 1 : extent, start));
      for (int i = 0; i < maps[axis].length; i++) {
        maps[axis][i] = first + i * step;
      }
    }
    ScalarMovement.pick(o.in(0), maps, null, o.out());
  }

  static void pad(Op.Pad op, Operands o) {
    Shape shape = o.in(0).shape();
    int rank = shape.rank();
    Tensor pads = o.in(1);
    Tensor axes = o.optional(3);
    long[] begins = new long[rank];
    long listed = axes == null ? rank : axes.shape().elements();
    for (int k = 0; k < listed; k++) {
      begins[axes == null ? k : o.axis(axes.getLong(k))] = pads.getLong(k);
    }
    for (int d = 0; d < rank; d++) {
      if (shape.dim(d) == 0 && o.out().shape().dim(d) > 0 && op.mode() != Op.PadMode.CONSTANT) {
        throw new ModelException("an empty axis %d cannot be padded by %s".formatted(d, op.mode()));
      }
    }
    long[][] maps = maps(o.out().shape());
    for (int d = 0; d < rank; d++) {
      for (int i = 0; i < maps[d].length; i++) {
        maps[d][i] = source(op.mode(), i - begins[d], shape.dim(d));
      }
    }
    ScalarMovement.pick(o.in(0), maps, fill(o.optional(2), o.in(0).dtype()), o.out());
  }

  private static Tensor fill(@Nullable Tensor value, DType dtype) {
    return value != null && value.shape().elements() > 0
        ? value
        : Tensor.allocate(dtype, Shape.of());
  }

  private static long source(Op.PadMode mode, long index, long extent) {
    return switch (mode) {
      case CONSTANT -> index < 0 || index >= extent ? -1 : index;
      case EDGE -> Math.max(0, Math.min(extent - 1, index));
      case WRAP -> Math.floorMod(index, extent);
      case REFLECT -> {
        long period = Math.max(1, 2 * (extent - 1));
        long within = Math.floorMod(index, period);
        yield within < extent ? within : period - within;
      }
    };
  }

  static void reverseSequence(Op.ReverseSequence op, Operands o) {
    int batchAxis = o.axis(op.batchAxis());
    int timeAxis = o.axis(op.timeAxis());
    long[] lengths = o.in(1).toLongs();
    long steps = o.in(0).shape().dim(timeAxis);
    for (long length : lengths) {
      if (length < 0 || length > steps) {
        throw new ModelException(
            "a sequence length of %d does not fit the %d steps of axis %d"
                .formatted(length, steps, timeAxis));
      }
    }
    ScalarMovement.reverseSequence(o.in(0), lengths, batchAxis, timeAxis, o.out());
  }
}
