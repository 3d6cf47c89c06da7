package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.function.RegularExpression;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TextOp;
import dev.jiffy.engine.ir.TextOp.CountNgrams;
import dev.jiffy.engine.ir.TextOp.Weighting;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Operators that read texts, against results written down by hand.
class TextOpsTest {
  /// 2, 3, 5 and 4 as single tokens, then 5 6, 7 8 and 6 7 as pairs.
  private static final Ngrams NGRAMS =
      new Ngrams(
          List.of(),
          List.of(2L, 3L, 5L, 4L, 5L, 6L, 7L, 8L, 6L, 7L),
          List.of(0L, 4L),
          List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L));

  private static List<Tensor> run(Op op, int outputs, Tensor... inputs) {
    return Samples.evaluate(op, Arrays.asList(inputs), outputs);
  }

  private static Tensor run(Op op, Tensor... inputs) {
    return run(op, 1, inputs).getFirst();
  }

  private static Tensor texts(String... texts) {
    return Tensor.ofStrings(List.of(texts), texts.length);
  }

  @Test
  void textsAreJoinedWithBroadcasting() {
    Tensor joined =
        run(new TextOp.Join(), Tensor.ofStrings(List.of("a", "b"), 2, 1), texts("x", "", "é"));
    assertEquals(Shape.of(2, 3), joined.shape());
    assertEquals(List.of("ax", "a", "aé", "bx", "b", "bé"), joined.strings());
    Tensor numbers = Tensor.of(new float[] {1}, 1);
    assertThrows(ModelException.class, () -> run(new TextOp.Join(), texts("a"), numbers));
  }

  @Test
  void wholeTextsAreMatched() {
    Op op = new TextOp.FullMatch(RegularExpression.of("www\\.[\\w.-]+\\.\\bcom\\b"));
    assertArrayEquals(
        new long[] {1, 0, 0},
        run(op, texts("www.google.com", "www.facebook.com.au", "")).toLongs());
  }

  @Test
  void textsAreCutAtDelimiters() {
    List<Tensor> cut = run(new TextOp.Cut("-", null), 2, texts("o-n--x-", "ab", ""));
    assertEquals(Shape.of(3, 5), cut.get(0).shape());
    assertEquals(
        List.of("o", "n", "", "x", "", "ab", "", "", "", "", "", "", "", "", ""),
        cut.get(0).strings());
    assertArrayEquals(new long[] {5, 1, 1}, cut.get(1).toLongs());
    List<Tensor> twice = run(new TextOp.Cut("--", 1L), 2, texts("a--b--c"));
    assertEquals(List.of("a", "b--c"), twice.get(0).strings());
  }

  @Test
  void textsAreCutAtWhiteSpace() {
    Tensor x = texts("  hello \t world\u00a0! ", " ");
    List<Tensor> cut = run(new TextOp.Cut("", null), 2, x);
    assertEquals(List.of("hello", "world", "!", "", "", ""), cut.get(0).strings());
    assertArrayEquals(new long[] {3, 0}, cut.get(1).toLongs());
    assertEquals(
        List.of("hello", "world\u00a0! ", "", ""), run(new TextOp.Cut("", 1L), x).strings());
    Tensor none = Tensor.ofStrings(List.of(), 0, 2);
    assertEquals(Shape.of(0, 2, 0), run(new TextOp.Cut("", null), none).shape());
  }

  private static TextOp.Normalize normalize(
      TextOp.Case change, boolean caseSensitive, Locale locale) {
    return new TextOp.Normalize(change, caseSensitive, List.of("Monday", "I"), locale);
  }

  @Test
  void wordsAreLeftOut() {
    Tensor x = texts("monday", "Monday", "Straße");
    assertEquals(
        List.of("MONDAY", "STRASSE"),
        run(normalize(TextOp.Case.UPPER, true, Locale.ROOT), x).strings());
    assertEquals(
        List.of("Straße"), run(normalize(TextOp.Case.NONE, false, Locale.ROOT), x).strings());
    Tensor row = Tensor.ofStrings(List.of("MONDAY", "I"), 1, 2);
    Tensor empty = run(normalize(TextOp.Case.LOWER, false, Locale.ROOT), row);
    assertEquals(Shape.of(1, 1), empty.shape());
    assertEquals(List.of(""), empty.strings());
    assertEquals(
        List.of("ılık"),
        run(normalize(TextOp.Case.LOWER, false, Locale.of("tr")), texts("ILIK", "ı")).strings());
    Tensor matrix = Tensor.ofStrings(List.of("a", "b"), 2, 1);
    Op op = normalize(TextOp.Case.LOWER, false, Locale.ROOT);
    ModelException e = assertThrows(ModelException.class, () -> run(op, matrix));
    assertTrue(String.valueOf(e.getMessage()).contains("one row"), e::getMessage);
  }

  private static CountNgrams count(
      Weighting weighting, List<Float> weights, long shortest, long longest, long skips) {
    return new CountNgrams(NGRAMS, weighting, weights, shortest, longest, skips);
  }

  @Test
  void ngramsAreCountedInEveryRow() {
    Tensor x = Tensor.of(new long[] {1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8}, 2, 6);
    Tensor single = run(count(Weighting.TF, List.of(), 1, 1, 5), x);
    assertEquals(Shape.of(2, 7), single.shape());
    assertArrayEquals(new float[] {0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, single.toFloats());
    assertArrayEquals(
        new float[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1},
        run(count(Weighting.TF, List.of(), 2, 2, 0), x).toFloats());
  }

  @Test
  void tokensBetweenAreSkipped() {
    Tensor x = Tensor.of(new int[] {5, 9, 6, 7, 5}, 5);
    assertArrayEquals(
        new float[] {0, 0, 0, 0, 0, 0, 1},
        run(count(Weighting.TF, List.of(), 2, 2, 0), x).toFloats());
    assertArrayEquals(
        new float[] {0, 0, 2, 0, 1, 0, 1},
        run(count(Weighting.TF, List.of(), 1, 2, Long.MAX_VALUE - 1), x).toFloats());
  }

  @Test
  void countsAreWeighted() {
    List<Float> weights = List.of(0.5f, 2f, 3f, 4f, 5f, 6f, 7f);
    Tensor x = Tensor.of(new long[] {3, 3, 5}, 3);
    assertArrayEquals(
        new float[] {0, 4, 3, 0, 0, 0, 0},
        run(count(Weighting.TFIDF, weights, 1, 1, 0), x).toFloats());
    assertArrayEquals(
        new float[] {0, 2, 3, 0, 0, 0, 0},
        run(count(Weighting.IDF, weights, 1, 1, 0), x).toFloats());
    assertArrayEquals(
        new float[] {0, 1, 1, 0, 0, 0, 0},
        run(count(Weighting.IDF, List.of(), 1, 1, 0), x).toFloats());
  }

  @Test
  void wordsAreTokensToo() {
    Ngrams ngrams =
        new Ngrams(
            List.of("the", "cat", "the", "cat"), List.of(), List.of(0L, 2L), List.of(2L, 0L, 4L));
    CountNgrams op = new CountNgrams(ngrams, Weighting.TF, List.of(), 1, 2, 0);
    assertArrayEquals(
        new float[] {1, 0, 2, 0, 1}, run(op, texts("the", "the", "cat", "dog")).toFloats());
    assertEquals(Shape.of(0, 5), run(op, Tensor.ofStrings(List.of(), 0, 3)).shape());
    assertArrayEquals(
        new float[] {0, 0, 0, 0, 0}, run(op, Tensor.ofStrings(List.of(), 0)).toFloats());
  }

  @Test
  void poolsThatContradictThemselvesAreRefused() {
    refused("either texts or numbers", List.of(), List.of(), List.of(0L), List.of());
    refused("either texts or numbers", List.of("a"), List.of(1L), List.of(0L), List.of(0L));
    refused("pool of 3", List.of("a", "b", "c"), List.of(), List.of(0L, 2L), List.of(0L, 1L, 2L));
    refused("pool of 1", List.of("a"), List.of(), List.of(3L), List.of(0L));
    refused("pool of 1", List.of("a"), List.of(), List.of(-1L), List.of(0L));
    refused("columns of 2", List.of("a"), List.of(), List.of(0L), List.of(0L, 1L));
    refused("out of range", List.of("a"), List.of(), List.of(0L), List.of(1L << 40));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> count(Weighting.TF, List.of(1f), 1, 1, 0));
    assertTrue(String.valueOf(e.getMessage()).contains("1 weights for 7"), e::getMessage);
  }

  private static void refused(
      String reason,
      List<String> texts,
      List<Long> numbers,
      List<Long> starts,
      List<Long> columns) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new Ngrams(texts, numbers, starts, columns));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e::getMessage);
  }
}
