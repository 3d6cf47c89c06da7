package dev.jiffy.server.schedule;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.pipeline.TextSession;
import org.jspecify.annotations.Nullable;

/// One thread's working memory for one model, made when it is first needed. Not shared.
final class ModelSessions implements AutoCloseable {
  private final Model model;
  private final @Nullable TextPipeline pipeline;
  private volatile @Nullable Session session;
  private volatile @Nullable TextSession text;

  /// Memory for a model.
  ///
  /// @param model the model
  /// @param pipeline its text pipeline, null if it has none
  ModelSessions(Model model, @Nullable TextPipeline pipeline) {
    this.model = model;
    this.pipeline = pipeline;
  }

  /// {@return the session for tensors}
  Session session() {
    Session open = session;
    if (open == null) {
      open = model.newSession();
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
    Session tensors = session;
    TextSession texts = text;
    return (tensors == null ? 0 : tensors.memoryBytes())
        + (texts == null ? 0 : texts.memoryBytes());
  }

  /// Releases the memory. Idempotent.
  @Override
  public void close() {
    Session tensors = session;
    if (tensors != null) {
      tensors.close();
    }
    TextSession texts = text;
    if (texts != null) {
      texts.close();
    }
  }
}
