package dev.jiffy.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// An event loop whose timers go off by hand.
class RoundsTest {
  private final Map<Long, Handler<Long>> timers = new LinkedHashMap<>();
  private final Rounds rounds = new Rounds(loop(), 250);
  private long timersSet;
  private int done;

  @SuppressWarnings("unchecked") // of the method's only handler
  private Vertx loop() {
    return (Vertx)
        Proxy.newProxyInstance(
            Vertx.class.getClassLoader(),
            new Class<?>[] {Vertx.class},
            (vertx, method, arguments) ->
                switch (method.getName()) {
                  case "setPeriodic" -> {
                    timers.put(++timersSet, (Handler<Long>) arguments[1]);
                    yield timersSet;
                  }
                  case "cancelTimer" -> timers.remove((Long) arguments[0]) != null;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /// {@return how much is done in a round}
  private int round() {
    done = 0;
    List.copyOf(timers.entrySet()).forEach(timer -> timer.getValue().handle(timer.getKey()));
    return done;
  }

  private void add(int times) {
    int[] left = {times};
    rounds.add(() -> {
      done++;
      left[0]--;
      return left[0] > 0;
    });
  }

  @Test
  void thousandsHaveOneTimer() {
    add(3);
    for (int i = 1; i < 5000; i++) {
      add(2);
    }
    assertEquals(1, timers.size());
    assertEquals(5000, round());
    assertEquals(5000, round());
    assertEquals(1, round());
    assertEquals(0, timers.size());
    add(1);
    assertEquals(1, round());
    assertEquals(0, timers.size());
    assertEquals(2, timersSet);
  }
}
