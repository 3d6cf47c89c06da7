package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recorder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/// Issues requests when they are due and takes down what becomes of them. For one thread; several
/// drivers may share a pace and a count.
///
/// A loop calls [#step()] when time has come, and is woken when a request that ends leaves room for
/// another.
final class Driver implements Target.Sink {
  /// Says that nothing will be due before a request ends.
  static final long NEVER = Long.MAX_VALUE;

  private static final int PROGRESS = 1 << 9;
  private static final long NONE = Long.MIN_VALUE;

  private final Pace pace;
  private final Order order;
  private final AtomicLong numbers;
  private final int slots;
  private final int perQuery;
  private final Target target;
  private final Clock clock;
  private final Runnable wake;
  private final IntConsumer progress;
  private final long timeoutNanos;
  private final long deadlineNanos;
  private final Recorder recorder;
  private long claimed = NONE;
  private long roomSince;
  private int underWay;
  private int queries;
  private boolean isStepping;
  private boolean hasIssuedAll;

  /// @param plan the run
  /// @param pace gives out the requests
  /// @param numbers counts the requests
  /// @param slots the most queries under way
  /// @param target answers
  /// @param clock the run's
  /// @param wake is called when a request ends outside of a step
  /// @param progress is told now and then how many requests are issued
  Driver(
      Plan plan,
      Pace pace,
      AtomicLong numbers,
      int slots,
      Target target,
      Clock clock,
      Runnable wake,
      IntConsumer progress) {
    this.pace = pace;
    this.order = plan.order();
    this.numbers = numbers;
    this.slots = slots;
    this.perQuery = plan.perQuery();
    this.target = target;
    this.clock = clock;
    this.recorder = new Recorder(clock.origin());
    this.wake = wake;
    this.progress = progress;
    this.timeoutNanos = plan.timeoutNanos();
    this.deadlineNanos = plan.deadlineNanos();
  }

  /// {@return when the next request is due, after all that are due now are issued, or [#NEVER]}
  long step() {
    isStepping = true;
    long next = NEVER;
    while (hasRoom() && !hasIssuedAll) {
      long now = clock.nanos();
      if (claimed == NONE) {
        claimed = pace.next(now);
      }
      if (claimed == Pace.END) {
        hasIssuedAll = true;
      } else if (claimed > now) {
        next = claimed;
        break;
      } else {
        issue(now);
      }
    }
    isStepping = false;
    return next;
  }

  private boolean hasRoom() {
    return perQuery > 1 ? underWay == 0 : underWay < slots;
  }

  private void issue(long now) {
    long scheduled = claimed;
    long due = Math.max(scheduled, Math.min(now, roomSince));
    claimed = NONE;
    int query = queries++;
    long until = scheduled + Math.min(deadlineNanos, NEVER - scheduled);
    underWay += perQuery;
    for (int i = 0; i < perQuery; i++) {
      int sample = order.sample(numbers.getAndIncrement());
      int row = recorder.begin(scheduled, due, now, sample);
      if ((row & (PROGRESS - 1)) == 0) {
        progress.accept(row);
      }
      if (perQuery > 1) {
        recorder.query(row, query);
      }
      if (now < until) {
        target.send(sample, row, until, this);
      } else {
        ended(row, now, Outcome.TIMEOUT);
      }
    }
  }

  /// {@return whether all requests are issued and have ended}
  boolean isDone() {
    return hasIssuedAll && underWay == 0;
  }

  @Override
  public void firstByte(int row) {
    recorder.firstByte(row, clock.nanos());
  }

  @Override
  public void stage(int row, String stage, long nanos) {
    recorder.stage(row, stage, nanos);
  }

  @Override
  public void batch(int row, int requests) {
    recorder.batch(row, requests);
  }

  @Override
  public void ended(int row, long nanos, Outcome outcome) {
    boolean isLate = nanos - recorder.issuedNanos(row) > timeoutNanos;
    recorder.end(row, nanos, isLate && outcome == Outcome.OK ? Outcome.TIMEOUT : outcome);
    if (underWay == slots || perQuery > 1) {
      roomSince = nanos;
    }
    underWay--;
    if (!isStepping) {
      wake.run();
    }
  }

  /// {@return what was taken down}
  Recorder recorder() {
    return recorder;
  }
}
