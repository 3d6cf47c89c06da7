package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.RunningSums;
import dev.jiffy.engine.kernel.Sums;
import dev.jiffy.engine.kernel.TopElements;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers softmax, normalisation and reductions.
final class Rows {
  private Rows() {}

  private static int axis(long axis, int rank) {
    return (int) (axis < 0 ? axis + rank : axis);
  }

  static boolean lower(Node node, Op.Softmax softmax, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    int axis = axis(softmax.axis(), shape.rank());
    if (!lowering.isF32(node.input(0))
        || shape.elements() == 0
        || shape.rank() == 0
        || shape.elements(axis + 1, shape.rank()) != 1) {
      return false;
    }
    long n = shape.dim(axis);
    long rows = shape.elements() / n;
    if (rows > Integer.MAX_VALUE) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place y = lowering.result(node.output());
    RowKernels kernels = lowering.target().rows();
    lowering.add(
        new SliceStep(
            Lowering.label(node),
            lowering.target(),
            16.0 * rows * n,
            rows,
            4 * n,
            4 * n,
            x,
            y,
            (from, to, some, _, _) -> kernels.softmax(softmax.log(), from, to, some, n)),
        x,
        y);
    return true;
  }

  static boolean lower(Node node, Op.LayerNorm norm, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    int axis = axis(norm.axis(), shape.rank());
    long n = shape.elements(axis, shape.rank());
    long rows = n == 0 ? 0 : shape.elements() / n;
    boolean fits = rows > 0 && rows <= Integer.MAX_VALUE;
    for (int i = 0; i < node.inputs().size() && fits; i++) {
      fits = lowering.isF32(node.input(i));
      if (fits && (i == 1 || i == 2) && node.hasInput(i)) {
        fits = lowering.shape(node.input(i)).elements() == n;
      }
      if (fits && i == 3 && node.hasInput(i)) {
        fits = lowering.shape(node.input(i)).equals(shape);
      }
    }
    for (int i = 1; i < node.outputs().size(); i++) {
      fits &= node.outputs().get(i).isEmpty();
    }
    if (!fits) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place scale = lowering.place(node.input(1));
    Place bias = lowering.place(node.input(2));
    Place residual = lowering.place(node.input(3));
    Place y = lowering.result(node.output());
    lowering.add(
        new LayerNormStep(
            Lowering.label(node),
            lowering.target(),
            (int) rows,
            n,
            norm.epsilon(),
            x,
            residual,
            scale,
            bias,
            y),
        x,
        residual,
        scale,
        bias,
        y);
    return true;
  }

  static boolean lower(Node node, Op.Reduce reduce, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    int rank = shape.rank();
    boolean[] reduced = axes(node, reduce, rank, lowering);
    DType type = lowering.dtype(node.input(0));
    boolean isKnown =
        type == DType.F32 || (reduce.function() == ReduceFunction.SUM && Sums.isSupported(type));
    if (reduced == null || !isKnown || shape.elements() == 0) {
      return false;
    }
    List<Run> runs = runs(shape, reduced);
    int last = runs.size() - 1;
    int first = 0;
    while (first <= last && !runs.get(first).reduced) {
      first++;
    }
    if (first > last) {
      return keepsSingle(reduce.function()) && Views.lowerWhole(node, lowering);
    }
    while (!runs.get(last).reduced) {
      last--;
    }
    long inner = product(runs.subList(last + 1, runs.size()));
    for (int i = first; i <= last; i += 2) {
      if (product(runs.subList(0, i)) > Integer.MAX_VALUE) {
        return false;
      }
    }
    // the last first, each of what the one behind it has left
    Reals from =
        type == DType.F32
            ? ReduceStep.source(node, runs.get(last).extent * inner, lowering)
            : Reals.floats(lowering.place(node.input(0)));
    for (int i = last; i >= first; i -= 2) {
      long outer = product(runs.subList(0, i));
      Place to =
          i == first
              ? lowering.result(node.output())
              : lowering.planned(type.bytes() * outer * inner);
      ReduceFunction function = part(reduce.function(), i == last, i == first);
      lowering.add(
          reduction(
              Lowering.label(node),
              lowering.target(),
              function,
              type,
              outer,
              runs.get(i).extent,
              inner,
              from,
              to),
          from.place(),
          to);
      from = Reals.floats(to);
      inner *= i == first ? 1 : runs.get(i - 1).extent;
    }
    return true;
  }

  /// {@return a reduction of the middle of three dimensions}
  ///
  /// @param type the type of all numbers; of others than f32 there are sums
  static Step reduction(
      String label,
      Target target,
      ReduceFunction function,
      DType type,
      long outer,
      long n,
      long inner,
      Reals x,
      Place y) {
    RowKernels kernels = target.rows();
    return new ReduceStep(
        label,
        target,
        type == DType.F32
            ? (from, to, some) -> kernels.reduce(function, from, to, some, n, inner)
            : (from, to, some) -> kernels.sum(type, from, to, some, n, inner),
        type.bytes(),
        type.bytes(),
        outer,
        n,
        inner,
        x,
        y);
  }

  /// Adjacent dimensions that are reduced, or stay, together.
  private record Run(long extent, boolean reduced) {}

  /// {@return dimensions as runs, in turns reduced and not, extents of 1 left out}
  private static List<Run> runs(Shape shape, boolean[] reduced) {
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < reduced.length; i++) {
      long extent = shape.dim(i);
      if (extent == 1) {
        continue;
      }
      boolean joins = !runs.isEmpty() && runs.getLast().reduced == reduced[i];
      runs.add(new Run(joins ? extent * runs.removeLast().extent : extent, reduced[i]));
    }
    return runs;
  }

  private static long product(List<Run> runs) {
    long product = 1;
    for (Run run : runs) {
      product *= run.extent;
    }
    return product;
  }

  /// {@return what a function of all is for one of the runs that are reduced in turn}
  private static ReduceFunction part(ReduceFunction function, boolean isFirst, boolean isLast) {
    return switch (function) {
      case SUM, MEAN, MAX, MIN, PROD, L1, L2, LOG_SUM_EXP -> function;
      case SUM_SQUARE -> isFirst ? function : ReduceFunction.SUM;
      case LOG_SUM -> isLast ? function : ReduceFunction.SUM;
    };
  }

  static boolean lower(Node node, Op.ArgReduce op, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    int axis = axis(op.axis(), shape.rank());
    long outer = shape.elements(0, axis);
    long n = shape.dim(axis);
    if (!lowering.isReal(node.input(0))
        || shape.elements() == 0
        || outer > Integer.MAX_VALUE
        || n > Integer.MAX_VALUE) {
      return false;
    }
    long inner = shape.elements(axis + 1, shape.rank());
    Reals x = ReduceStep.source(node, n * inner, lowering);
    Place y = lowering.result(node.output());
    RowKernels kernels = lowering.target().rows();
    lowering.add(
        new ReduceStep(
            Lowering.label(node),
            lowering.target(),
            (from, to, some) ->
                kernels.argReduce(op.largest(), op.lastIndex(), from, to, some, (int) n, inner),
            Float.BYTES,
            Long.BYTES,
            outer,
            n,
            inner,
            x,
            y),
        x.place(),
        y);
    return true;
  }

  static boolean lower(Node node, Op.CumSum op, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    DType type = lowering.dtype(node.input(0));
    long[] named = longs(node.input(1), lowering);
    if (named == null || (type != DType.F32 && type != DType.I64) || shape.elements() == 0) {
      return false;
    }
    int axis = Operands.axis(named[0], shape.rank());
    long outer = shape.elements(0, axis);
    long inner = shape.elements(axis + 1, shape.rank());
    if (outer > Integer.MAX_VALUE || inner > Integer.MAX_VALUE) {
      return false;
    }
    long n = shape.dim(axis);
    long bytes = type.bytes() * n * inner;
    Place x = lowering.place(node.input(0));
    Place y = lowering.result(node.output());
    lowering.add(
        new SliceStep(
            Lowering.label(node),
            lowering.target(),
            8.0 * shape.elements(),
            outer,
            bytes,
            bytes,
            x,
            y,
            type == DType.I64
                ? (from, to, some, _, _) ->
                    RunningSums.longs(op.exclusive(), op.reverse(), from, to, some, n, inner)
                : (from, to, some, frame, part) ->
                    RunningSums.floats(
                        op.exclusive(),
                        op.reverse(),
                        from,
                        to,
                        some,
                        n,
                        (int) inner,
                        frame.numbers(part, (int) inner))),
        x,
        y);
    return true;
  }

  static boolean lower(Node node, Op.TopK op, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    DType type = lowering.dtype(node.input(0));
    int axis = axis(op.axis(), shape.rank());
    String shaped = node.outputs().getFirst().isEmpty() ? node.outputs().get(1) : node.output();
    long k = lowering.shape(shaped).dim(axis);
    long n = shape.dim(axis);
    if (!TopElements.isSupported(type)
        || shape.elements() == 0
        || k == 0
        || n > Integer.MAX_VALUE
        || shape.elements() / n > Integer.MAX_VALUE) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place values = lowering.result(node, 0);
    Place indices = lowering.result(node, 1);
    lowering.add(
        new TopKStep(
            Lowering.label(node),
            lowering.target(),
            type,
            op.largest(),
            (int) (shape.elements() / n),
            (int) n,
            (int) k,
            shape.elements(axis + 1, shape.rank()),
            x,
            values,
            indices),
        x,
        values,
        indices);
    return true;
  }

  /// {@return whether a reduction of one element gives that element}
  private static boolean keepsSingle(ReduceFunction function) {
    return switch (function) {
      case SUM, MEAN, MAX, MIN, PROD -> true;
      case L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> false;
    };
  }

  /// {@return which dimensions are reduced, or null where none is}
  private static boolean @Nullable [] axes(
      Node node, Op.Reduce reduce, int rank, Lowering lowering) {
    boolean[] reduced = new boolean[rank];
    long[] axes = node.hasInput(1) ? longs(node.input(1), lowering) : new long[0];
    if (axes == null || (axes.length == 0 && reduce.noopWithEmptyAxes())) {
      return null;
    }
    for (long axis : axes) {
      reduced[axis(axis, rank)] = true;
    }
    if (axes.length == 0) {
      java.util.Arrays.fill(reduced, true);
    }
    return reduced;
  }

  /// {@return the numbers of a small integer tensor that is known before the run, or null}
  static long @Nullable [] longs(String value, Lowering lowering) {
    Tensor constant = lowering.graph().constants().get(value);
    return constant != null ? constant.toLongs() : lowering.graph().fact(value).concreteValue();
  }
}
