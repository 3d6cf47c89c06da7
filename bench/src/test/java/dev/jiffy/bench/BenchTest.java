package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Environment;
import dev.jiffy.engine.LoadOptions;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BenchTest {
  private static volatile Object sink = "";

  private static void allocate() {
    for (int i = 0; i < 1000; i++) {
      sink = new byte[1000];
    }
  }

  @Test
  void allocationIsCountedOnEveryThread() {
    assertTrue(Bench.allocated(BenchTest::allocate) >= 1_000_000);
    assertTrue(
        Bench.allocated(() -> CompletableFuture.runAsync(BenchTest::allocate).join()) >= 1_000_000);
    assertEquals(1000, ((byte[]) sink).length);
  }

  @Test
  void noThreadCountMeansEveryProcessor() {
    LoadOptions options = LoadOptions.defaults();
    assertEquals(Runtime.getRuntime().availableProcessors(), Bench.threads(options));
    assertEquals(3, Bench.threads(options.threads(3)));
  }

  @Test
  void theEnvironmentIsNamed() {
    Environment here = Environment.here();
    assertTrue(here.cores() >= 1);
    assertTrue(here.jdk().contains(Runtime.version().toString()), here::jdk);
    assertTrue(!here.cpu().isBlank() && !here.os().isBlank(), here::toString);
  }
}
