package dev.jiffy.server.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.LogSettings;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.watch.ServerLog.Verbosity;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.TimeZone;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The log of this process, which the tests share: they run one after the other.
class ServerLogTest {
  private static final System.Logger LOG = System.getLogger("dev.jiffy.test");

  private final Handler[] before = Logger.getLogger("").getHandlers();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final AccessLog requests = AccessLog.silent(out);
  private final ServerLog log =
      ServerLog.start(out, Verbosity.INFO, LogFormat.ISO8601, requests, false);

  @AfterEach
  void close() {
    log.close();
    requests.close();
    assertArrayEquals(before, Logger.getLogger("").getHandlers());
  }

  private void change(String json) {
    log.change(LogSettings.fromJson(json.getBytes(StandardCharsets.UTF_8)));
  }

  private String told() {
    return new String(log.settings().toJson(), StandardCharsets.UTF_8);
  }

  private String said() {
    out.reset();
    for (System.Logger.Level level :
        new System.Logger.Level[] {
          System.Logger.Level.ERROR,
          System.Logger.Level.WARNING,
          System.Logger.Level.INFO,
          System.Logger.Level.DEBUG,
          System.Logger.Level.TRACE
        }) {
      LOG.log(level, level.name());
    }
    return String.join(
        " ",
        out.toString(StandardCharsets.UTF_8)
            .lines()
            .filter(line -> line.contains("dev.jiffy.test] ")) // at 3 libraries talk as well
            .map(line -> line.substring(line.indexOf("] ") + 2))
            .toList());
  }

  @Test
  void levelsAreSwitchedOneByOne() {
    assertEquals(
        """
        {"log_file":"","log_info":true,"log_warning":true,"log_error":true,\
        "log_verbose_level":0,"log_format":"ISO8601"}\
        """,
        told());
    assertEquals("ERROR WARNING INFO", said());
    change("{\"log_info\":false}");
    assertEquals("ERROR WARNING", said());
    change("{\"log_error\":false,\"log_info\":true}");
    assertEquals("WARNING INFO", said());
    change("{\"log_verbose_level\":1}");
    assertEquals("WARNING INFO", said());
    change("{\"log_verbose_level\":2}");
    assertEquals("WARNING INFO DEBUG", said());
    change("{\"log_verbose_level\":3,\"log_warning\":false,\"log_format\":\"default\"}");
    assertEquals("INFO DEBUG TRACE", said());
    assertEquals(
        """
        {"log_file":"","log_info":true,"log_warning":false,"log_error":false,\
        "log_verbose_level":3,"log_format":"default"}\
        """,
        told());
  }

  @Test
  void requestsAreToldFromVerboseLevelOneOn() {
    assertFalse(requests.isOn());
    change("{\"log_verbose_level\":1}");
    assertTrue(requests.isOn());
    change("{\"log_verbose_level\":0}");
    assertFalse(requests.isOn());
  }

  @Test
  void anAccessLogIsOnHoweverLittleElseIsTold() {
    log.close();
    try (ServerLog silent =
        ServerLog.start(out, Verbosity.OFF, LogFormat.DEFAULT, requests, true)) {
      assertTrue(requests.isOn());
      assertEquals("", said());
      assertTrue(
          new String(silent.settings().toJson(), StandardCharsets.UTF_8)
              .contains("\"log_verbose_level\":1"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"log_info\":1} | 400",
        "{\"log_verbose_level\":-1} | 400",
        "{\"log_verbose_level\":4294967296} | 400",
        "{\"log_verbose_level\":true} | 400",
        "{\"log_format\":\"xml\"} | 400",
        "{\"log_format\":1} | 400",
        "{\"log_file\":\"/tmp/x\"} | 501",
        "{\"log_colors\":true} | 400",
        "{\"log_info\":null} | 400",
        "[] | 400",
      })
  void whatCannotBe(String json, int status) {
    String before = told();
    String all = json.replaceFirst("^\\{", "{\"log_error\":false,");
    ProtocolException e = assertThrows(ProtocolException.class, () -> change(all));
    assertEquals(status, e.status(), e::getMessage);
    assertEquals(before, told(), "nothing is changed");
  }

  @Test
  void formsOfALine() {
    TimeZone zone = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
    try {
      LogRecord message = new LogRecord(Level.WARNING, "two\nlines \u001b[31m");
      message.setLoggerName("dev.jiffy.Some");
      message.setInstant(Instant.parse("2026-01-02T15:04:05.678901Z"));
      assertEquals(
          "W0102 15:04:05.678901 dev.jiffy.Some] two\\nlines \\u001b[31m\n",
          new String(LogFormat.DEFAULT.line(message), StandardCharsets.UTF_8));
      assertEquals(
          "2026-01-02T15:04:05.678Z W dev.jiffy.Some] two\\nlines \\u001b[31m\n",
          new String(LogFormat.ISO8601.line(message), StandardCharsets.UTF_8));
      message.setThrown(new IllegalStateException("why"));
      String json = new String(LogFormat.JSON.line(message), StandardCharsets.UTF_8);
      assertTrue(
          json.startsWith(
              """
              {"time":"2026-01-02T15:04:05.678901Z","level":"warning","logger":"dev.jiffy.Some",\
              "message":"two\\nlines \\u001B[31m","stack":"java.lang.IllegalStateException: why\
              """),
          json);
      assertEquals(1, json.lines().count());
      String plain = new String(LogFormat.ISO8601.line(message), StandardCharsets.UTF_8);
      assertTrue(plain.contains("\n\tjava.lang.IllegalStateException: why\n\t\tat "), plain);
    } finally {
      TimeZone.setDefault(zone);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\r\n", "\u2028", "\u0085", "\u000b"})
  void aCallersTextInWhatWasThrownBeginsNoLine(String end) {
    String forged = "E0102 15:04:05.678901 dev.jiffy.Some] forged";
    LogRecord message = new LogRecord(Level.WARNING, "failed");
    message.setThrown(
        new IllegalStateException(
            "no" + end + forged, new IllegalArgumentException("cause" + end + forged)));
    for (LogFormat format : List.of(LogFormat.DEFAULT, LogFormat.ISO8601)) {
      String text = new String(format.line(message), StandardCharsets.UTF_8);
      String[] lines = text.split("\\R", -1);
      assertTrue(lines.length > 3 && lines[0].endsWith("] failed"), text);
      assertEquals("", lines[lines.length - 1]);
      for (String line : List.of(lines).subList(1, lines.length - 1)) {
        assertTrue(line.startsWith("\t"), text);
      }
    }
  }
}
