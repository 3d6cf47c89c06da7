package dev.jiffy.cli;

import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.load.Verdict;
import dev.jiffy.bench.record.Breakdown;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.record.Summary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A load's result as one HTML page that needs nothing else: no network, no other file.
final class LoadPage {
  private final Load.Result result;
  private final String command;
  private final Markup page = new Markup();

  private LoadPage(Load.Result result, String command) {
    this.result = result;
    this.command = command;
  }

  /// {@return the page}
  ///
  /// @param result what came of a load
  /// @param command the command that made it
  static String of(Load.Result result, String command) {
    LoadPage page = new LoadPage(result, command);
    page.write();
    return page.page.ended();
  }

  private void write() {
    page.page(result.subject() + " · jiffy load", "profile.css", "load.css");
    page.leaf("h1", result.subject() + " · " + result.scenario());
    page.leaf(
        "p",
        LoadText.verdict(result),
        "class",
        "verdict " + (result.verdict().kind() == Verdict.Kind.VALID ? "good" : "bad"));
    lines(result.verdict().reasons());
    figures();
    if (result.points().size() > 1) {
      page.leaf("h2", "Latency over throughput");
      legend(List.of("p50", "p99", "p99.9", "goodput", "", "throughput"));
      LoadPlots.curve(result, page);
      page.say("Dotted: what was offered. Point at a dot or tap it for its numbers.");
    }
    page.leaf("h2", "Percentiles");
    legend(result.points().stream().map(Load.Point::label).toList());
    LoadPlots.spectrum(result, page);
    page.say(
        "Solid: response time, from scheduled to completed. Dashed: service time, from issued on.");
    page.leaf("h2", "Figures");
    table();
    intervals();
    for (Load.Point point : result.points()) {
      point(point);
    }
    page.leaf("h2", "Environment");
    environment();
  }

  private void lines(List<String> lines) {
    if (!lines.isEmpty()) {
      page.open("ul", "class", "reasons");
      lines.forEach(line -> page.leaf("li", line));
      page.close();
    }
  }

  private void legend(List<String> names) {
    page.open("p", "class", "legend");
    for (int i = 0; i < names.size(); i++) {
      if (!names.get(i).isEmpty()) {
        page.open("span").leaf("i", "", "class", "f" + i % 6).text(names.get(i)).close();
      }
    }
    page.close();
  }

  private void figures() {
    Summary summary = result.main().first().summary();
    Spread times = summary.response();
    page.open("div", "class", "figures");
    page.figure("%.1f/s".formatted(summary.throughput()), "throughput");
    page.figure("%.1f/s".formatted(summary.goodput()), "goodput");
    page.figure(Quantities.duration(times.meanMs()), "average");
    page.figure(Quantities.duration(times.p50Ms()), "p50");
    page.figure(Quantities.duration(times.p90Ms()), "p90");
    page.figure(Quantities.duration(times.p95Ms()), "p95");
    page.figure(Quantities.duration(times.p99Ms()), "p99");
    page.figure(Quantities.duration(times.p999Ms()), "p99.9");
    page.figure(Quantities.duration(times.p9999Ms()), "p99.99");
    page.figure("%,d".formatted(summary.requests()), "requests");
    page.figure("%,d".formatted(summary.requests() - summary.answered()), "errors");
    page.figure(Quantities.duration(summary.lag().p99Ms()), "generator lag p99");
    page.close();
  }

  private void table() {
    page.open("div", "class", "scroll").open("table").open("thead").open("tr");
    for (String head :
        List.of(
            "load",
            "offered",
            "throughput",
            "goodput",
            "good",
            "average",
            "p50",
            "p90",
            "p95",
            "p99",
            "p99.9",
            "p99.99",
            "max",
            "errors",
            "lag p99",
            "verdict")) {
      page.leaf("th", head, "scope", "col");
    }
    page.close().close().open("tbody");
    for (Load.Point point : result.points()) {
      for (Run run : point.runs()) {
        row(point, run);
      }
    }
    page.close().close().close();
  }

  private void row(Load.Point point, Run run) {
    Summary summary = run.summary();
    Spread times = summary.response();
    page.open("tr")
        .leaf(
            "th",
            point.label()
                + (point.factor() == null
                    ? ""
                    : " (× %s)".formatted(Markup.number(point.factor()))),
            "scope",
            "row");
    List<String> cells = new ArrayList<>();
    cells.add("%.1f".formatted(summary.offered()));
    cells.add("%.1f".formatted(summary.throughput()));
    cells.add("%.1f".formatted(summary.goodput()));
    cells.add("%.2f %%".formatted(summary.good() * 100));
    for (double ms :
        new double[] {
          times.meanMs(),
          times.p50Ms(),
          times.p90Ms(),
          times.p95Ms(),
          times.p99Ms(),
          times.p999Ms(),
          times.p9999Ms(),
          times.maxMs()
        }) {
      cells.add(Quantities.duration(ms));
    }
    cells.add(summary.errors().isEmpty() ? "0" : summary.errors().toString());
    cells.add(Quantities.duration(summary.lag().p99Ms()));
    cells.add(
        switch (run.verdict().kind()) {
          case VALID -> "valid";
          case MISSED -> "SLO missed";
          case INVALID -> "invalid";
        });
    cells.forEach(cell -> page.leaf("td", cell));
    page.close();
  }

  private void intervals() {
    List<String> lines = new ArrayList<>();
    for (Load.Point point : result.points()) {
      for (Map.Entry<String, Interval> each : point.intervals().entrySet()) {
        Interval interval = each.getValue();
        lines.add(
            "%s, %s: %.4g on average of %d runs, 95 %% confident of %.4g to %.4g, variation %.1f %%"
                .formatted(
                    point.label(),
                    each.getKey(),
                    interval.mean(),
                    interval.count(),
                    interval.low(),
                    interval.high(),
                    interval.variation() * 100));
      }
    }
    lines(lines);
  }

  private void point(Load.Point point) {
    Run run = point.first();
    page.leaf("h2", result.points().size() == 1 ? "The run" : "At " + point.label());
    if (result.points().size() > 1) {
      lines(run.verdict().reasons());
    }
    lines(run.verdict().warnings());
    page.leaf("h3", "Time line");
    LoadPlots.timeline(result, run, page);
    page.say(
        "Darker: more requests. Red: failed ones. Bars: pauses of this process (orange) and late"
            + " wake-ups of its threads (grey).");
    List<Breakdown> breakdowns = run.breakdowns();
    if (!breakdowns.isEmpty()) {
      page.leaf("h3", "Where the time goes");
      LoadPlots.breakdown(breakdowns, page);
      page.say(
          breakdowns.stream().anyMatch(each -> each.gcMs() > 0)
              ? "Within it, this process collected garbage for %s on average of the requests around %s."
                  .formatted(
                      Quantities.duration(breakdowns.getLast().gcMs()),
                      Slo.percentile(breakdowns.getLast().p()))
              : "Means over whole requests around each percentile.");
    }
    batches(run.recording());
  }

  private void batches(Recording recording) {
    Map<Integer, Long> counts = new TreeMap<>();
    for (int i = 0; i < recording.size(); i++) {
      if (recording.batch(i) != Recording.UNKNOWN) {
        counts.merge(recording.batch(i), 1L, Long::sum);
      }
    }
    if (counts.isEmpty()) {
      return;
    }
    page.leaf("h3", "Batches");
    page.open("div", "class", "scroll").open("table").open("thead").open("tr");
    page.leaf("th", "requests computed together", "scope", "col");
    page.leaf("th", "requests", "scope", "col").leaf("th", "share", "scope", "col");
    page.close().close().open("tbody");
    long all = counts.values().stream().mapToLong(Long::longValue).sum();
    counts.forEach((size, count) -> {
      double percent = 100.0 * count / all;
      page.open("tr").leaf("th", "" + size, "scope", "row").leaf("td", "%,d".formatted(count));
      page.open("td", "class", "share", "style", "--share:" + Markup.number(percent) + "%");
      page.text("%.1f %%".formatted(percent)).close().close();
    });
    page.close().close().close();
  }

  private void environment() {
    page.open("ul");
    LoadText.notes(result).forEach(note -> page.leaf("li", note));
    if (!result.jvm().isEmpty()) {
      page.leaf("li", "flags of the JVM: " + String.join(" ", result.jvm()));
    }
    page.leaf(
        "li",
        "percentiles are times of requests, none interpolated; a request that failed counts as at least"
            + " the timeout");
    page.open("li").leaf("code", command).close();
    page.close();
  }
}
