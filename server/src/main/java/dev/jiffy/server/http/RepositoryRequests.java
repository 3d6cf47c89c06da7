package dev.jiffy.server.http;

import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.RepositoryChange;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Store;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// Requests about the repository: what there is, what is to be loaded and unloaded. Belongs to the
/// event loop.
final class RepositoryRequests {
  private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

  private final Vertx vertx;
  private final Store store;
  private final Models models;
  private final boolean mayChange;
  private final Sender sender;

  RepositoryRequests(Vertx vertx, Store store, Models models, boolean mayChange, Sender sender) {
    this.vertx = vertx;
    this.store = store;
    this.models = models;
    this.mayChange = mayChange;
    this.sender = sender;
  }

  /// Answers with the models that a body asks for.
  void index(HttpServerRequest request, byte[] body) {
    boolean isReady = ModelState.readyOnly(body);
    sender.send(request, Reply.json(200, ModelState.toJson(models.index(isReady, mayChange))));
  }

  /// Loads a model, and answers when it serves.
  void load(HttpServerRequest request, String name, byte[] body) {
    RepositoryChange.fromJson(body);
    change(request, () -> store.load(name));
  }

  /// Takes a model out of service.
  void unload(HttpServerRequest request, String name, byte[] body) {
    boolean isDeep = RepositoryChange.fromJson(body).dependents();
    change(request, () -> store.unload(name, isDeep));
  }

  private void change(HttpServerRequest request, Supplier<CompletableFuture<Void>> change) {
    if (!mayChange) {
      throw new ProtocolException(403, "models are neither loaded nor unloaded by this port");
    }
    Context context = vertx.getOrCreateContext();
    var _ =
        change
            .get()
            .whenComplete((done, failure) -> {
              Reply reply =
                  failure == null
                      ? Reply.json(200, NOTHING)
                      : Failures.reply(Sender.path(request), failure);
              context.runOnContext(back -> sender.send(request, reply));
            });
  }
}
