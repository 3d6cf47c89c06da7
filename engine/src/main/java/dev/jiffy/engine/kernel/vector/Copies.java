package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Memory;
import jdk.incubator.vector.FloatVector;

/// Clearing of f32 elements, without the overhead of a call into the runtime.
///
/// The last vector of a run overlaps the one before instead of being cut. The Vector API is called
/// directly, for the reason given in [Isolated].
final class Copies {
  private Copies() {}

  /// Clears elements.
  static void zero(long to, long bytes) {
    if (bytes < BYTES) {
      for (long i = 0; i < bytes; i += 4) {
        Memory.setFloat(to + i, 0);
      }
      return;
    }
    long last = bytes - BYTES;
    for (long i = 0; i < last; i += BYTES) {
      FloatVector.broadcast(SPECIES, 0).intoMemorySegment(ALL, to + i, LE);
    }
    FloatVector.broadcast(SPECIES, 0).intoMemorySegment(ALL, to + last, LE);
  }
}
