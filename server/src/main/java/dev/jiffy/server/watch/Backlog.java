package dev.jiffy.server.watch;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// Hands accounts to one who is slow, on a thread of its own. What is too much is dropped and
/// counted: requests never wait for it. Shared between threads.
public final class Backlog implements Watcher {
  private static final System.Logger LOG = System.getLogger(Backlog.class.getName());
  private static final int CAPACITY = 8192;
  private static final long PAUSE_MILLIS = 200;
  private static final long CLOSE_MILLIS = 5000;

  private final BlockingQueue<Account> waiting = new ArrayBlockingQueue<>(CAPACITY);
  private final LongAdder dropped = new LongAdder();
  private final String name;
  private final Consumer<List<Account>> taker;
  private final Thread thread;
  private volatile boolean closed;

  /// A backlog whose thread has started.
  ///
  /// @param name the thread's name
  /// @param taker takes what has gathered, never nothing, save that an empty list says that nothing
  ///   happened for a while, or that this is closed; where it throws, that is logged, and all it
  ///   was given counts as dropped
  public Backlog(String name, Consumer<List<Account>> taker) {
    this.name = name;
    this.taker = taker;
    this.thread = Thread.ofPlatform().name(name).daemon(true).start(this::work);
  }

  @Override
  public void ended(Account account) {
    if (closed || !waiting.offer(account)) {
      dropped.increment();
    }
  }

  @Override
  public long dropped() {
    return dropped.sum();
  }

  private void work() {
    List<Account> taken = new ArrayList<>();
    boolean isOver = false;
    while (!isOver) {
      isOver = closed && waiting.isEmpty();
      try {
        Account first = isOver ? null : waiting.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        if (first != null) {
          taken.add(first);
          waiting.drainTo(taken);
        }
        taker.accept(taken);
      } catch (InterruptedException e) {
        return;
      } catch (Throwable e) { // the root of a thread
        LOG.log(Level.ERROR, name + " failed", e);
        dropped.add(taken.size());
      }
      taken.clear();
    }
  }

  /// Hands over what waits, for a few seconds at most. Idempotent.
  @Override
  public void close() {
    closed = true;
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
