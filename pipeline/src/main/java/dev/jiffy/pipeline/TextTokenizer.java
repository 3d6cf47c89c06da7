package dev.jiffy.pipeline;

/// Texts to tokens, truncated and with the special tokens of a single sentence. Shared between
/// threads.
sealed interface TextTokenizer extends AutoCloseable permits WordPieceTokenizer, NativeTokenizer {
  /// {@return the tokens of a text}
  ///
  /// @param text any text; unpaired surrogates count as U+FFFD
  Tokens encode(String text);

  @Override
  void close();

  /// {@return the tokenizer that a model's files describe: in Java where it is one that Java has}
  static TextTokenizer open(TextSettings settings) {
    TextTokenizer tokenizer = WordPieceTokenizer.open(settings);
    return tokenizer == null ? NativeTokenizer.open(settings) : tokenizer;
  }
}
