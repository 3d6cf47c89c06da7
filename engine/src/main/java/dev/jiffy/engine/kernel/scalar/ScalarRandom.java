package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Tensor;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Random numbers; those of a seed are the same on every machine.
///
/// Bits are those of SplitMix64 (Steele, Lea and Flood, 2014), which needs no state but a counter.
public final class ScalarRandom {
  private static final long STEP = 0x9e3779b97f4a7c15L;

  private ScalarRandom() {}

  private static long start(@Nullable Float seed) {
    return seed == null
        ? ThreadLocalRandom.current().nextLong()
        : mixed(Float.floatToIntBits(seed));
  }

  private static long mixed(long state) {
    long bits = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
    bits = (bits ^ (bits >>> 27)) * 0x94d049bb133111ebL;
    return bits ^ (bits >>> 31);
  }

  /// {@return the number of an index, at least 0 and below 1}
  private static double number(long start, long index) {
    return (mixed(start + (index + 1) * STEP) >>> 11) * 0x1p-53;
  }

  /// Fills a tensor with numbers that are equally likely between two.
  ///
  /// @param low the least number
  /// @param high what all numbers are below, save where there is none between
  /// @param seed where numbers start, or null
  /// @param out takes the numbers
  public static void uniform(double low, double high, @Nullable Float seed, Tensor out) {
    long start = start(seed);
    for (long i = 0; i < out.shape().elements(); i++) {
      double number = number(start, i);
      out.setDouble(i, low + number * (high - low));
      while (out.getDouble(i) >= high && number > 0) {
        number = 2 * number - 1; // rounding reached the end: the distance to it is doubled
        out.setDouble(i, low + Math.max(0, number) * (high - low));
      }
    }
  }

  /// Fills a tensor with numbers of a normal distribution.
  ///
  /// Source: Box and Muller, 1958; by functions that round alike everywhere.
  ///
  /// @param mean the mean
  /// @param deviation the standard deviation
  /// @param seed where numbers start, or null
  /// @param out takes the numbers
  public static void normal(double mean, double deviation, @Nullable Float seed, Tensor out) {
    long start = start(seed);
    for (long i = 0; i < out.shape().elements(); i++) {
      double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - number(start, 2 * i)));
      double angle = 2 * Math.PI * number(start, 2 * i + 1);
      out.setDouble(i, mean + deviation * radius * StrictMath.cos(angle));
    }
  }
}
