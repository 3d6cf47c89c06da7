package dev.jiffy.server.http;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.protocol.EmbeddingsRequest;
import dev.jiffy.protocol.EmbeddingsRequest.Input;
import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.call.InferCall;
import dev.jiffy.server.call.RawBody;
import dev.jiffy.server.call.Slab;
import dev.jiffy.server.grpc.GrpcEdge;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One event loop that serves HTTP/1.1, HTTP/2 without TLS, and gRPC over it.
///
/// A request is read here. Where its model is known to be quick it is also answered here; otherwise
/// one of the model's owner threads reads its tensors, runs the model and writes the answer, so
/// that the event loop stays free for other requests and for health checks.
public final class HttpEdge extends VerticleBase {
  private static final CharSequence SERVER_TIMING = HttpHeaders.createOptimized("server-timing");
  private static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized(Message.JSON_LENGTH_HEADER);
  private static final int LARGE_BODY = 64 << 10;

  /// Larger requests are not computed on the event loop.
  private static final int INLINE_BYTES = 16 << 10;

  private static final long LINGER_MILLIS = 1000;

  /// Large tensors fill HTTP/2's windows of 64 KiB, and wait for them, too often.
  private static final int STREAM_WINDOW = 4 << 20;

  private static final int CONNECTION_WINDOW = 16 << 20;
  private static final int MAX_STREAMS = 1024;

  private final HttpOptions options;
  private final int port;
  private final Models models;
  private final byte[] metadata;
  private final BooleanSupplier ready;
  private final InferReader reader;
  private final Connections connections;
  private final ServerMetadata server;
  private @Nullable GrpcEdge grpc;
  private @Nullable HttpServer http;

  /// An event loop, not yet started.
  ///
  /// @param options how to listen
  /// @param port the port, negative for a free one that is the same for all event loops
  /// @param models the models
  /// @param server what clients are told of the server
  /// @param reader reads requests
  /// @param ready whether the server takes requests
  public HttpEdge(
      HttpOptions options,
      int port,
      Models models,
      ServerMetadata server,
      InferReader reader,
      BooleanSupplier ready) {
    this.options = options;
    this.port = port;
    this.models = models;
    this.server = server;
    this.metadata = server.toJson();
    this.ready = ready;
    this.reader = reader;
    this.connections = new Connections(options);
  }

  @Override
  public Future<?> start() {
    grpc =
        new GrpcEdge(
            vertx, models, server, new InferWire(reader.limits()), ready, options.maxBodyBytes());
    HttpServer listener =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(options.host())
                .setPort(port)
                .setHttp2ClearTextEnabled(true)
                // a client that never says which protocol it speaks is not among the connections
                .setIdleTimeout((int) Math.min(Integer.MAX_VALUE, options.idleTimeout().toMillis()))
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                .setInitialSettings(
                    new Http2Settings()
                        .setInitialWindowSize(STREAM_WINDOW)
                        .setMaxConcurrentStreams(MAX_STREAMS)
                        .setMaxHeaderListSize(options.maxHeaderBytes()))
                .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
                .setMaxHeaderSize(options.maxHeaderBytes())
                .setMaxChunkSize(LARGE_BODY)
                .setDecompressionSupported(true));
    http = listener;
    listener.connectionHandler(connections::opened);
    listener.requestHandler(this::handle);
    long sweep =
        Math.min(
            1000, Math.min(options.idleTimeout().toMillis(), options.bodyTimeout().toMillis()));
    vertx.setPeriodic(sweep, timer -> connections.sweep());
    return listener.listen();
  }

  /// {@return the port that the event loop listens on}
  public int port() {
    if (http == null) {
      throw new IllegalStateException("not started");
    }
    return http.actualPort();
  }

  /// {@return done when no connection is left: takes no more of them, and waits for the answers
  /// under way}
  ///
  /// @param millis how long to wait before connections are closed
  public Future<Void> drain(long millis) {
    HttpServer listener = http;
    if (listener == null) {
      return Future.succeededFuture();
    }
    Promise<Void> closed = Promise.promise();
    context.runOnContext(here ->
        connections
            .drain(millis, vertx)
            .onComplete(drained -> listener.close().onComplete(closed)));
    return closed.future();
  }

  private void handle(HttpServerRequest request) {
    connections.reading(request);
    GrpcEdge calls = grpc;
    if (calls != null && GrpcEdge.isCall(request)) {
      connections.answering(request);
      calls.handle(request, () -> connections.idle(request));
      return;
    }
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
      case Route.DescribeModel(Served served) ->
          Reply.json(200, served.model().metadata().toJson());
      case Route.ModelReady(Served served) ->
          text(
              ready.getAsBoolean() ? 200 : 503,
              "{\"name\":\"%s\",\"ready\":%s}"
                  .formatted(served.model().name(), ready.getAsBoolean()));
      case Route.ListModels _ ->
          Reply.json(
              200,
              EmbeddingsResponse.models(
                  models.all().stream().map(served -> served.model().name()).toList()));
      case Route.Config(Served served) -> Reply.json(200, served.config().toJson());
      case Route.Statistics(List<Served> served) ->
          Reply.json(200, ModelStatistics.toJson(served.stream().map(Served::statistics).toList()));
      case Route.OpenApi _ -> Reply.text("application/yaml", OpenApi.document());
      case Route.Infer _, Route.Embeddings _, Route.Index _ ->
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
      connections.answering(request);
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
      case Route.Infer(Served served) -> {
        String header = request.getHeader(JSON_LENGTH);
        Slab memory = new Slab();
        read(
            request,
            body.length,
            () -> infer(served, header, body, memory),
            call -> infer(request, served, call, memory, body.length, stopwatch),
            memory);
      }
      case Route.Embeddings _ ->
          read(
              request,
              body.length,
              () -> EmbeddingsRequest.fromJson(body),
              parsed -> embed(request, parsed, body.length, stopwatch),
              () -> {});
      case Route.Index _ ->
          send(
              request,
              Reply.json(200, ModelState.toJson(models.index(ModelState.readyOnly(body)))));
      case Route.Live _,
          Route.Ready _,
          Route.Describe _,
          Route.DescribeModel _,
          Route.ModelReady _,
          Route.Config _,
          Route.Statistics _,
          Route.OpenApi _,
          Route.ListModels _ ->
          throw new IllegalStateException("takes no body: " + route);
    }
  }

  /// Reads a body here, or on a worker thread where that would keep other requests waiting.
  private <T> void read(
      HttpServerRequest request,
      int bytes,
      Callable<T> reader,
      Consumer<T> then,
      AutoCloseable memory) {
    if (bytes > LARGE_BODY) {
      vertx
          .executeBlocking(reader, false)
          .map(read -> {
            then.accept(read);
            return read;
          })
          .onFailure(e -> fail(request, e, memory));
      return;
    }
    try {
      then.accept(reader.call());
    } catch (Exception | OutOfMemoryError e) {
      fail(request, e, memory);
    }
  }

  private void fail(HttpServerRequest request, Throwable failure, AutoCloseable memory) {
    try {
      memory.close();
    } catch (Exception e) {
      failure.addSuppressed(e);
    }
    send(request, Failures.reply(path(request), failure));
  }

  private InferCall infer(Served served, @Nullable String header, byte[] body, Slab memory) {
    int jsonLength = Message.jsonLength(header, body.length);
    return InferCall.of(
        served.model(),
        jsonLength == 0 && header != null
            ? RawBody.request(served.model(), body, memory)
            : reader.request(body, jsonLength, memory));
  }

  private void infer(
      HttpServerRequest request,
      Served served,
      InferCall call,
      Slab memory,
      int bytes,
      Stopwatch stopwatch) {
    long timeout = Deadline.nanos(request);
    stopwatch.lap("decode");
    long decodeNanos = stopwatch.elapsedNanos();
    Exchange exchange =
        new Exchange(
            request,
            vertx.getOrCreateContext(),
            done -> {
              stopwatch.computed(done.timing());
              Message message =
                  InferWriter.response(call.response(done.answer(), done.timing(), decodeNanos));
              long encodeNanos = stopwatch.lap("encode");
              served
                  .tally()
                  .answered(done.timing(), decodeNanos, encodeNanos, stopwatch.arrivedNanos());
              return Reply.message(message, stopwatch);
            },
            served.tally(),
            stopwatch.arrivedNanos(),
            memory,
            this::send);
    submit(
        exchange,
        served,
        new Ticket(
            call.question(),
            call.priority(),
            stopwatch.arrivedNanos(),
            served.scheduler().deadlineOr(call.deadlineNanos(stopwatch.arrivedNanos(), timeout)),
            exchange::finish),
        bytes);
  }

  private void embed(
      HttpServerRequest request, EmbeddingsRequest parsed, int bytes, Stopwatch stopwatch) {
    long timeout = Deadline.nanos(request);
    stopwatch.lap("decode");
    Served served = models.served(parsed.model(), "");
    if (served.model().text() == null) {
      throw new ProtocolException(
          400, "model '%s' does not take texts".formatted(served.model().name()));
    }
    Exchange exchange =
        new Exchange(
            request,
            vertx.getOrCreateContext(),
            done -> embeddings(parsed, served, done, stopwatch),
            served.tally(),
            stopwatch.arrivedNanos(),
            () -> {},
            this::send);
    submit(
        exchange,
        served,
        new Ticket(
            switch (parsed.input()) {
              case Input.Texts texts -> new Question.Texts(texts.texts());
              case Input.Tokens tokens -> new Question.Tokens(tokens.texts());
            },
            Ticket.NORMAL,
            stopwatch.arrivedNanos(),
            served
                .scheduler()
                .deadlineOr(timeout == 0 ? Ticket.NEVER : stopwatch.arrivedNanos() + timeout),
            exchange::finish),
        bytes);
  }

  private static void submit(Exchange exchange, Served served, Ticket ticket, int bytes) {
    exchange.submit(served.scheduler(), ticket, bytes <= INLINE_BYTES);
  }

  private static Reply embeddings(
      EmbeddingsRequest request, Served served, Outcome.Done done, Stopwatch stopwatch) {
    if (!(done.answer() instanceof Answer.Vectors(Embeddings embeddings))) {
      throw new IllegalStateException("vectors were asked for, not " + done.answer());
    }
    stopwatch.add("queue", done.timing().queueNanos());
    stopwatch.add("tokenize", embeddings.tokenizeNanos());
    stopwatch.add("compute", embeddings.runNanos());
    stopwatch.add("pool", embeddings.poolNanos());
    stopwatch.skip();
    byte[] json =
        new EmbeddingsResponse(served.model().name(), embeddings.vectors(), embeddings.tokens())
            .toJson(request.base64());
    long encodeNanos = stopwatch.lap("encode");
    served
        .tally()
        .answered(done.timing(), embeddings.tokenizeNanos(), encodeNanos, stopwatch.arrivedNanos());
    return Reply.json(json, stopwatch);
  }

  /// Answers with an error before all of the request has arrived, and hangs up if the rest does not
  /// come soon.
  private void refuse(HttpServerRequest request, ProtocolException e) {
    boolean whole = request.isEnded() || hasNoBody(request);
    boolean isAlone = request.version() != HttpVersion.HTTP_2;
    if (!whole && isAlone) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    send(request, Failures.reply(path(request), e));
    if (!whole) {
      vertx.setTimer(
          LINGER_MILLIS,
          timer -> {
            if (isAlone) {
              request.connection().close();
            } else if (!request.isEnded()) {
              request.response().reset();
            }
          });
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
    connections.idle(request);
    if (response.closed() || response.ended()) {
      return;
    }
    response.setStatusCode(reply.status());
    response.putHeader(HttpHeaders.CONTENT_TYPE, reply.contentType());
    if (reply.jsonLength() >= 0) {
      response.putHeader(JSON_LENGTH, Integer.toString(reply.jsonLength()));
    }
    if (reply.retryAfterSeconds() > 0) {
      response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(reply.retryAfterSeconds()));
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
