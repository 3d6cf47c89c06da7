package dev.jiffy.server.watch;

import dev.jiffy.server.schedule.Timing;

/// Where the time of one request goes, stage after stage. One thread at a time.
public final class Stopwatch {
  private final long[] nanos = new long[Stage.ALL.length];
  private final long arrivedNanos;
  private long lastNanos;
  private int timed;
  private int batchRows;
  private boolean isKept;

  /// Starts.
  ///
  /// @param arrivedNanos when the request had arrived, by [System#nanoTime()]
  public Stopwatch(long arrivedNanos) {
    this.arrivedNanos = arrivedNanos;
    this.lastNanos = arrivedNanos;
  }

  /// Ends a stage that began when the last one ended.
  ///
  /// @param stage the stage
  public void lap(Stage stage) {
    long now = System.nanoTime();
    add(stage, now - lastNanos);
    lastNanos = now;
  }

  /// Adds a stage that was timed elsewhere.
  ///
  /// @param stage the stage
  /// @param took how long it took in nanoseconds
  public void add(Stage stage, long took) {
    nanos[stage.index()] = Math.max(0, took);
    timed |= 1 << stage.index();
  }

  /// Adds what the scheduler timed, and continues from now.
  ///
  /// @param timing how long the request waited since it had arrived, and how long its batch took
  public void computed(Timing timing) {
    queued(timing);
    if (timing.batchRows() > 0) {
      add(Stage.COMPUTE, timing.computeNanos());
    }
  }

  /// Adds what the scheduler timed but for the computation, and continues from now.
  ///
  /// @param timing how long the request waited since it had arrived
  public void queued(Timing timing) {
    add(Stage.QUEUE, timing.queueNanos() - (lastNanos - arrivedNanos));
    batchRows = timing.batchRows();
    isKept = batchRows == 0;
    lastNanos = System.nanoTime();
  }

  /// {@return whether a stage was timed}
  ///
  /// @param stage the stage
  public boolean isTimed(Stage stage) {
    return (timed & 1 << stage.index()) != 0;
  }

  /// {@return how long a stage took in nanoseconds, 0 where it was not timed}
  ///
  /// @param stage the stage
  public long nanos(Stage stage) {
    return nanos[stage.index()];
  }

  /// {@return the rows that were computed together, 0 where nothing was}
  public int batchRows() {
    return batchRows;
  }

  /// {@return when the request had arrived}
  public long arrivedNanos() {
    return arrivedNanos;
  }

  /// {@return the value of the header `Server-Timing`, in milliseconds}
  public String header() {
    StringBuilder header = new StringBuilder(96);
    for (Stage stage : Stage.ALL) {
      if (isTimed(stage)) {
        if (!header.isEmpty()) {
          header.append(", ");
        }
        header.append(stage.label()).append(";dur=");
        millis(header, nanos(stage));
        if (stage == Stage.COMPUTE && batchRows > 0) {
          header.append(", batch;desc=").append(batchRows);
        }
      }
    }
    if (isKept) {
      header.append(", cache;desc=hit");
    }
    return header.toString();
  }

  /// A number of milliseconds with three digits behind the point.
  private static void millis(StringBuilder header, long nanos) {
    long micros = nanos / 1000;
    long rest = micros % 1000;
    header.append(micros / 1000).append('.');
    header.append((char) ('0' + rest / 100));
    header.append((char) ('0' + rest / 10 % 10));
    header.append((char) ('0' + rest % 10));
  }
}
