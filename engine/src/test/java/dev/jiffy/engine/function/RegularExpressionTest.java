package dev.jiffy.engine.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegularExpressionTest {
  private static final String[] ATOMS = {
    "a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "\\bb", "a\\B", "^", "$", "(?:a|b)", "(ab)", "(|a)"
  };
  private static final String[] QUANTIFIERS = {
    "", "", "", "*", "+", "?", "*?", "{2}", "{1,3}", "{2,}"
  };

  /// What both syntaxes have matches the same texts as the JDK's expressions.
  @Test
  void randomExpressionsAgreeWithTheJdk() {
    Random random = new Random(7);
    for (int run = 0; run < 4000; run++) {
      String pattern = expression(random, 3);
      Pattern expected = Pattern.compile(pattern);
      RegularExpression actual = RegularExpression.of(pattern);
      for (int i = 0; i < 20; i++) {
        String text = text(random);
        assertEquals(
            expected.matcher(text).matches(),
            actual.matches(text),
            () -> "'" + pattern + "' on '" + text + "'");
      }
    }
  }

  private static String expression(Random random, int depth) {
    StringBuilder pattern = new StringBuilder();
    int parts = 1 + random.nextInt(4);
    for (int i = 0; i < parts; i++) {
      boolean nested = depth > 0 && random.nextInt(4) == 0;
      String atom =
          nested
              ? "(" + expression(random, depth - 1) + "|" + expression(random, depth - 1) + ")"
              : ATOMS[random.nextInt(ATOMS.length)];
      // the JDK ends the repetition of what reads nothing before it has seen every way
      boolean reads = !nested && !atom.equals("(|a)") && atom.length() > 0 && !"^$".contains(atom);
      pattern.append(atom).append(reads ? QUANTIFIERS[random.nextInt(QUANTIFIERS.length)] : "");
    }
    return pattern.toString();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(7); i > 0; i--) {
      text.append("aaabbb1 é".charAt(random.nextInt(9)));
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "(?i)straße ~ STRAßE",
        "(?i)k ~ \u212a",
        "(?i)[^k]x ~ ÄX",
        "(?s).*b ~ 'a\nb'",
        "(?m)a$\\n^b ~ 'a\nb'",
        "(?i:A)b ~ ab",
        "(?P<year>\\d{4})-(?<month>\\d\\d) ~ 2024-05",
        "\\pL+\\p{Nd}* ~ Größe7",
        "\\p{Greek}+ ~ λόγος",
        "\\P{Lu}\\p{^Lu} ~ ab",
        "[[:alpha:]_-]+ ~ a_b-c",
        "[[:^digit:]]+ ~ abc",
        "[]a]+ ~ a]a",
        "[a\\]b\\d-]+ ~ a]b1-",
        "a{,2} ~ 'a{,2}'",
        "x{ ~ x{",
        "\\Qa+b\\E+ ~ a+bbb",
        "\\x41\\x{1F600}\\101 ~ A😀A",
        "\\A[\\w.+-]+@[\\w-]+\\.\\w{2,}\\z ~ first.last@example.org",
        "(a*)*(b|)+ ~ aab",
        ". ~ 😀"
      })
  void wholeTextsMatch(String pattern, String text) {
    assertTrue(RegularExpression.of(pattern).matches(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "a ~ ab",
        "a|ab ~ aba",
        ".* ~ 'a\nb'",
        "\\w ~ é",
        "\\d ~ ٣",
        "(?i)[^k] ~ K",
        "(?i)i ~ \u0131",
        "(?i)i ~ \u0130",
        "a$b ~ ab",
        "(?-i)a ~ A",
        "(?i:a)b ~ aB",
        "\\babc ~ xabc"
      })
  void otherTextsDoNot(String pattern, String text) {
    assertFalse(RegularExpression.of(pattern).matches(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        ")",
        "a)",
        "[",
        "[a",
        "[z-a]",
        "[[:none:]]",
        "*",
        "a**",
        "a+*",
        "a{2}{3}",
        "|*",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?>a)",
        "(?<1>a",
        "(?P<a>b)(?P<a>b)",
        "(a)\\1",
        "\\Z",
        "\\y",
        "\\p{Nothing}",
        "\\p",
        "\\x{110000}",
        "\\xg",
        "a{1001}",
        "a{3,2}",
        "(?q)",
        "(?i-)",
        "(?",
        "\\",
        "[\\b]",
        "((a{1000}){1000}){1000}",
        "a*+"
      })
  void whatRe2RefusesIsRefused(String pattern) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> RegularExpression.of(pattern));
    assertTrue(String.valueOf(e.getMessage()).contains("regular expression"), e::getMessage);
  }

  /// An engine that tries one way after the other takes time exponential in the length of these.
  @Test
  void hostileExpressionsTakeLinearTime() {
    String text = "a".repeat(20_000) + "!";
    assertFalse(RegularExpression.of("(a|a)*(a*)*(a+a+)+").matches(text));
    assertFalse(RegularExpression.of("(a?){1000}a{1000}b").matches("a".repeat(1500)));
  }

  @Test
  void absurdExpressionsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> RegularExpression.of("(".repeat(5000)));
    assertThrows(IllegalArgumentException.class, () -> RegularExpression.of("a".repeat(1 << 17)));
    RegularExpression.of("\\pL".repeat(5000));
  }

  @Test
  void equalTextsAreEqualExpressions() {
    assertEquals(RegularExpression.of("a+"), RegularExpression.of("a+"));
    assertEquals("a+", RegularExpression.of("a+").toString());
  }
}
