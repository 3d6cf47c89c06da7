package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.schedule.Runner;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
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
  record DescribeModel(Runner runner) implements Route {}

  /// Whether a model takes requests.
  record ModelReady(Runner runner) implements Route {}

  /// Tensors in, tensors out.
  record Infer(Runner runner) implements Route {}

  /// The list of models in OpenAI's form.
  record Models() implements Route {}

  /// Texts in, vectors out.
  record Embeddings() implements Route {}

  /// {@return whether the route takes a body: it is asked with POST, others with GET or HEAD}
  default boolean takesBody() {
    return switch (this) {
      case Infer _, Embeddings _ -> true;
      case Live _, Ready _, Describe _, DescribeModel _, ModelReady _, Models _ -> false;
    };
  }

  /// {@return what a path asks for}
  ///
  /// @param path the path, percent-encoded
  /// @param models the models by name
  /// @throws ProtocolException of status 404 if there is no such path, model or version, or 400 if
  ///   it is badly encoded
  static Route of(String path, Map<String, Runner> models) {
    Route route = find(path, models);
    if (route == null) {
      throw new ProtocolException(404, "there is no such path");
    }
    return route;
  }

  private static @Nullable Route find(String path, Map<String, Runner> models) {
    return switch (path) {
      case "/v2/health/live" -> new Live();
      case "/v2/health/ready" -> new Ready();
      case "/v2", "/v2/" -> new Describe();
      case "/v1/models" -> new Models();
      case "/v1/embeddings" -> new Embeddings();
      default -> ofModel(path, models);
    };
  }

  private static @Nullable Route ofModel(String path, Map<String, Runner> models) {
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
    Runner runner = runner(decoded(segments.get(3)), models);
    if (versioned && !runner.model().version().equals(decoded(rest.get(1)))) {
      throw new ProtocolException(
          404, "model '%s' has no such version".formatted(runner.model().name()));
    }
    if (verb.isEmpty()) {
      return new DescribeModel(runner);
    }
    return switch (verb.getFirst()) {
      case "ready" -> new ModelReady(runner);
      case "infer" -> new Infer(runner);
      default -> null;
    };
  }

  /// {@return the runner of a model}
  ///
  /// @throws ProtocolException of status 404 if there is no model of that name
  static Runner runner(String name, Map<String, Runner> models) {
    Runner runner = models.get(name);
    if (runner == null) {
      String shown = name.length() <= 64 ? name : name.substring(0, 64) + "…";
      throw new ProtocolException(404, "there is no model '%s'".formatted(shown));
    }
    return runner;
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
