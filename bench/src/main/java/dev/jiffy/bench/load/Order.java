package dev.jiffy.bench.load;

/// Which input the requests are made of, one after the other.
///
/// @param samples the number of inputs, at least 1
/// @param inTurn whether each comes in its turn, or any at random with equal chance
/// @param seed decides what comes at random
public record Order(int samples, boolean inTurn, long seed) {
  /// Checks the number.
  public Order {
    if (samples < 1) {
      throw new IllegalArgumentException("at least one input is needed, got " + samples);
    }
  }

  /// {@return another order, as far as chance decides it; else the same}
  ///
  /// @param by which other; of 0 this one
  public Order reseeded(int by) {
    return new Order(samples, inTurn, seed + by);
  }

  /// {@return the input of a request; the same for the same values}
  ///
  /// @param request the request's number in the run, from 0
  public int sample(long request) {
    return (int)
        (inTurn
            ? request % samples
            : Long.remainderUnsigned(mixed(mixed(seed) + request), samples));
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
  private static long mixed(long value) {
    long z = value * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
