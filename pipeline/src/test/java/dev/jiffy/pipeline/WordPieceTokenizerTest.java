package dev.jiffy.pipeline;

import static dev.jiffy.pipeline.TokenizerFile.CLS;
import static dev.jiffy.pipeline.TokenizerFile.SEP;
import static dev.jiffy.pipeline.TokenizerFile.UNKNOWN;
import static dev.jiffy.pipeline.TokenizerFile.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordPieceTokenizerTest {
  private static final String[] PIECES = {
    "hello",
    "World",
    "un",
    "aff",
    "able",
    "s",
    "A",
    "b",
    "é",
    "É",
    "e\u0301",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\u000b",
    "\u000c",
    "\u0085",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u200b",
    "\u00ad",
    "\ufeff",
    "\u0000",
    "\ufffd",
    "!",
    "--",
    "'",
    "$",
    "+",
    "^",
    "`",
    "|",
    "~",
    "€",
    "—",
    "«",
    "¿",
    "_",
    "日本",
    "\uf900",
    "\ud840\udc00",
    "\ud83d\ude00",
    "가각",
    "ΣΑΣ",
    "ς",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ﬁ",
    "ſ",
    "µ",
    "я",
    "Я",
    "ё",
    "12",
    "Ⅷ",
    "١",
    "[CLS]",
    "[SEP]",
    "[PAD",
    "[UNK]]",
    "[MASK]",
    "ab",
    "ABC",
    "abcdefghij",
    "abcdefghijk",
    "กำ",
    "हिन्दी",
    "\u0327",
    "\u0307",
    "\ue000",
    "\uff01",
    "ＡＢ",
  };

  @TempDir Path folder;

  private TextSettings settings(boolean lowerCase, int maxLength) throws IOException {
    TokenizerFile.write(folder.resolve("tokenizer.json"), lowerCase, maxLength);
    return TextSettings.read(folder.resolve("model.onnx"));
  }

  private static List<Integer> ids(Tokens tokens) {
    return IntStream.range(0, tokens.count()).map(tokens::id).boxed().toList();
  }

  private void assertTokens(String text, Integer... expected) throws IOException {
    TextTokenizer tokenizer = TextTokenizer.open(settings(true, 12));
    assertInstanceOf(WordPieceTokenizer.class, tokenizer);
    List<Integer> all =
        IntStream.range(-1, expected.length + 1)
            .mapToObj(
                i -> i < 0 ? (Integer) CLS : i == expected.length ? (Integer) SEP : expected[i])
            .toList();
    assertEquals(all, ids(tokenizer.encode(text)), text);
  }

  @Test
  void wordsAndPieces() throws IOException {
    assertTokens("");
    assertTokens(" \t\n ");
    assertTokens("Hello, WORLD!", id("hello"), id(","), id("world"), id("!"));
    assertTokens("unaffable", id("un"), id("##aff"), id("##able"));
    assertTokens("unaffablex", UNKNOWN);
    assertTokens("ab abab", id("ab"), id("ab"), id("##a"), id("##b"));
    assertTokens("a" + "b".repeat(9), ids("a", 9));
    assertTokens("a" + "b".repeat(10), UNKNOWN);
    assertTokens("日本", id("日"), id("本"));
    assertTokens("É\u0000", id("e"));
    assertTokens("a[SEP]b", id("a"), SEP, id("b"));
  }

  private static Integer[] ids(String first, int more) {
    return IntStream.range(0, more)
        .mapToObj(i -> i == 0 ? (Integer) id(first + "b") : (Integer) id("##b"))
        .toArray(Integer[]::new);
  }

  @Test
  void longTextsAreCut() throws IOException {
    assertTokens(
        "a ".repeat(1_000_000),
        IntStream.range(0, 10).mapToObj(i -> id("a")).toArray(Integer[]::new));
    assertTokens("x".repeat(1_000_000), UNKNOWN);
    assertTokens("\u0301".repeat(1_000_000));
  }

  /// The library is the oracle.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void agreesWithTheLibrary(boolean lowerCase) throws IOException {
    TextSettings settings = settings(lowerCase, 40);
    Random random = new Random(5);
    try (TextTokenizer ours = TextTokenizer.open(settings);
        TextTokenizer theirs = NativeTokenizer.open(settings)) {
      for (int i = 0; i < 3000; i++) {
        StringBuilder text = new StringBuilder();
        for (int pieces = random.nextInt(30); pieces > 0; pieces--) {
          text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        assertEquals(
            ids(theirs.encode(text.toString())),
            ids(ours.encode(text.toString())),
            () -> text.codePoints().mapToObj(Integer::toHexString).toList().toString());
      }
    }
  }

  /// Every character between two letters, in the blocks where the library's older tables of Unicode
  /// know all that Java knows.
  @ParameterizedTest
  @CsvSource({
    "1,600",
    "1e00,2e43",
    "3000,3400",
    "4e00,4f00",
    "9f00,a800",
    "ac00,ad00",
    "f900,10000",
    "1f000,20010",
    "2b730,2b930"
  })
  void agreesWithTheLibraryOnEveryCharacter(String from, String to) throws IOException {
    TextSettings settings = settings(true, 40);
    StringBuilder different = new StringBuilder();
    try (TextTokenizer ours = TextTokenizer.open(settings);
        TextTokenizer theirs = NativeTokenizer.open(settings)) {
      for (int c = Integer.parseInt(from, 16); c < Integer.parseInt(to, 16); c++) {
        String text = "a" + Character.toString(c) + "b";
        if (!ids(ours.encode(text)).equals(ids(theirs.encode(text)))) {
          different.append(Integer.toHexString(c)).append(' ');
        }
      }
    }
    assertEquals("", different.toString());
  }
}
