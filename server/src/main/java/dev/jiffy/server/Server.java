package dev.jiffy.server;

import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.protocol.SharedMemory;
import dev.jiffy.server.cache.RedisOptions;
import dev.jiffy.server.call.BodyMemory;
import dev.jiffy.server.http.Access;
import dev.jiffy.server.http.Arrivals;
import dev.jiffy.server.http.HttpEdge;
import dev.jiffy.server.http.Place;
import dev.jiffy.server.metrics.Exposition;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.redis.RedisAnswers;
import dev.jiffy.server.schedule.Counts;
import dev.jiffy.server.schedule.Scheduler;
import dev.jiffy.server.shared.Regions;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.store.Store;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Models behind HTTP and gRPC, from [#start] to [#close].
///
/// Event loops read and write; each model has owner threads that compute. A model whose requests
/// take no longer than handing them over is computed by the event loop itself.
public final class Server implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Server.class.getName());
  private static final long STEP_SECONDS = 30;

  /// How long what is computed is waited for at least, whatever draining has left of its time.
  private static final Duration LAST = Duration.ofSeconds(5);

  private static final String VERSION =
      Objects.requireNonNullElse(
          Server.class.getPackage().getImplementationVersion(), "development");

  /// Event loops that ask for the same negative port share a free one.
  private static final int FREE_PORT = -1;

  private static final int FREE_ADMIN_PORT = -2;

  private static final List<String> EXTENSIONS =
      List.of(
          "binary_tensor_data",
          "classification",
          "model_configuration",
          "parameters",
          "schedule_policy",
          "statistics");

  private final ServerOptions options;
  private final StoreOptions storage;
  private final Models models = new Models();
  private final BodyMemory bodies = BodyMemory.ofHeap();
  private final Store store;
  private final Queue<HttpEdge> edges = new ConcurrentLinkedQueue<>();
  private final Queue<HttpEdge> adminEdges = new ConcurrentLinkedQueue<>();
  private final Queue<HttpEdge> unixEdges = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean ready = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Vertx vertx;
  private final Watch watch;
  private final @Nullable Exposition metrics;
  private final @Nullable Regions regions;
  private final @Nullable RedisAnswers redis;
  private @Nullable SocketFile socket;

  private Server(ServerOptions options, StoreOptions storage, List<LoadedModel> given) {
    this.options = options;
    this.storage = storage;
    this.regions = options.isSharing() ? Regions.ofThisMachine() : null;
    models.start(given, options.policy());
    Traffic traffic = new Traffic();
    this.vertx =
        Vertx.builder()
            .with(
                new VertxOptions()
                    .setEventLoopPoolSize(options.http().eventLoops())
                    .setWorkerPoolSize(2)
                    .setFileSystemOptions(
                        new FileSystemOptions()
                            .setFileCachingEnabled(false)
                            .setClassPathResolvingEnabled(false)))
            .withTransport(new Arrivals(options.http(), traffic))
            .build();
    RedisOptions server = storage.redis();
    this.redis = server == null ? null : new RedisAnswers(vertx, server);
    this.store =
        new Store(
            storage.repository(),
            storage.defaults(),
            models,
            storage.progress(),
            storage.functions(),
            redis);
    Watching watching = Watching.start(options.watch(), VERSION, traffic, models::all, redis);
    this.watch = watching.watch();
    this.metrics = watching.metrics();
  }

  /// {@return a server that is ready: it listens, and its models are warm}
  ///
  /// @param options how to serve
  /// @param models the models, of different names; the server closes them when it is closed
  /// @throws IllegalArgumentException if two models have the same name
  /// @throws UncheckedIOException if the address cannot be listened on; the models stay open
  public static Server start(ServerOptions options, List<LoadedModel> models) {
    Server server = listening(options, models);
    server.warmUp();
    return server;
  }

  /// {@return a server of a repository's models that is ready: it listens, and they are warm}
  ///
  /// @param options how to serve; each model has a policy and a time to warm up of its own
  /// @param storage where models come from
  /// @throws ModelException if something in the repository is no model or cannot be loaded
  /// @throws IllegalArgumentException if whoever reaches the server from elsewhere could load and
  ///   unload models
  /// @throws UncheckedIOException if an address cannot be listened on, or the repository cannot be
  ///   read
  public static Server start(ServerOptions options, StoreOptions storage) {
    if (storage.isOpen() && !isLoopback(options.http().host())) {
      throw new IllegalArgumentException(
          "models may be loaded and unloaded by everyone on this machine's own addresses only, got "
              + options.http().host());
    }
    Server server = listening(options, storage, List.of());
    try {
      server.store.start();
      Duration poll = storage.poll();
      boolean mayCome = poll != null || storage.isOpen() || options.admin() != null;
      if (server.models.names().isEmpty() && !mayCome) {
        throw new IllegalArgumentException(
            storage.repository()
                + ": expected NAME.onnx, NAME/model.onnx or NAME/VERSION/model.onnx, got no model");
      }
      if (poll != null) {
        server.store.poll(poll);
      }
      server.ready.set(true);
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new UncheckedIOException("the host " + host + " is not known", e);
    }
  }

  /// {@return a server that tells clients that it is not ready}
  static Server listening(ServerOptions options, List<LoadedModel> models) {
    return listening(options, StoreOptions.none(), models);
  }

  private static Server listening(
      ServerOptions options, StoreOptions storage, List<LoadedModel> models) {
    if (options.isSharing()) {
      checkThatCallersAreHere(options.http().host());
      if (options.admin() != null) {
        checkThatCallersAreHere(options.admin().host());
      }
    }
    Server server = new Server(options, storage, models);
    try {
      server.listen();
      return server;
    } catch (RuntimeException | Error e) {
      server.stop(LAST);
      throw e;
    }
  }

  private static void checkThatCallersAreHere(String host) {
    if (!isLoopback(host)) {
      throw new IllegalArgumentException(
          "memory is shared with callers on this machine's own addresses only, got " + host);
    }
  }

  private void listen() {
    HttpOptions http = withBodiesThatFit(options.http());
    boolean checksPages = storage.isOpen() || options.isSharing();
    Access access = new Access(null, options.safety().keys(), storage.isOpen(), checksPages);
    listen(http, port(http, FREE_PORT), access, options.safety().tls(), edges);
    UnixOptions unix = options.unix();
    if (unix != null) {
      listen(http, unix, new Access(null, access.keys(), access.mayChange(), false));
    }
    AdminOptions admin = options.admin();
    if (admin != null) {
      HttpOptions own = http.host(admin.host()).port(admin.port()).eventLoops(1);
      listen(
          own,
          port(own, FREE_ADMIN_PORT),
          new Access(admin.token(), null, true, false),
          options.safety().tls(),
          adminEdges);
    }
  }

  /// {@return options by which the largest body is no larger than there is memory for all}
  private HttpOptions withBodiesThatFit(HttpOptions http) {
    int most = bodies.largest(http.maxBodyBytes());
    if (most < http.maxBodyBytes()) {
      LOG.log(
          Level.WARNING,
          "bodies may have %d bytes and not %d, as bodies may take a quarter of the heap"
              .formatted(most, http.maxBodyBytes()));
    }
    return http.maxBodyBytes(most);
  }

  private static Place port(HttpOptions http, int free) {
    return new Place.Port(http.port() == 0 ? free : http.port());
  }

  private void listen(HttpOptions http, UnixOptions unix, Access access) {
    try {
      SocketFile file = SocketFile.prepare(unix);
      socket = file;
      listen(http, new Place.Socket(file.bound()), access, null, unixEdges);
      file.publish();
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("cannot listen on unix:%s".formatted(e.getMessage()), e));
    }
  }

  private ServerMetadata metadata(Access access) {
    List<String> extensions = new ArrayList<>(EXTENSIONS);
    if (regions != null) {
      extensions.add("system_shared_memory");
    }
    if (access.mayChange()) {
      if (options.watch().log() != null) {
        extensions.add("logging");
      }
      extensions.add("model_repository");
      extensions.add("model_repository(unload_dependents)");
      extensions.add("trace");
    }
    return new ServerMetadata("jiffy", VERSION, extensions);
  }

  private void listen(
      HttpOptions http, Place place, Access access, @Nullable Tls tls, Queue<HttpEdge> started) {
    InferReader reader =
        new InferReader(
            Limits.defaults().maxTensorBytes(4L * http.maxBodyBytes()),
            regions == null ? SharedMemory.NONE : regions);
    Future<String> deployed =
        vertx.deployVerticle(
            () -> {
              HttpEdge edge =
                  new HttpEdge(
                      http,
                      place,
                      models,
                      metadata(access),
                      reader,
                      ready::get,
                      tls,
                      watch,
                      metrics,
                      store,
                      regions,
                      bodies,
                      access);
              started.add(edge);
              return edge;
            },
            new DeploymentOptions().setInstances(http.eventLoops()));
    try {
      deployed.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      String why = String.valueOf((e.getCause() == null ? e : e.getCause()).getMessage());
      throw new UncheckedIOException(
          new IOException(
              switch (place) {
                case Place.Port _ ->
                    "cannot listen on %s:%d: %s".formatted(http.host(), http.port(), why);
                case Place.Socket(String path) ->
                    "cannot listen on unix:%s: %s".formatted(path, why);
              },
              e));
    }
  }

  /// Runs each model until it is warm, one after the other, and is ready then.
  void warmUp() {
    models.warmUp(options.warmUpTime());
    ready.set(true);
  }

  /// {@return whether connections are encrypted}
  public boolean isEncrypted() {
    return options.safety().tls() != null;
  }

  /// {@return the port that the server listens on}
  public int port() {
    return edges.element().port();
  }

  /// {@return the port on which models are loaded and unloaded}
  ///
  /// @throws java.util.NoSuchElementException if there is none
  public int adminPort() {
    return adminEdges.element().port();
  }

  /// {@return the socket that the server listens on, null for none}
  public @Nullable Path unix() {
    return socket == null ? null : socket.path();
  }

  /// {@return the address that the server listens on}
  public String host() {
    return options.http().host();
  }

  /// {@return the models}
  public List<LoadedModel> models() {
    return models.all().stream().map(Served::model).toList();
  }

  /// {@return how many requests a model has had}
  ///
  /// @param model the model's name
  /// @throws dev.jiffy.protocol.ProtocolException if there is no such model
  public Counts counts(String model) {
    return scheduler(model).counts();
  }

  /// {@return what runs the requests of a model}
  Scheduler scheduler(String model) {
    return models.served(model, "").scheduler();
  }

  /// {@return what the bodies of requests take}
  BodyMemory bodies() {
    return bodies;
  }

  /// {@return what went over the connections}
  Traffic traffic() {
    return watch.traffic();
  }

  /// Accepts no more requests, waits for the answers under way, and releases everything, the models
  /// too. What is still computed some seconds after the time for that is left alone, with its
  /// model: it keeps no process from ending. Idempotent.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    removeSocket();
    long startNanos = System.nanoTime();
    long millis = options.drainTimeout().toMillis();
    Future<?> drained =
        Future.all(
            Stream.of(edges, unixEdges, adminEdges)
                .flatMap(Queue::stream)
                .map(edge -> edge.drain(millis))
                .toList());
    await(drained, millis + TimeUnit.SECONDS.toMillis(STEP_SECONDS), "draining");
    ready.set(false);
    Duration left = options.drainTimeout().minusNanos(System.nanoTime() - startNanos);
    stop(left.compareTo(LAST) < 0 ? LAST : left);
    models.close();
  }

  private void removeSocket() {
    SocketFile file = socket;
    if (file != null) {
      try {
        file.close();
      } catch (UncheckedIOException e) {
        LOG.log(Level.WARNING, "the socket cannot be removed", e);
      }
    }
  }

  private void stop(Duration most) {
    removeSocket();
    store.close();
    models.stop(most);
    if (redis != null) {
      redis.close();
    }
    await(vertx.close(), TimeUnit.SECONDS.toMillis(STEP_SECONDS), "stopping the event loops");
    if (regions != null) {
      regions.close();
    }
    watch.close();
    if (metrics != null) {
      metrics.close();
    }
  }

  private static void await(Future<?> future, long millis, String what) {
    try {
      future.toCompletionStage().toCompletableFuture().get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.log(Level.WARNING, what + " took longer than " + millis + " ms");
    } catch (ExecutionException e) {
      LOG.log(Level.WARNING, what + " failed", e);
    } catch (InterruptedException e) {
      LOG.log(Level.WARNING, what + " was interrupted");
      Thread.currentThread().interrupt();
    }
  }
}
