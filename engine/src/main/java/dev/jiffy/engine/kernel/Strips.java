package dev.jiffy.engine.kernel;

import java.util.Arrays;

/// Room for intervals, strip by strip of the axis on which they lie: an interval is put in the
/// strip where it starts, and those that may meet it lie in a few strips around.
///
/// What it says is exact: starts and widths are compared as `double`, in which a wider interval or
/// a later start never comes out as less. Where a bound is infinite or no number there is one
/// strip.
final class Strips {
  private static final int MOST = 512;

  /// The strips that the widest interval covers.
  private static final int COVERED = 4;

  private double from;
  private double to;
  private double widest;
  private double perUnit;
  private int count;
  private final int[] starts = new int[MOST];
  private final int[] ends = new int[MOST];

  /// Empties all, and makes them one strip that needs no reserved room.
  void join() {
    from = Double.POSITIVE_INFINITY;
    to = Double.NEGATIVE_INFINITY;
    widest = 0;
    perUnit = 0;
    count = 1;
    ends[0] = 0;
  }

  /// Takes note of an interval that may be put here.
  void include(float start, float end) {
    from = Math.min(from, start);
    to = Math.max(to, start);
    widest = Math.max(widest, Math.nextUp((double) end - start));
  }

  /// Cuts the axis into strips for the intervals that were included.
  void divide() {
    double range = to - from;
    double wanted = COVERED * range / widest;
    if (range < Double.POSITIVE_INFINITY && wanted >= 2) {
      count = (int) Math.min(wanted, MOST);
      perUnit = count / range;
      Arrays.fill(ends, 0, count, 0);
    }
  }

  /// {@return how many strips there are}
  int count() {
    return count;
  }

  /// Reserves room for an interval; all are to be reserved before [#lay].
  ///
  /// @param start where it starts
  /// @param numbers how many numbers it needs
  void reserve(float start, int numbers) {
    ends[strip(start)] += numbers;
  }

  /// Lays the reserved rooms one behind the other, all empty.
  void lay() {
    int next = 0;
    for (int strip = 0; strip < count; strip++) {
      int room = ends[strip];
      starts[strip] = next;
      ends[strip] = next;
      next += room;
    }
  }

  /// {@return the place of an interval, which is put behind the others of its strip}
  ///
  /// @param start where it starts
  /// @param numbers how many numbers it needs
  int put(float start, int numbers) {
    int strip = strip(start);
    int place = ends[strip];
    ends[strip] += numbers;
    return place;
  }

  /// {@return the first strip in which an interval may start that ends behind `start`}
  int first(float start) {
    return strip(start - widest);
  }

  /// {@return the last strip in which an interval may start that starts before `end`}
  int last(float end) {
    return strip(end);
  }

  /// {@return the place of the first number in a strip}
  int start(int strip) {
    return starts[strip];
  }

  /// {@return the place behind the last number in a strip}
  int end(int strip) {
    return ends[strip];
  }

  private int strip(double at) {
    return (int) Math.clamp((at - from) * perUnit, 0, count - 1);
  }
}
