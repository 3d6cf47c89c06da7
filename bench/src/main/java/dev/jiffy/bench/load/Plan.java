package dev.jiffy.bench.load;

/// One run.
///
/// @param arrivals when requests arrive
/// @param extent how long the run is
/// @param order what they are made of
/// @param slots the most requests under way at a time, at least 1; others wait, and their time runs
/// @param timeoutNanos how long a request may take from its issue, at least 1
/// @param deadlineNanos how long an answer is worth waiting for from when its request was to be
///   made, at least 1; a server is told what is left of it, and what comes to its turn later is not
///   sent
public record Plan(
    Arrivals arrivals,
    Extent extent,
    Order order,
    int slots,
    long timeoutNanos,
    long deadlineNanos) {
  /// The deadline of requests that may take any time.
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /// A run whose requests have no deadline.
  ///
  /// @param arrivals when requests arrive
  /// @param extent how long the run is
  /// @param order what they are made of
  /// @param slots the most requests under way at a time
  /// @param timeoutNanos how long a request may take from its issue
  public Plan(Arrivals arrivals, Extent extent, Order order, int slots, long timeoutNanos) {
    this(arrivals, extent, order, slots, timeoutNanos, NO_DEADLINE);
  }

  /// Checks the numbers.
  public Plan {
    if (deadlineNanos < 1) {
      throw new IllegalArgumentException("a deadline of at least 1 ns, got " + deadlineNanos);
    }
    if (slots < 1 || timeoutNanos < 1) {
      throw new IllegalArgumentException(
          "at least one request at a time and a timeout of at least 1 ns, got %d and %d"
              .formatted(slots, timeoutNanos));
    }
  }

  /// {@return the same run with other arrivals over another extent}
  ///
  /// @param others the arrivals
  /// @param length the extent
  public Plan with(Arrivals others, Extent length) {
    return new Plan(others, length, order, slots, timeoutNanos, deadlineNanos);
  }

  /// {@return the same run with other arrivals and inputs, as far as chance decides them}
  ///
  /// @param by which others; of 0 these
  public Plan reseeded(int by) {
    return new Plan(
        arrivals.reseeded(by), extent, order.reseeded(by), slots, timeoutNanos, deadlineNanos);
  }

  /// {@return the same run with requests whose answers are worth nothing after a while}
  ///
  /// @param nanos how long, from when a request was to be made
  public Plan deadline(long nanos) {
    return new Plan(arrivals, extent, order, slots, timeoutNanos, nanos);
  }

  /// {@return the most queries that this run has under way}
  int queriesAtATime() {
    return switch (arrivals) {
      case Arrivals.Closed closed -> Math.min(slots, closed.concurrency());
      case Arrivals.Open _ -> slots;
    };
  }

  /// {@return the requests of a query}
  int perQuery() {
    return switch (arrivals) {
      case Arrivals.Closed closed -> closed.perQuery();
      case Arrivals.Open _ -> 1;
    };
  }
}
