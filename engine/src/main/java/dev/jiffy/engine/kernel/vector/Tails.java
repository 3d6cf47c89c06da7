package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import jdk.incubator.vector.FloatVector;

/// Access to vectors of which fewer elements than they hold may be left.
final class Tails {
  private Tails() {}

  /// Loads the next vector, or what is left of it and zeros.
  static FloatVector load(long address, long left) {
    return left >= LANES ? Lanes.load(address) : Lanes.load(address, Lanes.upTo(0, left));
  }

  /// Stores the next vector, or what is left of it.
  static void store(FloatVector vector, long address, long left) {
    if (left >= LANES) {
      Lanes.store(vector, address);
    } else {
      Lanes.store(vector, address, Lanes.upTo(0, left));
    }
  }
}
