package dev.jiffy.pipeline;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.util.Arrays;

/// Every kind of tokenizer, by the native library of Hugging Face.
///
/// The library is unpacked from its jar at the first use, into the folder that the variable
/// `DJL_CACHE_DIR` names, `.djl.ai` in the home folder otherwise.
final class NativeTokenizer implements TextTokenizer {
  /// A token of natural text has a few characters; what lies far behind the last that is kept
  /// cannot change the tokens, but costs time.
  private static final int CHARACTERS_PER_TOKEN = 64;

  private final HuggingFaceTokenizer tokenizer;
  private final int maxCharacters;

  private NativeTokenizer(HuggingFaceTokenizer tokenizer, int maxCharacters) {
    this.tokenizer = tokenizer;
    this.maxCharacters = maxCharacters;
  }

  /// {@return the tokenizer}
  ///
  /// @throws ModelException if the file is malformed or the library does not load
  static NativeTokenizer open(TextSettings settings) {
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
    try {
      return new NativeTokenizer(
          HuggingFaceTokenizer.builder()
              .optTokenizerPath(settings.tokenizerFile())
              .optPadding(false)
              .optTruncation(true)
              .optMaxLength(settings.maxTokens())
              .build(),
          Math.multiplyExact(settings.maxTokens(), CHARACTERS_PER_TOKEN));
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      throw new ModelException(
          "cannot open the tokenizer %s: %s".formatted(settings.tokenizerFile(), e.getMessage()),
          e);
    }
  }

  @Override
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(wellFormed(text, maxCharacters), true, false);
    return new Tokens(ints(encoding.getIds()), ints(encoding.getTypeIds()));
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  /// {@return the beginning of a text, with U+FFFD for unpaired surrogates}
  private static String wellFormed(String text, int maxCharacters) {
    String head = text.length() > maxCharacters ? text.substring(0, maxCharacters) : text;
    if (head.codePoints().noneMatch(c -> c >= 0xd800 && c <= 0xdfff)) {
      return head;
    }
    int[] codePoints =
        head.codePoints().map(c -> c >= 0xd800 && c <= 0xdfff ? 0xfffd : c).toArray();
    return new String(codePoints, 0, codePoints.length);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
