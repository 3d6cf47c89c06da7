package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.ServiceWire;
import dev.jiffy.protocol.TensorMetadata;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/// What a served model takes and gives, as its server tells. A dimension that a request decides is
/// named after its input and place, as `input_ids.1`.
///
/// @param inputs what it takes
/// @param outputs what it gives
public record Served(List<TensorSpec> inputs, List<TensorSpec> outputs) {
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

  /// Copies the lists.
  public Served {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /// {@return what a served model takes and gives}
  ///
  /// @param server the server's address
  /// @param model the model's name
  /// @param api how it is asked
  /// @throws UncheckedIOException if it cannot be asked
  public static Served ask(URI server, String model, ServerApi api) {
    try {
      ModelMetadata metadata =
          switch (api) {
            case V2_GRPC -> {
              byte[] request = ServiceWire.names(new ServiceWire.Names(model, ""));
              Carrier carrier = Carrier.GRPC;
              String path = Requests.GRPC_SERVICE + "ModelMetadata";
              byte[] body = ask(server, carrier, HttpMethod.POST, path, GrpcFrame.of(request));
              yield ServiceWire.modelMetadata(GrpcFrame.message(body));
            }
            case V2_JSON, V2_BINARY, OPENAI -> {
              String path = Requests.pathOf(model);
              byte[] none = {};
              yield ModelMetadata.fromJson(ask(server, Carrier.HTTP, HttpMethod.GET, path, none));
            }
          };
      return new Served(specs(metadata.inputs()), specs(metadata.outputs()));
    } catch (ProtocolException e) {
      throw new UncheckedIOException(
          new IOException("%s: %s".formatted(server, e.getMessage()), e));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return the names of the models that a server serves, by the index of its repository over
  /// HTTP}
  ///
  /// @param server the server's address
  /// @throws UncheckedIOException if it cannot be asked
  public static List<String> names(URI server) {
    try {
      byte[] onlyReady = "{\"ready\":true}".getBytes(StandardCharsets.UTF_8);
      byte[] index = ask(server, Carrier.HTTP, HttpMethod.POST, "/v2/repository/index", onlyReady);
      return ModelState.fromJson(index).stream().map(ModelState::name).distinct().toList();
    } catch (ProtocolException e) {
      throw new UncheckedIOException(
          new IOException("%s: %s".formatted(server, e.getMessage()), e));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] ask(
      URI server, Carrier carrier, HttpMethod method, String path, byte[] body) throws IOException {
    Address address = Address.of(server);
    Vertx vertx = HttpSubject.oneLoop();
    HttpClient client = vertx.createHttpClient(carrier.options(address.isSecure()));
    RequestOptions options =
        new RequestOptions()
            .setMethod(method)
            .setServer(address.socket())
            .setHost(address.host())
            .setPort(address.port())
            .setURI(address.prefix() + path)
            .setTimeout(TimeUnit.NANOSECONDS.toMillis(TIMEOUT_NANOS));
    carrier.prepare(options, TIMEOUT_NANOS);
    try {
      return client
          .request(options)
          // one chain on the event loop: a body that comes before somebody asks for it is lost
          .compose(request ->
              request
                  .send(Buffer.buffer(body))
                  .compose(response ->
                      response.body().map(answer -> answered(path, carrier, response, answer))))
          .toCompletionStage()
          .toCompletableFuture()
          .orTimeout(TIMEOUT_NANOS, TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String why = cause.getMessage() == null ? "no answer in time" : cause.getMessage();
      throw new IOException("cannot ask %s: %s".formatted(server, why), cause);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().join();
    }
  }

  private static byte[] answered(
      String path, Carrier carrier, HttpClientResponse response, Buffer answer) {
    Outcome outcome = carrier.outcome(response);
    if (outcome == Outcome.OK) {
      return answer.getBytes();
    }
    String message = response.getHeader("grpc-message");
    throw new IllegalStateException(
        "%s answers %d, %s%s"
            .formatted(
                path,
                response.statusCode(),
                outcome.label(),
                message == null ? "" : ", " + message));
  }

  private static List<TensorSpec> specs(List<TensorMetadata> tensors) {
    List<TensorSpec> specs = new ArrayList<>();
    for (TensorMetadata tensor : tensors) {
      List<Dim> dims = new ArrayList<>();
      for (int i = 0; i < tensor.shape().size(); i++) {
        long extent = tensor.shape().get(i);
        dims.add(extent < 0 ? new Dim.Symbol(tensor.name() + "." + i) : new Dim.Known(extent));
      }
      specs.add(new TensorSpec(tensor.name(), tensor.dtype(), dims));
    }
    return specs;
  }
}
