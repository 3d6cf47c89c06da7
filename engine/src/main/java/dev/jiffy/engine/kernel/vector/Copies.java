package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import jdk.incubator.vector.VectorMask;

/// Copying and clearing of f32 elements, without the overhead of a call into the runtime.
final class Copies {
  private Copies() {}

  /// Copies elements between areas that do not overlap.
  static void copy(long from, long to, long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      long left = (bytes - i) >> 2;
      Tails.store(Tails.load(from + i, left), to + i, left);
    }
  }

  /// Clears elements.
  static void zero(long to, long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Tails.store(Lanes.splat(0), to + i, (bytes - i) >> 2);
    }
  }

  /// Copies one vector, or the first elements of it, from each row of a matrix to vectors that are
  /// adjacent; what lies beyond those elements becomes 0.
  static void gather(long from, long fromStep, long rows, int present, long to) {
    if (present == LANES) {
      for (long row = 0; row < rows; row++) {
        Lanes.store(Lanes.load(from + row * fromStep), to + row * BYTES);
      }
      return;
    }
    VectorMask<Float> mask = Lanes.upTo(0, present);
    for (long row = 0; row < rows; row++) {
      Lanes.store(Lanes.load(from + row * fromStep, mask), to + row * BYTES);
    }
  }
}
