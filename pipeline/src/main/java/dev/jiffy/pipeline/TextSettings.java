package dev.jiffy.pipeline;

import dev.jiffy.engine.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/// What the files beside a text model say of it.
///
/// @param tokenizerFile the tokenizer's description
/// @param maxTokens the most tokens of a text, special ones included
/// @param padId the token that fills up shorter texts
/// @param vocabulary one more than the highest token
/// @param pooling how the vectors of tokens become one
record TextSettings(Path tokenizerFile, int maxTokens, int padId, int vocabulary, Pooling pooling) {
  private static final int DEFAULT_MAX_TOKENS = 512;
  private static final int MOST_TOKENS = 1 << 17;
  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "config.json";
  private static final String SENTENCES = "sentence_bert_config.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String POOLING = "1_Pooling/config.json";
  private static final String POSITIONS = "max_position_embeddings";

  /// The types of models that count positions from the one behind the padding token's number on.
  private static final Set<String> FROM_PADDING =
      Set.of(
          "camembert",
          "data2vec-text",
          "esm",
          "ibert",
          "lilt",
          "longformer",
          "luke",
          "mpnet",
          "roberta",
          "roberta-prelayernorm",
          "xlm-roberta",
          "xlm-roberta-xl",
          "xmod");

  private static final String POOLING_MODE = "pooling_mode_";

  /// How the vectors of tokens become one.
  enum Pooling {
    /// Their mean.
    MEAN,
    /// That of the first token.
    FIRST
  }

  /// {@return the files beside a model file that say something of it, there or not}
  static List<Path> files(Path modelFile) {
    return Stream.of(
            ownTokenizer(modelFile), TOKENIZER, CONFIG, SENTENCES, TOKENIZER_CONFIG, POOLING)
        .map(modelFile::resolveSibling)
        .toList();
  }

  private static String ownTokenizer(Path modelFile) {
    String name = String.valueOf(modelFile.getFileName());
    int dot = name.lastIndexOf('.');
    return (dot < 0 ? name : name.substring(0, dot)) + "-" + TOKENIZER;
  }

  /// {@return the tokenizer's description beside a model file: `NAME-tokenizer.json` for
  /// `NAME.onnx`, or else `tokenizer.json`}
  static Optional<Path> tokenizerFile(Path modelFile) {
    Path file = modelFile.toAbsolutePath();
    Path own = file.resolveSibling(ownTokenizer(file));
    Path shared = file.resolveSibling(TOKENIZER);
    return Files.isRegularFile(own)
        ? Optional.of(own)
        : Files.isRegularFile(shared) ? Optional.of(shared) : Optional.empty();
  }

  /// {@return what the files beside a model file say}
  ///
  /// @throws ModelException if one of them is malformed or asks for a pooling that is not there
  static TextSettings read(Path modelFile) {
    Path file =
        tokenizerFile(modelFile)
            .orElseThrow(() -> new ModelException("no " + TOKENIZER + " beside " + modelFile));
    JsonNode tokenizer = json(file);
    JsonNode config = json(file.resolveSibling(CONFIG));
    Integer maxTokens = tokens(json(file.resolveSibling(SENTENCES)).path("max_seq_length"));
    if (maxTokens == null) {
      maxTokens = tokens(tokenizer.path("truncation").path("max_length"));
    }
    if (maxTokens == null) {
      maxTokens = tokens(json(file.resolveSibling(TOKENIZER_CONFIG)).path("model_max_length"));
    }
    if (maxTokens == null) {
      maxTokens = tokens(config.path(POSITIONS));
    }
    Integer behindPadding = positionsBehindPadding(config);
    if (maxTokens != null && behindPadding != null) {
      maxTokens = Math.min(maxTokens, behindPadding);
    }
    JsonNode padding = tokenizer.path("padding").path("pad_id");
    int padId = padding.isInt() ? padding.intValue() : config.path("pad_token_id").asInt(0);
    return new TextSettings(
        file,
        maxTokens == null ? DEFAULT_MAX_TOKENS : maxTokens,
        Math.max(0, padId),
        vocabulary(tokenizer),
        pooling(file.resolveSibling(POOLING)));
  }

  private static Pooling pooling(Path file) {
    List<String> modes =
        json(file).properties().stream()
            .filter(
                mode -> mode.getKey().startsWith(POOLING_MODE) && mode.getValue().asBoolean(false))
            .map(mode -> mode.getKey().substring(POOLING_MODE.length()))
            .toList();
    if (modes.isEmpty() || modes.equals(List.of("mean_tokens"))) {
      return Pooling.MEAN;
    }
    if (modes.equals(List.of("cls_token"))) {
      return Pooling.FIRST;
    }
    throw new ModelException(
        "%s: expected the pooling mean_tokens or cls_token, got %s".formatted(file, modes));
  }

  /// {@return the positions that tokens can have where that of the first one is the one behind the
  /// padding token's number; null for other models}
  private static @Nullable Integer positionsBehindPadding(JsonNode config) {
    Integer positions = tokens(config.path(POSITIONS));
    if (positions == null || !FROM_PADDING.contains(config.path("model_type").asString(""))) {
      return null;
    }
    int behind = positions - config.path("pad_token_id").asInt(1) - 1;
    return behind >= 1 ? behind : null;
  }

  /// {@return these settings with fewer tokens}
  TextSettings maxTokens(int count) {
    return new TextSettings(tokenizerFile, count, padId, vocabulary, pooling);
  }

  private static @Nullable Integer tokens(JsonNode value) {
    double count = value.isNumber() ? value.doubleValue() : 0;
    return count >= 1 && count <= MOST_TOKENS ? (int) count : null;
  }

  private static int vocabulary(JsonNode tokenizer) {
    JsonNode words = tokenizer.path("model").path("vocab");
    int highest = -1;
    if (words.isArray()) {
      highest = words.size() - 1;
    } else {
      for (JsonNode id : words) {
        highest = Math.max(highest, id.asInt(-1));
      }
    }
    for (JsonNode added : tokenizer.path("added_tokens")) {
      highest = Math.max(highest, added.path("id").asInt(-1));
    }
    return highest + 1;
  }

  private static JsonNode json(Path file) {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      return JsonMapper.shared().readTree(file);
    } catch (JacksonException e) {
      throw new ModelException("cannot read %s: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }
}
