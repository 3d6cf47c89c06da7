package dev.jiffy.server.schedule;

import dev.jiffy.engine.Session;
import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.pipeline.TextSession;
import dev.jiffy.server.store.LoadedModel;
import org.jspecify.annotations.Nullable;

/// One thread's working memory for one model, made when it is first needed. Not shared.
public final class ModelSessions implements AutoCloseable {
  private final LoadedModel model;
  private @Nullable Session session;
  private @Nullable TextSession text;

  /// Memory for a model.
  ///
  /// @param model the model
  public ModelSessions(LoadedModel model) {
    this.model = model;
  }

  /// {@return the model}
  public LoadedModel model() {
    return model;
  }

  /// {@return the session for tensors}
  public Session session() {
    if (session == null) {
      session = model.model().newSession();
    }
    return session;
  }

  /// {@return the session for texts}
  ///
  /// @throws IllegalStateException if the model is not one for texts
  public TextSession text() {
    if (text == null) {
      TextPipeline pipeline = model.text();
      if (pipeline == null) {
        throw new IllegalStateException(model.name() + " is not a text model");
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
