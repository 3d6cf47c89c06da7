package dev.jiffy.cli;

import dev.jiffy.bench.Profile;
import java.util.ArrayList;
import java.util.List;

/// Draws one run: time to the right, below it the parts of the nodes' names that neighbours share,
/// and at the bottom the steps themselves.
final class TimelineView {
  private static final double WIDTH = 1100;
  private static final double ROW = 24;
  private static final double STEP_ROW = 40;
  private static final double AXIS = 22;
  private static final int MOST_LEVELS = 5;
  private static final double LETTER = 6.6;

  private final Profile.Result result;
  private final Markup page;
  private final List<Profile.Step> steps;
  private final double scale;

  private TimelineView(Profile.Result result, Markup page) {
    this.result = result;
    this.page = page;
    this.steps = result.steps().subList(0, result.steps().size() - 1);
    this.scale = WIDTH / Math.max(1e-3, result.run().us());
  }

  /// Draws the run of a profile.
  static void draw(Profile.Result result, Markup page) {
    new TimelineView(result, page).draw();
  }

  private void draw() {
    List<List<String>> paths = steps.stream().map(TimelineView::path).toList();
    int levels = Math.min(MOST_LEVELS, paths.stream().mapToInt(List::size).max().orElse(0));
    double height = AXIS + levels * ROW + STEP_ROW;
    page.open(
        "svg",
        "viewBox",
        "0 0 " + Markup.number(WIDTH) + " " + Markup.number(height),
        "class",
        "timeline",
        "role",
        "img",
        "aria-label",
        "One run, step by step");
    axis(height);
    for (int level = 0; level < levels; level++) {
      groups(paths, level);
    }
    for (int i = 0; i < steps.size(); i++) {
      Profile.Step step = steps.get(i);
      double begin = result.run().beginUs().get(i);
      double us = result.run().stepUs().get(i);
      String style = "mark " + OperatorFamily.of(step.operator()).css();
      box(style, begin, us, AXIS + levels * ROW, STEP_ROW - 2, step.operator(), say(step, us));
    }
    page.close();
  }

  private static String say(Profile.Step step, double us) {
    return "%s. In this run %s.".formatted(ProfilePage.say(step), Quantities.duration(us / 1e3));
  }

  private void axis(double height) {
    double us = result.run().us();
    double raw = us / 8;
    double unit = Math.pow(10, Math.floor(Math.log10(Math.max(raw, 1e-3))));
    double step = raw / unit >= 5 ? 5 * unit : raw / unit >= 2 ? 2 * unit : unit;
    for (double at = 0; at < us; at += step) {
      page.empty(
          "line", "class", "grid", "x1", at * scale, "y1", 14.0, "x2", at * scale, "y2", height);
      if (at + step / 2 < us) {
        page.leaf(
            "text",
            at == 0 ? "0" : Quantities.duration(at / 1e3),
            "x",
            at * scale + 3,
            "y",
            12.0,
            "class",
            "tick");
      }
    }
  }

  /// Draws what neighbours have in common in one part of their names.
  private void groups(List<List<String>> paths, int level) {
    int from = 0;
    while (from < steps.size()) {
      int to = from + 1;
      List<String> path = paths.get(from);
      if (path.size() > level) {
        List<String> head = path.subList(0, level + 1);
        while (to < steps.size()
            && paths.get(to).size() > level
            && paths.get(to).subList(0, level + 1).equals(head)) {
          to++;
        }
        double begin = result.run().beginUs().get(from);
        double end = result.run().beginUs().get(to - 1) + result.run().stepUs().get(to - 1);
        String name = path.get(level);
        String say =
            "%s: %s, %d steps"
                .formatted(
                    String.join("/", head), Quantities.duration((end - begin) / 1e3), to - from);
        box("mark group", begin, end - begin, AXIS + level * ROW, ROW - 2, name, say);
      }
      from = to;
    }
  }

  private void box(
      String style, double begin, double us, double y, double height, String name, String say) {
    double width = Math.max(0.4, us * scale - (us * scale > 3 ? 0.6 : 0));
    page.open(
        "rect",
        "class",
        style,
        "x",
        begin * scale,
        "y",
        y,
        "width",
        width,
        "height",
        height,
        "data-say",
        say,
        "tabindex",
        "0");
    page.leaf("title", say);
    page.close();
    int letters = (int) ((width - 6) / LETTER);
    if (letters >= 3) {
      String label = name.length() <= letters ? name : name.substring(0, letters - 1) + "…";
      page.leaf(
          "text",
          label,
          "x",
          begin * scale + 4,
          "y",
          y + height / 2 + 4,
          "class",
          style.endsWith("group") ? "in" : "in on");
    }
  }

  /// {@return the parts of a node's name that enclose it, without itself}
  private static List<String> path(Profile.Step step) {
    int open = step.name().lastIndexOf(" (");
    String node = open < 0 ? step.name() : step.name().substring(0, open);
    List<String> parts = new ArrayList<>();
    for (String part : node.split("/", -1)) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    return parts.isEmpty() ? parts : parts.subList(0, parts.size() - 1);
  }
}
