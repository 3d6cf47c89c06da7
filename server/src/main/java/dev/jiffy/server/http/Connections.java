package dev.jiffy.server.http;

import dev.jiffy.server.HttpOptions;
import io.vertx.core.http.HttpConnection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The open connections of one event loop, and what each waits for. Belongs to that event loop.
///
/// A connection that lies idle, or whose request does not arrive in time, is closed, also if its
/// client sends a byte now and then.
final class Connections {
  private final HttpOptions options;
  private final Map<HttpConnection, State> states = new HashMap<>();

  private enum Phase {
    IDLE,
    READING,
    ANSWERING
  }

  private static final class State {
    private Phase phase = Phase.IDLE;
    private long sinceNanos = System.nanoTime();

    void enter(Phase next) {
      phase = next;
      sinceNanos = System.nanoTime();
    }
  }

  Connections(HttpOptions options) {
    this.options = options;
  }

  /// A client has connected; beyond the most connections it is sent away.
  void opened(HttpConnection connection) {
    if (states.size() >= Math.max(1, options.maxConnections() / options.eventLoops())) {
      connection.close();
      return;
    }
    states.put(connection, new State());
    connection.closeHandler(closed -> states.remove(connection));
  }

  /// The head of a request has arrived.
  void reading(HttpConnection connection) {
    enter(connection, Phase.READING);
  }

  /// All of a request has arrived.
  void answering(HttpConnection connection) {
    enter(connection, Phase.ANSWERING);
  }

  /// A request is answered.
  void idle(HttpConnection connection) {
    enter(connection, Phase.IDLE);
  }

  private void enter(HttpConnection connection, Phase phase) {
    State state = states.get(connection);
    if (state != null) {
      state.enter(phase);
    }
  }

  /// Closes the connections whose time is over.
  void sweep() {
    long now = System.nanoTime();
    List<HttpConnection> late =
        states.entrySet().stream()
            .filter(entry -> isLate(entry.getValue(), now))
            .map(Map.Entry::getKey)
            .toList();
    late.forEach(HttpConnection::close);
  }

  private boolean isLate(State state, long now) {
    long nanos = now - state.sinceNanos;
    return switch (state.phase) {
      case IDLE -> nanos > options.idleTimeout().toNanos();
      case READING -> nanos > options.bodyTimeout().toNanos();
      case ANSWERING -> false;
    };
  }
}
