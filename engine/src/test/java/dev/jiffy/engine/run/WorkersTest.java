package dev.jiffy.engine.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Step;
import dev.jiffy.engine.lower.Steps;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
  private static final Frame FRAME = Steps.frame();

  @Test
  void everyPartRunsOnceInEveryRound() {
    for (int parts = 1; parts <= 9; parts++) {
      AtomicIntegerArray counts = new AtomicIntegerArray(parts);
      Step step = Steps.of(parts, counts::incrementAndGet);
      int rounds = 2_000;
      for (int round = 1; round <= rounds; round++) {
        Workers.SHARED.run(step, FRAME);
        for (int part = 0; part < parts; part++) {
          assertEquals(round, counts.get(part));
        }
      }
    }
  }

  @Test
  void processorsAreAListOfNumbers() {
    assertEquals(List.of(), Workers.processors(""));
    assertEquals(List.of(3), Workers.processors("3"));
    assertEquals(List.of(2, 0, 1023), Workers.processors("2,0,1023"));
    for (String wrong : List.of(",", "1,", "-1", "1024", "1,two", "0-3", "99999999999")) {
      assertEquals(List.of(), Workers.processors(wrong), wrong);
    }
  }

  @Test
  void callersOnSeveralThreadsDoNotDisturbEachOther() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Void>> futures = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        Callable<Void> body =
            () -> {
              AtomicIntegerArray counts = new AtomicIntegerArray(3);
              Step step = Steps.of(3, counts::incrementAndGet);
              for (int round = 1; round <= 5_000; round++) {
                Workers.SHARED.run(step, FRAME);
                for (int part = 0; part < 3; part++) {
                  assertEquals(round, counts.get(part));
                }
              }
              return null;
            };
        futures.add(threads.submit(body));
      }
      for (Future<Void> future : futures) {
        future.get();
      }
    }
  }

  @Test
  void aFailingPartIsToldToTheCallerAfterAllHaveEnded() {
    for (int failing = 0; failing < 4; failing++) {
      int chosen = failing;
      AtomicIntegerArray counts = new AtomicIntegerArray(4);
      Step step =
          Steps.of(
              4,
              part -> {
                counts.incrementAndGet(part);
                if (part == chosen) {
                  throw new IllegalArgumentException("part " + part);
                }
              });
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> Workers.SHARED.run(step, FRAME));
      assertEquals("part " + chosen, thrown.getMessage());
    }
    AtomicIntegerArray counts = new AtomicIntegerArray(4);
    Workers.SHARED.run(Steps.of(4, counts::incrementAndGet), FRAME);
    assertEquals(1, counts.get(3));
  }
}
