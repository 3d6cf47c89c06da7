package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Sums, differences, products and quotients of f32 and as many others or one, in blocks on the
/// heap: weights are scaled at load, before the JIT compiler has come to a loop that reads single
/// elements.
///
/// The bits are those of the same arithmetic in double, rounded: a double holds more than twice the
/// digits of a float, so that rounding twice changes nothing.
final class FloatArithmetic {
  /// The elements of a block.
  private static final int BLOCK = 1 << 12;

  private FloatArithmetic() {}

  /// {@return whether [#run] computes a function}
  ///
  /// @param function the function
  /// @param x the first argument
  /// @param y the second argument
  /// @param out the result
  static boolean suits(BinaryFunction function, Tensor x, Tensor y, Tensor out) {
    boolean isArithmetic =
        switch (function) {
          case ADD, SUB, MUL, DIV -> true;
          default -> false;
        };
    long elements = out.shape().elements();
    return isArithmetic && out.dtype() == DType.F32 && suits(x, elements) && suits(y, elements);
  }

  /// An argument of as many elements as the result has is not broadcast.
  private static boolean suits(Tensor argument, long elements) {
    long own = argument.shape().elements();
    return argument.dtype() == DType.F32 && (own == elements || own == 1);
  }

  /// Computes `out = function(x, y)`.
  ///
  /// @param function a sum, difference, product or quotient
  /// @param x the first argument, f32, of as many elements as the result or one
  /// @param y the second argument, f32, of as many elements as the result or one
  /// @param out the result, f32
  static void run(BinaryFunction function, Tensor x, Tensor y, Tensor out) {
    long elements = out.shape().elements();
    int block = (int) Math.min(BLOCK, elements);
    float[] a = new float[block];
    float[] b = new float[block];
    for (long from = 0; from < elements; from += BLOCK) {
      int n = (int) Math.min(BLOCK, elements - from);
      read(x, from, a, n);
      read(y, from, b, n);
      compute(function, a, b, n);
      MemorySegment.copy(a, 0, out.segment(), Memory.FLOAT, from * Float.BYTES, n);
    }
  }

  private static void read(Tensor argument, long from, float[] block, int n) {
    if (argument.shape().elements() > 1) {
      MemorySegment.copy(argument.segment(), Memory.FLOAT, from * Float.BYTES, block, 0, n);
    } else {
      Arrays.fill(block, 0, n, (float) argument.getDouble(0));
    }
  }

  private static void compute(BinaryFunction function, float[] a, float[] b, int n) {
    switch (function) {
      case ADD -> {
        for (int i = 0; i < n; i++) {
          a[i] += b[i];
        }
      }
      case SUB -> {
        for (int i = 0; i < n; i++) {
          a[i] -= b[i];
        }
      }
      case MUL -> {
        for (int i = 0; i < n; i++) {
          a[i] *= b[i];
        }
      }
      case DIV -> {
        for (int i = 0; i < n; i++) {
          a[i] /= b[i];
        }
      }
      default -> throw new IllegalArgumentException(function + " is no arithmetic");
    }
  }
}
