package dev.jiffy.server.http;

import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Event;
import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The open connections of one event loop, and what each waits for. Belongs to that event loop.
///
/// A connection that lies idle is closed, also if its client sends a byte now and then; one over
/// which an answer is worked on, or sent, is not idle. One whose request does not arrive in time is
/// closed as well; over HTTP/2 only that request is given up. So is one of which nothing could be
/// sent for much longer, as its client does not read, whatever else that sends; over HTTP/1.1 the
/// timer of the library sees to that, unless its client sends on byte by byte.
final class Connections {
  private static final System.Logger LOG = System.getLogger(Connections.class.getName());

  /// How much longer than a connection may lie idle nothing of an answer may be sent.
  static final int PATIENCE = 10;

  private static final long DRAIN_MILLIS = 10;

  /// The time of an answer of which nothing can be sent yet.
  private static final long WORKED_ON = Long.MIN_VALUE;

  private final HttpOptions options;
  private final Traffic traffic;
  private final Map<HttpConnection, State> states = new HashMap<>();
  private boolean isDraining;

  private static final class State {
    /// When the heads of requests arrived whose bodies have not.
    private final Map<HttpServerRequest, Long> reading = new LinkedHashMap<>();

    /// When requests that have arrived were last sent some of their answers.
    private final Map<HttpServerRequest, Long> answering = new HashMap<>();

    private long idleSinceNanos = System.nanoTime();

    /// Whether it is closed as its time is over, which may wait for bytes to be sent.
    private boolean isClosing;
  }

  Connections(HttpOptions options, Traffic traffic) {
    this.options = options;
    this.traffic = traffic;
  }

  /// A client has connected; beyond the most connections, or when none is to begin, it is sent
  /// away.
  void opened(HttpConnection connection) {
    connection.exceptionHandler(Connections::failed);
    if (isDraining
        || states.size() >= Math.max(1, options.maxConnections() / options.eventLoops())) {
      traffic.connection(Event.TURNED_AWAY);
      connection.close();
      return;
    }
    states.put(connection, new State());
    traffic.connection(Event.OPENED);
    connection.closeHandler(closed -> {
      states.remove(connection);
      traffic.connection(Event.CLOSED);
    });
  }

  /// The library would log what clients do to their connections as errors.
  private static void failed(Throwable failure) {
    boolean isOfClient = failure instanceof IOException || failure instanceof Http2Exception;
    LOG.log(isOfClient ? Level.DEBUG : Level.ERROR, "a connection failed", failure);
  }

  /// {@return done when no connection is left, or the time is over: none begins any more, and each
  /// ends with the answers under way}
  ///
  /// A client that has not said which protocol it speaks is not among the connections: it has asked
  /// for nothing, and is not waited for.
  Future<Void> drain(long millis, Vertx vertx) {
    isDraining = true;
    List.copyOf(states.keySet())
        .forEach(connection -> connection.shutdown(millis, TimeUnit.MILLISECONDS));
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    Promise<Void> drained = Promise.promise();
    vertx.setPeriodic(
        0,
        DRAIN_MILLIS,
        timer -> {
          if (states.isEmpty() || System.nanoTime() - until > 0) {
            vertx.cancelTimer(timer);
            drained.complete();
          }
        });
    return drained.future();
  }

  /// {@return whether none begins any more}
  boolean isDraining() {
    return isDraining;
  }

  /// The head of a request has arrived.
  void reading(HttpServerRequest request) {
    State state = states.get(request.connection());
    if (state != null) {
      state.reading.put(request, System.nanoTime());
    }
  }

  /// All of a request has arrived.
  void answering(HttpServerRequest request) {
    State state = states.get(request.connection());
    if (state != null && state.reading.remove(request) != null) {
      state.answering.put(request, WORKED_ON);
    }
  }

  /// The answer to a request that has arrived is there, or some of it was sent.
  void sending(HttpServerRequest request) {
    State state = states.get(request.connection());
    if (state != null) {
      state.answering.computeIfPresent(request, (same, before) -> System.nanoTime());
    }
  }

  /// The answer to a request is sent, or it is given up.
  void idle(HttpServerRequest request) {
    State state = states.get(request.connection());
    if (state != null) {
      state.reading.remove(request);
      state.answering.remove(request);
      state.idleSinceNanos = System.nanoTime();
    }
  }

  /// Closes the connections whose time is over.
  void sweep() {
    long now = System.nanoTime();
    for (Map.Entry<HttpConnection, State> entry : List.copyOf(states.entrySet())) {
      State state = entry.getValue();
      boolean isIdle = state.answering.isEmpty() && state.reading.isEmpty();
      if (isIdle && now - state.idleSinceNanos > options.idleTimeout().toNanos()) {
        close(entry.getKey(), state);
      }
      List<HttpServerRequest> late = new ArrayList<>();
      state.reading.forEach((request, since) -> {
        if (now - since > options.bodyTimeout().toNanos()) {
          late.add(request);
        }
      });
      state.answering.forEach((request, since) -> {
        if (since != WORKED_ON
            && now - since > PATIENCE * options.idleTimeout().toNanos()
            && request.version() == HttpVersion.HTTP_2) {
          late.add(request);
        }
      });
      late.forEach(request -> giveUp(request, state));
    }
  }

  private void giveUp(HttpServerRequest request, State state) {
    if (request.version() == HttpVersion.HTTP_2) {
      traffic.connection(Event.TIMED_OUT);
      idle(request);
      request.response().reset();
    } else {
      close(request.connection(), state);
    }
  }

  private void close(HttpConnection connection, State state) {
    if (!state.isClosing) {
      state.isClosing = true;
      traffic.connection(Event.TIMED_OUT);
      connection.close();
    }
  }
}
