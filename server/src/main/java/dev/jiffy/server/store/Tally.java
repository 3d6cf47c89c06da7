package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelStatistics.Spent;
import dev.jiffy.server.schedule.Timing;
import java.util.concurrent.atomic.LongAdder;

/// What the requests of one model took so far, stage by stage. Shared between threads.
public final class Tally {
  private final Sum success = new Sum();
  private final Sum failure = new Sum();
  private final Sum queue = new Sum();
  private final Sum decode = new Sum();
  private final Sum compute = new Sum();
  private final Sum encode = new Sum();
  private volatile long lastMillis;

  private static final class Sum {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    void add(long more) {
      count.increment();
      nanos.add(Math.max(0, more));
    }

    Spent spent() {
      return new Spent(count.sum(), nanos.sum());
    }
  }

  /// Nothing so far.
  Tally() {}

  /// A request was answered.
  ///
  /// @param timing how long it waited and was computed
  /// @param decodeNanos how long reading it took
  /// @param encodeNanos how long writing the answer took
  /// @param arrivedNanos when it came, by [System#nanoTime()]
  public void answered(Timing timing, long decodeNanos, long encodeNanos, long arrivedNanos) {
    success.add(System.nanoTime() - arrivedNanos);
    queue.add(timing.queueNanos());
    decode.add(decodeNanos);
    compute.add(timing.computeNanos());
    encode.add(encodeNanos);
    lastMillis = System.currentTimeMillis();
  }

  /// A request was not answered.
  ///
  /// @param arrivedNanos when it came, by [System#nanoTime()]
  public void failed(long arrivedNanos) {
    failure.add(System.nanoTime() - arrivedNanos);
  }

  long lastMillis() {
    return lastMillis;
  }

  Spent success() {
    return success.spent();
  }

  Spent failure() {
    return failure.spent();
  }

  Spent queue() {
    return queue.spent();
  }

  Spent decode() {
    return decode.spent();
  }

  Spent compute() {
    return compute.spent();
  }

  Spent encode() {
    return encode.spent();
  }
}
