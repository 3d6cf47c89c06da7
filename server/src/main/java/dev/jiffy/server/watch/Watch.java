package dev.jiffy.server.watch;

import dev.jiffy.server.metrics.Traffic;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// What looks at requests from outside: counts of what went over the connections, always, and
/// watchers, if there are any. Shared between threads.
public final class Watch implements AutoCloseable {
  private final Traffic traffic = new Traffic();
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

  /// A watch that nobody keeps yet.
  public Watch() {}

  /// Adds one who is told of each request from now on, and is closed with this.
  ///
  /// @param watcher who is told
  public void add(Watcher watcher) {
    watchers.add(watcher);
  }

  /// {@return the counts}
  public Traffic traffic() {
    return traffic;
  }

  /// {@return whether somebody wants accounts now}
  public boolean isWanted() {
    return !watchers.isEmpty() || RequestEvent.isWanted();
  }

  /// Tells all who watch.
  ///
  /// @param account what became of a request
  public void ended(Account account) {
    RequestEvent.write(account);
    for (Watcher watcher : watchers) {
      watcher.ended(account);
    }
  }

  /// {@return how many accounts were not written down, as there were too many at a time}
  public long dropped() {
    return watchers.stream().mapToLong(Watcher::dropped).sum();
  }

  @Override
  public void close() {
    watchers.forEach(Watcher::close);
  }
}
