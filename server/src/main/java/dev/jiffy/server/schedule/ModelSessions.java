package dev.jiffy.server.schedule;

import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.pipeline.TextSession;
import org.jspecify.annotations.Nullable;

/// One thread's working memory for one model, made when it is first needed. Not shared.
final class ModelSessions implements AutoCloseable {
  private final Computation computation;
  private final @Nullable TextPipeline pipeline;
  private volatile Computation.@Nullable Memory session;
  private volatile @Nullable TextSession text;

  /// Memory for a model.
  ///
  /// @param computation what computes tensors
  /// @param pipeline its text pipeline, null if it has none
  ModelSessions(Computation computation, @Nullable TextPipeline pipeline) {
    this.computation = computation;
    this.pipeline = pipeline;
  }

  /// {@return the memory for tensors}
  Computation.Memory session() {
    Computation.Memory open = session;
    if (open == null) {
      open = computation.newMemory();
      session = open;
    }
    return open;
  }

  /// {@return the session for texts}
  ///
  /// @throws IllegalArgumentException if the model is not one for texts
  TextSession text() {
    TextSession open = text;
    if (open == null) {
      if (pipeline == null) {
        throw new IllegalArgumentException("the model does not take texts");
      }
      open = pipeline.newSession();
      text = open;
    }
    return open;
  }

  /// {@return the bytes of the memory; any thread may ask}
  long memoryBytes() {
    Computation.Memory tensors = session;
    TextSession texts = text;
    return (tensors == null ? 0 : tensors.bytes()) + (texts == null ? 0 : texts.memoryBytes());
  }

  /// Releases the memory. Idempotent.
  @Override
  public void close() {
    Computation.Memory tensors = session;
    if (tensors != null) {
      tensors.close();
    }
    TextSession texts = text;
    if (texts != null) {
      texts.close();
    }
  }
}
