package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.server.Await;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Event;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  private final AtomicInteger closed = new AtomicInteger();

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
                  case "closeHandler" -> proxy;
                  case "hashCode" -> 1;
                  case "equals" -> true; // there is no other one
                  default -> throw new UnsupportedOperationException(method.getName());
                });
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
