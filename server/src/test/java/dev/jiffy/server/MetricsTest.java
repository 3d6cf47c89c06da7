package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.WatchOptions.Names;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.schedule.Policy;
import dev.jiffy.server.store.Served;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
  private static final String MODEL = "model=\"arith\",version=\"1\"";

  @RegisterExtension
  static final Running RUNNING =
      new Running(
          TestServers.options().watch(WatchOptions.defaults().metrics(Names.TRITON)),
          TestModels::arithmetic,
          TestModels::texts);

  private static Scrape scrape() throws Exception {
    HttpResponse<byte[]> response = RUNNING.client().get("/metrics");
    assertEquals(200, response.statusCode());
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8",
        response.headers().firstValue("content-type").orElseThrow());
    return Scrape.of(text(response));
  }

  private static String outcome(String outcome, String reason) {
    return "jiffy_requests_total{model=\"arith\",outcome=\"%s\",reason=\"%s\",version=\"1\"}"
        .formatted(outcome, reason);
  }

  private static String responses(int code) {
    return "jiffy_protocol_responses_total{code=\"%d\",protocol=\"http\"}".formatted(code);
  }

  private static String http(String name) {
    return name + "{protocol=\"http\"}";
  }

  @Test
  void whatAClientSentIsCounted() throws Exception {
    Scrape before = scrape();
    for (int i = 0; i < 7; i++) {
      RUNNING.client().checkThatTheServerAnswers();
    }
    int wrong = 0;
    for (int i = 0; i < 3; i++) {
      HttpResponse<byte[]> refused =
          RUNNING.client().post("/v2/models/arith/infer", "{\"inputs\":[]}");
      assertEquals(400, refused.statusCode());
      wrong += refused.body().length;
    }
    assertEquals(404, RUNNING.client().get("/v2/models/none").statusCode());
    Running.awaitQuiet(RUNNING.server(), "arith");
    Scrape after = scrape();
    after.checkHistograms();
    Growth growth = new Growth(before, after);
    growth.check(7, outcome("answered", "computed"));
    growth.check(3, outcome("refused", "bad_input"));
    growth.check(10, "jiffy_accepted_total{" + MODEL + "}");
    growth.check(7, "jiffy_batch_rows_sum{" + MODEL + "}");
    growth.check(7, "jiffy_request_duration_seconds_count{answered=\"true\"," + MODEL + "}");
    growth.check(3, "jiffy_request_duration_seconds_count{answered=\"false\"," + MODEL + "}");
    for (String stage : List.of("decode", "queue", "compute", "encode")) {
      growth.check(
          7,
          "jiffy_stage_duration_seconds_count{model=\"arith\",stage=\"%s\",version=\"1\"}"
              .formatted(stage));
    }
    growth.check(8, responses(200)); // seven answers and a scrape
    growth.check(3, responses(400));
    growth.check(1, responses(404));
    growth.check(12, http("jiffy_protocol_requests_total"));
    growth.check(7 * Client.GOOD.length() + 3 * 13, http("jiffy_received_bytes_total"));
    assertTrue(after.value(http("jiffy_sent_bytes_total")) > wrong);
    growth.check(7, "nv_inference_request_success{" + MODEL + "}");
    growth.check(7, "nv_inference_count{" + MODEL + "}");
    growth.check(7, "nv_inference_exec_count{" + MODEL + "}");
    growth.check(3, "nv_inference_request_failure{model=\"arith\",reason=\"OTHER\",version=\"1\"}");
    assertTrue(growth.of("nv_inference_compute_infer_duration_us{" + MODEL + "}") > 0);
  }

  @Test
  void aRefusalSaysItsReasonToTheClientAndToScrapers() throws Exception {
    Scrape before = scrape();
    HttpResponse<byte[]> refused =
        RUNNING.client().post("/v2/models/arith/infer", Client.GOOD, "Request-Timeout", "0.000001");
    assertEquals(504, refused.statusCode());
    assertTrue(text(refused).contains("the deadline had passed"), text(refused));
    Growth growth = new Growth(before, scrape());
    growth.check(1, outcome("refused", "arrived_late"));
    growth.check(1, "jiffy_accepted_total{" + MODEL + "}");
    growth.check(
        1, "nv_inference_request_failure{model=\"arith\",reason=\"REJECTED\",version=\"1\"}");
  }

  /// Two scrapes.
  private record Growth(Scrape before, Scrape after) {
    double of(String name) {
      return after.value(name) - before.valueOrZero(name);
    }

    void check(double expected, String name) {
      assertEquals(expected, of(name), name);
    }
  }

  @Test
  void textsAreCountedByTheirStages() throws Exception {
    HttpResponse<byte[]> response =
        RUNNING
            .client()
            .post("/v1/embeddings", "{\"model\":\"texts\",\"input\":[\"cat\",\"dogs\"]}");
    assertEquals(200, response.statusCode(), text(response));
    Scrape scrape = scrape();
    for (String stage : List.of("decode", "queue", "tokenize", "compute", "pool", "encode")) {
      assertEquals(
          1,
          scrape.value(
              "jiffy_stage_duration_seconds_count{model=\"texts\",stage=\"%s\",version=\"1\"}"
                  .formatted(stage)));
    }
  }

  @Test
  void theProcessIsDescribed() throws Exception {
    Scrape scrape = scrape();
    assertTrue(scrape.value("process_resident_memory_bytes") > 1e6);
    assertTrue(scrape.value("process_files_open_files") > 2);
    assertTrue(scrape.value("jvm_threads_live_threads") > 2);
    assertTrue(scrape.value("jiffy_model_load_seconds{" + MODEL + "}") > 0);
    assertTrue(scrape.value("jiffy_model_session_bytes{" + MODEL + "}") >= 0);
    assertTrue(scrape.value("jiffy_connections") >= 1);
    assertEquals("gauge", scrape.types().get("jvm_memory_used_bytes"));
    assertTrue(scrape.types().keySet().stream().anyMatch(name -> name.startsWith("jvm_gc_")));
  }

  @Test
  void aClientThatLeavesIsCounted() throws Exception {
    String name = http("jiffy_protocol_abandoned_total");
    double before = scrape().value(name);
    try (Socket socket = RUNNING.client().connect()) {
      socket
          .getOutputStream()
          .write(
              "POST /v2/models/arith/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
                  .getBytes(StandardCharsets.ISO_8859_1));
    }
    Scrape scrape = scrape();
    for (int i = 0; i < 500 && scrape.value(name) == before; i++) {
      Thread.sleep(10);
      scrape = scrape();
    }
    assertEquals(before + 1, scrape.value(name));
    double answered = 0;
    for (String sample : scrape.samples().keySet()) {
      if (sample.startsWith("jiffy_protocol_responses_total") && sample.contains("\"http\"")) {
        answered += scrape.value(sample);
      }
    }
    // all but the scrape that tells
    assertEquals(
        scrape.value(http("jiffy_protocol_requests_total")) - 1, answered + scrape.value(name));
  }

  @Test
  void openMetricsIsSpokenToo() throws Exception {
    HttpResponse<byte[]> response =
        RUNNING
            .client()
            .send(
                "GET",
                "/metrics",
                new byte[0],
                "Accept",
                "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
    assertEquals(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        response.headers().firstValue("content-type").orElseThrow());
    assertTrue(text(response).endsWith("# EOF\n"));
    Scrape.of(text(response));
  }

  @Test
  void namesAreAChoice(@TempDir Path folder) throws Exception {
    ServerOptions options = TestServers.options().warmUpTime(Duration.ZERO);
    try (Server own = Server.start(options, List.of(TestModels.picky(folder)));
        Client other = new Client(own.port())) {
      assertFalse(text(other.get("/metrics")).contains("nv_inference"));
    }
    try (Server silent =
            Server.start(
                options.watch(WatchOptions.defaults().metrics(Names.OFF)),
                List.of(TestModels.picky(folder)));
        Client other = new Client(silent.port())) {
      assertEquals(404, other.get("/metrics").statusCode());
    }
  }

  @Test
  void whatAModelHasDoneIsCountedSinceItWasLoaded(@TempDir Path folder) throws Exception {
    Policy policy = Policy.defaults();
    try (Served old = Served.start(TestModels.arithmetic(folder), policy, null, null);
        Served reloaded = Served.start(TestModels.arithmetic(folder), policy, null, null)) {
      long started = reloaded.startNanos();
      assertTrue(old.startNanos() > 0 && started >= old.startNanos(), () -> "" + started);
      for (Family family : TritonMetrics.families(List.of(reloaded))) {
        for (Sample sample : family.samples()) {
          assertEquals(started, sample.sinceNanos(), family.name());
        }
      }
    }
  }
}
