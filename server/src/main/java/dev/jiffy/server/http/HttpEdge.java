package dev.jiffy.server.http;

import dev.jiffy.engine.OsThread;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Tls;
import dev.jiffy.server.call.BodyMemory;
import dev.jiffy.server.metrics.Exposition;
import dev.jiffy.server.shared.Regions;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Store;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// One event loop that serves HTTP/1.1, HTTP/2, and gRPC over it, with or without TLS.
public final class HttpEdge extends VerticleBase {
  private static final int MAX_CHUNK = 64 << 10;

  /// Large tensors fill HTTP/2's windows of 64 KiB, and wait for them, too often.
  private static final int STREAM_WINDOW = 4 << 20;

  private static final int CONNECTION_WINDOW = 16 << 20;
  private static final int MAX_STREAMS = 1024;

  /// The most requests of one connection that its client may take back in a second. A burst of
  /// clients' deadlines is no attack: it takes back all streams at once, some times a second.
  private static final int MAX_RESETS = 4 * MAX_STREAMS;

  private final HttpOptions options;
  private final Place place;
  private final Models models;
  private final BooleanSupplier ready;
  private final Store store;
  private final @Nullable Regions regions;
  private final BodyMemory memory;
  private final Access access;
  private final InferReader reader;
  private final Connections connections;
  private final ServerMetadata server;
  private final @Nullable Tls tls;
  private final Watch watch;
  private final @Nullable Exposition metrics;
  private @Nullable HttpServer http;

  /// An event loop, not yet started.
  ///
  /// @param options how to listen
  /// @param place where to listen
  /// @param models the models
  /// @param server what clients are told of the server
  /// @param reader reads requests
  /// @param ready whether the server takes requests
  /// @param tls how connections are encrypted, null for not at all
  /// @param watch is told of requests
  /// @param metrics what scrapers are told, null for nothing
  /// @param store loads and unloads models
  /// @param regions memory that callers share, null for none
  /// @param memory what the bodies of all requests together may take
  /// @param access what whoever reaches the port may do
  public HttpEdge(
      HttpOptions options,
      Place place,
      Models models,
      ServerMetadata server,
      InferReader reader,
      BooleanSupplier ready,
      @Nullable Tls tls,
      Watch watch,
      @Nullable Exposition metrics,
      Store store,
      @Nullable Regions regions,
      BodyMemory memory,
      Access access) {
    this.options = options;
    this.place = place;
    this.models = models;
    this.server = server;
    this.ready = ready;
    this.store = store;
    this.regions = regions;
    this.memory = memory;
    this.access = access;
    this.reader = reader;
    this.tls = tls;
    this.watch = watch;
    this.metrics = metrics;
    this.connections = new Connections(options, watch.traffic());
  }

  @Override
  public Future<?> start() {
    OsThread.takeShortTurns();
    Router router =
        new Router(
            vertx,
            options,
            connections,
            models,
            server,
            reader,
            ready,
            watch,
            metrics,
            store,
            regions,
            memory,
            access);
    HttpServer listener = vertx.createHttpServer(listening());
    http = listener;
    listener.connectionHandler(connections::opened);
    listener.requestHandler(router::handle);
    long sweep =
        Math.min(
            1000, Math.min(options.idleTimeout().toMillis(), options.bodyTimeout().toMillis()));
    vertx.setPeriodic(sweep, timer -> connections.sweep());
    return switch (place) {
      case Place.Port(int number) -> listener.listen(number, options.host());
      case Place.Socket(String path) -> listener.listen(SocketAddress.domainSocketAddress(path));
    };
  }

  private HttpServerOptions listening() {
    HttpServerOptions listening =
        new HttpServerOptions()
            .setHttp2ClearTextEnabled(true)
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            // a stream that is silent counts as an answer that is worked on; the timer of the
            // library, which knows of neither, ends it if its client has gone without a word
            .setIdleTimeout(
                (int)
                    Math.min(
                        Integer.MAX_VALUE, Connections.PATIENCE * options.idleTimeout().toMillis()))
            .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
            .setInitialSettings(
                new Http2Settings()
                    .setInitialWindowSize(STREAM_WINDOW)
                    .setMaxConcurrentStreams(MAX_STREAMS)
                    .setMaxHeaderListSize(options.maxHeaderBytes()))
            .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
            .setHttp2RstFloodMaxRstFramePerWindow(MAX_RESETS)
            .setHttp2RstFloodWindowDuration(1)
            .setHttp2RstFloodWindowDurationTimeUnit(TimeUnit.SECONDS)
            .setMaxHeaderSize(options.maxHeaderBytes())
            .setMaxChunkSize(MAX_CHUNK)
            .setDecompressionSupported(true);
    Tls encryption = tls;
    if (encryption != null) {
      encrypt(listening, encryption);
    }
    return listening;
  }

  private static void encrypt(HttpServerOptions listening, Tls tls) {
    listening
        .setSsl(true)
        .setUseAlpn(true)
        .setEnabledSecureTransportProtocols(new LinkedHashSet<>(List.of("TLSv1.3", "TLSv1.2")))
        .setKeyCertOptions(
            new PemKeyCertOptions()
                .addCertPath(tls.certificate().toString())
                .addKeyPath(tls.key().toString()));
    Path authorities = tls.clientAuthorities();
    if (authorities != null) {
      listening
          .setClientAuth(ClientAuth.REQUIRED)
          .setTrustOptions(new PemTrustOptions().addCertPath(authorities.toString()));
    }
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
}
