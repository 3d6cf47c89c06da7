package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// The reversal of maximum pooling: elements go back to where they were found, zeros elsewhere.
final class MaxUnpools {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);

  private MaxUnpools() {}

  /// Makes the nodes of a reversal: `(x, indices, shape?)`.
  ///
  /// Indices count the elements of the tensor that the window tells; a given shape pads or cuts it
  /// at the ends.
  ///
  /// @param node the node
  static void unpool(NodeScope node) {
    List<Long> kernel = node.integers("kernel_shape");
    int rank = kernel.size();
    long[] strides = numbers(node.integers("strides"), rank, 1);
    long[] pads = numbers(node.integers("pads"), 2 * rank, 0);
    DType dtype = node.dtype(node.input(0));
    if (dtype == null || rank == 0) {
      node.unsupported(rank == 0 ? "no kernel_shape" : "an input of unknown type");
      return;
    }
    long[] fixed = new long[rank];
    for (int d = 0; d < rank; d++) {
      fixed[d] = kernel.get(d) - pads[d] - pads[rank + d] - strides[d];
    }
    String x = node.input(0);
    String spatial = node.make(new Op.ShapeOf(2, null), x);
    String scaled = node.make(new Binary(BinaryFunction.MUL), spatial, node.longs(strides));
    String whole = node.make(ADD, scaled, node.longs(fixed));
    String shape = node.make(new Op.Concat(0), node.make(new Op.ShapeOf(0, 2L), x), whole);
    String zeros = node.make(new Op.ConstantOfShape(Tensor.allocate(dtype, Shape.of(1))), shape);
    String all = node.longs(-1);
    String flat = node.make(new Op.Reshape(false), zeros, all);
    String values = node.make(new Op.Reshape(false), x, all);
    String indices = node.make(new Op.Reshape(false), node.input(1), all);
    Op scatter = new Op.ScatterElements(0, Op.ScatterMode.REPLACE);
    String placed = node.make(scatter, flat, indices, values);
    if (!node.has(2)) {
      node.result(new Op.Reshape(true), placed, shape);
      return;
    }
    String image = node.make(new Op.Reshape(true), placed, shape);
    String ends = node.make(SUBTRACT, node.input(2), shape);
    String begins = node.longs(new long[rank + 2]);
    node.result(new Op.Pad(Op.PadMode.CONSTANT), image, node.make(new Op.Concat(0), begins, ends));
  }

  private static long[] numbers(List<Long> given, int count, long otherwise) {
    long[] numbers = new long[count];
    Arrays.fill(numbers, otherwise);
    for (int i = 0; i < Math.min(count, given.size()); i++) {
      numbers[i] = given.get(i);
    }
    return numbers;
  }
}
