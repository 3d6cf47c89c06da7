package dev.jiffy.bench.record;

import java.io.BufferedWriter;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Recordings as files: a line of JSON for each request, from which a recording can be read again,
/// and the histograms that plotters of HdrHistogram's formats take.
public final class Export {
  /// The name of a file with a line per request.
  public static final String REQUESTS = "requests.jsonl";

  /// The head of a table of runs.
  public static final String CSV_HEAD =
      "load,requests,answered,seconds,offered,throughput,goodput,mean_ms,p50_ms,p90_ms,p95_ms,p97_ms,"
          + "p99_ms,p999_ms,p9999_ms,max_ms,service_p50_ms,service_p99_ms,lag_p99_ms";

  private static final double INTERVAL_NANOS = 1e9;

  private Export() {}

  /// {@return a run as a row under [#CSV_HEAD]}
  ///
  /// @param label what to call it; without commas
  /// @param summary its figures
  public static String csv(String label, Summary summary) {
    Spread times = summary.response();
    return String.format(
        Locale.ROOT,
        "%s,%d,%d,%.6f,%.3f,%.3f,%.3f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f",
        label,
        summary.requests(),
        summary.answered(),
        summary.seconds(),
        summary.offered(),
        summary.throughput(),
        summary.goodput(),
        times.meanMs(),
        times.p50Ms(),
        times.p90Ms(),
        times.p95Ms(),
        times.p97Ms(),
        times.p99Ms(),
        times.p999Ms(),
        times.p9999Ms(),
        times.maxMs(),
        summary.service().p50Ms(),
        summary.service().p99Ms(),
        summary.lag().p99Ms());
  }

  /// Writes a line per request: times in nanoseconds since the run began.
  ///
  /// @param recording the requests
  /// @param file where to
  /// @throws IOException if it cannot be written
  public static void requests(Recording recording, Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < recording.size(); i++) {
        out.write("{\"scheduled\":" + recording.scheduledNanos(i));
        out.write(",\"due\":" + recording.dueNanos(i));
        out.write(",\"issued\":" + recording.issuedNanos(i));
        if (recording.firstByteNanos(i) != Recording.UNKNOWN) {
          out.write(",\"first_byte\":" + recording.firstByteNanos(i));
        }
        out.write(",\"completed\":" + recording.completedNanos(i));
        out.write(",\"sample\":" + recording.sample(i));
        if (recording.query(i) != i) {
          out.write(",\"query\":" + recording.query(i));
        }
        if (recording.batch(i) != Recording.UNKNOWN) {
          out.write(",\"batch\":" + recording.batch(i));
        }
        out.write(",\"outcome\":\"" + recording.outcome(i).label() + "\"");
        for (String stage : recording.stages()) {
          long nanos = recording.stageNanos(stage, i);
          if (nanos != Recording.UNKNOWN) {
            out.write("," + JsonMapper.shared().writeValueAsString("stage_" + stage) + ":" + nanos);
          }
        }
        out.write("}\n");
      }
    }
  }

  /// {@return the recording in a file that [#requests] wrote}
  ///
  /// @param file the file
  /// @throws IllegalArgumentException if a line is not one of those
  /// @throws IOException if it cannot be read
  public static Recording read(Path file) throws IOException {
    Recorder recorder = new Recorder();
    try (Stream<String> lines = Files.lines(file)) {
      lines.forEachOrdered(line -> read(line, recorder, file));
    } catch (UncheckedIOException e) {
      throw new IOException("%s: %s".formatted(file, e.getCause()), e);
    }
    if (recorder.size() == 0) {
      throw new IllegalArgumentException(file + ": no request in it");
    }
    return recorder.recording();
  }

  private static void read(String line, Recorder recorder, Path file) {
    try {
      JsonNode node = JsonMapper.shared().readTree(line);
      int row =
          recorder.begin(
              number(node, "scheduled"),
              number(node, "due"),
              number(node, "issued"),
              (int) number(node, "sample"));
      if (node.has("first_byte")) {
        recorder.firstByte(row, number(node, "first_byte"));
      }
      if (node.has("query")) {
        recorder.query(row, (int) number(node, "query"));
      }
      if (node.has("batch")) {
        recorder.batch(row, (int) number(node, "batch"));
      }
      for (String name : node.propertyNames()) {
        if (name.startsWith("stage_")) {
          recorder.stage(row, name.substring("stage_".length()), number(node, name));
        }
      }
      recorder.end(
          row,
          number(node, "completed"),
          Outcome.valueOf(node.path("outcome").asString("").toUpperCase(Locale.ROOT)));
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s, line %d: no request as `jiffy load` writes it".formatted(file, recorder.size() + 1),
          e);
    }
  }

  private static long number(JsonNode node, String name) {
    JsonNode value = node.path(name);
    if (!value.isIntegralNumber()) {
      throw new IllegalArgumentException("no whole number '" + name + "'");
    }
    return value.longValue();
  }

  /// Writes the response times in HdrHistogram's formats, in milliseconds: `latency.hgrm`, the
  /// percentiles, and `latency.hlog`, a histogram of each second.
  ///
  /// @param recording the requests
  /// @param timeoutNanos what a request counts as at least that was not answered
  /// @param folder where to
  /// @throws IOException if they cannot be written
  public static void histograms(Recording recording, long timeoutNanos, Path folder)
      throws IOException {
    Histogram all = new Histogram(3);
    try (PrintStream log =
        new PrintStream(
            new FileOutputStream(folder.resolve("latency.hlog").toFile()),
            false,
            StandardCharsets.UTF_8)) {
      HistogramLogWriter writer = new HistogramLogWriter(log);
      writer.outputLogFormatVersion();
      writer.outputLegend();
      Histogram second = new Histogram(3);
      int index = 0;
      for (int i = 0; i < recording.size(); i++) {
        int at = (int) (recording.scheduledNanos(i) / INTERVAL_NANOS);
        if (at != index) {
          write(writer, second, index);
          index = at;
        }
        long nanos = Time.RESPONSE.of(recording, i, timeoutNanos);
        second.recordValue(nanos);
        all.recordValue(nanos);
      }
      write(writer, second, index);
    }
    try (PrintStream out =
        new PrintStream(
            new FileOutputStream(folder.resolve("latency.hgrm").toFile()),
            false,
            StandardCharsets.UTF_8)) {
      all.outputPercentileDistribution(out, 5, 1e6);
    }
  }

  private static void write(HistogramLogWriter writer, Histogram second, int index) {
    if (second.getTotalCount() > 0) {
      writer.outputIntervalHistogram(index, index + 1.0, second, 1e6);
      second.reset();
    }
  }
}
