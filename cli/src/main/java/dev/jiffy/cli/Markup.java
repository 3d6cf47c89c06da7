package dev.jiffy.cli;

import java.util.ArrayDeque;
import java.util.Deque;

/// Writes HTML and SVG that are also well-formed XML. Whatever is not an element's or attribute's
/// name is escaped.
final class Markup {
  private final StringBuilder text = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /// Opens an element.
  ///
  /// @param name its name
  /// @param attributes names and values in turn
  Markup open(String name, Object... attributes) {
    tag(name, attributes);
    text.append('>');
    open.push(name);
    return this;
  }

  /// Writes an element that has no content.
  ///
  /// @param name its name
  /// @param attributes names and values in turn
  Markup empty(String name, Object... attributes) {
    tag(name, attributes);
    text.append("/>");
    return this;
  }

  /// Writes an element that holds text.
  ///
  /// @param name its name
  /// @param content the text
  /// @param attributes names and values in turn
  Markup leaf(String name, String content, Object... attributes) {
    return open(name, attributes).text(content).close();
  }

  /// Writes text.
  Markup text(String content) {
    content.codePoints().forEach(this::escape);
    return this;
  }

  /// Writes a style sheet or a script, which needs no escaping.
  ///
  /// @param name the element's name
  /// @param content what it holds
  Markup raw(String name, String content) {
    if (content.indexOf('&') >= 0 || content.indexOf('<') >= 0) {
      throw new IllegalStateException("not well-formed as it is: " + content);
    }
    open(name);
    text.append(content);
    return close();
  }

  /// Closes the element opened last.
  Markup close() {
    String name = open.pop();
    text.append("</").append(name).append('>');
    if (!name.equals("tspan") && !name.equals("span")) {
      text.append('\n');
    }
    return this;
  }

  private void tag(String name, Object... attributes) {
    text.append('<').append(name);
    for (int i = 0; i < attributes.length; i += 2) {
      Object value = attributes[i + 1];
      text.append(' ').append(attributes[i]).append("=\"");
      text(value instanceof Double number ? number(number) : value.toString());
      text.append('"');
    }
  }

  private void escape(int character) {
    switch (character) {
      case '&' -> text.append("&amp;");
      case '<' -> text.append("&lt;");
      case '>' -> text.append("&gt;");
      case '"' -> text.append("&quot;");
      case '\'' -> text.append("&#39;");
      default -> text.appendCodePoint(isWritable(character) ? character : 0xfffd);
    }
  }

  /// Whether XML has such a character.
  private static boolean isWritable(int character) {
    return character == '\t'
        || character == '\n'
        || (character >= 0x20 && character <= 0xd7ff)
        || (character >= 0xe000 && character <= 0xfffd)
        || character >= 0x10000;
  }

  /// {@return a coordinate with two decimals at most}
  static String number(double value) {
    double rounded = Math.round(value * 100) / 100.0;
    return rounded == Math.rint(rounded) ? Long.toString((long) rounded) : Double.toString(rounded);
  }

  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("still open: " + open);
    }
    return text.toString();
  }
}
