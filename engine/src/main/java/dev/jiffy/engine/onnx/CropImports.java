package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Boxes of images, each resized to the same extents, as TensorFlow's `crop_and_resize` does:
/// pixels are rows of channels, of which samples pick one or four.
final class CropImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op AND = new Binary(BinaryFunction.AND);
  private static final Op LESS_OR_EQUAL = new Binary(BinaryFunction.LESS_OR_EQUAL);
  private static final Op FLOOR = new Unary(UnaryFunction.FLOOR);
  private static final Op TO_INDEX = new Op.Cast(DType.I64, true);

  private CropImports() {}

  /// Samples along one dimension.
  ///
  /// @param valid which of them lie within the image, `[boxes, samples]`
  /// @param positions where they lie, in pixels; 0 where that is not within, `[boxes, samples]`
  private record Samples(String valid, String positions) {}

  /// Makes the nodes: `(x, boxes, images, size)`; boxes are `[top, left, bottom, right]`, where 1
  /// is the last pixel.
  ///
  /// @param node the node
  static void crop(NodeScope node) {
    String mode = node.text("mode", "bilinear");
    float beyond = node.real("extrapolation_value", 0);
    Tensor size = node.known(node.input(3));
    boolean isNearest = mode.equals("nearest");
    if (!isNearest && !mode.equals("bilinear")) {
      throw node.invalid("attribute 'mode' is '" + mode + "'");
    }
    if (size == null || size.shape().elements() != 2 || node.dtype(node.input(0)) != DType.F32) {
      node.unsupported("a size that the inputs decide, or images other than of f32");
      return;
    }
    if (size.getLong(0) < 1 || size.getLong(1) < 1) {
      throw node.invalid("crops of %d×%d".formatted(size.getLong(0), size.getLong(1)));
    }
    String x = node.input(0);
    Samples down = samples(node, 0, size.getLong(0));
    Samples across = samples(node, 1, size.getLong(1));
    String channels = node.make(new Op.ShapeOf(1, 2L), x);
    String shape = node.make(new Op.Concat(0), node.longs(-1), channels);
    String last = node.make(new Op.Transpose(List.of(0L, 2L, 3L, 1L)), x);
    String pixels = node.make(new Op.Reshape(false), last, shape);
    String height = node.make(new Op.ShapeOf(2, 3L), x);
    String width = node.make(new Op.ShapeOf(3, 4L), x);
    String first = node.make(MULTIPLY, images(node), height);
    String made;
    if (isNearest) {
      String row = node.make(ADD, first, index(node, rounded(node, down.positions)));
      made = picked(node, pixels, row, width, index(node, rounded(node, across.positions)));
    } else {
      Op ceil = new Unary(UnaryFunction.CEIL);
      String[] rows = new String[2];
      String left = index(node, node.make(FLOOR, across.positions));
      String right = index(node, node.make(ceil, across.positions));
      String toRight = outer(node, fraction(node, across.positions), 1, 3);
      for (int i = 0; i < 2; i++) {
        String near = index(node, node.make(i == 0 ? FLOOR : ceil, down.positions));
        String row = node.make(ADD, first, near);
        String begin = picked(node, pixels, row, width, left);
        rows[i] = between(node, begin, picked(node, pixels, row, width, right), toRight);
      }
      made = between(node, rows[0], rows[1], outer(node, fraction(node, down.positions), 2, 3));
    }
    String valid = node.make(AND, outer(node, down.valid, 2, 3), outer(node, across.valid, 1, 3));
    String crops = node.make(new Op.Where(), valid, made, node.scalar(beyond, x));
    node.result(new Op.Transpose(List.of(0L, 3L, 1L, 2L)), crops);
  }

  /// The image of each box, `[boxes, 1]`, within those that there are.
  private static String images(NodeScope node) {
    String count = node.make(new Op.ShapeOf(0, 1L), node.input(0));
    String limit = node.make(new Op.Gather(0), count, number(node, 0));
    String all = node.make(new Op.Range(), number(node, 0), limit, number(node, 1));
    String picked = node.make(new Op.Gather(0), all, node.input(2));
    return node.make(new Op.Unsqueeze(), picked, node.longs(1));
  }

  private static String number(NodeScope node, long number) {
    return node.constant(Tensor.of(new long[] {number}));
  }

  /// From the beginning of each box to its end, the middle where there is but one.
  private static Samples samples(NodeScope node, int axis, long count) {
    String x = node.input(0);
    String extent = node.make(new Op.ShapeOf(2 + axis, 3L + axis), x);
    String one = node.scalar(1, x);
    String last = node.make(SUBTRACT, node.make(new Op.Cast(DType.F32, true), extent), one);
    String begin = node.make(new Op.Gather(1), node.input(1), node.longs(axis));
    String end = node.make(new Op.Gather(1), node.input(1), node.longs(2L + axis));
    String to = node.make(MULTIPLY, end, last);
    String positions;
    if (count == 1) {
      String middle = node.make(MULTIPLY, node.scalar(0.5, x), node.make(ADD, begin, end));
      positions = node.make(MULTIPLY, middle, last);
    } else {
      String steps =
          node.make(new Op.Range(), number(node, 0), number(node, count - 1), number(node, 1));
      String ramp = node.make(new Op.Cast(DType.F32, true), steps);
      String span = node.make(MULTIPLY, node.make(SUBTRACT, end, begin), last);
      String step =
          node.make(new Binary(BinaryFunction.DIV), span, node.scalar((double) (count - 1), x));
      String from = node.make(MULTIPLY, begin, last);
      String inner = node.make(ADD, from, node.make(MULTIPLY, step, ramp));
      positions = node.make(new Op.Concat(1), inner, to); // without rounding beyond the image
    }
    String zero = node.scalar(0, x);
    String isAfter = node.make(LESS_OR_EQUAL, zero, positions);
    String valid = node.make(AND, isAfter, node.make(LESS_OR_EQUAL, positions, last));
    return new Samples(valid, node.make(new Op.Where(), valid, positions, zero));
  }

  private static String index(NodeScope node, String position) {
    return node.make(TO_INDEX, position);
  }

  private static String rounded(NodeScope node, String positions) {
    return node.make(FLOOR, node.make(ADD, positions, node.scalar(0.5, positions)));
  }

  private static String fraction(NodeScope node, String positions) {
    return node.make(SUBTRACT, positions, node.make(FLOOR, positions));
  }

  /// `[boxes, samples]` with dimensions of one in between or behind.
  private static String outer(NodeScope node, String along, long... axes) {
    return node.make(new Op.Unsqueeze(), along, node.longs(axes));
  }

  /// The pixels where rows and columns of samples meet, `[boxes, rows, columns, channels]`.
  private static String picked(
      NodeScope node, String pixels, String rows, String width, String columns) {
    String begins = node.make(MULTIPLY, outer(node, rows, 2), width);
    String indices = node.make(ADD, begins, outer(node, columns, 1));
    return node.make(new Op.Gather(0), pixels, indices);
  }

  private static String between(NodeScope node, String x, String y, String part) {
    return node.make(ADD, x, node.make(MULTIPLY, node.make(SUBTRACT, y, x), part));
  }
}
