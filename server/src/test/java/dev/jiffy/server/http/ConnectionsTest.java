package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.server.Await;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Event;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger reset = new AtomicInteger();

  /// {@return a connection that is long in closing, as bytes are still to be sent}
  private HttpConnection connection() {
    return (HttpConnection)
        Proxy.newProxyInstance(
            HttpConnection.class.getClassLoader(),
            new Class<?>[] {HttpConnection.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "close" -> {
                    closed.incrementAndGet();
                    yield Future.succeededFuture();
                  }
                  case "closeHandler", "exceptionHandler" -> proxy;
                  case "hashCode" -> 1;
                  case "equals" -> true; // there is no other one
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /// {@return a request over HTTP/2}
  private HttpServerRequest request(HttpConnection connection) {
    HttpServerResponse response =
        proxy(
            HttpServerResponse.class,
            method -> {
              assertEquals("reset", method);
              reset.incrementAndGet();
              return Future.succeededFuture();
            });
    return proxy(
        HttpServerRequest.class,
        method ->
            switch (method) {
              case "connection" -> connection;
              case "version" -> HttpVersion.HTTP_2;
              case "response" -> response;
              case "hashCode" -> 1;
              case "equals" -> true; // there is no other one
              default -> throw new UnsupportedOperationException(method);
            });
  }

  private static <T> T proxy(Class<T> type, Function<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.apply(method.getName())));
  }

  /// Whatever else its client sends, such as pings; one that is worked on is waited for.
  @Test
  void anAnswerThatIsNotReadIsTakenBack() throws Exception {
    Duration soon = Duration.ofMillis(1);
    Connections connections =
        new Connections(HttpOptions.defaults().timeouts(soon, soon), new Traffic());
    HttpConnection connection = connection();
    HttpServerRequest request = request(connection);
    connections.opened(connection);
    connections.reading(request);
    connections.answering(request);
    Thread.sleep(50);
    connections.sweep();
    assertEquals(0, reset.get());
    connections.sending(request);
    Await.until(() -> {
      connections.sweep();
      return reset.get() > 0;
    });
    assertEquals(0, closed.get());
  }

  @Test
  void anIdleConnectionIsClosedAndCountedOnce() throws Exception {
    Traffic traffic = new Traffic();
    Duration soon = Duration.ofMillis(1);
    Connections connections = new Connections(HttpOptions.defaults().timeouts(soon, soon), traffic);
    connections.opened(connection());
    Await.until(() -> {
      connections.sweep();
      return closed.get() > 0;
    });
    connections.sweep();
    assertEquals(1, closed.get());
    assertEquals(1, traffic.count(Event.TIMED_OUT));
  }
}
