package dev.jiffy.cli;

import java.util.List;

/// Draws lines and points between two axes into a page.
final class Plot {
  /// The width of every plot.
  static final double WIDTH = 760;

  /// Where the vertical axis stands.
  static final double LEFT = 76;

  /// Where plots end.
  static final double RIGHT = WIDTH - 20;

  private static final double TOP = 26;
  private static final double BOTTOM = 46;

  private final Markup page;
  private final double height;
  private final Axis x;
  private final Axis y;

  /// A place.
  ///
  /// @param x its value along the horizontal axis
  /// @param y its value along the vertical axis
  record Point(double x, double y) {}

  private Plot(Markup page, double height, Axis x, Axis y) {
    this.page = page;
    this.height = height;
    this.x = x;
    this.y = y;
  }

  /// {@return the position of the upper end of a vertical axis}
  static double top() {
    return TOP;
  }

  /// {@return the position of the lower end of a vertical axis}
  static double bottom(double height) {
    return height - BOTTOM;
  }

  /// Opens a plot with its axes.
  ///
  /// @param page where it goes
  /// @param what what it shows
  /// @param height its height
  /// @param x the horizontal axis
  /// @param xTitle what it is
  /// @param y the vertical axis
  /// @param yTitle what it is
  static Plot open(
      Markup page, String what, double height, Axis x, String xTitle, Axis y, String yTitle) {
    page.open(
        "svg",
        "viewBox",
        "0 0 " + Markup.number(WIDTH) + " " + Markup.number(height),
        "class",
        "plot",
        "role",
        "img",
        "aria-label",
        what);
    Plot plot = new Plot(page, height, x, y);
    plot.axes(xTitle, yTitle);
    return plot;
  }

  private void axes(String xTitle, String yTitle) {
    for (double tick : x.ticks()) {
      line("grid", x.at(tick), TOP, x.at(tick), bottom(height));
      text(x.label().apply(tick), x.at(tick), bottom(height) + 18, "tick middle");
    }
    for (double tick : y.ticks()) {
      line("grid", LEFT, y.at(tick), RIGHT, y.at(tick));
      text(y.label().apply(tick), LEFT - 7, y.at(tick) + 4, "tick end");
    }
    text(xTitle, (LEFT + RIGHT) / 2, height - 6, "tick middle");
    text(yTitle, 2, TOP - 11, "tick");
  }

  /// Draws a line through points.
  void path(String style, List<Point> points, String say) {
    StringBuilder way = new StringBuilder();
    for (Point point : points) {
      way.append(way.isEmpty() ? "M" : "L")
          .append(Markup.number(x.at(point.x())))
          .append(' ')
          .append(Markup.number(y.at(point.y())));
    }
    if (!points.isEmpty()) {
      page.open("path", "class", "line " + style, "d", way, "data-say", say);
      page.leaf("title", say).close();
    }
  }

  /// Draws a point.
  void point(String style, Point point, String say) {
    page.open(
        "circle",
        "class",
        "mark dot " + style,
        "cx",
        x.at(point.x()),
        "cy",
        y.at(point.y()),
        "r",
        4.5,
        "data-say",
        say,
        "tabindex",
        "0");
    page.leaf("title", say).close();
  }

  /// Draws a bar between two values, over a part of the horizontal axis.
  void box(String style, double fromX, double toX, double fromY, double toY, double opacity) {
    page.empty(
        "rect",
        "class",
        style,
        "x",
        x.at(fromX),
        "y",
        y.at(toY),
        "width",
        Math.max(0.5, x.at(toX) - x.at(fromX)),
        "height",
        Math.max(0.5, y.at(fromY) - y.at(toY)),
        "fill-opacity",
        opacity);
  }

  /// Draws a level line with its name.
  void level(String style, double value, String name) {
    if (value >= y.least() && value <= y.most()) {
      line(style, LEFT, y.at(value), RIGHT, y.at(value));
      text(name, RIGHT - 4, y.at(value) - 5, style + " end");
    }
  }

  /// Draws an upright mark from the bottom to the top.
  void upright(String style, double from, double to, String say) {
    page.open(
        "rect",
        "class",
        "mark " + style,
        "x",
        x.at(from),
        "y",
        TOP,
        "width",
        Math.max(1.2, x.at(to) - x.at(from)),
        "height",
        bottom(height) - TOP,
        "data-say",
        say);
    page.leaf("title", say).close();
  }

  private void line(String style, double x1, double y1, double x2, double y2) {
    page.empty("line", "class", style, "x1", x1, "y1", y1, "x2", x2, "y2", y2);
  }

  private void text(String content, double atX, double atY, String style) {
    page.leaf("text", content, "x", atX, "y", atY, "class", style);
  }

  /// Closes the plot.
  void close() {
    page.close();
  }
}
