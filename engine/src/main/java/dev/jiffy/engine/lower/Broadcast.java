package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// An iteration space over which tensors are broadcast, with adjacent dimensions merged where all
/// tensors allow it.
///
/// @param dims extents, outermost first, at least one
/// @param strides for each tensor the elements from step to step of each dimension
record Broadcast(List<Long> dims, List<List<Long>> strides) {
  /// {@return the merged iteration space}
  ///
  /// @param whole the extents of the result
  /// @param shapes the tensors' extents, each broadcastable to it
  static Broadcast merge(Shape whole, List<Shape> shapes) {
    int rank = whole.rank();
    int count = shapes.size();
    long[][] full = new long[count][];
    for (int t = 0; t < count; t++) {
      full[t] = strides(whole, shapes.get(t));
    }
    long[] dims = new long[rank + 1];
    long[][] merged = new long[count][rank + 1];
    int size = 0;
    for (int axis = 0; axis < rank; axis++) {
      long dim = whole.dim(axis);
      if (dim == 1) {
        continue;
      }
      boolean joins = size > 0;
      for (int t = 0; t < count && joins; t++) {
        joins = merged[t][size - 1] == dim * full[t][axis];
      }
      if (joins) {
        dims[size - 1] *= dim;
      } else {
        dims[size++] = dim;
      }
      for (int t = 0; t < count; t++) {
        merged[t][size - 1] = full[t][axis];
      }
    }
    if (size == 0) {
      dims[size++] = 1;
    }
    List<List<Long>> strides = new ArrayList<>(count);
    for (int t = 0; t < count; t++) {
      strides.add(list(merged[t], size));
    }
    return new Broadcast(list(dims, size), strides);
  }

  /// {@return for each dimension of `whole` the elements from step to step of a tensor broadcast to
  /// it, 0 where it repeats}
  static long[] strides(Shape whole, Shape shape) {
    long[] strides = new long[whole.rank()];
    int shift = whole.rank() - shape.rank();
    long stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      long dim = shape.dim(axis);
      strides[axis + shift] = dim == 1 ? 0 : stride;
      stride *= dim;
    }
    return strides;
  }

  private static List<Long> list(long[] values, int size) {
    List<Long> list = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      list.add(values[i]);
    }
    return list;
  }

  Pointwise pointwise(List<Pointwise.Instruction> instructions, List<Integer> outputs) {
    return new Pointwise(dims, strides, instructions, outputs);
  }
}
