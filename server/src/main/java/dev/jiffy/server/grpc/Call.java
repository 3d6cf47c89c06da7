package dev.jiffy.server.grpc;

import dev.jiffy.server.call.Pieces;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.server.watch.TraceContext;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The answering side of one gRPC call. Belongs to its event loop, save for [#run].
final class Call {
  private static final CharSequence TYPE = HttpHeaders.createOptimized("application/grpc+proto");
  private static final CharSequence TRACE_PARENT = HttpHeaders.createOptimized("traceparent");
  private static final CharSequence TRACE_STATE = HttpHeaders.createOptimized("tracestate");
  private static final CharSequence STATUS = HttpHeaders.createOptimized("grpc-status");
  private static final CharSequence MESSAGE = HttpHeaders.createOptimized("grpc-message");
  private static final CharSequence ACCEPTS = HttpHeaders.createOptimized("grpc-accept-encoding");
  private static final CharSequence ENCODINGS = HttpHeaders.createOptimized("identity,gzip");

  private final HttpServerRequest request;
  private final Context context;
  private final Watch watch;
  private final Runnable arrived;
  private final Runnable sending;
  private final Thread loop = Thread.currentThread();
  private final long arrivedNanos = System.nanoTime();
  private Runnable gone = () -> {};
  private boolean isBegun;
  private boolean isEnded;
  private boolean isAsked;
  private long sentBytes;

  Call(
      HttpServerRequest request, Context context, Watch watch, Runnable arrived, Runnable sending) {
    this.request = request;
    this.context = context;
    this.watch = watch;
    this.arrived = arrived;
    this.sending = sending;
    whenGone(() -> {
      if (!isEnded) {
        watch.traffic().abandoned(Protocol.GRPC, request.bytesRead());
        if (!isAsked) {
          tell(Status.CLIENT_GONE);
        }
      }
    });
  }

  /// Says what to do when the call is over, be it answered or given up by the caller.
  ///
  /// @param task is run besides what was said before
  void whenGone(Runnable task) {
    Runnable before = gone;
    gone =
        () -> {
          before.run();
          task.run();
        };
    request.response().closeHandler(closed -> gone.run());
  }

  /// The requests of this call are [told][#tell] one by one, and not the call, if it ends well.
  void asked() {
    isAsked = true;
  }

  /// No more of the call is waited for.
  void arrived() {
    arrived.run();
  }

  /// Says what to do when more can be sent again.
  void whenDrained(Runnable task) {
    request.response().drainHandler(drained -> task.run());
  }

  HttpServerRequest request() {
    return request;
  }

  long arrivedNanos() {
    return arrivedNanos;
  }

  /// {@return whether nothing more can be answered}
  boolean isEnded() {
    return isEnded || request.response().closed();
  }

  /// {@return whether what was sent waits for the caller to read}
  boolean isFull() {
    return !isEnded() && request.response().writeQueueFull();
  }

  /// Runs something on the event loop: now where this is it.
  void run(Runnable task) {
    if (Thread.currentThread() == loop) {
      task.run();
    } else {
      context.runOnContext(back -> task.run());
    }
  }

  private void begin() {
    if (!isBegun) {
      isBegun = true;
      request.response().putHeader(HttpHeaders.CONTENT_TYPE, TYPE);
      request.response().putHeader(ACCEPTS, ENCODINGS);
    }
  }

  static Buffer framed(byte[] message) {
    return Buffer.buffer(message.length + 5)
        .appendByte((byte) 0)
        .appendInt(message.length)
        .appendBytes(message);
  }

  private Buffer counted(byte[] message) {
    Buffer frame = framed(message);
    sentBytes += frame.length();
    return frame;
  }

  /// Sends one message of several.
  void send(byte[] message) {
    if (!isEnded()) {
      begin();
      Pieces.write(request.response(), counted(message), this::sent);
    }
  }

  /// What is sent of a call that has not ended tells nothing: it may have nothing more to say.
  private void sent() {
    if (isEnded) {
      sending.run();
    }
  }

  /// Sends the only message, and ends the call well.
  void answer(byte[] message) {
    if (!isEnded()) {
      Buffer frame;
      try {
        frame = counted(message);
      } catch (OutOfMemoryError e) {
        end(Status.of(e));
        return;
      }
      begin();
      isEnded = true;
      HttpServerResponse response = request.response();
      response.putTrailer(STATUS, "0");
      answered(Status.OK, !isAsked);
      sending.run();
      Pieces.end(response, frame, sending);
    }
  }

  /// Ends the call.
  void end(Status status) {
    end(status, !isAsked);
  }

  /// Ends the call, which could not be read.
  void fail(Throwable failure) {
    end(Status.of(failure), true);
  }

  private void end(Status status, boolean isToTell) {
    if (isEnded()) {
      return;
    }
    isEnded = true;
    HttpServerResponse response = request.response();
    String code = Integer.toString(status.code().number());
    if (response.headWritten()) {
      response.putTrailer(STATUS, code);
      if (!status.message().isEmpty()) {
        response.putTrailer(MESSAGE, status.encodedMessage());
      }
    } else {
      begin();
      response.putHeader(STATUS, code);
      if (!status.message().isEmpty()) {
        response.putHeader(MESSAGE, status.encodedMessage());
      }
    }
    answered(status, isToTell);
    sending.run();
    response.end();
  }

  private void answered(Status status, boolean isToTell) {
    watch.traffic().answered(Protocol.GRPC, status.code().number(), request.bytesRead(), sentBytes);
    if (isToTell) {
      tell(status);
    }
  }

  private void tell(Status status) {
    tell(status, null, request.bytesRead(), sentBytes, arrivedNanos, null);
  }

  /// Tells watchers of a request of this call.
  ///
  /// @param status how it ended
  /// @param model who was asked, null where there is no such model
  /// @param received the bytes of the request
  /// @param sent the bytes of the answer
  /// @param stopwatch where its time went
  void tell(
      Status status,
      Account.@Nullable Target model,
      long received,
      long sent,
      Stopwatch stopwatch) {
    tell(status, model, received, sent, stopwatch.arrivedNanos(), stopwatch);
  }

  private void tell(
      Status status,
      Account.@Nullable Target model,
      long received,
      long sent,
      long sinceNanos,
      @Nullable Stopwatch stopwatch) {
    if (watch.isWanted()) {
      String path = String.valueOf(request.path());
      watch.ended(
          new Account(
              "grpc",
              Callers.address(request),
              path.substring(path.lastIndexOf('/') + 1),
              path,
              model,
              status.code().number(),
              received,
              sent,
              Instant.now(),
              System.nanoTime() - sinceNanos,
              stopwatch,
              TraceContext.of(request.getHeader(TRACE_PARENT), request.getHeader(TRACE_STATE))));
    }
  }
}
