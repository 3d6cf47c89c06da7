package dev.jiffy.server.cache;

import java.security.MessageDigest;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What servers share of the answers of one version of a model. Where asking costs more than it
/// saves, it is passed by; see [Worth]. Shared between threads; nothing blocks.
public final class SecondLevel {
  private final SharedAnswers answers;
  private final byte[] model;
  private final LongSupplier clock;
  private final Worth worth = new Worth();

  /// The answers of a model.
  ///
  /// @param answers the answers of all models
  /// @param model what tells the model and the way in which it is computed from all others
  /// @param clock the time in nanoseconds
  public SecondLevel(SharedAnswers answers, byte[] model, LongSupplier clock) {
    this.answers = answers;
    this.model = model.clone();
    this.clock = clock;
  }

  /// {@return whether the next question is to be asked}
  boolean isTried() {
    return worth.isTried();
  }

  /// {@return whether an answer is looked for; where not, nothing is told}
  ///
  /// @param key the question
  /// @param taker takes the answer, null for none; called once, on whatever thread, soon
  boolean find(Key key, Consumer<@Nullable Kept> taker) {
    long start = clock.getAsLong();
    return answers.find(
        digest(key),
        bytes -> {
          Kept kept = bytes == null ? null : KeptBytes.kept(bytes, key.outputs());
          worth.looked(kept != null, clock.getAsLong() - start);
          taker.accept(kept);
        });
  }

  /// Offers an answer that was computed.
  ///
  /// @param key the question
  /// @param kept the answer
  /// @param ttl how long it is given
  /// @param computeNanos what computing it cost
  void keep(Key key, Kept kept, Duration ttl, long computeNanos) {
    long start = clock.getAsLong();
    if (kept.bytes() <= answers.mostBytes()) {
      byte[] bytes = KeptBytes.of(kept);
      if (bytes != null && bytes.length <= answers.mostBytes()) {
        answers.keep(digest(key), bytes, ttl);
      }
    }
    worth.kept(computeNanos, clock.getAsLong() - start);
  }

  private byte[] digest(Key key) {
    MessageDigest digest = Key.sha256();
    digest.update(model);
    return digest.digest(key.digest());
  }
}
