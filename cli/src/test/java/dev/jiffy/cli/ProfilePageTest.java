package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ProfilePageTest {
  private static final Pattern TAG =
      Pattern.compile("<(/?)([a-z0-9]+)((?: [a-zA-Z0-9-]+=\"[^\"<>]*\")*)(/?)>");

  @Test
  void thePageIsWellFormedAndNeedsNothingElse() {
    String page = ProfilePage.of(ProfileSample.result(), "jiffy profile m.onnx");
    assertTrue(page.startsWith("<!DOCTYPE html>\n"), page);
    checkWellFormed(page.substring(page.indexOf('\n')));
    assertFalse(page.contains("http"), page);
    assertFalse(page.contains("src="), page);
    assertTrue(page.contains("jiffy profile m.onnx"), page);
  }

  @Test
  void namesOfTheModelAreEscaped() {
    String page = ProfilePage.of(ProfileSample.result(), "jiffy <script>");
    assertFalse(page.contains("<b>&\"a"), page);
    assertFalse(page.contains("\u0001"), page);
    assertTrue(page.contains("/layer/&lt;b&gt;&amp;&quot;a&#39;\ufffd (Conv)"), page);
    assertTrue(page.contains("jiffy &lt;script&gt;"), page);
  }

  @Test
  void whatIsLeftOpenIsNoPage() {
    Markup markup = new Markup().open("p").text("a");
    assertThrows(IllegalStateException.class, markup::toString);
    assertThrows(IllegalStateException.class, () -> new Markup().raw("style", "a<b"));
  }

  @Test
  void coordinatesAreWrittenTheSameEverywhere() {
    assertEquals("1", Markup.number(1.0));
    assertEquals("0.33", Markup.number(1.0 / 3));
    assertEquals("-1234567.5", Markup.number(-1234567.5));
  }

  @Test
  void theTableAddsUpWhatItDoesNotList() {
    String text = ProfileSample.answer().text();
    assertTrue(text.contains("3.00 µs  75.00 %"), text);
    assertTrue(text.contains("1.00 µs  25.00 %"), text);
    assertTrue(text.contains("[2 more: --top 0 lists all]"), text);
    assertTrue(text.contains("4.00 µs 100.00 %"), text);
    assertTrue(text.contains("Pool takes 75 % of 4.00 µs at 50 % of its memory bound"), text);
    assertTrue(text.contains("p50 3.50 µs, where steps are timed 5.00 µs"), text);
    assertTrue(text.contains("other work disturbs this machine"), text);
  }

  static void checkWellFormed(String page) {
    Deque<String> open = new ArrayDeque<>();
    Matcher tag = TAG.matcher(page);
    int end = 0;
    while (tag.find()) {
      String between = page.substring(end, tag.start());
      boolean isCode = "style".equals(open.peek()) || "script".equals(open.peek());
      boolean hasMarks = between.indexOf('<') >= 0 || between.indexOf('>') >= 0;
      assertTrue(isCode || !hasMarks, between);
      if (!tag.group(1).isEmpty()) {
        assertEquals(open.pop(), tag.group(2), between);
      } else if (tag.group(4).isEmpty()) {
        open.push(tag.group(2));
      }
      end = tag.end();
    }
    assertFalse(Pattern.compile("&(?!(amp|lt|gt|quot|#39);)").matcher(page).find(), page);
    assertTrue(open.isEmpty(), open::toString);
    assertEquals("", page.substring(end).strip());
  }
}
