package dev.jiffy.server.http;

/// Where event loops listen.
public sealed interface Place {
  /// A port of the options' host.
  ///
  /// @param number the port, negative for a free one that is the same for all event loops
  record Port(int number) implements Place {}

  /// A Unix domain socket.
  ///
  /// @param path its file
  record Socket(String path) implements Place {}
}
