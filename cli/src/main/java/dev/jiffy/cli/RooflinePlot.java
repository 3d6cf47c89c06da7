package dev.jiffy.cli;

import dev.jiffy.bench.Profile;
import dev.jiffy.engine.Ceilings;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Draws steps under the machine's ceilings: arithmetic intensity to the right, operations per
/// second upwards, both logarithmic. A step's area is its share of the time.
final class RooflinePlot {
  private static final double WIDTH = 760;
  private static final double HEIGHT = 430;
  private static final double LEFT = 64;
  private static final double RIGHT = 24;
  private static final double TOP = 16;
  private static final double BOTTOM = 56;

  private final Profile.Result result;
  private final Scale x;
  private final Scale y;

  /// A logarithmic scale.
  ///
  /// @param least the value at the begin, a power of ten
  /// @param most the value at the end, a power of ten
  /// @param begin the begin's position
  /// @param end the end's position
  private record Scale(double least, double most, double begin, double end) {
    static Scale of(double least, double most, double begin, double end) {
      double low = Math.pow(10, Math.floor(Math.log10(least)));
      double high = Math.pow(10, Math.ceil(Math.log10(most)));
      return new Scale(low, Math.max(high, low * 10), begin, end);
    }

    double at(double value) {
      double part = Math.log10(value / least) / Math.log10(most / least);
      return begin + Math.clamp(part, 0, 1) * (end - begin);
    }
  }

  private RooflinePlot(Profile.Result result, Scale x, Scale y) {
    this.result = result;
    this.x = x;
    this.y = y;
  }

  /// Draws a profile's steps.
  static void draw(Profile.Result result, Markup page) {
    List<Profile.Step> steps = result.steps().stream().filter(RooflinePlot::computes).toList();
    if (steps.isEmpty()) {
      page.leaf("p", "No step computes: there is nothing to plot.");
      return;
    }
    double peak =
        result.ceilings().flopsPerSecond().values().stream()
            .mapToDouble(rate -> rate / 1e9)
            .max()
            .orElse(1);
    double ridge =
        result.ceilings().memory().stream()
            .mapToDouble(level -> peak * 1e9 / level.bytesPerSecond())
            .max()
            .orElse(1);
    double least = steps.stream().mapToDouble(step -> step.rates().flopPerByte()).min().orElse(1);
    double most = steps.stream().mapToDouble(step -> step.rates().flopPerByte()).max().orElse(1);
    double low = steps.stream().mapToDouble(step -> step.rates().gflopPerS()).min().orElse(1);
    double high = steps.stream().mapToDouble(step -> step.rates().gflopPerS()).max().orElse(1);
    RooflinePlot plot =
        new RooflinePlot(
            result,
            Scale.of(Math.max(least, 1e-3), Math.max(most, ridge) * 1.2, LEFT, WIDTH - RIGHT),
            Scale.of(Math.max(low, 1e-3), Math.max(high, peak) * 1.2, HEIGHT - BOTTOM, TOP));
    page.open(
        "svg",
        "viewBox",
        "0 0 " + Markup.number(WIDTH) + " " + Markup.number(HEIGHT),
        "class",
        "roofline",
        "role",
        "img",
        "aria-label",
        "Roofline: steps under the machine's ceilings");
    plot.axes(page);
    plot.ceilings(page);
    plot.points(steps, page);
    page.close();
  }

  private static boolean computes(Profile.Step step) {
    return step.rates().flops() > 0 && step.rates().bytes() > 0 && step.us() > 0;
  }

  private void axes(Markup page) {
    for (double value = x.least; value <= x.most * 1.01; value *= 10) {
      line(page, "grid", x.at(value), TOP, x.at(value), HEIGHT - BOTTOM);
      page.leaf(
          "text", tick(value), "x", x.at(value), "y", HEIGHT - BOTTOM + 22, "class", "tick middle");
    }
    for (double value = y.least; value <= y.most * 1.01; value *= 10) {
      line(page, "grid", LEFT, y.at(value), WIDTH - RIGHT, y.at(value));
      page.leaf("text", tick(value), "x", LEFT - 7, "y", y.at(value) + 4, "class", "tick end");
    }
    page.leaf(
        "text",
        "FLOP per byte",
        "x",
        (LEFT + WIDTH - RIGHT) / 2,
        "y",
        HEIGHT - 8,
        "class",
        "tick middle");
    page.leaf("text", "GFLOP/s", "x", LEFT + 6, "y", TOP + 14, "class", "tick");
  }

  private static String tick(double value) {
    return value >= 1 ? "" + Math.round(value) : Double.toString(Math.round(value * 1e3) / 1e3);
  }

  private void ceilings(Markup page) {
    Ceilings ceilings = result.ceilings();
    double peak =
        ceilings.flopsPerSecond().values().stream()
            .mapToDouble(rate -> rate / 1e9)
            .max()
            .orElse(y.most);
    List<Ceilings.Level> levels = ceilings.memory();
    for (int i = 0; i < levels.size(); i++) {
      double rate = levels.get(i).bytesPerSecond() / 1e9;
      double from = Math.max(x.least, y.least / rate);
      double to = Math.min(x.most, peak / rate);
      if (from >= to) {
        continue;
      }
      line(page, "roof", x.at(from), y.at(from * rate), x.at(to), y.at(to * rate));
      double angle =
          Math.toDegrees(Math.atan2(y.at(to * rate) - y.at(from * rate), x.at(to) - x.at(from)));
      double at = from * Math.pow(to / from, 0.06 + 0.2 * i);
      page.leaf(
          "text",
          "%s %sB/s".formatted(levels.get(i).name(), Quantities.count(rate * 1e9)),
          "class",
          "roof",
          "transform",
          "translate(%s %s) rotate(%s)"
              .formatted(
                  Markup.number(x.at(at)),
                  Markup.number(y.at(at * rate) - 5),
                  Markup.number(angle)));
    }
    double nearest =
        levels.stream().mapToDouble(Ceilings.Level::bytesPerSecond).max().orElse(0) / 1e9;
    ceilings
        .flopsPerSecond()
        .forEach((precision, flops) -> {
          double rate = flops / 1e9;
          double from = nearest > 0 ? Math.max(x.least, rate / nearest) : x.least;
          line(page, "roof", x.at(from), y.at(rate), x.at(x.most), y.at(rate));
          page.leaf(
              "text",
              "%s %sFLOP/s"
                  .formatted(
                      precision.name().toLowerCase(Locale.ROOT), Quantities.count(rate * 1e9)),
              "x",
              x.at(x.most) - 4,
              "y",
              y.at(rate) - 5,
              "class",
              "roof end");
        });
  }

  private void points(List<Profile.Step> steps, Markup page) {
    steps.stream()
        .sorted(Comparator.comparingDouble(Profile.Step::share).reversed())
        .forEachOrdered(step -> {
          page.open(
              "circle",
              "class",
              "mark point " + OperatorFamily.of(step.operator()).css(),
              "cx",
              x.at(step.rates().flopPerByte()),
              "cy",
              y.at(step.rates().gflopPerS()),
              "r",
              Math.max(3, 42 * Math.sqrt(step.share())),
              "data-say",
              ProfilePage.say(step),
              "tabindex",
              "0");
          page.leaf("title", ProfilePage.say(step));
          page.close();
        });
  }

  private static void line(Markup page, String style, double x1, double y1, double x2, double y2) {
    page.empty("line", "class", style, "x1", x1, "y1", y1, "x2", x2, "y2", y2);
  }
}
