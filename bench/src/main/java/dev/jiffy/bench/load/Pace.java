package dev.jiffy.bench.load;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Gives out the requests of one run to all that issue them; for many threads.
sealed interface Pace {
  /// Says that nothing more is to be issued.
  long END = -1;

  /// {@return when the next query is to start, which is then the caller's, or [#END]}
  ///
  /// @param now the time since the run began
  long next(long now);

  /// {@return the pace of arrivals}
  static Pace of(Arrivals arrivals, Extent extent) {
    return switch (arrivals) {
      case Arrivals.Closed closed -> new Follow(extent, closed.perQuery());
      case Arrivals.Open open -> new Schedule(open.schedule(extent));
    };
  }

  /// On a schedule.
  final class Schedule implements Pace {
    private final long[] nanos;
    private final AtomicInteger given = new AtomicInteger();

    /// @param nanos when queries are to start, in ascending order; not copied
    Schedule(long[] nanos) {
      this.nanos = nanos;
    }

    @Override
    public long next(long now) {
      int index = given.getAndIncrement();
      return index < nanos.length ? nanos[index] : END;
    }
  }

  /// As soon as there is someone to ask.
  final class Follow implements Pace {
    private final Extent extent;
    private final int perQuery;
    private final AtomicLong given = new AtomicLong();

    /// @param extent until when
    /// @param perQuery the requests of a query
    Follow(Extent extent, int perQuery) {
      this.extent = extent;
      this.perQuery = perQuery;
    }

    @Override
    public long next(long now) {
      long before = given.getAndAdd(perQuery);
      return extent.isReached(now, before) ? END : now;
    }
  }
}
