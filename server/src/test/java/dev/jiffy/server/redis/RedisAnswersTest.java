package dev.jiffy.server.redis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.Await;
import dev.jiffy.server.cache.RedisOptions;
import dev.jiffy.server.redis.RedisAnswers.Ending;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisAnswersTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofMillis(200);

  @TempDir Path folder;

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  static List<String> kinds() {
    return RedisServer.kinds();
  }

  private static byte[] digest(int seed) {
    byte[] digest = new byte[32];
    new Random(seed).nextBytes(digest);
    return digest;
  }

  private static byte @Nullable [] find(RedisAnswers answers, byte[] digest) throws Exception {
    CompletableFuture<Optional<byte[]>> found = new CompletableFuture<>();
    boolean isAsked =
        answers.find(
            digest, bytes -> assertTrue(found.complete(Optional.ofNullable(bytes)), "told twice"));
    if (!isAsked) {
      assertTrue(found.complete(Optional.empty()), "told though it is not asked");
    }
    return found.get(30, TimeUnit.SECONDS).orElse(null);
  }

  private static void await(RedisAnswers answers, Ending ending, long count) throws Exception {
    Await.until(() -> answers.count(ending) >= count, ending::toString);
    assertEquals(count, answers.count(ending), ending::toString);
  }

  private RedisAnswers answers(int port, Duration timeout) {
    return new RedisAnswers(vertx, options(port, timeout));
  }

  private RedisAnswers answers(RedisServer server, AtomicLong clock, Duration connect) {
    return new RedisAnswers(vertx, options(server.port(), SHORT), clock::get, connect);
  }

  private static RedisOptions options(int port, Duration timeout) {
    return RedisOptions.of("redis://:secret@127.0.0.1:" + port).timeout(timeout);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void whatOneKeepsAnotherFinds(String kind) throws Exception {
    try (RedisServer server = RedisServer.start(kind, folder);
        RedisAnswers one = answers(server.port(), Duration.ofSeconds(10));
        RedisAnswers other = answers(server.port(), Duration.ofSeconds(10))) {
      byte[] large = new byte[500_000];
      new Random(1).nextBytes(large);
      one.keep(digest(1), large, LONG);
      one.keep(digest(2), new byte[0], LONG);
      one.keep(digest(3), new byte[] {3}, Duration.ofMillis(1));
      await(one, Ending.STORED, 3);
      assertArrayEquals(large, find(other, digest(1)));
      assertArrayEquals(new byte[0], find(other, digest(2)));
      for (int i = 0; i < 500 && find(other, digest(3)) != null; i++) {
        Thread.sleep(10);
      }
      assertNull(find(other, digest(3)), "it has become too old");
      long missed = other.count(Ending.MISS);
      assertNull(find(other, digest(4)));
      assertEquals(missed + 1, other.count(Ending.MISS));
      byte[] similar = digest(1);
      similar[31]++;
      assertNull(find(other, similar), "half of the digest is not enough");
      assertEquals(1, other.count(Ending.FOREIGN));
      assertTrue(other.isUp());
      assertTrue(other.durations().count() > 4);
    }
  }

  @Test
  void whoFallsSilentIsNotWaitedFor() throws Exception {
    AtomicLong clock = new AtomicLong();
    try (RedisServer.StandIn server = new RedisServer.StandIn(0);
        RedisAnswers answers = answers(server, clock, Duration.ofSeconds(1))) {
      untilFound(answers, clock);
      assertTrue(answers.isUp());
      server.silent(true);
      long late = answers.count(Ending.GET_LATE);
      long gets = answers.count(Ending.GET_SKIPPED);
      long sets = answers.count(Ending.SET_SKIPPED);
      for (int i = 1; i <= 3; i++) {
        assertNull(find(answers, digest(1)));
        assertEquals(late + i, answers.count(Ending.GET_LATE));
      }
      assertFalse(answers.isUp());
      assertNull(find(answers, digest(1)));
      assertEquals(gets + 1, answers.count(Ending.GET_SKIPPED));
      answers.keep(digest(1), new byte[] {1}, LONG);
      assertEquals(sets + 1, answers.count(Ending.SET_SKIPPED));
      server.silent(false);
      untilFound(answers, clock);
      assertTrue(answers.isUp());
    }
  }

  /// Keeps an answer and asks for it until it is found, whenever it may be asked for again; however
  /// slow this machine is, one request of many is in time.
  private static void untilFound(RedisAnswers answers, AtomicLong clock) throws Exception {
    for (int i = 0; i < 3000; i++) {
      answers.keep(digest(1), new byte[] {1}, LONG);
      byte[] found = find(answers, digest(1));
      if (found != null) {
        assertArrayEquals(new byte[] {1}, found);
        return;
      }
      clock.addAndGet(TimeUnit.SECONDS.toNanos(60));
      Thread.sleep(10);
    }
    throw new AssertionError("never found");
  }

  /// However often a request has waited in vain for a connection that is being made, when the
  /// server starts and after Redis was gone.
  @Test
  void aConnectionThatIsBeingMadeIsNotGivenUp() throws Exception {
    AtomicLong clock = new AtomicLong();
    try (RedisServer.StandIn server = new RedisServer.StandIn(0)) {
      server.hold(true);
      try (RedisAnswers answers = answers(server, clock, LONG)) {
        findNothing(answers, clock);
        Await.until(() -> server.open() == 1);
        assertEquals(1, server.connections());
        server.hold(false);
        untilFound(answers, clock);
        assertTrue(answers.isUp());

        server.silent(true);
        for (int i = 0; i < 3; i++) {
          assertNull(find(answers, digest(1)));
        }
        assertFalse(answers.isUp());
        Await.until(() -> server.open() == 0);
        server.hold(true);
        server.silent(false);
        int before = server.connections();
        findNothing(answers, clock);
        Await.until(() -> server.open() == 1);
        assertEquals(before + 1, server.connections());
        server.hold(false);
        untilFound(answers, clock);
        assertTrue(answers.isUp());
      }
    }
  }

  private static void findNothing(RedisAnswers answers, AtomicLong clock) throws Exception {
    for (int i = 0; i < 6; i++) {
      assertNull(find(answers, digest(1)));
      clock.addAndGet(TimeUnit.SECONDS.toNanos(60));
    }
  }

  @Test
  void aConnectionThatIsNeverMadeIsTriedAgain() throws Exception {
    AtomicLong clock = new AtomicLong();
    try (RedisServer.StandIn server = new RedisServer.StandIn(0)) {
      server.hold(true);
      try (RedisAnswers answers = answers(server, clock, SHORT)) {
        Await.until(() -> {
          findNothing(answers, clock);
          return server.connections() > 3;
        });
        assertFalse(answers.isUp());
        Await.until(() -> server.open() <= 1, () -> server.open() + " are open");
        server.hold(false);
        untilFound(answers, clock);
        assertTrue(answers.isUp());
      }
    }
  }

  @Test
  void whoHasHungUpAsksNoMore() throws Exception {
    try (RedisServer.StandIn server = new RedisServer.StandIn(0)) {
      RedisAnswers answers = answers(server.port(), Duration.ofSeconds(10));
      answers.keep(digest(1), new byte[] {1}, LONG);
      await(answers, Ending.STORED, 1);
      answers.close();
      for (int i = 1; i <= 5; i++) {
        assertNull(find(answers, digest(1)));
      }
      assertEquals(5, answers.count(Ending.GET_SKIPPED));
    }
  }

  /// Also where the connection that it waits for is there after that.
  @Test
  void whatIsAskedBeforeAHangUpFails() throws Exception {
    try (RedisServer.StandIn server = new RedisServer.StandIn(0)) {
      server.hold(true);
      Context loop = vertx.getOrCreateContext();
      RedisLink.Told nobody =
          new RedisLink.Told() {
            @Override
            public void connected() {}

            @Override
            public void notConnected(Throwable cause) {}
          };
      RedisLink link =
          new RedisLink(vertx, options(server.port(), SHORT), 8, LONG.toMillis(), nobody);
      CompletableFuture<Boolean> hasFailed = new CompletableFuture<>();
      loop.runOnContext(here ->
          link.send(Request.cmd(Command.PING))
              .onComplete(over -> hasFailed.complete(over.failed())));
      Await.until(() -> server.open() == 1);
      loop.runOnContext(here -> link.close());
      server.hold(false);
      assertTrue(hasFailed.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void whoIsGoneIsNotWaitedForAndMayComeBack() throws Exception {
    int port;
    try (RedisServer.StandIn server = new RedisServer.StandIn(0)) {
      port = server.port();
    }
    try (RedisAnswers answers = answers(port, Duration.ofSeconds(2))) {
      for (int i = 0; i < 3; i++) {
        assertNull(find(answers, digest(1)));
      }
      assertEquals(3, answers.count(Ending.GET_FAILED) + answers.count(Ending.GET_LATE));
      assertFalse(answers.isUp());
      try (RedisServer.StandIn server = new RedisServer.StandIn(port)) {
        assertEquals(port, server.port());
        untilFound(answers, new AtomicLong());
        assertTrue(answers.isUp());
      }
    }
  }

  /// What answers there may be something else than Redis, or keep something else under the name.
  @ParameterizedTest
  @ValueSource(strings = {":7", "*0", "*1\r\n:7", "+OK", "$2\r\nab", "-WRONGTYPE", "#", "HTTP/1.1"})
  void answersOfAnotherKindAreNone(String line) throws Exception {
    try (RedisServer.StandIn server = new RedisServer.StandIn(0);
        RedisAnswers answers = answers(server.port(), Duration.ofSeconds(2))) {
      untilFound(answers, new AtomicLong());
      server.tell(line);
      assertNull(find(answers, digest(1)));
      server.tell(null);
      Await.until(() -> find(answers, digest(1)) != null);
    }
  }

  @Test
  void aBrokenConnectionIsReplaced() throws Exception {
    try (RedisServer.StandIn server = new RedisServer.StandIn(0);
        RedisAnswers answers = answers(server.port(), Duration.ofSeconds(10))) {
      answers.keep(digest(1), new byte[] {1}, LONG);
      await(answers, Ending.STORED, 1);
      server.hangUp();
      for (int i = 0; i < 1000 && answers.count(Ending.STORED) < 2; i++) {
        answers.keep(digest(2), new byte[] {2}, LONG);
        Thread.sleep(10);
      }
      assertArrayEquals(new byte[] {2}, find(answers, digest(2)));
    }
  }

  @Test
  void placesThatCannotBe() {
    for (String text :
        List.of(
            "",
            "http://x",
            "redis://",
            "redis://:secret word@x",
            "rediss://x",
            "x:65536",
            "redis://:secret@x/one",
            "x:1/2/3")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> RedisOptions.of(text));
      assertTrue(String.valueOf(e.getMessage()).contains("redis://"), e::toString);
      assertFalse(String.valueOf(e.getMessage()).contains("secret"), e::toString);
    }
    assertEquals("x:1", RedisOptions.of("redis://:secret@x:1/2").toString());
    assertEquals("x:1", RedisOptions.of("x:1").toString());
    assertThrows(
        IllegalArgumentException.class, () -> RedisOptions.of("x:1").timeout(Duration.ZERO));
  }
}
