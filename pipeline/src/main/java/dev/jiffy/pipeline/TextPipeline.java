package dev.jiffy.pipeline;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// A model that turns texts into vectors, with the tokenizer that lies beside it. Immutable and
/// shared between threads.
///
/// The model takes `input_ids` and, if it wants them, `attention_mask` and `token_type_ids`, each
/// `[batch, tokens]` of i64 or i32, and gives f32 vectors `[batch, tokens, size]`, which are
/// pooled, or `[batch, size]`. Vectors are scaled to length 1.
///
/// The tokenizer is described by `NAME-tokenizer.json` or `tokenizer.json` beside `NAME.onnx`. The
/// most tokens of a text are, in this order, what `sentence_bert_config.json`, the truncation in
/// the tokenizer's description, `tokenizer_config.json` and `config.json` say, or 512; longer texts
/// are cut. `1_Pooling/config.json` may ask for the first token's vector instead of the mean.
public final class TextPipeline implements AutoCloseable {
  private static final List<String> OUTPUTS =
      List.of("sentence_embedding", "last_hidden_state", "token_embeddings");

  private final Model model;
  private final TextSettings settings;
  private final TextTokenizer tokenizer;
  private final List<TensorSpec> inputs;
  private final String output;
  private final int maxBatch;
  private final OptionalInt fixedLength;

  private TextPipeline(
      Model model,
      TextSettings settings,
      TextTokenizer tokenizer,
      String output,
      int maxBatch,
      OptionalInt fixedLength) {
    this.model = model;
    this.settings = settings;
    this.tokenizer = tokenizer;
    this.inputs = model.inputs();
    this.output = output;
    this.maxBatch = maxBatch;
    this.fixedLength = fixedLength;
  }

  /// {@return whether a tokenizer lies beside a model file and the model takes tokens}
  ///
  /// @param modelFile the model's file
  /// @param model the model in it
  public static boolean fits(Path modelFile, Model model) {
    return TextSettings.tokenizerFile(modelFile).isPresent()
        && model.inputs().stream().anyMatch(input -> input.name().equals(TextInputs.IDS))
        && output(model).isPresent();
  }

  /// {@return the files beside a model file that are read for a pipeline, there or not}
  ///
  /// @param modelFile the model's file
  public static List<Path> files(Path modelFile) {
    return TextSettings.files(modelFile);
  }

  /// {@return the pipeline of a model}
  ///
  /// @param modelFile the model's file, beside which the tokenizer lies
  /// @param model the model in it; stays open longer than the pipeline
  /// @throws ModelException if there is no tokenizer, its files are malformed, or the model does
  ///   not take tokens and give vectors
  public static TextPipeline open(Path modelFile, Model model) {
    TextSettings settings = TextSettings.read(modelFile);
    String output =
        output(model)
            .orElseThrow(
                () -> new ModelException(modelFile + " has no output of f32 vectors for texts"));
    List<TensorSpec> inputs = model.inputs();
    if (inputs.stream().noneMatch(input -> input.name().equals(TextInputs.IDS))) {
      throw new ModelException(modelFile + " does not take " + TextInputs.IDS);
    }
    int maxBatch = Integer.MAX_VALUE;
    OptionalInt fixedLength = OptionalInt.empty();
    for (TensorSpec input : inputs) {
      TextInputs.check(input, modelFile);
      List<Dim> shape = input.shape();
      if (shape != null && shape.get(0) instanceof Dim.Known(long batch)) {
        if (batch != 1) {
          throw new ModelException(
              "%s takes exactly %d texts at once; expected 1 or any number"
                  .formatted(modelFile, batch));
        }
        maxBatch = 1;
      }
      if (shape != null && shape.get(1) instanceof Dim.Known(long length)) {
        settings = settings.maxTokens((int) Math.min(settings.maxTokens(), length));
        fixedLength = OptionalInt.of(Math.toIntExact(length));
      }
    }
    return new TextPipeline(
        model, settings, TextTokenizer.open(settings), output, maxBatch, fixedLength);
  }

  private static Optional<String> output(Model model) {
    List<String> candidates =
        model.outputs().stream().filter(TextPipeline::isVectors).map(TensorSpec::name).toList();
    return OUTPUTS.stream()
        .filter(candidates::contains)
        .findFirst()
        .or(() -> candidates.stream().findFirst());
  }

  private static boolean isVectors(TensorSpec output) {
    List<Dim> shape = output.shape();
    return output.dtype() == DType.F32 && (shape == null || shape.size() == 2 || shape.size() == 3);
  }

  /// {@return a session for one thread}
  public TextSession newSession() {
    return new TextSession(this, model.newSession());
  }

  /// {@return the most tokens of a text, special ones included}
  public int maxTokens() {
    return settings.maxTokens();
  }

  /// {@return one more than the highest token that the tokenizer knows}
  public int vocabulary() {
    return settings.vocabulary();
  }

  TextSettings settings() {
    return settings;
  }

  TextTokenizer tokenizer() {
    return tokenizer;
  }

  List<TensorSpec> inputs() {
    return inputs;
  }

  String output() {
    return output;
  }

  int maxBatch() {
    return maxBatch;
  }

  /// {@return the tokens to which every batch is padded, where the model takes no other number}
  OptionalInt fixedLength() {
    return fixedLength;
  }

  /// Releases the tokenizer, not the model. Sessions must be closed first. Idempotent.
  @Override
  public void close() {
    tokenizer.close();
  }
}
