package dev.jiffy.server.cache;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Answers that servers share, behind those that each keeps itself. Whoever keeps them may be slow
/// or gone, which nobody here waits for. Shared between threads; nothing blocks.
public interface SharedAnswers {
  /// {@return the most bytes of an answer that is shared}
  int mostBytes();

  /// {@return whether an answer is looked for; where not, nothing is told}
  ///
  /// @param digest 32 bytes that stand for a model and a question
  /// @param taker takes the answer, null where there is none or it does not come soon; called once,
  ///   on whatever thread, perhaps before this returns
  boolean find(byte[] digest, Consumer<byte @Nullable []> taker);

  /// Offers an answer, which may come to nothing.
  ///
  /// @param digest 32 bytes that stand for a model and a question
  /// @param answer the answer
  /// @param ttl how long it is given
  void keep(byte[] digest, byte[] answer, Duration ttl);
}
