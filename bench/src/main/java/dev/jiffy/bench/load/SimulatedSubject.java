package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// A system of one queue and some servers in simulated time, whose behaviour is known beforehand.
/// Requests are issued and taken down by the same code as in real time; an hour takes seconds, and
/// every run of one plan is the same.
///
/// @param name what to call it
/// @param slots the most requests that clients have under way; further ones wait in front of it
/// @param servers how many requests are worked on at a time; further ones wait in its queue
/// @param service how long one takes
/// @param stalls when nothing is worked on, in the order of time
/// @param capacity how many requests may wait in its queue; more are refused as too many
/// @param seed decides what is left to chance
public record SimulatedSubject(
    String name,
    int slots,
    int servers,
    ServiceTime service,
    List<Stall> stalls,
    int capacity,
    long seed)
    implements Subject {
  /// A time in which nothing is worked on.
  ///
  /// @param fromNanos its begin, in nanoseconds since the run began
  /// @param toNanos its end
  public record Stall(long fromNanos, long toNanos) {}

  /// Copies the stalls.
  public SimulatedSubject {
    stalls = List.copyOf(stalls);
  }

  /// A system without stalls and limits.
  ///
  /// @param name what to call it
  /// @param servers how many requests are worked on at a time
  /// @param service how long one takes
  public SimulatedSubject(String name, int servers, ServiceTime service) {
    this(name, Integer.MAX_VALUE, servers, service, List.of(), Integer.MAX_VALUE, 1);
  }

  @Override
  public int samples() {
    return 1;
  }

  @Override
  public Recording run(Plan plan, IntConsumer progress) {
    Simulation simulation = new Simulation();
    Pace pace = Pace.of(plan.arrivals(), plan.extent());
    int most = Math.min(slots, Math.max(plan.queriesAtATime(), plan.perQuery()));
    Driver driver =
        new Driver(plan, pace, new AtomicLong(), most, simulation, simulation, () -> {}, progress);
    long next = driver.step();
    while (!driver.isDone()) {
      simulation.advance(next);
      next = driver.step();
    }
    return driver.recorder().recording();
  }

  /// What is to happen.
  private record End(long nanos, int row, Outcome outcome, Target.Sink sink) {}

  private final class Simulation implements Clock, Target {
    private final RandomGenerator random =
        RandomGeneratorFactory.of("L64X128MixRandom").create(~seed); // not that of the arrivals
    private final PriorityQueue<End> ends =
        new PriorityQueue<>(Comparator.comparingLong(End::nanos).thenComparingInt(End::row));
    private final PriorityQueue<Long> free = new PriorityQueue<>();
    private long now;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public void send(int sample, int row, long untilNanos, Sink sink) {
      if (ends.size() - busy() >= capacity) {
        ends.add(new End(now, row, Outcome.OVERLOADED, sink));
        return;
      }
      long start = now;
      if (free.size() == servers) {
        start = Math.max(now, free.remove());
      }
      long end = worked(start, service.nanos(random));
      free.add(end);
      ends.add(new End(end, row, Outcome.OK, sink));
    }

    private int busy() {
      return Math.min(servers, ends.size());
    }

    /// {@return when work ends that begins at a time}
    private long worked(long start, long nanos) {
      long at = start;
      long left = nanos;
      for (Stall stall : stalls) {
        if (at >= stall.toNanos()) {
          continue;
        }
        if (at + left <= stall.fromNanos()) {
          break;
        }
        left -= Math.max(0, stall.fromNanos() - at);
        at = stall.toNanos();
      }
      return at + left;
    }

    /// Goes on to what happens next, at the latest to a time.
    void advance(long latest) {
      End end = ends.peek();
      if (end == null || end.nanos() > latest) {
        now = latest;
        return;
      }
      ends.remove();
      now = end.nanos();
      end.sink().ended(end.row(), now, end.outcome());
    }
  }

  @Override
  public void close() {}
}
