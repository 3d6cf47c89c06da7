package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Copies of elements of any type, and row-major arithmetic.
public final class Elements {
  private Elements() {}

  /// Copies one element between tensors of one type.
  static void copy(Tensor from, long source, Tensor to, long target) {
    MemorySegment in = from.segment();
    MemorySegment out = to.segment();
    switch (from.dtype().bytes()) {
      case 1 -> out.set(ValueLayout.JAVA_BYTE, target, in.get(ValueLayout.JAVA_BYTE, source));
      case 2 ->
          out.set(
              ValueLayout.JAVA_SHORT_UNALIGNED,
              target << 1,
              in.get(ValueLayout.JAVA_SHORT_UNALIGNED, source << 1));
      case 4 -> out.set(Memory.INT, target << 2, in.get(Memory.INT, source << 2));
      case 8 -> out.set(Memory.LONG, target << 3, in.get(Memory.LONG, source << 3));
      default -> to.setString(target, from.getString(source));
    }
  }

  /// Copies consecutive elements between tensors of one type.
  static void copy(Tensor from, long source, Tensor to, long target, long count) {
    if (from.dtype() == DType.STRING) {
      for (long i = 0; i < count; i++) {
        to.setString(target + i, from.getString(source + i));
      }
      return;
    }
    long bytes = from.dtype().bytes();
    MemorySegment.copy(from.segment(), source * bytes, to.segment(), target * bytes, count * bytes);
  }

  /// Copies all elements between tensors of one type and size.
  ///
  /// @param from the source
  /// @param to the target
  public static void copy(Tensor from, Tensor to) {
    copy(from, 0, to, 0, to.shape().elements());
  }

  /// {@return the distances between neighbours along each dimension, in elements}
  ///
  /// @param dims the extents
  static long[] strides(long[] dims) {
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int d = dims.length - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= dims[d];
    }
    return strides;
  }

  /// {@return the strides of a tensor broadcast to more dimensions: 0 where it repeats}
  ///
  /// @param shape the tensor's extents
  /// @param rank the number of dimensions broadcast to
  static long[] broadcastStrides(Shape shape, int rank) {
    long[] own = strides(shape.dims());
    long[] strides = new long[rank];
    int shift = rank - shape.rank();
    for (int d = 0; d < shape.rank(); d++) {
      strides[d + shift] = shape.dim(d) == 1 ? 0 : own[d];
    }
    return strides;
  }

  /// {@return the elements of a tensor broadcast to a shape}
  ///
  /// @param tensor the tensor
  /// @param shape the extents broadcast to
  static double[] broadcast(Tensor tensor, Shape shape) {
    if (tensor.shape().equals(shape)) {
      return tensor.toDoubles();
    }
    double[] values = new double[Math.toIntExact(shape.elements())];
    Walk walk = new Walk(shape.dims(), broadcastStrides(tensor.shape(), shape.rank()));
    for (int i = 0; i < values.length; i++, walk.next()) {
      values[i] = tensor.getDouble(walk.offset(0));
    }
    return values;
  }

  /// Stores all elements, rounded to the tensor's type.
  static void store(double[] values, Tensor to) {
    for (int i = 0; i < values.length; i++) {
      to.setDouble(i, values[i]);
    }
  }

  /// {@return the extents as array indices}
  ///
  /// @param shape the extents
  static int[] extents(Shape shape) {
    int[] extents = new int[shape.rank()];
    for (int d = 0; d < extents.length; d++) {
      extents[d] = Math.toIntExact(shape.dim(d));
    }
    return extents;
  }

  /// {@return the number of elements as an array length}
  ///
  /// @param shape the extents
  /// @param from the first dimension that counts
  /// @param to the dimension after the last that counts
  static int count(Shape shape, int from, int to) {
    return Math.toIntExact(shape.elements(from, to));
  }
}
