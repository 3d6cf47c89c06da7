package dev.jiffy.pipeline;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/// Texts to tokens, truncated and with the special tokens of a single sentence, by the native
/// library of Hugging Face. Shared between threads.
///
/// The library is unpacked from its jar at the first use, into the folder that the variable
/// `DJL_CACHE_DIR` names, `.djl.ai` in the home folder otherwise. Nothing is fetched from a
/// network, and nothing told to one: where the jar has no library for the machine, that is a
/// failure.
final class TextTokenizer implements AutoCloseable {
  /// Natural text has a few characters per token. What is cut off can change the tokens only of
  /// texts that are spaces for the most part.
  private static final int CHARACTERS_PER_TOKEN = 64;

  /// The option without which the library takes no model for longer than 512 tokens.
  private static final String MODEL_MAX_LENGTH = "modelMaxLength";

  private final HuggingFaceTokenizer tokenizer;
  private final int maxCharacters;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, int maxCharacters) {
    this.tokenizer = tokenizer;
    this.maxCharacters = maxCharacters;
  }

  /// {@return the tokenizer that a model's files describe}
  ///
  /// @throws ModelException if the file is malformed or the library does not load
  static TextTokenizer open(TextSettings settings) {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    try {
      return new TextTokenizer(
          HuggingFaceTokenizer.builder(Map.of(MODEL_MAX_LENGTH, settings.maxTokens()))
              .optTokenizerPath(settings.tokenizerFile())
              .optPadding(false)
              .optTruncation(true)
              .optMaxLength(settings.maxTokens())
              .build(),
          Math.multiplyExact(settings.maxTokens(), CHARACTERS_PER_TOKEN));
    } catch (IOException | RuntimeException | LinkageError e) {
      throw new ModelException(
          "cannot open the tokenizer %s: %s".formatted(settings.tokenizerFile(), e.getMessage()),
          e);
    }
  }

  /// {@return the tokens of a text}
  ///
  /// @param text any text; unpaired surrogates count as U+FFFD
  Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(wellFormed(beginning(text)), true, false);
    return new Tokens(ints(encoding.getIds()), ints(encoding.getTypeIds()));
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  private String beginning(String text) {
    if (text.length() <= maxCharacters) {
      return text;
    }
    boolean insidePair = Character.isHighSurrogate(text.charAt(maxCharacters - 1));
    return text.substring(0, insidePair ? maxCharacters - 1 : maxCharacters);
  }

  private static String wellFormed(String text) {
    if (text.codePoints().noneMatch(TextTokenizer::isUnpaired)) {
      return text;
    }
    int[] codePoints = text.codePoints().map(c -> isUnpaired(c) ? 0xfffd : c).toArray();
    return new String(codePoints, 0, codePoints.length);
  }

  private static boolean isUnpaired(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /// Releases the library's memory. Idempotent.
  @Override
  public void close() {
    tokenizer.close();
  }
}
