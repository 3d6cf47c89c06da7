package dev.jiffy.server.http;

import dev.jiffy.server.store.Served;
import io.vertx.core.http.HttpMethod;
import java.util.List;

/// What a path asks for; [Paths] has the table.
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

  /// How much is said in the log, and how much is to be said.
  record Log() implements Route {}

  /// Which requests to a model are traced, or are to be traced; to all where the name is empty.
  record Trace(String model) implements Route {}

  /// What is known of a region of shared memory; of all where the name is empty.
  record SharedStatus(Kind kind, String region) implements Route {}

  /// A region of shared memory is to be known.
  record Share(Kind kind, String region) implements Route {}

  /// A region of shared memory is to be forgotten; all where the name is empty.
  record Unshare(Kind kind, String region) implements Route {}

  /// The description of all routes.
  record Description(OpenApi.Form form) implements Route {}

  /// Numbers about the server, for scrapers.
  record Metrics() implements Route {}

  /// Tensors in, tensors out.
  record Infer(Served served) implements Route {}

  /// The list of models in OpenAI's form.
  record ListModels() implements Route {}

  /// Texts in, vectors out.
  record Embeddings() implements Route {}

  /// Whose memory is shared.
  enum Kind {
    /// That of processes.
    SYSTEM,
    /// That of a GPU.
    CUDA
  }

  /// How a route is asked.
  enum Asked {
    /// Without a body.
    GET("GET, HEAD"),
    /// With a body.
    POST("POST"),
    /// Without a body for what is so, with one for what is to be.
    EITHER("GET, HEAD, POST");

    private final String methods;

    Asked(String methods) {
      this.methods = methods;
    }

    /// {@return the methods of HTTP}
    String methods() {
      return methods;
    }

    /// {@return whether a method of HTTP is among them}
    boolean by(HttpMethod method) {
      return method.equals(HttpMethod.POST)
          ? this != GET
          : this != POST && (method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD));
    }
  }

  /// {@return how the route is asked}
  default Asked asked() {
    return switch (this) {
      case Infer _, Embeddings _, Index _, LoadModel _, UnloadModel _, Share _, Unshare _ ->
          Asked.POST;
      case Log _, Trace _ -> Asked.EITHER;
      case Live _,
          Ready _,
          Describe _,
          DescribeModel _,
          ModelReady _,
          ListModels _,
          Config _,
          Statistics _,
          SharedStatus _,
          Description _,
          Metrics _ ->
          Asked.GET;
    };
  }
}
