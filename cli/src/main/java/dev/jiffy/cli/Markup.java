package dev.jiffy.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.Collectors;

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

  /// Begins a page that needs nothing else, with the element that holds what is on it.
  ///
  /// @param title its title
  /// @param styles the resources of its style
  Markup page(String title, String... styles) {
    open("html", "lang", "en");
    open("head").empty("meta", "charset", "utf-8");
    empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    leaf("title", title);
    raw("style", Arrays.stream(styles).map(Markup::resource).collect(Collectors.joining()));
    return close().open("body").open("main");
  }

  /// {@return the page, ended}
  String ended() {
    return close().raw("script", resource("profile.js")).close().close().toString();
  }

  private static String resource(String name) {
    try (InputStream in = Markup.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Writes what is said of a picture, until something in it is pointed at.
  void say(String first) {
    leaf("p", first, "class", "say", "aria-live", "polite");
  }

  /// Writes a number and what it is.
  void figure(String number, String label) {
    open("div").leaf("b", number).leaf("span", label).close();
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
