package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;

/// Slices read and written where tuples of indices say, in the order of the tuples.
public final class Scattering {
  /// From so many elements on a slice is worth a call of [RowKernels#combine].
  private static final long LONG = 32;

  private Scattering() {}

  /// Picks slices: `y[i] = x[slice i]`.
  ///
  /// @param slices the slices of `x`
  /// @param bytes bytes of an element
  /// @param x where they are picked
  /// @param indices the tuples
  /// @param y the result, one slice behind the other
  /// @throws IndexOutOfBoundsException if an index lies outside
  public static void gather(IndexedSlices slices, int bytes, long x, long indices, long y) {
    long size = slices.count() * bytes;
    long end = slices.tuples();
    for (long first = 0; first < end; first += slices.inner()) {
      long from = x + slices.start(first) * bytes;
      for (long i = 0; i < slices.inner(); i++) {
        long element = i * slices.innerStep() + slices.named(indices, first + i);
        Movement.bytes(from + element * bytes, y + (first + i) * size, size);
      }
    }
  }

  /// Replaces slices: `y[slice i] = updates[i]`.
  ///
  /// @param slices the slices of `y`
  /// @param bytes bytes of an element
  /// @param updates one slice behind the other
  /// @param indices the tuples
  /// @param y where they go
  /// @throws IndexOutOfBoundsException if an index lies outside
  public static void scatter(IndexedSlices slices, int bytes, long updates, long indices, long y) {
    long size = slices.count() * bytes;
    long end = slices.tuples();
    for (long first = 0; first < end; first += slices.inner()) {
      long to = y + slices.start(first) * bytes;
      for (long i = 0; i < slices.inner(); i++) {
        long element = i * slices.innerStep() + slices.named(indices, first + i);
        Movement.bytes(updates + (first + i) * size, to + element * bytes, size);
      }
    }
  }

  /// Combines slices with what is there: `y[slice i] = function(y[slice i], updates[i])`.
  ///
  /// @param slices the slices of `y`
  /// @param combination what is computed of a slice and its update
  /// @param prepared the same, for long slices
  /// @param updates one slice behind the other
  /// @param indices the tuples
  /// @param y where they go
  /// @param scratch working memory of [Combinations#SCRATCH_BYTES]
  /// @throws IndexOutOfBoundsException if an index lies outside
  public static void combine(
      IndexedSlices slices,
      Combination combination,
      RowKernels.PreparedCombination prepared,
      long updates,
      long indices,
      long y,
      long scratch) {
    BinaryFunction function = combination.function();
    DType type = combination.in();
    int bytes = type.bytes();
    long count = slices.count();
    long end = slices.tuples();
    for (long first = 0; first < end; first += slices.inner()) {
      long start = y + slices.start(first) * bytes;
      for (long i = 0; i < slices.inner(); i++) {
        long element = i * slices.innerStep() + slices.named(indices, first + i);
        long from = updates + (first + i) * count * bytes;
        long to = start + element * bytes;
        if (count == 1) {
          element(function, type, from, to);
        } else if (count >= LONG) {
          prepared.run(to, from, to, scratch);
        } else {
          for (long k = 0; k < count * bytes; k += bytes) {
            element(function, type, from + k, to + k);
          }
        }
      }
    }
  }

  private static void element(BinaryFunction function, DType type, long from, long to) {
    if (type == DType.F32) {
      Memory.setFloat(to, apply(function, Memory.getFloat(to), Memory.getFloat(from)));
    } else if (type.isFloat()) {
      double own = TypedMemory.getDouble(type, to);
      TypedMemory.setDouble(type, to, function.apply(own, TypedMemory.getDouble(type, from)));
    } else {
      long own = TypedMemory.getLong(type, to);
      TypedMemory.setLong(type, to, function.apply(own, TypedMemory.getLong(type, from)));
    }
  }

  /// Comparisons that stay the same leave the loop, a switch does not.
  private static float apply(BinaryFunction function, float x, float y) {
    if (function == BinaryFunction.ADD) {
      return x + y;
    }
    if (function == BinaryFunction.MUL) {
      return x * y;
    }
    return function == BinaryFunction.MIN ? Math.min(x, y) : Math.max(x, y);
  }
}
