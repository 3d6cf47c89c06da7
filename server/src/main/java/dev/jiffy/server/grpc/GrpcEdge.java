package dev.jiffy.server.grpc;

import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.LogSettings;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.RepositoryChange;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.protocol.ServiceWire;
import dev.jiffy.protocol.ServiceWire.Names;
import dev.jiffy.protocol.ServiceWire.Serving;
import dev.jiffy.protocol.SharedRegion;
import dev.jiffy.protocol.TraceSettings;
import dev.jiffy.server.call.BodyMemory;
import dev.jiffy.server.guard.Rights;
import dev.jiffy.server.shared.Regions;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.store.Store;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The gRPC calls of one event loop: by the path of a request to the service's method.
public final class GrpcEdge {
  private static final String INFERENCE = "/inference.GRPCInferenceService/";
  private static final String HEALTH = "/grpc.health.v1.Health/";
  private static final String TYPE = "application/grpc";
  private static final long WATCH_MILLIS = 250;

  /// The largest message of a call that asks for health.
  private static final int HEALTH_BYTES = 1 << 10;

  private final Vertx vertx;
  private final Models models;
  private final ServerMetadata metadata;
  private final InferWire wire;
  private final BooleanSupplier ready;
  private final int maxMessageBytes;
  private final BodyMemory memory;

  /// What messages that ask for health may take, however much others do.
  private final BodyMemory healthMemory = new BodyMemory(4096L * HEALTH_BYTES);

  private final Watch watch;
  private final Store store;
  private final @Nullable Regions regions;
  private final Rights rights;
  private final BooleanSupplier going;
  private final Rounds watching;

  /// A method that is answered at once.
  private interface Method extends Function<byte[], byte[]> {}

  /// The calls of an event loop.
  ///
  /// @param vertx the event loop
  /// @param models the models
  /// @param metadata what clients are told of the server
  /// @param wire reads requests
  /// @param ready whether the server takes requests
  /// @param maxMessageBytes the largest message
  /// @param memory what all messages, and bodies of HTTP, together may take
  /// @param watch is told of calls
  /// @param store loads and unloads models
  /// @param regions memory that callers share, null for none
  /// @param rights what whoever calls may have changed
  /// @param going whether the server takes no new connections, and waits for those there are
  public GrpcEdge(
      Vertx vertx,
      Models models,
      ServerMetadata metadata,
      InferWire wire,
      BooleanSupplier ready,
      int maxMessageBytes,
      BodyMemory memory,
      Watch watch,
      Store store,
      @Nullable Regions regions,
      Rights rights,
      BooleanSupplier going) {
    this.watch = watch;
    this.vertx = vertx;
    this.models = models;
    this.metadata = metadata;
    this.wire = wire;
    this.ready = ready;
    this.maxMessageBytes = maxMessageBytes;
    this.memory = memory;
    this.store = store;
    this.regions = regions;
    this.rights = rights;
    this.going = going;
    this.watching = new Rounds(vertx, WATCH_MILLIS);
  }

  /// {@return whether a request is a gRPC call}
  ///
  /// @param request the request
  public static boolean isCall(HttpServerRequest request) {
    if (request.version() != HttpVersion.HTTP_2) {
      return false;
    }
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type != null
        && type.startsWith(TYPE)
        && (type.length() == TYPE.length() || "+;".indexOf(type.charAt(TYPE.length())) >= 0);
  }

  /// Checks that a request that is no call is not meant as one: gRPC-Web, say, has other frames.
  ///
  /// @param request the request, which is not one that [#isCall]
  /// @throws ProtocolException of status 415 if it is
  public static void checkIsNone(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && type.startsWith(TYPE)) {
      throw new ProtocolException(415, "calls of gRPC must come as application/grpc over HTTP/2");
    }
  }

  /// {@return whether a call only asks for health}
  ///
  /// @param path the path of the call
  public static boolean isForHealth(String path) {
    return path.startsWith(HEALTH)
        || path.equals(INFERENCE + "ServerLive")
        || path.equals(INFERENCE + "ServerReady");
  }

  /// Answers a call.
  ///
  /// @param request the request, which [#isCall]
  /// @param isAllowed whether whoever calls may do so
  /// @param arrived is run when all of the call has arrived; of a stream, when its head has
  /// @param sending is run when the end of the answer is there, and whenever some of it was sent
  ///   then
  /// @param ended is run when the call has ended
  public void handle(
      HttpServerRequest request,
      boolean isAllowed,
      Runnable arrived,
      Runnable sending,
      Runnable ended) {
    Call call = new Call(request, vertx.getOrCreateContext(), watch, arrived, sending);
    request.response().exceptionHandler(gone -> {});
    String path = String.valueOf(request.path());
    call.whenGone(ended);
    if (!isAllowed) {
      call.end(new Status(Status.Code.UNAUTHENTICATED, "the call must say who it comes from"));
      return;
    }
    try {
      if (path.equals(INFERENCE + "ModelInfer")) {
        InferCalls infer = new InferCalls(vertx, call, models, wire, ready, false);
        only(call, infer::add);
      } else if (path.equals(INFERENCE + "ModelStreamInfer")) {
        InferCalls infer = new InferCalls(vertx, call, models, wire, ready, true);
        call.arrived();
        stream(call, infer::add, infer::end);
      } else if (path.equals(INFERENCE + "RepositoryModelLoad")) {
        unary(call, message -> change(call, message, change -> store.load(change.model())));
      } else if (path.equals(INFERENCE + "RepositoryModelUnload")) {
        unary(
            call,
            message ->
                change(call, message, change -> store.unload(change.model(), change.dependents())));
      } else if (path.equals(HEALTH + "Watch")) {
        unary(call, message -> watch(call, message));
      } else {
        Method method = method(path);
        unary(call, message -> call.answer(method.apply(message)));
      }
    } catch (RuntimeException e) {
      call.fail(e);
    }
  }

  private void change(
      Call call, byte[] message, Function<RepositoryChange, CompletableFuture<Void>> task) {
    if (!ready.getAsBoolean()) {
      throw new ProtocolException(503, "the server is not ready");
    }
    rights.checkModels();
    var _ =
        task.apply(RepositoryChange.fromWire(message))
            .whenComplete((done, failure) ->
                call.run(() -> {
                  if (failure == null) {
                    call.answer(new byte[0]);
                  } else {
                    call.end(Status.of(failure));
                  }
                }));
  }

  private Method method(String path) {
    return switch (path) {
      case INFERENCE + "ServerLive" -> message -> ServiceWire.flag(true);
      case INFERENCE + "ServerReady" -> message -> ServiceWire.flag(ready.getAsBoolean());
      case INFERENCE + "ServerMetadata" -> message -> ServiceWire.metadata(metadata);
      case INFERENCE + "ModelReady" ->
          message -> {
            Names names = ServiceWire.names(message);
            return ServiceWire.flag(
                ready.getAsBoolean() && models.isServed(names.first(), names.second()));
          };
      case INFERENCE + "ModelMetadata" ->
          message -> ServiceWire.metadata(models.metadata(served(message)));
      case INFERENCE + "ModelConfig" -> message -> served(message).config().toWire();
      case INFERENCE + "ModelStatistics" ->
          message -> {
            Names names = ServiceWire.names(message);
            return ModelStatistics.toWire(
                models.all(names.first(), names.second()).stream()
                    .map(Served::statistics)
                    .toList());
          };
      case INFERENCE + "RepositoryIndex" ->
          message ->
              ModelState.toWire(models.index(ServiceWire.readyOnly(message), rights.mayChange()));
      case INFERENCE + "TraceSetting" ->
          message -> {
            TraceSettings change = TraceSettings.fromWire(message);
            if (!change.model().isEmpty()) {
              models.served(change.model(), "");
            }
            if (!change.values().isEmpty()) {
              rights.checkSettings();
              watch.tracing().change(change);
            }
            return watch.tracing().settings(change.model()).toWire();
          };
      case INFERENCE + "LogSettings" ->
          message -> {
            LogSettings change = LogSettings.fromWire(message);
            if (!change.values().isEmpty()) {
              rights.checkSettings();
              watch.log().change(change);
            }
            return watch.log().settings().toWire();
          };
      case INFERENCE + "SystemSharedMemoryStatus" ->
          message -> SharedRegion.toWire(regions().status(ServiceWire.names(message).first()));
      case INFERENCE + "SystemSharedMemoryRegister" ->
          message -> {
            regions().register(SharedRegion.fromWire(message));
            return new byte[0];
          };
      case INFERENCE + "SystemSharedMemoryUnregister" ->
          message -> {
            regions().unregister(ServiceWire.names(message).first());
            return new byte[0];
          };
      case INFERENCE + "CudaSharedMemoryStatus", INFERENCE + "CudaSharedMemoryUnregister" ->
          message -> {
            var _ = regions();
            return new byte[0]; // there is no region of a GPU's memory
          };
      case HEALTH + "Check" ->
          message -> {
            if (!isService(ServiceWire.names(message).first())) {
              throw new ProtocolException(404, "there is no such service");
            }
            return ServiceWire.health(Serving.of(ready.getAsBoolean()));
          };
      default -> throw new ProtocolException(501, "there is no such method");
    };
  }

  private Regions regions() {
    if (regions == null) {
      throw new ProtocolException(501, "shared memory is not on");
    }
    return regions;
  }

  private Served served(byte[] message) {
    Names names = ServiceWire.names(message);
    return models.served(names.first(), names.second());
  }

  private static boolean isService(String name) {
    return name.isEmpty() || name.equals("inference.GRPCInferenceService");
  }

  /// Tells whether requests are taken now, and whenever that changes, until the server goes, which
  /// would wait for the end of the call.
  private void watch(Call call, byte[] message) {
    boolean isService = isService(ServiceWire.names(message).first());
    Serving[] last = {serving(isService)};
    call.send(ServiceWire.health(last[0]));
    watching.add(() -> {
      Serving now = serving(isService);
      if (!call.isEnded() && going.getAsBoolean()) {
        call.send(ServiceWire.health(Serving.NOT_SERVING));
        call.end(new Status(Status.Code.UNAVAILABLE, "the server is going"));
      } else if (now != last[0]) {
        last[0] = now;
        call.send(ServiceWire.health(now));
      }
      return !call.isEnded();
    });
  }

  private Serving serving(boolean isService) {
    return isService ? Serving.of(ready.getAsBoolean()) : Serving.SERVICE_UNKNOWN;
  }

  /// Takes the only message of a call once the caller has said all.
  private void unary(Call call, Consumer<byte[]> taker) {
    only(
        call,
        frame -> {
          try {
            taker.accept(frame.message());
          } finally {
            frame.release();
          }
        });
  }

  /// Takes the only frame of a call, which the taker releases unless it throws something.
  private void only(Call call, Consumer<Frame> taker) {
    @Nullable Frame[] only = new Frame[1];
    call.whenGone(() -> {
      if (only[0] != null) {
        only[0].release();
      }
    });
    stream(
        call,
        frame -> {
          if (only[0] != null) {
            throw new ProtocolException(400, "the method takes one message only");
          }
          only[0] = frame;
        },
        () -> {
          Frame frame = only[0];
          if (frame == null) {
            throw new ProtocolException(400, "the call has no message");
          }
          only[0] = null;
          try {
            taker.accept(frame);
          } catch (RuntimeException | Error e) {
            frame.release();
            throw e;
          }
        });
  }

  /// Takes the messages of a call as they come, each of which the taker releases. A failure ends
  /// the call.
  private void stream(Call call, Consumer<Frame> taker, Runnable ended) {
    HttpServerRequest request = call.request();
    String encoding = request.getHeader("grpc-encoding");
    if (encoding != null && !encoding.equals("identity") && !encoding.equals("gzip")) {
      throw new ProtocolException(501, "messages may be compressed by gzip only");
    }
    boolean isForHealth = isForHealth(String.valueOf(request.path()));
    Messages messages =
        new Messages(
            isForHealth ? HEALTH_BYTES : maxMessageBytes,
            "gzip".equals(encoding),
            isForHealth ? healthMemory : memory,
            taker);
    call.whenGone(messages::release);
    request.exceptionHandler(gone -> {});
    request.handler(chunk ->
        guard(
            call,
            messages,
            () -> {
              if (!call.isEnded()) {
                messages.add(chunk);
              }
            }));
    request.endHandler(end ->
        guard(
            call,
            messages,
            () -> {
              if (!call.isEnded()) {
                call.arrived();
                messages.end();
                ended.run();
              }
            }));
  }

  private static void guard(Call call, Messages messages, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | OutOfMemoryError e) {
      messages.release();
      call.fail(e);
    }
  }
}
