package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.cache.CacheOptions;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Answers that are kept, over HTTP.
class CacheTest {
  private static final String INFER = "/v2/models/twice/infer";

  @TempDir Path folder;

  private Server server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    ExampleModels.times(folder.resolve("twice.onnx"), 2);
    ExampleModels.times(folder.resolve("thrice/model.onnx"), 3);
    ExampleModels.times(folder.resolve("plain/model.onnx"), 5);
    Files.writeString(folder.resolve("plain/jiffy.yaml"), "cache: none");
    server =
        Server.start(
            TestServers.options().watch(WatchOptions.defaults().metrics(WatchOptions.Names.TRITON)),
            TestServers.storage(folder)
                .open(true)
                .defaults(TestServers.settings().cache(CacheOptions.defaults())));
    client = new Client(server.port());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static String body(float x, String parameters) {
    return """
    {"parameters":{%s},"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[%s,0]}]}\
    """
        .formatted(parameters, x);
  }

  private void check(String path, String body, double expected, boolean isHit) throws Exception {
    HttpResponse<byte[]> response = client.post(path, body);
    assertEquals(200, response.statusCode(), text(response));
    assertTrue(text(response).contains("\"data\":[%s,0.0]".formatted(expected)), text(response));
    String timing = response.headers().firstValue("server-timing").orElseThrow();
    assertEquals(isHit, timing.contains("cache;desc=hit"), timing);
    assertEquals(!isHit, timing.contains("compute;dur="), timing);
  }

  @Test
  void anEqualRequestIsAnsweredFromWhatIsKept() throws Exception {
    check(INFER, body(1, ""), 2, false);
    check(INFER, body(1, "\"priority\":2"), 2, true);
    check(INFER, body(2, ""), 4, false);
    check(INFER, body(1, "\"cache\":false"), 2, false);
    check(INFER, body(1, "\"cache\":true"), 2, true);
    assertEquals(400, client.post(INFER, body(1, "\"cache\":\"no\"")).statusCode());
    check("/v2/models/thrice/infer", body(1, ""), 3, false); // no other model's answer
    check("/v2/models/plain/infer", body(1, ""), 5, false);
    check("/v2/models/plain/infer", body(1, ""), 5, false);
    Running.awaitQuiet(server, "twice");
    String stats = text(client.get("/v2/models/twice/stats"));
    assertTrue(stats.contains("\"cache_hit\":{\"count\":2,"), stats);
    assertTrue(stats.contains("\"cache_miss\":{\"count\":2,"), stats);
    assertTrue(stats.contains("\"execution_count\":3,"), stats);
    assertTrue(stats.contains("{\"type\":\"CACHE\",\"id\":0,\"byte_size\":"), stats);
    assertTrue(
        text(client.get("/v2/models/twice/config"))
            .contains("\"response_cache\":{\"enable\":true}"));
    assertFalse(text(client.get("/v2/models/plain/config")).contains("response_cache"));
  }

  @Test
  void whatIsKeptIsCounted() throws Exception {
    String model = "{model=\"twice\",version=\"1\"}";
    String result = "jiffy_cache_requests_total{model=\"twice\",result=\"%s\",version=\"1\"}";
    check(INFER, body(1, ""), 2, false);
    check(INFER, body(1, ""), 2, true);
    check(INFER, body(2, ""), 4, false);
    Scrape scrape = Scrape.of(text(client.get("/metrics")));
    assertEquals(1, scrape.value(result.formatted("hit")));
    assertEquals(2, scrape.value(result.formatted("miss")));
    assertEquals(0, scrape.value(result.formatted("joined")));
    assertEquals(2, scrape.value("jiffy_cache_entries" + model));
    assertTrue(scrape.value("jiffy_cache_bytes" + model) > 16);
    assertEquals(0, scrape.value("jiffy_cache_paused" + model));
    assertEquals(0, scrape.value("jiffy_cache_pauses_total" + model));
    assertTrue(scrape.value("jiffy_cache_lookup_seconds_total" + model) > 0);
    assertTrue(scrape.value("jiffy_cache_insertion_seconds_total" + model) > 0);
    assertEquals(1, scrape.value("nv_cache_num_hits_per_model" + model));
    assertEquals(2, scrape.value("nv_cache_num_misses_per_model" + model));
    assertTrue(scrape.value("nv_cache_hit_duration_per_model" + model) > 0);
    assertTrue(scrape.value("nv_cache_miss_duration_per_model" + model) > 0);
    String kept =
        "jiffy_requests_total{model=\"twice\",outcome=\"answered\",reason=\"%s\",version=\"1\"}";
    assertEquals(1, scrape.value(kept.formatted("kept")));
    assertEquals(2, scrape.value(kept.formatted("computed")));
    assertTrue(
        scrape.samples().keySet().stream()
            .noneMatch(name -> name.contains("cache") && name.contains("plain")));
  }

  @Test
  void outputsAndFormsAreThoseThatAreAskedFor() throws Exception {
    check(INFER, body(7, ""), 14, false);
    String classified =
        body(7, "")
            .replace(
                "]}]}",
                "]}],\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":1}}]}");
    HttpResponse<byte[]> response = client.post(INFER, classified);
    assertTrue(text(response).contains("14.0:0"), text(response)); // of what is kept
    String timing = response.headers().firstValue("server-timing").orElseThrow();
    assertTrue(timing.contains("cache;desc=hit"), timing);
  }

  @Test
  void anotherVersionHasAnswersOfItsOwn() throws Exception {
    check(INFER, body(1, ""), 2, false);
    ExampleModels.times(folder.resolve("twice.onnx"), 2.5f);
    assertEquals(200, client.post("/v2/repository/models/twice/load", "").statusCode());
    check(INFER, body(1, ""), 2.5, false);
    check(INFER, body(1, ""), 2.5, true);
  }
}
