package dev.jiffy.pipeline;

import static dev.jiffy.pipeline.TokenizerFile.CLS;
import static dev.jiffy.pipeline.TokenizerFile.SEP;
import static dev.jiffy.pipeline.TokenizerFile.UNKNOWN;
import static dev.jiffy.pipeline.TokenizerFile.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTokenizerTest {
  private static final int MAX_TOKENS = 12;

  @TempDir Path folder;
  private TextTokenizer tokenizer;

  @BeforeEach
  void open() throws IOException {
    TokenizerFile.write(folder.resolve("tokenizer.json"), MAX_TOKENS);
    tokenizer = TextTokenizer.open(TextSettings.read(folder.resolve("model.onnx")));
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  private List<Integer> ids(String text) {
    Tokens tokens = tokenizer.encode(text);
    return IntStream.range(0, tokens.count()).map(tokens::id).boxed().toList();
  }

  private void assertTokens(String text, Integer... between) {
    List<Integer> expected = new ArrayList<>(List.of(CLS));
    Collections.addAll(expected, between);
    expected.add(SEP);
    assertEquals(expected, ids(text), text);
  }

  @Test
  void wordsBetweenSpecialTokens() {
    assertTokens("Hello, WORLD!", id("hello"), id(","), id("world"), id("!"));
    assertTokens("unaffable", id("un"), id("##aff"), id("##able"));
    assertTokens("unaffablex", UNKNOWN);
    assertTokens("日本", id("日"), id("本"));
    assertTokens("É\u0000", id("e"));
    assertTokens("a[SEP]b", id("a"), SEP, id("b"));
    Tokens tokens = tokenizer.encode("hello");
    assertTrue(IntStream.range(0, tokens.count()).allMatch(i -> tokens.typeId(i) == 0));
  }

  @Test
  void emptyTextsAreTheSpecialTokensAlone() {
    assertTokens("");
    assertTokens(" \t\n ");
  }

  @Test
  void longTextsAreCutBeforeTheLastSpecialToken() {
    Integer[] tenTimes = Collections.nCopies(MAX_TOKENS - 2, id("a")).toArray(Integer[]::new);
    assertTokens("a ".repeat(11), tenTimes);
    assertTokens("a ".repeat(1_000_000), tenTimes);
    assertTokens("x".repeat(1_000_000), UNKNOWN);
    assertTokens("\u0301".repeat(1_000_000));
    assertTokens("a" + "\ud83d\ude00".repeat(1_000), UNKNOWN);
  }

  @Test
  void unpairedSurrogatesCountAsReplacementCharacters() {
    for (String unpaired : List.of("\ud83d", "\ude00", "\ude00\ud83d")) {
      assertEquals(ids("a \ufffd b"), ids("a " + unpaired + " b"));
      assertEquals(ids("a\ufffd"), ids("a" + unpaired));
    }
    assertTokens("a \ud83d\ude00", id("a"), UNKNOWN);
  }

  @Test
  void sharedBetweenThreads() {
    List<Integer> expected = ids("hello world unaffable");
    assertTrue(
        IntStream.range(0, 1000)
            .parallel()
            .allMatch(i -> ids("hello world unaffable").equals(expected)));
  }

  @Test
  void malformedDescriptions() throws IOException {
    TextSettings settings = TextSettings.read(folder.resolve("model.onnx"));
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    assertThrows(ModelException.class, () -> TextTokenizer.open(settings));
  }

  @Test
  void asManyTokensAsTheSettingsSayAlsoAbove512() throws IOException {
    TokenizerFile.write(folder.resolve("tokenizer.json"), 16);
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\":8192}");
    TextSettings settings = TextSettings.read(folder.resolve("model.onnx"));
    try (TextTokenizer longer = TextTokenizer.open(settings)) {
      assertEquals(2002, longer.encode("a ".repeat(2000)).count());
      assertEquals(8192, longer.encode("a ".repeat(9000)).count());
    }
  }
}
