package dev.jiffy.engine.pass;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Arithmetic on constant tensors, for folding them into each other at load.
final class Constants {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Constants() {}

  /// {@return a tensor of one type and shape with these numbers, rounded to the type}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  /// @param elements one number for each element
  static Tensor of(DType dtype, Shape shape, double[] elements) {
    if (dtype == DType.F32) {
      return ofFloats(shape, elements);
    }
    Tensor tensor = Tensor.allocate(dtype, shape);
    for (int i = 0; i < elements.length; i++) {
      if (dtype.isFloat()) {
        tensor.setDouble(i, elements[i]);
      } else {
        tensor.setLong(i, (long) elements[i]);
      }
    }
    return tensor;
  }

  private static Tensor ofFloats(Shape shape, double[] elements) {
    float[] floats = new float[elements.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) elements[i];
    }
    return Tensor.of(floats, shape.dims());
  }

  /// {@return a vector or scalar of integers}
  ///
  /// @param dtype the integer type
  /// @param shape the extents
  /// @param elements one number for each element
  static Tensor ofIntegers(DType dtype, Shape shape, long[] elements) {
    Tensor tensor = Tensor.allocate(dtype, shape);
    for (int i = 0; i < elements.length; i++) {
      tensor.setLong(i, elements[i]);
    }
    return tensor;
  }

  /// {@return the same numbers as f32}
  ///
  /// @param tensor numbers of f16 or bf16
  static Tensor floats(Tensor tensor) {
    Tensor wide = Tensor.allocate(DType.F32, tensor.shape());
    MemorySegment from = tensor.segment();
    MemorySegment to = wide.segment();
    boolean isHalf = tensor.dtype() == DType.F16;
    for (long i = 0; i < tensor.shape().elements(); i++) {
      short bits = from.get(SHORT, 2 * i);
      float number = isHalf ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
      to.set(INT, 4 * i, Float.floatToRawIntBits(number));
    }
    return wide;
  }

  /// {@return the dimensions permuted}
  ///
  /// @param tensor a tensor
  /// @param perm for each output dimension the input dimension
  static Tensor permute(Tensor tensor, int[] perm) {
    return Permutation.of(tensor, perm);
  }

  /// {@return the tensor with each element times the factor of its index along an axis}
  ///
  /// @param tensor a floating-point tensor
  /// @param factors one number for each index of `axis`
  /// @param axis the dimension that the factors run along
  static Tensor scaled(Tensor tensor, double[] factors, int axis) {
    Shape shape = tensor.shape();
    int inner = Math.toIntExact(shape.elements(axis + 1, shape.rank()));
    if (tensor.dtype() == DType.F32) {
      return scaledFloats(tensor, factors, inner);
    }
    double[] elements = tensor.toDoubles();
    for (int i = 0; i < elements.length; ) {
      for (double factor : factors) {
        for (int end = i + inner; i < end; i++) {
          elements[i] *= factor;
        }
      }
    }
    return of(tensor.dtype(), shape, elements);
  }

  private static Tensor scaledFloats(Tensor tensor, double[] factors, int inner) {
    float[] elements = tensor.toFloats();
    for (int i = 0; i < elements.length; ) {
      for (double factor : factors) {
        for (int end = i + inner; i < end; i++) {
          elements[i] = (float) (elements[i] * factor);
        }
      }
    }
    return Tensor.of(elements, tensor.shape().dims());
  }

  /// {@return the tensor with a function of each element}
  ///
  /// @param tensor a floating-point tensor
  /// @param function the function
  static Tensor map(Tensor tensor, DoubleUnaryOperator function) {
    double[] elements = tensor.toDoubles();
    for (int i = 0; i < elements.length; i++) {
      elements[i] = function.applyAsDouble(elements[i]);
    }
    return of(tensor.dtype(), tensor.shape(), elements);
  }

  /// {@return tensors of one type laid end to end along an axis}
  ///
  /// @param parts the tensors; all dimensions but the axis are equal
  /// @param axis the dimension that grows
  static Tensor concat(List<Tensor> parts, int axis) {
    Tensor first = parts.getFirst();
    long[] dims = first.shape().dims();
    dims[axis] = parts.stream().mapToLong(part -> part.shape().dim(axis)).sum();
    Tensor result = Tensor.allocate(first.dtype(), Shape.of(dims));
    long outer = first.shape().elements(0, axis);
    long offset = 0;
    long row = result.shape().elements(axis, dims.length) * first.dtype().bytes();
    for (Tensor part : parts) {
      long bytes = part.shape().elements(axis, dims.length) * first.dtype().bytes();
      for (long i = 0; i < outer; i++) {
        MemorySegment.copy(part.segment(), i * bytes, result.segment(), i * row + offset, bytes);
      }
      offset += bytes;
    }
    return result;
  }

  /// {@return the elements of a constant that varies along one axis of a broadcast result at most,
  /// one for each index of that axis, or null where it varies along others}
  ///
  /// @param tensor the constant
  /// @param rank the rank of the result
  /// @param axis the axis
  /// @param extent the result's extent along the axis
  static double @Nullable [] perAxis(Tensor tensor, int rank, int axis, long extent) {
    Shape shape = tensor.shape();
    if (shape.rank() > rank || !tensor.dtype().isFloat()) {
      return null;
    }
    long elements = shape.elements();
    int own = axis - (rank - shape.rank());
    if (elements == 1) {
      double[] result = new double[Math.toIntExact(extent)];
      Arrays.fill(result, tensor.getDouble(0));
      return result;
    }
    return own < 0 || shape.dim(own) != elements || elements != extent ? null : tensor.toDoubles();
  }

  /// {@return whether two tensors have the same type, shape and bits}
  ///
  /// @param a one
  /// @param b the other
  static boolean same(Tensor a, Tensor b) {
    if (a.dtype() != b.dtype() || !a.shape().equals(b.shape())) {
      return false;
    }
    return a.dtype() == DType.STRING
        ? a.strings().equals(b.strings())
        : a.segment().mismatch(b.segment()) < 0;
  }

  /// {@return the values as a list}
  ///
  /// @param values the numbers
  static List<Long> list(long... values) {
    List<Long> list = new ArrayList<>(values.length);
    for (long value : values) {
      list.add(value);
    }
    return list;
  }
}
