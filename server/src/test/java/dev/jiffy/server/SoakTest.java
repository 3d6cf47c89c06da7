package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.Soak.Held;
import dev.jiffy.server.schedule.Counts;
import dev.jiffy.server.schedule.Policy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server under clients of every bad habit: what it holds stays as it was, and every request has
/// an end that is counted. For some seconds here, for hours with `scripts/soak`, which shows what
/// is held over time, from the lines in `target/soak.csv`.
class SoakTest {
  private static final List<String> MODELS = List.of("arith", "slow");
  private static final int CLIENTS = 6;
  private static final int ROUNDS = 6;
  private static final long MEGA = 1 << 20;
  private static final long SECONDS = Long.getLong("soak.seconds", 3);

  /// So much longer it may take until each ending was seen.
  private static final long MORE_SECONDS = 60;

  @TempDir Path folder;

  @Test
  void nothingIsLostAndNothingGrows() throws Exception {
    try (Server server =
            Server.start(
                TestServers.options()
                    .policy(Policy.defaults().queueCapacity(4))
                    .warmUpTime(Duration.ofMillis(300)),
                List.of(TestModels.arithmetic(folder), TestModels.slow(folder)));
        Client client = new Client(server.port());
        Soak soak = new Soak(server.port());
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
      List<Held> held = new ArrayList<>();
      Path table = Path.of("target", "soak.csv");
      Files.writeString(table, SoakWatch.HEAD);
      long start = System.nanoTime();
      long begun = 0;
      long last = start + TimeUnit.SECONDS.toNanos(SECONDS + MORE_SECONDS);
      for (int round = 0;
          round < ROUNDS || (!hasEveryEnding(scrape(client)) && System.nanoTime() - last < 0);
          round++) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS) / ROUNDS;
        try (SoakWatch _ = new SoakWatch(client, table, start)) {
          List<Future<Long>> clients = new ArrayList<>();
          for (int i = 0; i < CLIENTS; i++) {
            long seed = 100L * round + i;
            clients.add(threads.submit(() -> soak.run(seed, end)));
          }
          for (Future<Long> each : clients) {
            begun += each.get();
          }
        }
        settle(client);
        held.add(Held.afterCollection());
      }
      check(scrape(client), server, soak, begun);
      client.checkThatTheServerAnswers();
      compare(held.get(1));
    }
  }

  private static Scrape scrape(Client client) throws Exception {
    return Scrape.of(text(client.get("/metrics")));
  }

  /// Waits until nothing is under way any more.
  private static void settle(Client client) throws Exception {
    boolean isQuiet = false;
    for (int i = 0; i < 1200 && !isQuiet; i++) {
      Scrape scrape = scrape(client);
      isQuiet = underWay(scrape, "http") == 1 && underWay(scrape, "grpc") == 0;
      for (String model : MODELS) {
        isQuiet &= accepted(scrape, model) == ended(scrape, model, "");
      }
      Thread.sleep(isQuiet ? 0 : 50);
    }
    Scrape scrape = scrape(client);
    assertEquals(1, underWay(scrape, "http"), () -> told(scrape));
    assertEquals(0, underWay(scrape, "grpc"), () -> told(scrape));
  }

  private static String told(Scrape scrape) {
    StringBuilder told =
        new StringBuilder(underWay(scrape, "http") + " and " + underWay(scrape, "grpc") + "\n");
    scrape
        .samples()
        .forEach((name, value) -> {
          if (name.startsWith("jiffy_protocol")
              || name.matches("jiffy_(requests|accepted)_total.*")) {
            told.append(name).append(' ').append(value).append('\n');
          }
        });
    return told.toString();
  }

  /// {@return the requests that have come and have neither been answered nor given up; a scrape
  /// counts itself}
  private static double underWay(Scrape scrape, String protocol) {
    double left =
        scrape.value("jiffy_protocol_requests_total{protocol=\"%s\"}".formatted(protocol))
            - scrape.value("jiffy_protocol_abandoned_total{protocol=\"%s\"}".formatted(protocol));
    for (String name : scrape.samples().keySet()) {
      if (name.startsWith("jiffy_protocol_responses_total")
          && name.contains("protocol=\"" + protocol + "\"")) {
        left -= scrape.value(name);
      }
    }
    return left;
  }

  /// Every request that was accepted has ended in exactly one way, both by what is told of models
  /// and by what their schedulers know; and clients saw no answer that was not counted.
  private static void check(Scrape scrape, Server server, Soak soak, long begun) {
    for (String model : MODELS) {
      assertEquals(accepted(scrape, model), ended(scrape, model, ""), () -> told(scrape));
      double kinds = 0;
      for (String outcome : List.of("answered", "refused", "cancelled", "failed")) {
        kinds += ended(scrape, model, outcome);
      }
      assertEquals(accepted(scrape, model), kinds, () -> told(scrape));
      assertEquals(0, ended(scrape, model, "failed"), () -> told(scrape));
      Counts counts = server.counts(model);
      assertEquals(0, counts.waiting() + counts.running(), counts::toString);
      assertEquals(counts.accepted(), counts.finished(), counts::toString);
      assertTrue(ended(scrape, model, "answered") <= counts.done(), counts::toString);
    }
    soak.seen()
        .forEach((labels, count) ->
            assertTrue(
                count.sum() <= scrape.value("jiffy_protocol_responses_total{" + labels + "}"),
                () -> labels + " was seen " + count + " times\n" + told(scrape)));
    assertTrue(hasEveryEnding(scrape), () -> begun + " requests\n" + told(scrape));
  }

  private static boolean hasEveryEnding(Scrape scrape) {
    return ended(scrape, "arith", "answered") > 0
        && ended(scrape, "arith", "refused\",reason=\"bad_input") > 0
        && ended(scrape, "slow", "answered") > 0
        && ended(scrape, "slow", "cancelled") > 0
        && ended(scrape, "slow", "refused\",reason=\"queue_full")
                + ended(scrape, "slow", "refused\",reason=\"queue_too_long")
            > 0;
  }

  private static double accepted(Scrape scrape, String model) {
    return scrape.value("jiffy_accepted_total{model=\"%s\",version=\"1\"}".formatted(model));
  }

  /// {@return the requests to a model that have ended so}
  private static double ended(Scrape scrape, String model, String outcome) {
    double ended = 0;
    for (Map.Entry<String, Double> sample : scrape.samples().entrySet()) {
      if (sample
          .getKey()
          .startsWith("jiffy_requests_total{model=\"%s\",outcome=\"%s".formatted(model, outcome))) {
        ended += sample.getValue();
      }
    }
    return ended;
  }

  /// Nothing grows from the second round on, when all threads, buffers and pools are there. What is
  /// needed no longer may go later.
  private static void compare(Held before) throws Exception {
    List<Held> seen = new ArrayList<>(List.of(before));
    Await.until(
        () -> {
          Held after = Held.afterCollection();
          seen.add(after);
          return after.threads() <= before.threads() + 2
              && after.files() <= before.files() + 8
              && after.heapBytes() <= before.heapBytes() + 16 * MEGA
              && after.directBytes() <= before.directBytes() + 64 * MEGA;
        },
        seen::toString);
  }
}
