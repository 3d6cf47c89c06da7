package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Grids of positions between -1 and 1, turned and moved by matrices.
final class AffineGrids {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op MAXIMUM = new Binary(BinaryFunction.MAX);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op DIVIDE = new Binary(BinaryFunction.DIV);

  private AffineGrids() {}

  /// Makes the nodes of a grid: `(matrices, size)`; the size is `[batch, channels, spatial…]`.
  ///
  /// @param node the node
  static void grid(NodeScope node) {
    boolean alignCorners = node.flag("align_corners", false);
    String matrices = node.input(0);
    DType dtype = node.dtype(matrices);
    Long rows = node.extent(matrices, 1);
    if (dtype == null || rows == null || rows < 2 || rows > 3) {
      node.unsupported("matrices of unknown type or rank, or other than 2×3 and 3×4");
      return;
    }
    int rank = Math.toIntExact(rows);
    String size = node.make(new Op.Cast(DType.I64, true), node.input(1));
    String extents = node.make(new Op.Slice(), size, node.longs(2), node.longs(2L + rank));
    String points = node.make(new Op.Concat(0), extents, node.longs(1));
    String[] parts = new String[rank + 1];
    for (int d = 0; d < rank; d++) {
      String along = positions(node, extents, d, alignCorners, dtype);
      long[] shape = new long[rank + 1];
      java.util.Arrays.fill(shape, 1);
      shape[d] = -1;
      String shaped = node.make(new Op.Reshape(false), along, node.longs(shape));
      parts[rank - 1 - d] = node.make(new Op.Expand(), shaped, points);
    }
    Tensor one = Tensor.allocate(dtype, Shape.of(1));
    one.setDouble(0, 1);
    parts[rank] = node.make(new Op.ConstantOfShape(one), points);
    String grid = node.make(new Op.Concat(rank), parts);
    String flat = node.make(new Op.Reshape(false), grid, node.longs(-1, rank + 1));
    String turned = node.make(new Op.Transpose(List.of(0L, 2L, 1L)), matrices);
    String moved = node.make(new Op.MatMul(), flat, turned);
    String batch = node.make(new Op.Slice(), size, node.longs(0), node.longs(1));
    String shape = node.make(new Op.Concat(0), batch, extents, node.longs(rank));
    node.result(new Op.Reshape(false), moved, shape);
  }

  /// The positions along one dimension: from -1 to 1, or the centres of pixels between them. A
  /// single one from corner to corner is the last.
  private static String positions(
      NodeScope node, String extents, int axis, boolean alignCorners, DType dtype) {
    String extent =
        node.make(new Op.Gather(0), extents, node.constant(Tensor.of(new long[] {axis})));
    String zero = node.constant(Tensor.of(new long[] {0}));
    String one = node.constant(Tensor.of(new long[] {1}));
    String indices = node.make(new Op.Range(), zero, extent, one);
    String count = node.make(new Op.Cast(dtype, true), extent);
    String steps = node.make(new Op.Cast(dtype, true), indices);
    if (alignCorners) {
      String last = node.make(ADD, count, node.scalar(-1, count));
      String left = node.make(SUBTRACT, steps, last);
      String gaps = node.make(MAXIMUM, last, node.scalar(1, count));
      String twice = node.make(MULTIPLY, left, node.scalar(2, steps));
      return node.make(ADD, node.make(DIVIDE, twice, gaps), node.scalar(1, steps));
    }
    String twice = node.make(MULTIPLY, steps, node.scalar(2, steps));
    String centres = node.make(ADD, twice, node.scalar(1, steps));
    return node.make(ADD, node.make(DIVIDE, centres, count), node.scalar(-1, steps));
  }
}
