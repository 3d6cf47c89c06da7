package dev.jiffy.server.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.TraceSettings;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracingTest {
  private static final String IDS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

  private static Account account(String model, @Nullable String parent) {
    return new Account(
        "http",
        "",
        "POST",
        "/",
        new Account.Target(model, "1"),
        200,
        0,
        0,
        Instant.EPOCH,
        0,
        new Stopwatch(0),
        TraceContext.of(parent, null));
  }

  private static int taken(Tracing tracing, String model, int requests) {
    int taken = 0;
    for (int i = 0; i < requests; i++) {
      taken += tracing.takes(account(model, null)) ? 1 : 0;
    }
    return taken;
  }

  private static void change(Tracing tracing, String model, String json) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    tracing.change(new TraceSettings(model, TraceSettings.fromJson(body).values()));
  }

  private static String told(Tracing tracing, String model) {
    return new String(tracing.settings(model).toJson(), StandardCharsets.UTF_8);
  }

  private static String settings(String level, String rate, String count) {
    return """
    {"trace_level":["%s"],"trace_rate":"%s","trace_count":"%s","trace_file":"",\
    "log_frequency":"0","trace_mode":"opentelemetry"}\
    """
        .formatted(level, rate, count);
  }

  @Test
  void oneInSoMany() {
    Tracing tracing = Tracing.of(1);
    assertEquals(settings("TIMESTAMPS", "1", "-1"), told(tracing, ""));
    assertEquals(10, taken(tracing, "m", 10));
    change(tracing, "", "{\"trace_rate\":\"3\"}");
    assertFalse(tracing.takes(account("m", null)));
    assertFalse(tracing.takes(account("m", null)));
    assertTrue(tracing.takes(account("m", null)));
    assertEquals(1000, taken(tracing, "m", 3000));
    change(tracing, "", "{\"trace_rate\":0}");
    assertEquals(0, taken(tracing, "m", 100));
    change(tracing, "", "{\"trace_rate\":null}");
    assertEquals(settings("TIMESTAMPS", "1", "-1"), told(tracing, ""));
  }

  @Test
  void partsThatAreNoWholeRate() {
    assertEquals(400, taken(Tracing.of(0.4), "m", 1000));
    assertEquals(0, taken(Tracing.of(0), "m", 1000));
    assertEquals(settings("TIMESTAMPS", "2.5", "-1"), told(Tracing.of(0.4), ""));
    assertEquals(settings("TIMESTAMPS", "0", "-1"), told(Tracing.of(0), ""));
  }

  @Test
  void theCallersDecisionHolds() {
    Tracing tracing = Tracing.of(0);
    assertTrue(tracing.takes(account("m", IDS + "1")));
    Tracing all = Tracing.of(1);
    assertFalse(all.takes(account("m", IDS + "0")));
    change(all, "", "{\"trace_level\":[\"OFF\"]}");
    assertFalse(all.takes(account("m", IDS + "1")));
    assertFalse(all.isOn());
  }

  @Test
  void aNumberOfTraces() {
    Tracing tracing = Tracing.of(1);
    change(tracing, "", "{\"trace_count\":\"5\"}");
    assertEquals(3, taken(tracing, "m", 3));
    assertEquals(settings("TIMESTAMPS", "1", "2"), told(tracing, ""));
    assertEquals(2, taken(tracing, "m", 30));
    assertEquals(settings("TIMESTAMPS", "1", "0"), told(tracing, ""));
    change(tracing, "", "{\"trace_count\":-1}");
    assertEquals(30, taken(tracing, "m", 30));
  }

  @Test
  void aModelOfItsOwn() {
    Tracing tracing = Tracing.of(1);
    change(tracing, "m", "{\"trace_rate\":\"10\"}");
    assertEquals(10, taken(tracing, "m", 100));
    assertEquals(100, taken(tracing, "other", 100));
    change(tracing, "", "{\"trace_level\":\"OFF\"}");
    assertEquals(settings("OFF", "10", "-1"), told(tracing, "m"));
    assertEquals(0, taken(tracing, "m", 100));
    change(tracing, "m", "{\"trace_level\":[\"TIMESTAMPS\"]}");
    assertEquals(10, taken(tracing, "m", 100));
    assertEquals(0, taken(tracing, "other", 100));
    assertTrue(tracing.isOn());
    change(tracing, "m", "{\"trace_level\":null,\"trace_rate\":null}");
    assertEquals(settings("OFF", "1", "-1"), told(tracing, "m"));
    assertFalse(tracing.isOn());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"trace_level\":[\"TENSORS\"]} | 501",
        "{\"trace_level\":[\"TIMESTAMPS\",\"TENSORS\"]} | 501",
        "{\"trace_level\":[\"MOST\"]} | 400",
        "{\"trace_level\":[\"OFF\",\"TIMESTAMPS\"]} | 400",
        "{\"trace_rate\":\"-1\"} | 400",
        "{\"trace_rate\":\"often\"} | 400",
        "{\"trace_rate\":[\"1\",\"2\"]} | 400",
        "{\"trace_rate\":1.5} | 400",
        "{\"trace_count\":\"-2\"} | 400",
        "{\"trace_file\":\"/tmp/x\"} | 501",
        "{\"log_frequency\":\"5\"} | 501",
        "{\"trace_mode\":\"triton\"} | 501",
        "{\"trace_color\":\"red\"} | 400",
        "{\"trace_rate\":{}} | 400",
        "[] | 400",
        "{ | 400",
      })
  void whatCannotBe(String json, int status) {
    Tracing tracing = Tracing.of(1);
    String all = json.replaceFirst("^\\{", "{\"trace_count\":\"7\",").replace(",}", "}");
    ProtocolException e = assertThrows(ProtocolException.class, () -> change(tracing, "", all));
    assertEquals(status, e.status(), e::getMessage);
    assertEquals(settings("TIMESTAMPS", "1", "-1"), told(tracing, ""), "nothing is changed");
  }

  @Test
  void whatIsSoMayBeSaid() {
    Tracing tracing = Tracing.of(1);
    change(tracing, "", settings("TIMESTAMPS", "1", "-1"));
    change(tracing, "", "{\"trace_file\":null,\"log_frequency\":0}");
    assertEquals(settings("TIMESTAMPS", "1", "-1"), told(tracing, ""));
  }

  @Test
  void withoutACollectorNothingIsTraced() {
    Tracing tracing = Tracing.none();
    assertEquals(settings("OFF", "1", "-1"), told(tracing, ""));
    assertFalse(tracing.isOn());
    assertEquals(0, taken(tracing, "m", 10));
    change(tracing, "", "{\"trace_level\":[\"OFF\"],\"trace_rate\":\"2\"}");
    ProtocolException e =
        assertThrows(
            ProtocolException.class,
            () -> change(tracing, "", "{\"trace_level\":[\"TIMESTAMPS\"]}"));
    assertEquals(501, e.status());
  }
}
