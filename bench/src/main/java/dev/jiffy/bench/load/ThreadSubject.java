package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/// Something in this process that answers while the caller waits, on one thread for each request
/// under way. A thread takes the next request of the schedule as soon as it is free. What threads
/// ask is kept from run to run, so that what is measured has been warmed up.
public final class ThreadSubject implements Subject {
  private static final long SPIN_NANOS = 100_000;

  private final String name;
  private final int samples;
  private final int slots;
  private final IntFunction<Work> works;
  private final ThreadFactory threads;

  /// What was made so far, by the thread's number.
  private final List<Work> open = new ArrayList<>();

  /// What one thread asks.
  public interface Work extends AutoCloseable {
    /// Answers a request.
    ///
    /// @param sample which input
    /// @return how it ended
    Outcome answer(int sample);

    /// Looks at the answer that was given last, which no request's time includes. Called after each
    /// request that was answered.
    ///
    /// @param sample which input
    /// @return how the request ended
    default Outcome check(int sample) {
      return Outcome.OK;
    }

    @Override
    default void close() {}
  }

  /// Something in this process.
  ///
  /// @param name what to call it
  /// @param samples the number of inputs
  /// @param slots the most threads
  /// @param works makes what a thread asks, from the thread's number
  public ThreadSubject(String name, int samples, int slots, IntFunction<Work> works) {
    this(name, samples, slots, works, Thread.ofPlatform().name("load-", 1).daemon().factory());
  }

  /// Something in this process.
  ///
  /// @param threads makes all threads but the first, which is the caller's
  ThreadSubject(
      String name, int samples, int slots, IntFunction<Work> works, ThreadFactory threads) {
    this.name = name;
    this.samples = samples;
    this.slots = slots;
    this.works = works;
    this.threads = threads;
  }

  /// {@return what answers everything at once with nothing}
  ///
  /// @param slots the most threads
  public static ThreadSubject nothing(int slots) {
    return new ThreadSubject("null", 1, slots, thread -> sample -> Outcome.OK);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int samples() {
    return samples;
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public Recording run(Plan plan, IntConsumer progress) {
    int count = plan.perQuery() > 1 ? 1 : Math.min(slots, plan.queriesAtATime());
    Pace pace = Pace.of(plan.arrivals(), plan.extent());
    AtomicLong numbers = new AtomicLong();
    List<CompletableFuture<Recording>> parts = new ArrayList<>();
    while (open.size() < count) {
      open.add(works.apply(open.size()));
    }
    try {
      Clock clock = new Clock.Real();
      for (int i = 1; i < count; i++) {
        Work work = open.get(i);
        CompletableFuture<Recording> part = new CompletableFuture<>();
        threads.newThread(() -> complete(part, plan, pace, numbers, work, clock)).start();
        parts.add(part); // not before: a thread that did not start would be waited for for ever
      }
      CompletableFuture<Recording> own = new CompletableFuture<>();
      Work first = open.getFirst();
      Driver driver = driver(plan, pace, numbers, first, clock, progress);
      loop(driver, clock);
      own.complete(driver.recorder().recording());
      parts.addFirst(own);
      return Recording.merged(
          parts.stream().map(CompletableFuture::join).filter(part -> part.size() > 0).toList());
    } catch (CompletionException e) {
      throw new IllegalStateException("a thread that issues requests failed", e.getCause());
    } finally {
      parts.forEach(part -> part.handle((recording, failure) -> recording).join());
    }
  }

  private static void complete(
      CompletableFuture<Recording> part,
      Plan plan,
      Pace pace,
      AtomicLong numbers,
      Work work,
      Clock clock) {
    try {
      Driver driver = driver(plan, pace, numbers, work, clock, issued -> {});
      loop(driver, clock);
      part.complete(driver.recorder().recording());
    } catch (RuntimeException | Error e) {
      part.completeExceptionally(e);
    }
  }

  private static Driver driver(
      Plan plan, Pace pace, AtomicLong numbers, Work work, Clock clock, IntConsumer progress) {
    Target target =
        (sample, row, until, sink) -> {
          Outcome outcome = work.answer(sample);
          long end = clock.nanos();
          sink.ended(row, end, outcome == Outcome.OK ? work.check(sample) : outcome);
        };
    int slots = plan.perQuery() > 1 ? plan.perQuery() : 1;
    return new Driver(plan, pace, numbers, slots, target, clock, () -> {}, progress);
  }

  private static void loop(Driver driver, Clock clock) {
    long next = driver.step();
    while (!driver.isDone()) {
      await(next, clock);
      next = driver.step();
    }
  }

  /// Waits until a time: asleep for the most part, awake at the end, as sleep ends late.
  private static void await(long nanos, Clock clock) {
    long wait = nanos - clock.nanos();
    while (wait > 0) {
      if (wait > SPIN_NANOS) {
        LockSupport.parkNanos(wait - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
      wait = nanos - clock.nanos();
    }
  }

  @Override
  public void close() {
    open.forEach(Work::close);
    open.clear();
  }
}
