package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.Bench;
import dev.jiffy.bench.Figures;
import dev.jiffy.bench.WarmedUp;
import dev.jiffy.bench.load.Arrivals;
import dev.jiffy.bench.load.Extent;
import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Order;
import dev.jiffy.bench.load.Plan;
import dev.jiffy.bench.load.Scenario;
import dev.jiffy.bench.load.ServiceTime;
import dev.jiffy.bench.load.SimulatedSubject;
import dev.jiffy.bench.load.Verdict;
import dev.jiffy.bench.record.Environment;
import dev.jiffy.bench.record.Export;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recorder;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.record.Time;
import dev.jiffy.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LoadPageTest {
  private static final long MS = 1_000_000;

  /// A queue that saturates at 1000 requests per second, at and beyond its peak.
  private static Load.Result result(
      @Nullable Slo slo, List<Double> factors, int repeats, long serviceNanos) {
    SimulatedSubject queue =
        new SimulatedSubject(
            "a <queue>",
            1000,
            1,
            new ServiceTime.Exponential(serviceNanos),
            List.of(new SimulatedSubject.Stall(2000 * MS, 2100 * MS)),
            200,
            1);
    Plan plan =
        new Plan(
            new Arrivals.Poisson(800, 1), Extent.seconds(5), new Order(1, true, 0), 1000, 500 * MS);
    return Load.run(
        queue,
        new Load.Settings(
            Scenario.SERVER, plan, slo, false, Extent.seconds(1), factors, repeats, 0),
        line -> {},
        issued -> {});
  }

  @Test
  void thePageIsWellFormedAndNeedsNothingElse() {
    Load.Result result = result(Slo.parse("p90=50ms"), List.of(0.5, 1.0, 1.6), 2, MS);
    String page = LoadPage.of(result, "jiffy load <x> --slo p90=50ms");
    ProfilePageTest.checkWellFormed(page.substring(page.indexOf('\n')));
    for (String way : List.of("href=", "src=", "url(", "@import", "fetch(")) {
      assertFalse(page.contains(way), way + " asks for more than the page");
    }
    assertFalse(page.contains("NaN"), "a coordinate that is no number");
    assertTrue(page.contains("a &lt;queue&gt;"), page);
    assertTrue(page.contains("p90 ≤ 50 ms"), page);
    assertTrue(page.contains("overloaded="), "errors by kind");
    assertTrue(page.contains("95 % confident"), "confidence intervals");
    assertEquals(2 + 1 + 3 * 2, count(page, "<svg "));
  }

  @Test
  void oneRunHasNoCurve() {
    String page = LoadPage.of(result(null, List.of(), 1, MS), "jiffy load");
    ProfilePageTest.checkWellFormed(page.substring(page.indexOf('\n')));
    assertEquals(3, count(page, "<svg "));
  }

  @Test
  void theDeadlineIsTold() {
    SimulatedSubject queue = new SimulatedSubject("queue", 1, new ServiceTime.Fixed(MS));
    Plan plan =
        new Plan(new Arrivals.Constant(100), Extent.seconds(1), new Order(1, true, 0), 1, 500 * MS);
    Load.Settings settings =
        new Load.Settings(
            Scenario.OPEN, plan.deadline(40 * MS), null, false, Extent.seconds(1), List.of(), 1, 0);
    Load.Result result = Load.run(queue, settings, line -> {}, issued -> {});
    assertEquals(40, result.deadlineMs());
    assertTrue(LoadText.of(result).contains(", deadline 40"), LoadText.of(result));
  }

  @Test
  void anSloThatNeverHoldsHasNoPeak() {
    SimulatedSubject slow = new SimulatedSubject("slow", 1, new ServiceTime.Fixed(20 * MS));
    Plan plan =
        new Plan(
            new Arrivals.Poisson(1, 1), Extent.seconds(5), new Order(1, true, 0), 64, 500 * MS);
    Load.Settings settings =
        new Load.Settings(
            Scenario.SERVER,
            plan,
            Slo.parse("p99=10ms"),
            true,
            Extent.seconds(1),
            List.of(0.5, 1.0),
            1,
            0);
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> Load.run(slow, settings, line -> {}, issued -> {}));
    assertTrue(String.valueOf(failure.getMessage()).contains("p99 ≤ 10 ms"), failure::toString);
  }

  @Test
  void aBenchIsTheSamePage() {
    Recorder recorder = new Recorder();
    for (int i = 0; i < 100; i++) {
      long begun = 2L * i * MS;
      int row = recorder.begin(begun, begun, begun, 0);
      recorder.end(row, begun + MS, Outcome.OK);
    }
    Spread times = Spread.of(Percentiles.of(recorder.recording().nanos(Time.SERVICE, 0)));
    Bench.Result result =
        new Bench.Result(
            "m.onnx",
            "made up",
            Map.of("x", Shape.of(1, 3)),
            1,
            "f32",
            "x86",
            new Figures("1", 2, 3, times, Interval.of(new double[] {1, 1}), 1000, 0, 50),
            new WarmedUp(50, 2.5, true),
            Environment.here(),
            recorder.recording());
    String page = BenchCommand.page(result, "jiffy bench m.onnx --html page.html");
    ProfilePageTest.checkWellFormed(page.substring(page.indexOf('\n')));
    assertTrue(page.contains("no timeout"), page);
    assertTrue(page.contains("warm-up of 50 requests in 2.5 s, settled"), page);
    assertEquals(3, count(page, "<svg "));
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  /// Where there is a Chromium, the page is laid out at the width of a phone and of a desk: nothing
  /// sticks out to the side, and every picture has a size. Elsewhere its text alone is checked.
  @Test
  void thePageFitsItsWindow(@TempDir Path folder) throws IOException, InterruptedException {
    String page =
        LoadPage.of(result(Slo.parse("p90=50ms"), List.of(0.5, 1.0, 1.6), 1, MS), "jiffy load");
    String probe =
        "<script>const small=[...document.querySelectorAll('svg')].filter(s=>"
            + "s.getBoundingClientRect().height>=40).length;document.title='width '"
            + "+document.documentElement.scrollWidth+' of '+innerWidth+', pictures '+small;</script>";
    Path file = folder.resolve("page.html");
    Files.writeString(file, page.replace("</body>", probe + "</body>"));
    for (int width : new int[] {600, 1280}) {
      String title = title(file, width);
      Matcher measured = Pattern.compile("width (\\d+) of (\\d+), pictures (\\d+)").matcher(title);
      if (!title.isEmpty()) {
        assertTrue(measured.find(), title);
        assertTrue(
            Integer.parseInt(measured.group(1)) <= Integer.parseInt(measured.group(2)), title);
        assertEquals(9, Integer.parseInt(measured.group(3)), title);
      }
    }
    assertTrue(page.contains("viewport"));
  }

  /// {@return the title that the page's script leaves, empty where there is no Chromium}
  private static String title(Path file, int width) throws IOException, InterruptedException {
    Path chromium = Path.of("/usr/bin/chromium");
    if (!Files.isExecutable(chromium)) {
      return "";
    }
    Path profile = file.resolveSibling("profile" + width);
    Path dom = file.resolveSibling("dom" + width);
    Process browser =
        new ProcessBuilder(
                chromium.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + profile,
                "--window-size=" + width + ",900",
                "--dump-dom",
                file.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertEquals(0, browser.waitFor());
    String text = Files.readString(dom, StandardCharsets.UTF_8);
    Matcher title = Pattern.compile("<title>([^<]*)</title>").matcher(text);
    assertTrue(title.find(), text);
    return title.group(1);
  }

  @Test
  void everythingIsWrittenAndComparedAgain(@TempDir Path folder) throws IOException {
    Path one = folder.resolve("one");
    Path same = folder.resolve("same");
    Path slow = folder.resolve("slow");
    Load.Result result = result(null, List.of(), 2, MS / 2);
    LoadFiles.write(one, result, "jiffy load");
    LoadFiles.write(same, result, "jiffy load");
    LoadFiles.write(slow, result(null, List.of(), 2, MS), "jiffy load");
    JsonNode json = JsonMapper.shared().readTree(Files.readString(one.resolve("result.json")));
    assertEquals("server", json.path("scenario").asString());
    JsonNode summary = json.path("points").path(0).path("runs").path(0).path("summary");
    assertTrue(summary.path("response").path("p99_ms").asDouble() > 0, json::toString);
    assertFalse(json.toString().contains("\"recording\""), json::toString);
    Recording read = Export.read(one.resolve("run-1-2/requests.jsonl"));
    assertEquals(result.points().getFirst().runs().get(1).recording().size(), read.size());
    List<String> written = new ArrayList<>();
    try (var files = Files.walk(one)) {
      files.filter(Files::isRegularFile).forEach(file -> written.add("" + one.relativize(file)));
    }
    assertTrue(
        written.containsAll(
            List.of(
                "index.html",
                "result.json",
                "summary.csv",
                "run-1-1/requests.jsonl",
                "run-1-1/latency.hgrm",
                "run-1-1/latency.hlog")),
        written::toString);
    assertFalse(ReportCommand.Answer.of(one, same, 0.03).isWorse());
    assertTrue(ReportCommand.Answer.of(one, slow, 0.03).isWorse());
    ReportCommand.Answer back = ReportCommand.Answer.of(slow, one, 0.03);
    assertFalse(back.isWorse(), back::text);
    assertTrue(back.text().contains("better"), back::text);
  }

  @Test
  void runsOfAnEarlierReportAreNotCompared(@TempDir Path folder) throws IOException {
    Path before = folder.resolve("before");
    Path after = folder.resolve("after");
    Load.Result result = result(null, List.of(), 1, MS / 2);
    LoadFiles.write(before, result, "jiffy load");
    LoadFiles.write(after, result(null, List.of(), 2, MS), "jiffy load");
    LoadFiles.write(after, result, "jiffy load");
    ReportCommand.Answer same = ReportCommand.Answer.of(before, after, 0.03);
    assertFalse(same.isWorse(), same::text);
  }

  @Test
  void theVerdictSaysWhatWasFound() {
    Load.Result missed = result(Slo.parse("p99=1ms"), List.of(), 1, MS);
    assertEquals(Verdict.Kind.MISSED, missed.verdict().kind());
    assertTrue(LoadText.verdict(missed).startsWith("SLO MISSED · "), LoadText.verdict(missed));
    Load.Result valid = result(Slo.parse("p50=400ms"), List.of(), 1, MS / 4);
    assertEquals(Verdict.Kind.VALID, valid.verdict().kind(), valid.verdict()::toString);
    assertTrue(LoadText.of(valid).contains("throughput"), LoadText.of(valid));
  }
}
