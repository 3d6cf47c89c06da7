package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PoolFunction;
import dev.jiffy.engine.ir.Op.Window;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The largest elements of windows under a mask, as ONNX Runtime's `MaxpoolWithMask` finds them:
/// each row of a window, which lies along the last dimension, ends before the first element whose
/// mask is 0. With more than one spatial dimension the mask of the very first element does not
/// count. A window without elements gives the lowest number.
///
/// Rows of a window come first: those of `a + b` elements are those of `a`, and behind them, where
/// these have no 0, those of `b`. What is left is a pool whose windows are one element wide.
final class MaskedPools {
  private static final Op MOST = new Binary(BinaryFunction.MAX);
  private static final Op LEAST = new Binary(BinaryFunction.MIN);
  private static final Op EQUAL = new Binary(BinaryFunction.EQUAL);

  private MaskedPools() {}

  /// The rows of windows of some width, one beginning at each element.
  ///
  /// @param largest their largest elements
  /// @param limits infinity where no mask is 0, elsewhere the lowest number
  private record Rows(long width, String largest, String limits) {}

  /// Makes the nodes: `(x, mask)`.
  ///
  /// @param node the node
  static void pool(NodeScope node) {
    node.ignore("storage_order"); // of positions, which are no result
    Window window = PoolImports.window(node, false);
    int rank = window.kernel().size();
    if (rank == 0) {
      throw node.invalid("attribute 'kernel_shape' is missing");
    }
    String problem = problem(node, window);
    if (problem != null) {
      node.unsupported(problem);
      return;
    }
    List<Long> pads = window.pads().isEmpty() ? Collections.nCopies(2 * rank, 0L) : window.pads();
    String x = node.input(0);
    String lowest = node.scalar(-Float.MAX_VALUE, x);
    String open = open(node, rank);
    String isLarger = node.make(new Binary(BinaryFunction.GREATER), x, lowest);
    String numbers = node.make(new Op.Where(), isLarger, x, lowest); // NaN is never the largest
    String infinity = node.scalar(Double.POSITIVE_INFINITY, x);
    String limits = padded(node, node.make(new Op.Where(), open, infinity, lowest), pads, infinity);
    String first = node.make(LEAST, padded(node, numbers, pads, lowest), limits);
    String rows = rows(node, new Rows(1, first, limits), window.kernel().getLast());
    node.result(
        new Op.Pool(PoolFunction.MAX, narrow(window, pads), false, false, 0, Layout.CHANNELS_FIRST),
        rows);
  }

  /// {@return why a node cannot be expanded, or null}
  private static @Nullable String problem(NodeScope node, Window window) {
    Fact x = node.fact(node.input(0));
    Fact mask = node.fact(node.input(1));
    int rank = window.kernel().size();
    if (x == null || mask == null || x.rank() < 0 || mask.rank() < 0) {
      return "inputs of unknown rank";
    }
    if (x.rank() != rank + 2 || mask.rank() != rank + 2) {
      throw node.invalid(
          "windows of %d dimensions, an input of %d and a mask of %d"
              .formatted(rank, x.rank(), mask.rank()));
    }
    if (!window.pads().isEmpty() && window.pads().size() != 2 * rank) {
      throw node.invalid("attribute 'pads' has %d numbers".formatted(window.pads().size()));
    }
    if (!window.dilations().isEmpty()) {
      throw node.invalid("attribute 'dilations', which the operator does not have");
    }
    if (window.autoPad() != AutoPad.NOTSET && window.autoPad() != AutoPad.VALID) {
      return "automatic padding";
    }
    if (x.dtype() != DType.F32) {
      return "an input other than of f32";
    }
    List<Dim> dims = mask.shape();
    if (dims == null || x.shape() == null) {
      return "inputs of unknown rank";
    }
    for (int d = 2; d < dims.size(); d++) {
      boolean areKnown = dims.get(d) instanceof Dim.Known && x.shape().get(d) instanceof Dim.Known;
      if (areKnown && !dims.get(d).equals(x.shape().get(d))) {
        throw node.invalid("a mask of " + dims + " for an input of " + x.shape());
      }
    }
    // ONNX Runtime reads the masks of further channels beside where they lie
    boolean isOne = dims.get(0).is(1) && dims.get(1).is(1);
    return isOne ? null : "a mask of several images or channels";
  }

  /// {@return where elements count, as truth values}
  private static String open(NodeScope node, int rank) {
    String mask = node.make(new Op.Cast(DType.BOOL, true), node.input(1));
    if (rank == 1) {
      return mask;
    }
    String shape = node.make(new Op.ShapeOf(0, null), mask);
    Op product = new Op.Reduce(ReduceFunction.PROD, false, false);
    String count = node.make(product, shape, node.longs(0));
    String zero = node.constant(Tensor.allocate(DType.I64, Shape.of()));
    String one = node.scalar(1, zero);
    String positions = node.make(new Op.Range(), zero, count, one);
    String isFirst = node.make(EQUAL, positions, zero);
    String placed = node.make(new Op.Reshape(true), isFirst, shape);
    return node.make(new Binary(BinaryFunction.OR), mask, placed);
  }

  /// Puts a number before and behind the last dimension.
  private static String padded(NodeScope node, String x, List<Long> pads, String number) {
    long before = pads.get(pads.size() / 2 - 1);
    long behind = pads.getLast();
    if (before == 0 && behind == 0) {
      return x;
    }
    Op pad = new Op.Pad(Op.PadMode.CONSTANT);
    return node.make(pad, x, node.longs(before, behind), number, node.longs(-1));
  }

  /// {@return the largest elements of rows of a width, which are made of those of powers of two}
  private static String rows(NodeScope node, Rows single, long width) {
    Rows power = single;
    Rows made = null;
    for (long rest = width; ; rest >>= 1) {
      if ((rest & 1) != 0) {
        made = made == null ? power : joined(node, made, power);
      }
      if (rest <= 1) {
        break;
      }
      power = joined(node, power, power);
    }
    return made == null ? single.largest : made.largest;
  }

  private static Rows joined(NodeScope node, Rows left, Rows right) {
    String limits = cut(node, left.limits, 0, -right.width);
    String behind = cut(node, right.largest, left.width, Long.MAX_VALUE);
    String largest =
        node.make(MOST, cut(node, left.largest, 0, -right.width), node.make(LEAST, limits, behind));
    String both = node.make(LEAST, limits, cut(node, right.limits, left.width, Long.MAX_VALUE));
    return new Rows(left.width + right.width, largest, both);
  }

  private static String cut(NodeScope node, String x, long from, long to) {
    return node.make(new Op.Slice(), x, node.longs(from), node.longs(to), node.longs(-1));
  }

  /// {@return the windows that are left once rows are one element}
  private static Window narrow(Window window, List<Long> pads) {
    int rank = window.kernel().size();
    List<Long> kernel = new ArrayList<>(window.kernel());
    kernel.set(rank - 1, 1L);
    List<Long> outer = new ArrayList<>(pads);
    outer.set(rank - 1, 0L);
    outer.set(2 * rank - 1, 0L);
    return new Window(kernel, window.strides(), outer, List.of(), AutoPad.NOTSET, false);
  }
}
