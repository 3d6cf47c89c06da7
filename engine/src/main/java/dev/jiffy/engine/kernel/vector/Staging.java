package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Some vectors of memory of each thread. Through it go tiles of one vector whose last columns do
/// not exist, so that the tiles themselves need no masks, and rows too short for a loop of their
/// own.
final class Staging {
  /// The vectors of the memory, a row each: at least a tile's worth.
  static final int ROWS = 64;

  private static final ThreadLocal<MemorySegment> MEMORY =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate((long) ROWS * BYTES, 64));

  private Staging() {}

  /// {@return the address of this thread's memory: rows of one vector}
  static long address() {
    return MEMORY.get().address();
  }

  /// Copies the columns that exist to the memory; what lies beyond them becomes 0.
  static void load(long from, long fromStep, int rows, int present, long staging) {
    if (present == LANES) {
      for (int row = 0; row < rows; row++) {
        FloatVector.fromMemorySegment(SPECIES, ALL, from + row * fromStep, LE)
            .intoMemorySegment(ALL, staging + (long) row * BYTES, LE);
      }
      return;
    }
    VectorMask<Float> mask = Tails.mask(0, present);
    for (int row = 0; row < rows; row++) {
      Tails.load(from + row * fromStep, mask)
          .intoMemorySegment(ALL, staging + (long) row * BYTES, LE);
    }
  }

  /// Copies the columns that exist from the memory.
  static void store(long staging, int rows, int present, long to, long toStep) {
    if (present == LANES) {
      for (int row = 0; row < rows; row++) {
        FloatVector.fromMemorySegment(SPECIES, ALL, staging + (long) row * BYTES, LE)
            .intoMemorySegment(ALL, to + row * toStep, LE);
      }
      return;
    }
    VectorMask<Float> mask = Tails.mask(0, present);
    for (int row = 0; row < rows; row++) {
      Tails.store(
          FloatVector.fromMemorySegment(SPECIES, ALL, staging + (long) row * BYTES, LE),
          to + row * toStep,
          mask);
    }
  }
}
