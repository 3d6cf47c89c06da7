package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Loads and stores of the first lanes of a vector, beyond which memory may not be touched.
///
/// Machines whose vectors have 128 bits mostly have no masks for memory (NEON, SSE): C2 does not
/// compile loads and stores under a mask there, which then run lane by lane over boxed vectors.
/// There the lanes go through memory of the thread's own. What takes or gives a vector here is so
/// small that it is always inlined.
final class Tails {
  private static final boolean HAS_MASKS = LANES > 4;

  private static final ThreadLocal<MemorySegment> OWN =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Lanes.BYTES, Lanes.BYTES));

  /// The number of each lane.
  private static final FloatVector LANE = FloatVector.zero(SPECIES).addIndex(1);

  private Tails() {}

  /// {@return a mask of the lanes that stand for the elements of a range, and no others}
  ///
  /// @param from the element of the first lane
  /// @param to the end of the range, greater than that
  static VectorMask<Float> mask(long from, long to) {
    return HAS_MASKS
        ? SPECIES.indexInRange(from, to)
        : LANE.compare(VectorOperators.LT, (float) (to - from));
  }

  /// {@return the lanes of the mask, 0 in the others}
  ///
  /// @param from the address of the first
  /// @param mask the first lanes
  static FloatVector load(long from, VectorMask<Float> mask) {
    return HAS_MASKS
        ? FloatVector.fromMemorySegment(SPECIES, ALL, from, LE, mask)
        : load(from, mask.trueCount());
  }

  private static FloatVector load(long from, int lanes) {
    return FloatVector.fromMemorySegment(SPECIES, ALL, loaded(from, lanes), LE);
  }

  /// Stores the lanes of the mask.
  ///
  /// @param vector the vector
  /// @param to the address of the first
  /// @param mask the first lanes
  static void store(FloatVector vector, long to, VectorMask<Float> mask) {
    if (HAS_MASKS) {
      vector.intoMemorySegment(ALL, to, LE, mask);
    } else {
      store(vector, to, mask.trueCount());
    }
  }

  private static void store(FloatVector vector, long to, int lanes) {
    vector.intoMemorySegment(ALL, lanes == LANES ? to : own(), LE);
    stored(to, lanes);
  }

  private static long own() {
    return OWN.get().address();
  }

  /// {@return where a whole vector can be loaded}
  private static long loaded(long from, int lanes) {
    if (lanes == LANES) {
      return from;
    }
    long own = own();
    for (int lane = 0; lane < LANES; lane++) {
      Memory.setFloat(own + 4L * lane, lane < lanes ? Memory.getFloat(from + 4L * lane) : 0);
    }
    return own;
  }

  private static void stored(long to, int lanes) {
    if (lanes < LANES) {
      long own = own();
      for (int lane = 0; lane < lanes; lane++) {
        Memory.setFloat(to + 4L * lane, Memory.getFloat(own + 4L * lane));
      }
    }
  }
}
