package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Facts about tensors that are known.
final class Constants {
  private Constants() {}

  /// The fact of a known tensor, with its value where that is small and integer.
  static Fact fact(Tensor tensor) {
    return new Fact(
        tensor.dtype(), Dims.of(tensor.shape().dims()), value(tensor, Operands.MAX_VALUE));
  }

  /// The elements of an integer or bool tensor of rank 0 or 1 and at most `limit` elements, else
  /// null; null too where one is no number of 64 bits with a sign.
  static @Nullable List<Dim> value(Tensor tensor, int limit) {
    DType dtype = tensor.dtype();
    boolean tracked = dtype.isInteger() || dtype == DType.BOOL;
    if (!tracked || tensor.shape().rank() > 1 || tensor.shape().elements() > limit) {
      return null;
    }
    long[] elements = tensor.toLongs();
    for (long element : elements) {
      if (!Dtypes.holds(dtype, element)) {
        return null;
      }
    }
    return Dims.of(elements);
  }
}
