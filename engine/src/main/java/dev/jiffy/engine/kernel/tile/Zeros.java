package dev.jiffy.engine.kernel.tile;

import java.lang.foreign.Arena;

/// Memory that holds zeros and is never written.
public final class Zeros {
  /// How many zeros there are, in bytes: a panel's worth of f32, or a table of one tap.
  public static final long BYTES = 4096;

  /// The address of the zeros.
  public static final long ADDRESS = Arena.global().allocate(BYTES, 64).address();

  private Zeros() {}
}
