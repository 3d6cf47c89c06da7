package dev.jiffy.server.grpc;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/// The answering side of one gRPC call. Belongs to its event loop, save for [#run].
final class Call {
  private static final CharSequence TYPE = HttpHeaders.createOptimized("application/grpc+proto");
  private static final CharSequence STATUS = HttpHeaders.createOptimized("grpc-status");
  private static final CharSequence MESSAGE = HttpHeaders.createOptimized("grpc-message");
  private static final CharSequence ACCEPTS = HttpHeaders.createOptimized("grpc-accept-encoding");
  private static final CharSequence ENCODINGS = HttpHeaders.createOptimized("identity,gzip");

  private final HttpServerRequest request;
  private final Context context;
  private final Thread loop = Thread.currentThread();
  private final long arrivedNanos = System.nanoTime();
  private Runnable gone = () -> {};
  private boolean isBegun;
  private boolean isEnded;

  Call(HttpServerRequest request, Context context) {
    this.request = request;
    this.context = context;
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

  /// Sends one message of several.
  void send(byte[] message) {
    if (!isEnded()) {
      begin();
      request.response().write(framed(message));
    }
  }

  /// Sends the only message, and ends the call well.
  void answer(byte[] message) {
    if (!isEnded()) {
      begin();
      isEnded = true;
      HttpServerResponse response = request.response();
      response.putTrailer(STATUS, "0");
      response.end(framed(message));
    }
  }

  /// Ends the call.
  void end(Status status) {
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
    response.end();
  }
}
