package dev.jiffy.engine.run;

import dev.jiffy.engine.OsThread;
import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Step;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The process's worker threads, which share out the parts of one step at a time.
///
/// There is one worker less than the processors that the process may use (the JVM counts a
/// container's share), since the caller works too, or fewer where the system starts no more
/// threads. Workers spin for a bounded time after work and then park. Where another session's step
/// is under way, the caller computes all parts itself: nobody waits for threads that are busy
/// elsewhere.
///
/// With the system property `jiffy.workers.processors=2,3` the first worker stays on the processor
/// of number 2, the next on that of number 3, where the system lets them; others run anywhere.
final class Workers {
  private static final System.Logger LOG = System.getLogger(Workers.class.getName());

  /// The only instance; threads start with its first use.
  static final Workers SHARED = new Workers(Runtime.getRuntime().availableProcessors() - 1);

  /// Spins before a worker parks: some tens of microseconds, longer than the sequential stretches
  /// within one run.
  private static final int SPINS = 4_000;

  private static final String PROCESSORS = "jiffy.workers.processors";

  private static final VarHandle TICKET;
  private static final VarHandle PENDING;
  private static final VarHandle BUSY;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TICKET = lookup.findVarHandle(Workers.class, "ticket", long.class);
      PENDING = lookup.findVarHandle(Workers.class, "pending", int.class);
      BUSY = lookup.findVarHandle(Workers.class, "busy", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Worker[] workers;

  /// The job's number (32 bits), its parts (16 bits) and the next part to take (16 bits). A worker
  /// takes a part by counting up the last; a stale word fails.
  private volatile long ticket;

  private volatile int pending;
  private volatile boolean busy;
  private @Nullable Step step;
  private @Nullable Frame frame;
  private volatile @Nullable Throwable failure;

  private final class Worker extends Thread {
    private final int processor;
    private volatile boolean parked;

    /// @param processor where it stays, negative for anywhere
    Worker(int number, int processor) {
      super("jiffy-worker-" + number);
      this.processor = processor;
      setDaemon(true);
    }

    @Override
    public void run() {
      if (processor >= 0) {
        OsThread.stayOn(processor);
      }
      int idle = 0;
      while (true) {
        if (takePart()) {
          idle = 0;
        } else if (idle < SPINS) {
          idle++;
          Thread.onSpinWait();
        } else {
          parked = true;
          if (!hasPart()) {
            LockSupport.park(Workers.this);
          }
          parked = false;
          idle = 0;
        }
      }
    }
  }

  private Workers(int count) {
    List<Integer> processors = processors(System.getProperty(PROCESSORS, ""));
    List<Worker> started = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        Worker worker = new Worker(i + 1, i < processors.size() ? processors.get(i) : -1);
        worker.start();
        started.add(worker);
      }
    } catch (OutOfMemoryError e) {
      LOG.log(
          Level.WARNING,
          "only {0} of {1} worker threads can be started: {2}",
          String.valueOf(started.size()),
          String.valueOf(count),
          String.valueOf(e.getMessage()));
    }
    workers = started.toArray(Worker[]::new);
  }

  /// {@return the numbers of a list with commas, none where one of them is no processor's}
  static List<Integer> processors(String list) {
    if (list.isEmpty()) {
      return List.of();
    }
    List<Integer> numbers = new ArrayList<>();
    for (String each : list.split(",", -1)) {
      if (!each.matches("\\d{1,4}") || Integer.parseInt(each) > OsThread.LAST_PROCESSOR) {
        LOG.log(
            Level.WARNING,
            "{0} must be numbers of processors, 0 to {1}, with commas between them, got ''{2}'':"
                + " workers run anywhere",
            PROCESSORS,
            String.valueOf(OsThread.LAST_PROCESSOR),
            list);
        return List.of();
      }
      numbers.add(Integer.parseInt(each));
    }
    return numbers;
  }

  /// Does nothing but what initializing the class has done.
  void start() {}

  /// Computes all parts of a step and returns when they are done.
  ///
  /// @throws RuntimeException what a part threw, after all parts have ended
  void run(Step work, Frame memory) {
    int parts = work.parts();
    if (parts == 1) {
      work.run(memory, 0);
      return;
    }
    if (workers.length == 0 || !BUSY.compareAndSet(this, false, true)) {
      for (int part = 0; part < parts; part++) {
        work.run(memory, part);
      }
      return;
    }
    try {
      share(work, memory, parts);
    } finally {
      busy = false;
    }
  }

  private void share(Step work, Frame memory, int parts) {
    step = work;
    frame = memory;
    pending = parts - 1;
    ticket = (((ticket >>> 32) + 1) << 32) | ((long) parts << 16) | 1;
    int helpers = Math.min(parts - 1, workers.length);
    for (int i = 0; i < helpers; i++) {
      if (workers[i].parked) {
        LockSupport.unpark(workers[i]);
      }
    }
    Throwable own = null;
    try {
      work.run(memory, 0);
    } catch (RuntimeException | Error e) {
      own = e;
    }
    while (takePart()) {
      // parts that no worker has taken yet
    }
    for (int spins = 0; pending != 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(1_000);
      }
    }
    Throwable thrown = own == null ? failure : own;
    if (thrown != null) {
      failure = null;
      throw rethrown(thrown);
    }
  }

  private static RuntimeException rethrown(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
  }

  private boolean hasPart() {
    long current = ticket;
    return (current & 0xffff) < ((current >>> 16) & 0xffff);
  }

  /// Takes the next part of the current job and computes it; returns false where there is none.
  private boolean takePart() {
    long current = ticket;
    int part = (int) (current & 0xffff);
    if (part >= (int) ((current >>> 16) & 0xffff)) {
      return false;
    }
    if (TICKET.compareAndSet(this, current, current + 1)) {
      try {
        Step work = step;
        Frame memory = frame;
        if (work != null && memory != null) {
          work.run(memory, part);
        }
      } catch (RuntimeException | Error e) {
        failure = e;
      } finally {
        PENDING.getAndAdd(this, -1);
      }
    }
    return true;
  }
}
