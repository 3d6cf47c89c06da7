package dev.jiffy.cli;

import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.record.Breakdown;
import dev.jiffy.bench.record.Event;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/// The pictures of a load's page.
final class LoadPlots {
  private static final double HEIGHT = 380;
  private static final double LOW = 240;
  private static final int COLUMNS = 96;
  private static final int ROWS = 40;
  private static final double[] PERCENTILES = {
    0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99,
    0.9925, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 0.99995, 0.99999, 0.999999
  };

  private LoadPlots() {}

  /// Draws the percentiles of response and service times of every load.
  static void spectrum(Load.Result result, Markup page) {
    int most =
        result.points().stream()
            .mapToInt(point -> point.first().recording().size())
            .max()
            .orElse(1);
    double top = Math.min(0.999999, Math.max(0.9, 1 - 1.0 / Math.max(2, most)));
    List<double[]> lines = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    double highest = 0;
    for (Load.Point point : result.points()) {
      for (Time time : new Time[] {Time.RESPONSE, Time.SERVICE}) {
        Percentiles times = times(result, point.first(), time);
        double[] values = DoubleStream.of(PERCENTILES).map(p -> ms(times.at(p))).toArray();
        lines.add(values);
        least = Math.min(least, values[0]);
        highest = Math.max(highest, values[values.length - 1]);
      }
    }
    Axis x = Axis.percentiles(Plot.LEFT, Plot.RIGHT, top);
    Axis y = milliseconds(HEIGHT, Math.max(least, 1e-4) * 0.9, highest * 1.15);
    Plot plot =
        Plot.open(
            page, "Percentiles of response and service times", HEIGHT, x, "percentile", y, "time");
    slo(plot, result.slo());
    for (int i = 0; i < result.points().size(); i++) {
      Load.Point point = result.points().get(i);
      int count = point.first().recording().size();
      plot.path(
          "service f" + i % 6,
          points(lines.get(2 * i + 1), count, top),
          point.label() + ", service time: from issued to completed");
      plot.path(
          "f" + i % 6,
          points(lines.get(2 * i), count, top),
          point.label() + ", response time: from scheduled to completed");
    }
    plot.close();
  }

  private static List<Plot.Point> points(double[] values, int count, double top) {
    List<Plot.Point> points = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      if (PERCENTILES[i] <= top && (1 - PERCENTILES[i]) * count >= 0.99) {
        points.add(new Plot.Point(PERCENTILES[i], values[i]));
      }
    }
    return points;
  }

  /// Draws latency and goodput over the offered rate; needs two loads.
  static void curve(Load.Result result, Markup page) {
    List<Load.Point> points =
        result.points().stream()
            .sorted(Comparator.comparingDouble(point -> point.first().summary().offered()))
            .toList();
    double most = max(points, run -> run.summary().offered()) * 1.05;
    Axis x = Axis.linear(Plot.LEFT, Plot.RIGHT, most, LoadPlots::number);
    double highest =
        Math.max(
            max(points, run -> run.summary().response().p999Ms()),
            result.slo() == null ? 0 : result.slo().ms());
    double least =
        points.stream().mapToDouble(p -> p.first().summary().response().p50Ms()).min().orElse(1);
    Plot plot =
        Plot.open(
            page,
            "Response time over the offered rate",
            HEIGHT,
            x,
            "offered requests per second",
            milliseconds(HEIGHT, least * 0.7, highest * 1.4),
            "response time");
    slo(plot, result.slo());
    latency(plot, points, "f0", "p50", Spread::p50Ms);
    latency(plot, points, "f1", "p99", Spread::p99Ms);
    latency(plot, points, "f2", "p99.9", Spread::p999Ms);
    plot.close();
    Plot below =
        Plot.open(
            page,
            "Goodput and throughput over the offered rate",
            LOW,
            x,
            "offered requests per second",
            Axis.linear(Plot.bottom(LOW), Plot.top(), most, LoadPlots::number),
            "answered per second");
    below.path(
        "ideal", List.of(new Plot.Point(0, 0), new Plot.Point(most, most)), "what is offered");
    rates(below, points, "f5", "throughput", run -> run.summary().throughput());
    rates(below, points, "f3", "goodput", run -> run.summary().goodput());
    below.close();
  }

  private static double max(List<Load.Point> points, ToDoubleFunction<Run> of) {
    return points.stream().mapToDouble(point -> of.applyAsDouble(point.first())).max().orElse(1);
  }

  private static void latency(
      Plot plot, List<Load.Point> points, String style, String name, ToDoubleFunction<Spread> of) {
    List<Plot.Point> line = new ArrayList<>();
    for (Load.Point point : points) {
      line.add(
          new Plot.Point(
              point.first().summary().offered(),
              of.applyAsDouble(point.first().summary().response())));
    }
    plot.path(style, line, name);
    for (Load.Point point : points) {
      for (Run run : point.runs()) {
        double ms = of.applyAsDouble(run.summary().response());
        plot.point(
            style,
            new Plot.Point(run.summary().offered(), ms),
            "%s: %s %s".formatted(point.label(), name, Quantities.duration(ms)));
      }
    }
  }

  private static void rates(
      Plot plot, List<Load.Point> points, String style, String name, ToDoubleFunction<Run> of) {
    List<Plot.Point> line = new ArrayList<>();
    for (Load.Point point : points) {
      double rate = of.applyAsDouble(point.first());
      Plot.Point at = new Plot.Point(point.first().summary().offered(), rate);
      line.add(at);
      plot.point(style, at, "%s: %s %.1f/s".formatted(point.label(), name, rate));
    }
    plot.path(style, line, name);
  }

  /// Draws when requests were to start and how long they took, with what happened beside.
  static void timeline(Load.Result result, Run run, Markup page) {
    Recording recording = run.recording();
    Percentiles times = times(result, run, Time.RESPONSE);
    double end = Math.max(1e-3, recording.endNanos() / 1e9);
    double least = Math.max(1e-4, ms(times.at(0))) * 0.9;
    double most = Math.max(least * 4, ms(times.at(1)) * 1.15);
    Axis x = Axis.linear(Plot.LEFT, Plot.RIGHT, end, LoadPlots::number);
    Plot plot =
        Plot.open(
            page,
            "Response times over the time of the run",
            LOW + 60,
            x,
            "seconds since the run began",
            milliseconds(LOW + 60, least, most),
            "response time");
    for (Event event : run.events()) {
      double from = event.startNanos() / 1e9;
      if (from >= 0 && from <= end) {
        plot.upright(
            event.kind() == Event.Kind.HICCUP ? "hiccup" : "gc",
            from,
            Math.min(end, from + event.durationNanos() / 1e9),
            "%s %s of %s at %.3f s"
                .formatted(
                    name(event.kind()),
                    event.detail(),
                    Quantities.duration(event.durationNanos() / 1e6),
                    from));
      }
    }
    cells(plot, result, recording, end, least, most);
    slo(plot, result.slo());
    plot.close();
  }

  private static String name(Event.Kind kind) {
    return switch (kind) {
      case GC -> "garbage collection";
      case ALLOCATION_STALL -> "stall for memory";
      case HICCUP -> "late wake-up";
    };
  }

  private static void cells(
      Plot plot, Load.Result result, Recording recording, double end, double least, double most) {
    long[][] counts = new long[COLUMNS][ROWS];
    boolean[][] failed = new boolean[COLUMNS][ROWS];
    long highest = 1;
    long timeoutNanos = Math.round(result.timeoutMs() * 1e6);
    long[] nanos = recording.nanos(Time.RESPONSE, timeoutNanos);
    double height = Math.log(most / least);
    for (int i = 0; i < recording.size(); i++) {
      int column = (int) Math.min(COLUMNS - 1, recording.scheduledNanos(i) / 1e9 / end * COLUMNS);
      double part = Math.log(Math.max(least, ms(nanos[i])) / least) / height;
      int row = (int) Math.clamp(part * ROWS, 0, ROWS - 1);
      highest = Math.max(highest, ++counts[column][row]);
      failed[column][row] |= !recording.isOk(i);
    }
    for (int column = 0; column < COLUMNS; column++) {
      for (int row = 0; row < ROWS; row++) {
        if (counts[column][row] > 0) {
          double opacity =
              0.25 + 0.75 * Math.log1p((double) counts[column][row]) / Math.log1p((double) highest);
          plot.box(
              failed[column][row] ? "failed" : "f0",
              end * column / COLUMNS,
              end * (column + 1) / COLUMNS,
              least * Math.exp(height * row / ROWS),
              least * Math.exp(height * (row + 1) / ROWS),
              opacity);
        }
      }
    }
  }

  /// Draws where the time around percentiles goes.
  static void breakdown(List<Breakdown> breakdowns, Markup page) {
    double most = breakdowns.stream().mapToDouble(Breakdown::responseMs).max().orElse(1);
    Set<String> parts = new LinkedHashSet<>();
    breakdowns.forEach(each -> parts.addAll(each.partsMs().keySet()));
    List<String> names = List.copyOf(parts);
    page.open("p", "class", "legend");
    for (int i = 0; i < names.size(); i++) {
      page.open("span").leaf("i", "", "class", "f" + i % 8).text(names.get(i)).close();
    }
    page.close();
    double height = 14 + breakdowns.size() * 38;
    page.open(
        "svg",
        "viewBox",
        "0 0 " + Markup.number(Plot.WIDTH) + " " + Markup.number(height),
        "class",
        "plot",
        "role",
        "img",
        "aria-label",
        "Where the time goes");
    double y = 6;
    for (Breakdown each : breakdowns) {
      page.leaf(
          "text", Slo.percentile(each.p()), "x", Plot.LEFT - 8, "y", y + 19, "class", "tick end");
      double x = Plot.LEFT;
      for (Map.Entry<String, Double> part : each.partsMs().entrySet()) {
        double width = Math.max(0, part.getValue()) / most * (Plot.RIGHT - 90 - Plot.LEFT);
        String say =
            "%s: %s %s of %s, mean of %d requests"
                .formatted(
                    Slo.percentile(each.p()),
                    part.getKey(),
                    Quantities.duration(part.getValue()),
                    Quantities.duration(each.responseMs()),
                    each.requests());
        page.open(
            "rect",
            "class",
            "mark f" + names.indexOf(part.getKey()) % 8,
            "x",
            x,
            "y",
            y,
            "width",
            width,
            "height",
            28.0,
            "data-say",
            say,
            "tabindex",
            "0");
        page.leaf("title", say).close();
        x += width;
      }
      page.leaf(
          "text", Quantities.duration(each.responseMs()), "x", x + 6, "y", y + 19, "class", "tick");
      y += 38;
    }
    page.close();
  }

  private static void slo(Plot plot, @Nullable Slo slo) {
    if (slo != null) {
      plot.level("slo", slo.ms(), slo.toString());
    }
  }

  private static Axis milliseconds(double height, double least, double most) {
    return Axis.logarithmic(Plot.bottom(height), Plot.top(), least, most, LoadPlots::duration);
  }

  /// {@return a time as short as it can be written}
  private static String duration(double ms) {
    return ms >= 1000
        ? number(ms / 1000) + " s"
        : ms >= 1 ? number(ms) + " ms" : number(ms * 1000) + " µs";
  }

  private static String number(double value) {
    double rounded = Math.round(value * 1000) / 1000.0;
    return rounded == Math.rint(rounded) ? "%,d".formatted((long) rounded) : "" + rounded;
  }

  private static Percentiles times(Load.Result result, Run run, Time time) {
    return Percentiles.of(run.recording().nanos(time, Math.round(result.timeoutMs() * 1e6)));
  }

  private static double ms(long nanos) {
    return nanos / 1e6;
  }
}
