package dev.jiffy.bench.load;

import org.jspecify.annotations.Nullable;

/// Holds answers against those that are known.
interface AnswerCheck {
  /// {@return whether an answer is right}
  ///
  /// @param sample the input
  /// @param jsonLength the header that tells how much of the body is JSON, null where there is none
  /// @param body the answer's body
  boolean isRight(int sample, @Nullable String jsonLength, byte[] body);
}
