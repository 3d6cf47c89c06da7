package dev.jiffy.server.schedule;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How requests of one model are scheduled. Immutable.
///
/// @param instances how many batches of the model are computed at a time, each by a thread of its
///   own with its own working memory; at least 1
/// @param queueCapacity the most requests that may wait; at least 1
/// @param maxBatch the most rows of a batch; 1 computes every request alone
/// @param latencyTarget the time within which an answer is wanted: a batch is never made so large
///   that waiting for one and being in the next would take longer
/// @param timeout the deadline of requests that bring none, from when they came; null for none
/// @param exact whether requests are computed together only where each gets exactly the bits that
///   it would get alone; otherwise texts of different lengths are padded, and answers are the same
///   up to rounding
public record Policy(
    int instances,
    int queueCapacity,
    int maxBatch,
    Duration latencyTarget,
    @Nullable Duration timeout,
    boolean exact) {
  /// Checks the numbers.
  public Policy {
    if (instances < 1 || queueCapacity < 1 || maxBatch < 1) {
      throw new IllegalArgumentException(
          "instances, capacity and rows of a batch must be at least 1");
    }
    if (latencyTarget.toNanos() < 1 || (timeout != null && timeout.toNanos() < 1)) {
      throw new IllegalArgumentException("latency target and timeout must be positive");
    }
  }

  /// {@return one instance, 256 requests waiting, batches of at most 64 rows within 100 ms, no
  /// deadline, exact answers}
  public static Policy defaults() {
    return new Policy(1, 256, 64, Duration.ofMillis(100), null, true);
  }

  /// {@return this policy with another number of instances}
  ///
  /// @param count how many batches of the model are computed at a time
  public Policy instances(int count) {
    return new Policy(count, queueCapacity, maxBatch, latencyTarget, timeout, exact);
  }

  /// {@return this policy with another capacity}
  ///
  /// @param count the most requests that may wait
  public Policy queueCapacity(int count) {
    return new Policy(instances, count, maxBatch, latencyTarget, timeout, exact);
  }

  /// {@return this policy with other batches}
  ///
  /// @param rows the most rows of a batch
  public Policy maxBatch(int rows) {
    return new Policy(instances, queueCapacity, rows, latencyTarget, timeout, exact);
  }

  /// {@return this policy with another target}
  ///
  /// @param target the time within which an answer is wanted
  public Policy latencyTarget(Duration target) {
    return new Policy(instances, queueCapacity, maxBatch, target, timeout, exact);
  }

  /// {@return this policy with another deadline}
  ///
  /// @param time the deadline of requests that bring none; null for none
  public Policy timeout(@Nullable Duration time) {
    return new Policy(instances, queueCapacity, maxBatch, latencyTarget, time, exact);
  }

  /// {@return this policy with exact answers or with padding}
  ///
  /// @param bits whether answers have exactly the bits that they would have alone
  public Policy exact(boolean bits) {
    return new Policy(instances, queueCapacity, maxBatch, latencyTarget, timeout, bits);
  }
}
