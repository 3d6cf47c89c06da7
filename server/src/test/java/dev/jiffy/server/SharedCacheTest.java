package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.cache.RedisOptions;
import dev.jiffy.server.redis.RedisServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Servers that share answers through Redis.
class SharedCacheTest {
  private static final String INFER = "/v2/models/twice/infer";
  private static final String STORED =
      "jiffy_redis_requests_total{command=\"set\",result=\"stored\"}";

  @TempDir Path folder;

  static List<String> kinds() {
    return RedisServer.kinds();
  }

  private static Server start(Path models, RedisOptions redis) {
    return Server.start(
        TestServers.options(),
        TestServers.storage(models)
            .redis(redis)
            .defaults(TestServers.settings().cache(CacheOptions.defaults())));
  }

  private static boolean isKept(Client client, String path, float x, double expected)
      throws Exception {
    HttpResponse<byte[]> response =
        client.post(
            path,
            """
            {"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[%s,0]}]}\
            """
                .formatted(x));
    assertEquals(200, response.statusCode(), text(response));
    assertTrue(text(response).contains("\"data\":[%s,0.0]".formatted(expected)), text(response));
    return response.headers().firstValue("server-timing").orElseThrow().contains("cache;desc=hit");
  }

  private static void awaitStored(Client client, double count) throws Exception {
    for (int i = 0; i < 500; i++) {
      if (Scrape.of(text(client.get("/metrics"))).value(STORED) >= count) {
        return;
      }
      Thread.sleep(10);
    }
    assertEquals(count, Scrape.of(text(client.get("/metrics"))).value(STORED));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void serversOfTheSameModelShareAnswers(String kind) throws Exception {
    Path one = folder.resolve("one");
    Path other = folder.resolve("other");
    ExampleModels.times(one.resolve("twice/model.onnx"), 2);
    Files.createDirectories(other.resolve("twice"));
    Files.copy(one.resolve("twice/model.onnx"), other.resolve("twice/model.onnx"));
    try (RedisServer redis = RedisServer.start(kind, folder)) {
      RedisOptions options =
          RedisOptions.of("redis://:secret@127.0.0.1:" + redis.port())
              .timeout(Duration.ofSeconds(10));
      try (Server first = start(one, options);
          Client client = new Client(first.port())) {
        assertEquals(false, isKept(client, INFER, 1, 2));
        awaitStored(client, 1);
      }
      try (Server second = start(other, options);
          Client client = new Client(second.port())) {
        assertEquals(true, isKept(client, INFER, 1, 2));
        assertEquals(false, isKept(client, INFER, 3, 6));
        Scrape scrape = Scrape.of(text(client.get("/metrics")));
        assertEquals(1, scrape.value("jiffy_redis_requests_total{command=\"get\",result=\"hit\"}"));
        assertEquals(1, scrape.value("jiffy_redis_up"));
        awaitStored(client, 1);
      }
      ExampleModels.times(other.resolve("twice/model.onnx"), 2.5f);
      try (Server changed = start(other, options);
          Client client = new Client(changed.port())) {
        assertEquals(false, isKept(client, INFER, 1, 2.5)); // not the old model's answer
      }
    }
  }

  @Test
  void withoutRedisEverythingIsAnsweredAllTheSame() throws Exception {
    ExampleModels.times(folder.resolve("twice/model.onnx"), 2);
    try (RedisServer.StandIn silent = new RedisServer.StandIn(0)) {
      silent.silent(true);
      RedisOptions options = RedisOptions.of("127.0.0.1:" + silent.port());
      try (Server server = start(folder, options);
          Client client = new Client(server.port())) {
        for (int i = 0; i < 50; i++) {
          assertEquals(false, isKept(client, INFER, i, 2 * i));
          assertEquals(true, isKept(client, INFER, i, 2 * i));
        }
        assertEquals(0, Scrape.of(text(client.get("/metrics"))).value("jiffy_redis_up"));
      }
    }
  }
}
