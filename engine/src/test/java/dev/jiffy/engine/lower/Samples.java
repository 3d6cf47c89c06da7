package dev.jiffy.engine.lower;

import dev.jiffy.engine.Limits;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Inputs of operator cases: always the same for the same arguments.
final class Samples {
  /// Extents around what kernels cut their work into.
  static final long[] SIZES = {0, 1, 2, 7, 15, 16, 17, 31, 63, 64, 65};

  /// Numbers at the ends of what f32 can hold.
  static final float[] EXTREMES = {
    0f,
    -0f,
    1f,
    -1f,
    0.5f,
    -2.5f,
    1e-30f,
    -1e-30f,
    88.7f,
    -104f,
    1e30f,
    -1e30f,
    Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private Samples() {}

  /// {@return what the interpreter makes of an operator}
  static List<Tensor> evaluate(Op op, List<@Nullable Tensor> inputs, int outputs) {
    return Interpreter.evaluate(op, inputs, outputs, Limits.DEFAULTS.tensorBytes());
  }

  /// {@return f32 numbers in [-2, 2)}
  static Tensor floats(long seed, long... dims) {
    return between(seed, -2, 2, dims);
  }

  /// {@return f32 numbers in a range}
  static Tensor between(long seed, double low, double high, long... dims) {
    Random random = new Random(seed);
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, low + (high - low) * random.nextDouble());
    }
    return tensor;
  }

  /// {@return i64 numbers in [low, high)}
  static Tensor longs(long seed, long low, long high, long... dims) {
    return integers(DType.I64, seed, low, high, dims);
  }

  /// {@return integers of any type in [low, high)}
  static Tensor integers(DType dtype, long seed, long low, long high, long... dims) {
    Random random = new Random(seed);
    Tensor tensor = Tensor.allocate(dtype, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setLong(i, random.nextLong(low, high));
    }
    return tensor;
  }

  /// {@return the same numbers in another type}
  static Tensor as(DType dtype, Tensor from) {
    Tensor tensor = Tensor.allocate(dtype, from.shape());
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, from.getDouble(i));
    }
    return tensor;
  }

  /// {@return an i64 vector}
  static Tensor vector(long... values) {
    return Tensor.of(values, values.length);
  }

  /// {@return an element by its index along each dimension}
  static double at(Tensor tensor, long... index) {
    return tensor.getDouble(offset(tensor.shape(), index));
  }

  /// {@return an element of a tensor broadcast to the rank of the index}
  static double broadcast(Tensor tensor, long... index) {
    Shape shape = tensor.shape();
    long offset = 0;
    for (int d = 0; d < shape.rank(); d++) {
      long i = index[index.length - shape.rank() + d];
      offset = offset * shape.dim(d) + (shape.dim(d) == 1 ? 0 : i);
    }
    return tensor.getDouble(offset);
  }

  /// {@return a row-major offset}
  static long offset(Shape shape, long... index) {
    long offset = 0;
    for (int d = 0; d < shape.rank(); d++) {
      offset = offset * shape.dim(d) + index[d];
    }
    return offset;
  }
}
