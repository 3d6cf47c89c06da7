package dev.jiffy.server.http;

import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;

/// What the server tells of itself and of its models.
final class Descriptions {
  private final Models models;
  private final byte[] metadata;
  private final BooleanSupplier ready;
  private final SettingRequests settings;
  private final SharedRequests shared;

  Descriptions(
      Models models,
      ServerMetadata server,
      BooleanSupplier ready,
      SettingRequests settings,
      SharedRequests shared) {
    this.models = models;
    this.metadata = server.toJson();
    this.ready = ready;
    this.settings = settings;
    this.shared = shared;
  }

  /// {@return the answer to a request without a body}
  Reply answer(Route route) {
    return switch (route) {
      case Route.Live _ -> state("live", true);
      case Route.Ready _ -> state("ready", ready.getAsBoolean());
      case Route.Describe _ -> Reply.json(200, metadata);
      case Route.DescribeModel(Served served) -> Reply.json(200, models.metadata(served).toJson());
      case Route.ModelReady(Served served) ->
          text(
              ready.getAsBoolean() ? 200 : 503,
              "{\"name\":\"%s\",\"ready\":%s}"
                  .formatted(served.model().name(), ready.getAsBoolean()));
      case Route.ListModels _ -> Reply.json(200, EmbeddingsResponse.models(models.names()));
      case Route.Config(Served served) -> Reply.json(200, served.config().toJson());
      case Route.Statistics(List<Served> served) ->
          Reply.json(200, ModelStatistics.toJson(served.stream().map(Served::statistics).toList()));
      case Route.Log _ -> settings.log();
      case Route.SharedStatus(Route.Kind kind, String region) -> shared.status(kind, region);
      case Route.Trace(String model) -> settings.trace(model);
      case Route.Infer _,
          Route.Embeddings _,
          Route.Index _,
          Route.LoadModel _,
          Route.UnloadModel _,
          Route.Description _,
          Route.Share _,
          Route.Unshare _,
          Route.Metrics _ ->
          throw new IllegalStateException("is no description: " + route);
    };
  }

  private static Reply state(String name, boolean holds) {
    return text(holds ? 200 : 503, "{\"%s\":%s}".formatted(name, holds));
  }

  private static Reply text(int status, String json) {
    return Reply.json(status, json.getBytes(StandardCharsets.UTF_8));
  }
}
