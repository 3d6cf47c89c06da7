package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.Arena;

/// Memory that holds a one and is never written.
final class Ones {
  /// The address of the one, an f32.
  static final long ADDRESS = one();

  private Ones() {}

  private static long one() {
    long address = Arena.global().allocate(Float.BYTES, 64).address();
    Memory.setFloat(address, 1);
    return address;
  }
}
