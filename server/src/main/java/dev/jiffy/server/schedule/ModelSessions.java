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
  private @Nullable Session session;
  private @Nullable TextSession text;

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
    if (session == null) {
      session = model.newSession();
    }
    return session;
  }

  /// {@return the session for texts}
  ///
  /// @throws IllegalArgumentException if the model is not one for texts
  TextSession text() {
    if (text == null) {
      if (pipeline == null) {
        throw new IllegalArgumentException("the model does not take texts");
      }
      text = pipeline.newSession();
    }
    return text;
  }

  /// Releases the memory. Idempotent.
  @Override
  public void close() {
    if (session != null) {
      session.close();
    }
    if (text != null) {
      text.close();
    }
  }
}
