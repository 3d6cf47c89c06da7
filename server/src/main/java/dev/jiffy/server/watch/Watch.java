package dev.jiffy.server.watch;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.metrics.Traffic;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// What looks at requests from outside: counts of what went over the connections, always, and
/// watchers, if there are any. Shared between threads.
public final class Watch implements AutoCloseable {
  private final Traffic traffic;
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private final Tracing tracing;
  private final @Nullable ServerLog log;

  /// A watch that nobody keeps yet.
  ///
  /// @param traffic counts what goes over the connections
  /// @param tracing which requests are traced
  /// @param log what the process says of itself, null where that is not the server's concern
  public Watch(Traffic traffic, Tracing tracing, @Nullable ServerLog log) {
    this.traffic = traffic;
    this.tracing = tracing;
    this.log = log;
  }

  /// {@return which requests are traced}
  public Tracing tracing() {
    return tracing;
  }

  /// {@return what the process says of itself}
  ///
  /// @throws ProtocolException of status 501 if that is not the server's concern
  public ServerLog log() {
    if (log == null) {
      throw new ProtocolException(501, "the log is that of the program around the server");
    }
    return log;
  }

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
    for (Watcher watcher : watchers) {
      if (watcher.isOn()) {
        return true;
      }
    }
    return RequestEvent.isWanted();
  }

  /// Tells all who watch.
  ///
  /// @param account what became of a request
  public void ended(Account account) {
    RequestEvent.write(account);
    for (Watcher watcher : watchers) {
      if (watcher.isOn()) {
        watcher.ended(account);
      }
    }
  }

  /// {@return how many accounts were not written down: there were too many at a time, or whoever
  /// takes them failed}
  public long dropped() {
    return watchers.stream().mapToLong(Watcher::dropped).sum();
  }

  @Override
  public void close() {
    watchers.forEach(Watcher::close);
  }
}
