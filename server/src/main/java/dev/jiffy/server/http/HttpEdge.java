package dev.jiffy.server.http;

import dev.jiffy.protocol.EmbeddingsRequest;
import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.schedule.ModelSessions;
import dev.jiffy.server.schedule.Runner;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// One event loop that serves HTTP/1.1.
///
/// A request is read here. Where its model is known to be quick it is also answered here; otherwise
/// one of the model's owner threads reads its tensors, runs the model and writes the answer, so
/// that the event loop stays free for other requests and for health checks.
public final class HttpEdge extends VerticleBase {
  private static final CharSequence SERVER_TIMING = HttpHeaders.createOptimized("server-timing");
  private static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized(Message.JSON_LENGTH_HEADER);
  private static final int LARGE_BODY = 64 << 10;
  private static final long LINGER_MILLIS = 1000;

  private final HttpOptions options;
  private final int port;
  private final Map<String, Runner> models;
  private final byte[] metadata;
  private final BooleanSupplier ready;
  private final InferReader reader;
  private final Connections connections;
  private final Map<Runner, ModelSessions> sessions = new HashMap<>();
  private @Nullable HttpServer server;

  /// An event loop, not yet started.
  ///
  /// @param options how to listen
  /// @param port the port, negative for a free one that is the same for all event loops
  /// @param models the models by name
  /// @param metadata what clients are told of the server
  /// @param reader reads requests
  /// @param ready whether the server takes requests
  public HttpEdge(
      HttpOptions options,
      int port,
      Map<String, Runner> models,
      byte[] metadata,
      InferReader reader,
      BooleanSupplier ready) {
    this.options = options;
    this.port = port;
    this.models = models;
    this.metadata = metadata;
    this.ready = ready;
    this.reader = reader;
    this.connections = new Connections(options);
  }

  @Override
  public Future<?> start() {
    HttpServer http =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(options.host())
                .setPort(port)
                .setHttp2ClearTextEnabled(false)
                .setMaxHeaderSize(options.maxHeaderBytes())
                .setMaxChunkSize(LARGE_BODY)
                .setDecompressionSupported(true));
    server = http;
    http.connectionHandler(connections::opened);
    http.requestHandler(this::handle);
    long sweep =
        Math.min(
            1000, Math.min(options.idleTimeout().toMillis(), options.bodyTimeout().toMillis()));
    vertx.setPeriodic(sweep, timer -> connections.sweep());
    return http.listen();
  }

  /// {@return the port that the event loop listens on}
  public int port() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server.actualPort();
  }

  /// {@return done when no connection is left: accepts no more, and waits for the answers under
  /// way}
  ///
  /// @param millis how long to wait before connections are closed
  public Future<Void> drain(long millis) {
    return server == null
        ? Future.succeededFuture()
        : server.shutdown(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public Future<?> stop() {
    sessions.values().forEach(ModelSessions::close);
    return Future.succeededFuture();
  }

  private void handle(HttpServerRequest request) {
    connections.reading(request.connection());
    try {
      Route route = Route.of(path(request), models);
      boolean get =
          request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
      if (route.takesBody() ? !request.method().equals(HttpMethod.POST) : !get) {
        String allowed = route.takesBody() ? "POST" : "GET, HEAD";
        request.response().putHeader(HttpHeaders.ALLOW, allowed);
        throw new ProtocolException(405, "this path takes " + allowed + " only");
      }
      if (route.takesBody()) {
        checkType(request, route);
        collect(request, route);
      } else {
        send(request, answer(route));
      }
    } catch (ProtocolException e) {
      refuse(request, e);
    }
  }

  private Reply answer(Route route) {
    return switch (route) {
      case Route.Live _ -> state("live", true);
      case Route.Ready _ -> state("ready", ready.getAsBoolean());
      case Route.Describe _ -> Reply.json(200, metadata);
      case Route.DescribeModel(Runner runner) ->
          Reply.json(200, runner.model().metadata().toJson());
      case Route.ModelReady(Runner runner) ->
          text(
              ready.getAsBoolean() ? 200 : 503,
              "{\"name\":\"%s\",\"ready\":%s}"
                  .formatted(runner.model().name(), ready.getAsBoolean()));
      case Route.Models _ ->
          Reply.json(200, EmbeddingsResponse.models(List.copyOf(models.keySet())));
      case Route.Infer _, Route.Embeddings _ ->
          throw new IllegalStateException("takes a body: " + route);
    };
  }

  private static Reply state(String name, boolean holds) {
    return text(holds ? 200 : 503, "{\"%s\":%s}".formatted(name, holds));
  }

  private static Reply text(int status, String json) {
    return Reply.json(status, json.getBytes(StandardCharsets.UTF_8));
  }

  private static void checkType(HttpServerRequest request, Route route) {
    String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw new ProtocolException(415, "the body's encoding must be gzip, deflate or identity");
    }
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null) {
      return;
    }
    int end = type.indexOf(';');
    String media = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    boolean fits =
        switch (media) {
          // What clients send that do not care.
          case "", "application/json", "text/plain", "application/x-www-form-urlencoded" -> true;
          case "application/octet-stream", "application/vnd.sagemaker-triton.binary+json" ->
              route instanceof Route.Infer;
          default -> media.endsWith("+json");
        };
    if (!fits) {
      throw new ProtocolException(415, "the body must be application/json");
    }
  }

  private void collect(HttpServerRequest request, Route route) {
    long announced = announced(request);
    if (announced > options.maxBodyBytes()) {
      throw tooLarge();
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      request.response().writeContinue();
    }
    BodyCollector collector = new BodyCollector(announced, options.maxBodyBytes());
    request.handler(chunk -> {
      if (!collector.add(chunk)) {
        request.handler(rest -> {});
        request.endHandler(end -> {});
        refuse(request, tooLarge());
      }
    });
    request.exceptionHandler(gone -> {});
    request.endHandler(end -> {
      connections.answering(request.connection());
      try {
        arrived(request, route, collector.body(), System.nanoTime());
      } catch (RuntimeException e) {
        send(request, Failures.reply(path(request), e));
      }
    });
  }

  /// {@return the announced length of the body, -1 if there is none}
  private static long announced(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      return -1;
    }
    try {
      return Long.parseLong(length);
    } catch (NumberFormatException e) {
      throw new ProtocolException(400, "the header Content-Length is no number", e);
    }
  }

  private ProtocolException tooLarge() {
    return new ProtocolException(
        413, "the body is larger than %d bytes".formatted(options.maxBodyBytes()));
  }

  private void arrived(HttpServerRequest request, Route route, byte[] body, long nanos) {
    if (!ready.getAsBoolean()) {
      throw new ProtocolException(503, "the server is not ready");
    }
    Stopwatch stopwatch = new Stopwatch(nanos);
    switch (route) {
      case Route.Infer(Runner runner) ->
          run(
              request,
              runner,
              new InferEndpoint(reader, request.getHeader(JSON_LENGTH)),
              body,
              stopwatch);
      case Route.Embeddings _ -> {
        if (body.length <= LARGE_BODY) {
          embed(request, EmbeddingsRequest.fromJson(body), body, stopwatch);
        } else {
          vertx
              .executeBlocking(() -> EmbeddingsRequest.fromJson(body))
              .onSuccess(parsed -> embed(request, parsed, body, stopwatch))
              .onFailure(e -> send(request, Failures.reply(path(request), e)));
        }
      }
      case Route.Live _,
          Route.Ready _,
          Route.Describe _,
          Route.DescribeModel _,
          Route.ModelReady _,
          Route.Models _ ->
          throw new IllegalStateException("takes no body: " + route);
    }
  }

  private void embed(
      HttpServerRequest request, EmbeddingsRequest parsed, byte[] body, Stopwatch stopwatch) {
    try {
      stopwatch.lap("decode");
      Runner runner = Route.runner(parsed.model(), models);
      if (runner.model().text() == null) {
        throw new ProtocolException(
            400, "model '%s' does not take texts".formatted(runner.model().name()));
      }
      run(request, runner, new EmbeddingsEndpoint(parsed), body, stopwatch);
    } catch (ProtocolException e) {
      send(request, Failures.reply(path(request), e));
    }
  }

  /// Answers at once, or hands the request to an owner thread of its model.
  private void run(
      HttpServerRequest request,
      Runner runner,
      Endpoint endpoint,
      byte[] body,
      Stopwatch stopwatch) {
    String path = path(request);
    if (runner.isQuick(body.length)) {
      ModelSessions mine =
          sessions.computeIfAbsent(runner, owner -> new ModelSessions(owner.model()));
      send(request, reply(path, runner, mine, endpoint, body, stopwatch));
      return;
    }
    Context context = vertx.getOrCreateContext();
    AtomicBoolean gone = new AtomicBoolean();
    request.response().closeHandler(closed -> gone.set(true));
    boolean taken =
        runner.offer(theirs -> {
          if (!gone.get()) {
            stopwatch.lap("queue");
            Reply reply = reply(path, runner, theirs, endpoint, body, stopwatch);
            context.runOnContext(back -> send(request, reply));
          }
        });
    if (!taken) {
      request.response().putHeader(HttpHeaders.RETRY_AFTER, "1");
      send(request, Reply.error(path, 503, "too many requests are waiting"));
    }
  }

  private static Reply reply(
      String path,
      Runner runner,
      ModelSessions sessions,
      Endpoint endpoint,
      byte[] body,
      Stopwatch stopwatch) {
    long start = System.nanoTime();
    try {
      Reply reply = endpoint.reply(sessions, body, stopwatch);
      runner.took(body.length, System.nanoTime() - start);
      return reply;
    } catch (Throwable e) { // the root of a request: whatever happens, its client is told
      return Failures.reply(path, e);
    }
  }

  /// Answers with an error before all of the request has arrived, and hangs up if the rest does not
  /// come soon.
  private void refuse(HttpServerRequest request, ProtocolException e) {
    boolean whole = request.isEnded() || hasNoBody(request);
    if (!whole) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    send(request, Failures.reply(path(request), e));
    if (!whole) {
      vertx.setTimer(LINGER_MILLIS, timer -> request.connection().close());
    }
  }

  private static String path(HttpServerRequest request) {
    String path = request.path();
    return path == null ? "" : path;
  }

  private static boolean hasNoBody(HttpServerRequest request) {
    return request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null
        && request.getHeader(HttpHeaders.CONTENT_LENGTH) == null;
  }

  private void send(HttpServerRequest request, Reply reply) {
    HttpServerResponse response = request.response();
    connections.idle(request.connection());
    if (response.closed() || response.ended()) {
      return;
    }
    response.setStatusCode(reply.status());
    response.putHeader(HttpHeaders.CONTENT_TYPE, reply.contentType());
    if (reply.jsonLength() >= 0) {
      response.putHeader(JSON_LENGTH, Integer.toString(reply.jsonLength()));
    }
    if (reply.timing() != null) {
      response.putHeader(SERVER_TIMING, reply.timing());
    }
    if (request.method().equals(HttpMethod.HEAD)) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(reply.body().length));
      response.end();
    } else {
      response.end(Buffer.buffer(reply.body()));
    }
  }
}
