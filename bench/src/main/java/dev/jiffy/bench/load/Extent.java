package dev.jiffy.bench.load;

/// How long a run is: until both are reached.
///
/// @param minNanos the least time over which requests are issued, at least 0
/// @param minRequests the least number of requests, at least 1
public record Extent(long minNanos, long minRequests) {
  /// The most requests of one run, which bounds its memory.
  public static final long MOST_REQUESTS = 100_000_000;

  /// Checks the numbers.
  public Extent {
    if (minNanos < 0 || minRequests < 1 || minRequests > MOST_REQUESTS) {
      throw new IllegalArgumentException(
          "a run takes at least 0 ns and 1 to %d requests, got %d ns and %d"
              .formatted(MOST_REQUESTS, minNanos, minRequests));
    }
  }

  /// {@return a run over a time}
  ///
  /// @param seconds the least time over which requests are issued
  public static Extent seconds(double seconds) {
    return new Extent(Math.round(seconds * 1e9), 1);
  }

  /// {@return a run of a number of requests}
  ///
  /// @param count the number
  public static Extent requests(long count) {
    return new Extent(0, count);
  }

  /// {@return this, with as many requests at least}
  ///
  /// @param requests the number
  Extent withAtLeast(long requests) {
    return new Extent(minNanos, Math.max(minRequests, requests));
  }

  /// {@return whether the run is long enough}
  ///
  /// @param nanos the time since its begin
  /// @param requests the requests made so far
  public boolean isReached(long nanos, long requests) {
    return (nanos >= minNanos && requests >= minRequests) || requests >= MOST_REQUESTS;
  }
}
