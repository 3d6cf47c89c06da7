package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The paths that there are, in one table, and what each asks for. A segment in braces stands for
/// any name.
final class Paths {
  private static final Map<String, Maker> ALL = table();
  private static final Node ROOT = root();

  private Paths() {}

  /// Makes the route of a path.
  private interface Maker {
    Route route(Names names, Models models);
  }

  /// The names in a path, in their order.
  private record Names(String first, String second) {
    static final Names NONE = new Names("", "");

    Names and(String name) {
      return first.isEmpty() ? new Names(name, "") : new Names(first, name);
    }

    Served model(Models models) {
      return models.served(first, second);
    }
  }

  /// What can follow in a path.
  private static final class Node {
    private final Map<String, Node> named = new HashMap<>();
    private @Nullable Node any;
    private @Nullable Maker maker;
  }

  /// A path that there is.
  private record Found(Maker maker, Names names) {}

  private static Map<String, Maker> table() {
    Map<String, Maker> all = new TreeMap<>();
    all.put("/v2", (names, models) -> new Route.Describe());
    all.put("/v2/health/live", (names, models) -> new Route.Live());
    all.put("/v2/health/ready", (names, models) -> new Route.Ready());
    all.put("/v2/models/stats", (names, models) -> new Route.Statistics(models.all()));
    for (String model : List.of("/v2/models/{model}", "/v2/models/{model}/versions/{version}")) {
      all.put(model, (names, models) -> new Route.DescribeModel(names.model(models)));
      all.put(model + "/ready", (names, models) -> new Route.ModelReady(names.model(models)));
      all.put(model + "/config", (names, models) -> new Route.Config(names.model(models)));
      all.put(
          model + "/stats",
          (names, models) -> new Route.Statistics(models.all(names.first(), names.second())));
      all.put(model + "/infer", (names, models) -> new Route.Infer(names.model(models)));
      all.put(
          model + "/trace/setting",
          (names, models) -> new Route.Trace(names.model(models).model().name()));
    }
    all.put("/v2/trace/setting", (names, models) -> new Route.Trace(""));
    all.put("/v2/logging", (names, models) -> new Route.Log());
    all.put("/v2/repository/index", (names, models) -> new Route.Index());
    all.put(
        "/v2/repository/models/{model}/load",
        (names, models) -> new Route.LoadModel(names.first()));
    all.put(
        "/v2/repository/models/{model}/unload",
        (names, models) -> new Route.UnloadModel(names.first()));
    for (Route.Kind kind : Route.Kind.values()) {
      String base = "/v2/%ssharedmemory".formatted(kind.name().toLowerCase(Locale.ROOT));
      String region = base + "/region/{region}";
      all.put(base + "/status", (names, models) -> new Route.SharedStatus(kind, ""));
      all.put(base + "/unregister", (names, models) -> new Route.Unshare(kind, ""));
      all.put(region + "/status", (names, models) -> new Route.SharedStatus(kind, names.first()));
      all.put(region + "/register", (names, models) -> new Route.Share(kind, names.first()));
      all.put(region + "/unregister", (names, models) -> new Route.Unshare(kind, names.first()));
    }
    all.put("/openapi.yaml", (names, models) -> new Route.Description(OpenApi.Form.YAML));
    all.put("/openapi.json", (names, models) -> new Route.Description(OpenApi.Form.JSON));
    all.put("/docs", (names, models) -> new Route.Description(OpenApi.Form.PAGE));
    all.put("/metrics", (names, models) -> new Route.Metrics());
    all.put("/v1/models", (names, models) -> new Route.ListModels());
    all.put("/v1/embeddings", (names, models) -> new Route.Embeddings());
    return all;
  }

  private static Node root() {
    Node root = new Node();
    ALL.forEach((path, maker) -> {
      Node node = root;
      for (String segment : path.substring(1).split("/", -1)) {
        node = segment.startsWith("{") ? any(node) : named(node, segment);
      }
      node.maker = maker;
    });
    return root;
  }

  private static Node any(Node node) {
    Node next = node.any == null ? new Node() : node.any;
    node.any = next;
    return next;
  }

  private static Node named(Node node, String segment) {
    return node.named.computeIfAbsent(segment, name -> new Node());
  }

  /// {@return all paths}
  static Set<String> all() {
    return ALL.keySet();
  }

  /// {@return what a path asks for}
  ///
  /// @param path the path, percent-encoded
  /// @param models the models
  /// @throws ProtocolException of status 404 if there is no such path, model or version, or 400 if
  ///   it is badly encoded
  static Route route(String path, Models models) {
    String plain = path.equals("/v2/") ? "/v2" : path;
    Found found = plain.startsWith("/") ? find(ROOT, plain, 1, Names.NONE) : null;
    if (found == null) {
      throw new ProtocolException(404, "there is no such path");
    }
    return found.maker.route(found.names, models);
  }

  /// {@return what is found below a node for what a path has from an index on, null for nothing}
  private static @Nullable Found find(Node node, String path, int from, Names names) {
    int end = path.indexOf('/', from);
    String segment = path.substring(from, end < 0 ? path.length() : end);
    Node next = node.named.get(segment);
    Found found = next == null ? null : after(next, path, end, names);
    Node any = node.any;
    if (found == null && any != null && !segment.isEmpty()) {
      found = after(any, path, end, names.and(decoded(segment)));
    }
    return found;
  }

  private static @Nullable Found after(Node node, String path, int slash, Names names) {
    if (slash >= 0) {
      return find(node, path, slash + 1, names);
    }
    Maker maker = node.maker;
    return maker == null ? null : new Found(maker, names);
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
