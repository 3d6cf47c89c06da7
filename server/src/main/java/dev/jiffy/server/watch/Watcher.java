package dev.jiffy.server.watch;

/// Is told of every request when it has ended.
public interface Watcher extends AutoCloseable {
  /// A request has ended. Called on event loops and owner threads at once, and must neither wait
  /// nor throw; see [Backlog].
  ///
  /// @param account what became of it
  void ended(Account account);

  /// {@return whether it wants to be told now}
  default boolean isOn() {
    return true;
  }

  /// {@return how many requests were not written down: there were too many at a time, or whoever
  /// takes them failed}
  default long dropped() {
    return 0;
  }

  @Override
  default void close() {}
}
