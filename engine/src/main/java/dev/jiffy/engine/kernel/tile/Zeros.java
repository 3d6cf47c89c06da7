package dev.jiffy.engine.kernel.tile;

import java.lang.foreign.Arena;

/// Memory that holds zeros and is never written.
public final class Zeros {
  /// The address of 4096 bytes of zeros: a panel's worth of f32, or a table of one tap.
  public static final long ADDRESS = Arena.global().allocate(4096, 64).address();

  private Zeros() {}
}
