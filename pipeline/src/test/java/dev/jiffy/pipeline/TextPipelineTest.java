package dev.jiffy.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextPipelineTest {
  private static final int VOCABULARY = 64;
  private static final int SIZE = 3;

  @TempDir Path folder;

  /// A table of vectors: the model that looks up each token, and its padding too.
  private Path model(Object batch, Object length) throws IOException {
    Random random = new Random(1);
    float[] table = new float[VOCABULARY * SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = random.nextFloat() - 0.5f;
    }
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("input_ids", DType.I64, batch, length)
            .input("attention_mask", DType.I64, batch, length)
            .constant("table", Tensor.of(table, VOCABULARY, SIZE))
            .constant("last", Tensor.of(new long[] {2}, 1))
            .node(new Op.Gather(0), "vectors", "table", "input_ids")
            .node(new Op.Cast(DType.F32, false), "mask", "attention_mask")
            .node(new Op.Unsqueeze(), "column", "mask", "last")
            .node(new Op.Binary(BinaryFunction.ADD), "last_hidden_state", "vectors", "column")
            .build(),
        17,
        file);
    TokenizerFile.write(folder.resolve("tokenizer.json"), 16);
    return file;
  }

  @Test
  void aTextsVectorIsTheSameAloneAndAmongOthers() throws IOException {
    Path file = model("batch", "tokens");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      texts.add("hello the cat ! ".repeat(i % 7) + "ab".repeat(i % 3));
    }
    texts.add("cat ".repeat(10_000));
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      assertEquals(16, pipeline.maxTokens());
      Embeddings all = session.embed(texts);
      assertEquals(texts.size(), all.vectors().size());
      long tokens = 0;
      for (int i = 0; i < texts.size(); i++) {
        Embeddings alone = session.embed(List.of(texts.get(i)));
        tokens += alone.tokens();
        assertArrayEquals(alone.vectors().getFirst(), all.vectors().get(i), 1e-6f);
        float square = 0;
        for (float x : all.vectors().get(i)) {
          square += x * x;
        }
        assertEquals(1, square, 1e-5);
      }
      assertEquals(tokens, all.tokens());
    }
  }

  @Test
  void tokensAreTextsToo() throws IOException {
    Path file = model("batch", "tokens");
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      float[] text = session.embed(List.of("cat")).vectors().getFirst();
      int[] tokens = {TokenizerFile.CLS, TokenizerFile.id("cat"), TokenizerFile.SEP};
      assertArrayEquals(text, session.embedTokens(List.of(tokens)).vectors().getFirst(), 0);
      assertThrows(
          IllegalArgumentException.class,
          () -> session.embedTokens(List.of(new int[] {pipeline.vocabulary()})));
      assertThrows(
          IllegalArgumentException.class, () -> session.embedTokens(List.of(new int[] {-1})));
    }
  }

  @Test
  void nothingAndEmptyTexts() throws IOException {
    Path file = model("batch", "tokens");
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      assertEquals(List.of(), session.embed(List.of()).vectors());
      Embeddings empty = session.embed(List.of("", " "));
      assertEquals(4, empty.tokens());
      assertArrayEquals(empty.vectors().get(0), empty.vectors().get(1), 0);
    }
  }

  @Test
  void modelsOfOneTextOfOneLength() throws IOException {
    Path open = model("batch", "tokens");
    List<float[]> expected;
    List<String> texts = List.of("cat", "the cat sat");
    try (Model model = Model.load(open);
        TextPipeline pipeline = TextPipeline.open(open, model);
        TextSession session = pipeline.newSession()) {
      expected = session.embed(texts).vectors();
    }
    Path file = model(1, 8);
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      assertEquals(8, pipeline.maxTokens());
      List<float[]> vectors = session.embed(texts).vectors();
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(expected.get(i), vectors.get(i), 1e-6f);
      }
    }
  }

  @Test
  void otherModelsDoNotFit() throws IOException {
    Path file = model("batch", "tokens");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("x", DType.F32, 2)
            .node(new Op.Unary(UnaryFunction.ABS), "y", "x")
            .build(),
        17,
        file);
    try (Model model = Model.load(file)) {
      assertFalse(TextPipeline.fits(file, model));
      assertThrows(ModelException.class, () -> TextPipeline.open(file, model));
    }
  }

  @Test
  void settingsFromTheFilesBesideTheModel() throws IOException {
    Path file = model("batch", "tokens");
    assertEquals(16, TextSettings.read(file).maxTokens());
    assertEquals(TextSettings.Pooling.MEAN, TextSettings.read(file).pooling());
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\":1e30}");
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\":12}");
    Files.createDirectory(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling").resolve("config.json"), "{\"pooling_mode_cls_token\":true}");
    assertEquals(12, TextSettings.read(file).maxTokens());
    assertEquals(TextSettings.Pooling.FIRST, TextSettings.read(file).pooling());
    Files.writeString(
        folder.resolve("1_Pooling").resolve("config.json"),
        "{\"pooling_mode_mean_tokens\":true,\"pooling_mode_max_tokens\":true}");
    String message =
        String.valueOf(
            assertThrows(ModelException.class, () -> TextSettings.read(file)).getMessage());
    assertTrue(message.endsWith("or cls_token, got [mean_tokens, max_tokens]"), message);
    Files.delete(folder.resolve("1_Pooling").resolve("config.json"));
    Files.move(folder.resolve("tokenizer.json"), folder.resolve("model-tokenizer.json"));
    assertTrue(TextSettings.tokenizerFile(file).isPresent());
    Files.writeString(folder.resolve("model-tokenizer.json"), "{");
    assertThrows(ModelException.class, () -> TextSettings.read(file));
    Files.delete(folder.resolve("model-tokenizer.json"));
    assertThrows(ModelException.class, () -> TextSettings.read(file));
  }

  /// In models such as RoBERTa the first token has the position behind the padding token's number.
  @Test
  void notAllPositionsAreForTokens() throws IOException {
    Path file = folder.resolve("model.onnx");
    TokenizerFile.write(folder.resolve("tokenizer.json"), 0);
    assertEquals(512, maxTokens(file, "bert", 512, 0));
    assertEquals(514, maxTokens(file, "deberta", 514, 1));
    assertEquals(512, maxTokens(file, "roberta", 514, 1));
    assertEquals(8192, maxTokens(file, "xlm-roberta", 8194, 1));
    assertEquals(511, maxTokens(file, "mpnet", 514, 2));
    Path sentences = folder.resolve("sentence_bert_config.json");
    Files.writeString(sentences, "{\"max_seq_length\":514}");
    assertEquals(512, maxTokens(file, "roberta", 514, 1));
    assertEquals(514, maxTokens(file, "bert", 512, 0));
    Files.writeString(sentences, "{\"max_seq_length\":128}");
    assertEquals(128, maxTokens(file, "camembert", 514, 1));
  }

  private int maxTokens(Path file, String type, int positions, int padding) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\":\"%s\",\"max_position_embeddings\":%d,\"pad_token_id\":%d}"
            .formatted(type, positions, padding));
    return TextSettings.read(file).maxTokens();
  }

  private static List<float[]> vectors(Path file, String... texts) throws IOException {
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      return session.embed(List.of(texts)).vectors();
    }
  }

  /// All texts begin with the same token.
  @Test
  void theFirstTokenAloneCountsWhereTheSettingsSaySo() throws IOException {
    Path file = model("batch", "tokens");
    List<float[]> means = vectors(file, "hello", "the cat !");
    assertFalse(Arrays.equals(means.get(0), means.get(1)));
    Files.createDirectory(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling").resolve("config.json"), "{\"pooling_mode_cls_token\":true}");
    List<float[]> firsts = vectors(file, "hello", "the cat !");
    assertArrayEquals(firsts.get(0), firsts.get(1));
    assertFalse(Arrays.equals(firsts.get(0), means.get(0)));
  }

  /// A model may give one vector for each text, which is scaled to length 1.
  @Test
  void vectorsOfWholeTextsAreTaken() throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("input_ids", DType.I64, "batch", "length")
            .input("attention_mask", DType.I64, "batch", "length")
            .constant("zero", Tensor.of(new long[] {0}))
            .constant("pair", Tensor.of(new long[] {3, 4}, 2))
            .node(new Op.Gather(1), "first", "attention_mask", "zero")
            .constant("last", Tensor.of(new long[] {1}, 1))
            .node(new Op.Unsqueeze(), "column", "first", "last")
            .node(new Op.Binary(BinaryFunction.MUL), "both", "column", "pair")
            .node(new Op.Cast(DType.F32, false), "sentence_embedding", "both")
            .build(),
        17,
        file);
    TokenizerFile.write(folder.resolve("tokenizer.json"), 16);
    for (float[] vector : vectors(file, "hello", "the cat !")) {
      assertArrayEquals(new float[] {0.6f, 0.8f}, vector, 1e-6f);
    }
  }

  @Test
  void aModelOfMoreTokensThanTextsMayHaveIsPadded() throws IOException {
    Path file = model(1, 24);
    try (Model model = Model.load(file);
        TextPipeline pipeline = TextPipeline.open(file, model);
        TextSession session = pipeline.newSession()) {
      assertEquals(16, pipeline.maxTokens());
      assertEquals(16, session.embed(List.of("cat ".repeat(100))).tokens());
    }
  }
}
