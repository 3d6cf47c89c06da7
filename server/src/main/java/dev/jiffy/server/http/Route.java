package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a path asks for.
sealed interface Route {
  /// Whether the process is alive.
  record Live() implements Route {}

  /// Whether the server takes requests.
  record Ready() implements Route {}

  /// What the server is.
  record Describe() implements Route {}

  /// What a model is.
  record DescribeModel(Served served) implements Route {}

  /// Whether a model takes requests.
  record ModelReady(Served served) implements Route {}

  /// How a model is served.
  record Config(Served served) implements Route {}

  /// What models have done so far.
  record Statistics(List<Served> served) implements Route {}

  /// The models that there are.
  record Index() implements Route {}

  /// A model of the repository is to be loaded, or loaded again.
  record LoadModel(String name) implements Route {}

  /// A model is to be taken out of service.
  record UnloadModel(String name) implements Route {}

  /// The description of all routes.
  record OpenApi() implements Route {}

  /// Numbers about the server, for scrapers.
  record Metrics() implements Route {}

  /// Tensors in, tensors out.
  record Infer(Served served) implements Route {}

  /// The list of models in OpenAI's form.
  record ListModels() implements Route {}

  /// Texts in, vectors out.
  record Embeddings() implements Route {}

  /// {@return whether the route takes a body: it is asked with POST, others with GET or HEAD}
  default boolean takesBody() {
    return switch (this) {
      case Infer _, Embeddings _, Index _, LoadModel _, UnloadModel _ -> true;
      case Live _,
          Ready _,
          Describe _,
          DescribeModel _,
          ModelReady _,
          ListModels _,
          Config _,
          Statistics _,
          OpenApi _,
          Metrics _ ->
          false;
    };
  }

  /// {@return what a path asks for}
  ///
  /// @param path the path, percent-encoded
  /// @param models the models
  /// @throws ProtocolException of status 404 if there is no such path, model or version, or 400 if
  ///   it is badly encoded
  static Route of(String path, Models models) {
    Route route = find(path, models);
    if (route == null) {
      throw new ProtocolException(404, "there is no such path");
    }
    return route;
  }

  private static @Nullable Route find(String path, Models models) {
    return switch (path) {
      case "/v2/health/live" -> new Live();
      case "/v2/health/ready" -> new Ready();
      case "/v2", "/v2/" -> new Describe();
      case "/v2/models/stats" -> new Statistics(models.all());
      case "/v2/repository/index" -> new Index();
      case "/openapi.yaml" -> new OpenApi();
      case "/metrics" -> new Metrics();
      case "/v1/models" -> new ListModels();
      case "/v1/embeddings" -> new Embeddings();
      default ->
          path.startsWith("/v2/repository/models/") ? ofRepository(path) : ofModel(path, models);
    };
  }

  private static @Nullable Route ofRepository(String path) {
    List<String> segments = List.of(path.split("/", 7));
    if (segments.size() != 6) {
      return null;
    }
    String name = decoded(segments.get(4));
    return switch (segments.getLast()) {
      case "load" -> new LoadModel(name);
      case "unload" -> new UnloadModel(name);
      default -> null;
    };
  }

  private static @Nullable Route ofModel(String path, Models models) {
    List<String> segments = List.of(path.split("/", 9));
    if (segments.size() < 4 || !path.startsWith("/v2/models/")) {
      return null;
    }
    List<String> rest = segments.subList(4, segments.size());
    boolean versioned = rest.size() >= 2 && rest.getFirst().equals("versions");
    List<String> verb = versioned ? rest.subList(2, rest.size()) : rest;
    if (verb.size() > 1) {
      return null;
    }
    Served served = models.served(decoded(segments.get(3)), versioned ? decoded(rest.get(1)) : "");
    if (verb.isEmpty()) {
      return new DescribeModel(served);
    }
    return switch (verb.getFirst()) {
      case "ready" -> new ModelReady(served);
      case "config" -> new Config(served);
      case "stats" -> new Statistics(List.of(served));
      case "infer" -> new Infer(served);
      default -> null;
    };
  }

  private static String decoded(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(400, "the path is badly encoded", e);
    }
  }
}
