package dev.jiffy.server.http;

import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.RepositoryChange;
import dev.jiffy.server.guard.Rights;
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
  private final Rights rights;
  private final Sender sender;

  RepositoryRequests(Vertx vertx, Store store, Models models, Rights rights, Sender sender) {
    this.vertx = vertx;
    this.store = store;
    this.models = models;
    this.rights = rights;
    this.sender = sender;
  }

  /// Answers with the models that a body asks for.
  void index(HttpServerRequest request, byte[] body) {
    boolean isReady = ModelState.readyOnly(body);
    sender.send(
        request, Reply.json(200, ModelState.toJson(models.index(isReady, rights.mayChange()))));
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
    rights.checkModels();
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
