package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.PadMode;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Lowers borders: the input is copied to where it belongs, after a number has been stored
/// everywhere, or before each dimension's border is copied from what is there.
final class Pads {
  private Pads() {}

  static boolean lower(Node node, Op.Pad pad, Shape x, int bytes, Lowering lowering) {
    long[] pads = pads(node, x.rank(), lowering);
    if (pads == null
        || pads.length != 2 * x.rank()
        || x.elements() == 0
        || lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    return pad.mode() == PadMode.CONSTANT
        ? constant(node, pads, x, bytes, lowering)
        : repeated(node, pad.mode(), pads, x, bytes, lowering);
  }

  /// {@return what is put before each dimension, then behind each, or null if it is not known}
  private static long @Nullable [] pads(Node node, int rank, Lowering lowering) {
    long[] given = Rows.longs(node.input(1), lowering);
    if (given == null || !node.hasInput(3)) {
      return given;
    }
    long[] axes = Rows.longs(node.input(3), lowering);
    if (axes == null) {
      return null;
    }
    long[] pads = new long[2 * rank];
    for (int i = 0; i < axes.length; i++) {
      int axis = (int) Math.floorMod(axes[i], (long) rank);
      pads[axis] = given[i];
      pads[rank + axis] = given[axes.length + i];
    }
    return pads;
  }

  private static boolean constant(Node node, long[] pads, Shape x, int bytes, Lowering lowering) {
    Tensor constant = lowering.graph().constants().get(node.input(2));
    if (!FillStep.stores(lowering.dtype(node.input(0))) || (constant == null && node.hasInput(2))) {
      return false;
    }
    int word = constant == null || constant.shape().elements() == 0 ? 0 : FillStep.word(constant);
    long[] dims = x.dims();
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] += Math.min(pads[axis], 0) + Math.min(pads[axis + dims.length], 0);
      if (dims[axis] <= 0) {
        return false;
      }
    }
    Place y = lowering.result(node.output());
    long all = bytes * lowering.shape(node.output()).elements();
    lowering.add(new FillStep(Lowering.label(node), lowering.target(), word, all, y), y);
    inner(node, pads, dims, x, bytes, y, lowering);
    return true;
  }

  /// Copies what is kept of the input.
  private static void inner(
      Node node, long[] pads, long[] dims, Shape x, int bytes, Place y, Lowering lowering) {
    long[] source = Movement.dense(x.dims(), bytes);
    long[] target = Movement.dense(lowering.shape(node.output()).dims(), bytes);
    long from = 0;
    long to = 0;
    for (int axis = 0; axis < dims.length; axis++) {
      from += Math.max(-pads[axis], 0) * source[axis];
      to += Math.max(pads[axis], 0) * target[axis];
    }
    Movement.copy(
        Lowering.label(node),
        dims,
        lowering.place(node.input(0)).plus(from),
        source,
        y.plus(to),
        target,
        bytes,
        lowering);
  }

  private static boolean repeated(
      Node node, PadMode mode, long[] pads, Shape x, int bytes, Lowering lowering) {
    int rank = x.rank();
    for (int axis = 0; axis < rank; axis++) {
      long most =
          switch (mode) {
            case REFLECT -> x.dim(axis) - 1;
            case WRAP -> x.dim(axis);
            case EDGE, CONSTANT -> Long.MAX_VALUE;
          };
      long begin = pads[axis];
      long end = pads[axis + rank];
      if (begin < 0 || end < 0 || begin > most || end > most) {
        return false;
      }
    }
    Place y = lowering.result(node.output());
    inner(node, pads, x.dims(), x, bytes, y, lowering);
    long[] strides = Movement.dense(lowering.shape(node.output()).dims(), bytes);
    long[] dims = x.dims();
    long first = 0;
    for (int axis = 0; axis < rank; axis++) {
      first += pads[axis] * strides[axis];
    }
    for (int axis = 0; axis < rank; axis++) {
      long begin = pads[axis];
      long extent = dims[axis];
      long stride = strides[axis];
      first -= begin * stride;
      for (boolean before : new boolean[] {true, false}) {
        long from =
            switch (mode) {
              case REFLECT -> before ? 2 * begin : begin + extent - 2;
              case WRAP -> before ? extent : begin;
              case EDGE, CONSTANT -> before ? begin : begin + extent - 1;
            };
        long[] border = dims.clone();
        border[axis] = before ? begin : pads[axis + rank];
        long[] source = strides.clone();
        source[axis] = mode == PadMode.REFLECT ? -stride : mode == PadMode.WRAP ? stride : 0;
        if (border[axis] > 0) {
          Place to = y.plus(first + (before ? 0 : begin + extent) * stride);
          Place start = y.plus(first + from * stride);
          String name = Lowering.label(node);
          Movement.copy(name, border, start, source, to, strides, bytes, lowering);
        }
      }
      dims[axis] += begin + pads[axis + rank];
    }
    return true;
  }
}
