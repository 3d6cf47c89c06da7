package dev.jiffy.server.watch;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// The form of a line in the server's log.
public enum LogFormat {
  /// `W0102 15:04:05.678901 dev.jiffy.server.Server] text`, in the time of this place.
  DEFAULT("default"),
  /// `2026-01-02T15:04:05.678Z W dev.jiffy.server.Server] text`.
  ISO8601("ISO8601"),
  /// An object of JSON with `time`, `level`, `logger`, `message`, and `stack` where something was
  /// thrown.
  JSON("json");

  private static final DateTimeFormatter SHORT =
      DateTimeFormatter.ofPattern("MMdd HH:mm:ss.SSSSSS", Locale.ROOT);
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final Formatter TEXTS = new SimpleFormatter();

  private final String label;

  LogFormat(String label) {
    this.label = label;
  }

  /// {@return the name that clients use}
  public String label() {
    return label;
  }

  /// {@return the bytes of a message: a line, and behind it, indented, those of what was thrown}
  byte[] line(LogRecord message) {
    String text = TEXTS.formatMessage(message);
    String logger = Objects.requireNonNullElse(message.getLoggerName(), "");
    Instant time = message.getInstant();
    String stack = stack(message.getThrown());
    String plain =
        switch (this) {
          case JSON -> "";
          case DEFAULT ->
              letter(message.getLevel())
                  + SHORT.format(time.atZone(ZoneId.systemDefault()))
                  + " "
                  + logger;
          case ISO8601 ->
              time.truncatedTo(ChronoUnit.MILLIS) + " " + letter(message.getLevel()) + " " + logger;
        };
    return this == JSON
        ? json(time, message.getLevel(), logger, text, stack)
        : (plain + "] " + oneLine(text) + "\n" + indented(stack)).getBytes(StandardCharsets.UTF_8);
  }

  private static String stack(@Nullable Throwable thrown) {
    if (thrown == null) {
      return "";
    }
    StringWriter stack = new StringWriter();
    thrown.printStackTrace(new PrintWriter(stack));
    return stack.toString();
  }

  /// {@return the lines of a text, none of which looks like a message}
  private static String indented(String text) {
    StringBuilder lines = new StringBuilder(text.length());
    text.lines().forEach(line -> lines.append('\t').append(oneLine(line)).append('\n'));
    return lines.toString();
  }

  private static char letter(Level level) {
    return Character.toUpperCase(name(level).charAt(0));
  }

  private static String name(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return "error";
    }
    if (value >= Level.WARNING.intValue()) {
      return "warning";
    }
    return value >= Level.CONFIG.intValue() ? "info" : "verbose";
  }

  /// {@return a text without what would begin a line, so that nobody's text looks like a message}
  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        line.append("\\n");
      } else if ((Character.isISOControl(c) && c != '\t') || c == '\u2028' || c == '\u2029') {
        line.append("\\u%04x".formatted((int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }

  private static byte[] json(Instant time, Level level, String logger, String text, String stack) {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (JsonGenerator json =
        FACTORY.createGenerator(ObjectWriteContext.empty(), line, JsonEncoding.UTF8)) {
      json.writeStartObject();
      json.writeStringProperty("time", time.truncatedTo(ChronoUnit.MICROS).toString());
      json.writeStringProperty("level", name(level));
      json.writeStringProperty("logger", logger);
      json.writeStringProperty("message", text);
      if (!stack.isEmpty()) {
        json.writeStringProperty("stack", stack);
      }
      json.writeEndObject();
    }
    line.write('\n');
    return line.toByteArray();
  }
}
