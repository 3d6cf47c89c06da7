package dev.jiffy.server.schedule;

import dev.jiffy.server.store.LoadedModel;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// The owner threads of one model, behind one bounded queue, first come, first served.
///
/// It also learns how long work takes for its size, so that an event loop can tell whether work is
/// so short that handing it over would cost more than doing it.
public final class Runner implements AutoCloseable {
  /// A task of one owner thread.
  @FunctionalInterface
  public interface Work {
    /// Does the work. What it throws is logged and does not end the thread.
    ///
    /// @param sessions the thread's working memory
    void run(ModelSessions sessions);
  }

  private static final System.Logger LOG = System.getLogger(Runner.class.getName());

  /// About what two thread hops cost.
  private static final double INLINE_NANOS = 50_000;

  private static final int INLINE_BYTES = 16 << 10;
  private static final int FIXED_BYTES = 256;
  private static final int WARM_RUNS = 64;
  private static final Work STOP = sessions -> {};

  private final LoadedModel model;
  private final int capacity;
  private final LinkedBlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closing;

  // Written by any thread that ran the model; a lost update does no harm.
  private volatile double nanosPerByte;
  private volatile int runs;

  /// Starts the threads.
  ///
  /// @param model the model
  /// @param threads how many owner threads, each with a session of its own; at least 1
  /// @param capacity the most tasks that may wait; at least 1
  public Runner(LoadedModel model, int threads, int capacity) {
    this.model = model;
    this.capacity = capacity;
    for (int i = 0; i < threads; i++) {
      this.threads.add(
          Thread.ofPlatform()
              .name("jiffy-%s-%d".formatted(model.name(), i))
              .daemon(true)
              .start(this::serve));
    }
  }

  /// {@return the model}
  public LoadedModel model() {
    return model;
  }

  /// {@return whether the task was taken; not when too many wait or the runner is closing}
  ///
  /// @param work the task
  public boolean offer(Work work) {
    if (waiting.incrementAndGet() > capacity || closing) {
      waiting.decrementAndGet();
      return false;
    }
    return queue.add(work);
  }

  /// {@return whether work of a size is better done at once by the calling thread}
  ///
  /// @param bytes the size of the request
  public boolean isQuick(int bytes) {
    return bytes <= INLINE_BYTES
        && runs >= WARM_RUNS
        && nanosPerByte * (bytes + FIXED_BYTES) <= INLINE_NANOS
        && waiting.get() == 0
        && !closing;
  }

  /// Learns from work done.
  ///
  /// @param bytes the size of the request
  /// @param nanos the time that it took
  @SuppressWarnings("NonAtomicVolatileUpdate")
  public void took(int bytes, long nanos) {
    double sample = (double) nanos / (bytes + FIXED_BYTES);
    nanosPerByte = runs == 0 ? sample : nanosPerByte + (sample - nanosPerByte) / 16;
    if (runs < WARM_RUNS) {
      runs++;
    }
  }

  private void serve() {
    try (ModelSessions sessions = new ModelSessions(model)) {
      while (true) {
        Work work = queue.take();
        if (work.equals(STOP)) {
          return;
        }
        waiting.decrementAndGet();
        try {
          work.run(sessions);
        } catch (Throwable e) { // the root of the thread
          LOG.log(Level.ERROR, "work for model " + model.name() + " failed", e);
        }
      }
    } catch (InterruptedException e) {
      LOG.log(Level.WARNING, "an owner thread of model " + model.name() + " was interrupted", e);
      Thread.currentThread().interrupt();
    }
  }

  /// Takes no more work, waits until what was taken is done, and releases the sessions. Idempotent.
  @Override
  public void close() {
    if (!closing) {
      closing = true;
      threads.forEach(thread -> queue.add(STOP));
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (true) {
        try {
          thread.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
