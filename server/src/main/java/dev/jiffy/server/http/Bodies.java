package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.Body;
import dev.jiffy.server.call.BodyCollector;
import dev.jiffy.server.call.BodyMemory;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.function.Consumer;

/// Takes in the bodies of requests. Belongs to the event loop.
final class Bodies {
  private static final int RETRY_SECONDS = 1;

  private final int limit;
  private final BodyMemory memory;
  private final Connections connections;
  private final Sender sender;

  /// @param limit the largest body in bytes
  /// @param memory what all bodies together may take
  /// @param connections is told what has arrived
  /// @param sender refuses bodies that are too large
  Bodies(int limit, BodyMemory memory, Connections connections, Sender sender) {
    this.limit = limit;
    this.memory = memory;
    this.connections = connections;
    this.sender = sender;
  }

  /// Collects the body of a request.
  ///
  /// @param taker takes the whole body, with its share of memory if it reads it later; what it
  ///   throws is told to the client
  /// @throws ProtocolException if what is said of the body will not do
  void collect(HttpServerRequest request, Route route, Consumer<Body> taker) {
    checkType(request, route);
    long announced = announced(request);
    if (announced > limit) {
      throw new ProtocolException(413, "the body is larger than %d bytes".formatted(limit));
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      request.response().writeContinue();
    }
    BodyCollector collector = new BodyCollector(announced, limit, memory);
    request.handler(chunk -> {
      try {
        collector.add(chunk, 0, chunk.length());
      } catch (ProtocolException | OutOfMemoryError e) { // the library would go on with the next
        refuse(request, collector, e);
      }
    });
    request
        .response()
        .closeHandler(gone -> {
          collector.release();
          connections.idle(request);
          sender.abandoned(request);
        });
    request.endHandler(end -> {
      request.response().closeHandler(null); // from here on, whoever answers finds that out
      connections.answering(request);
      try {
        taken(collector.body(), taker);
      } catch (RuntimeException | OutOfMemoryError e) {
        collector.release();
        sender.send(request, Failures.reply(Sender.path(request), e));
      }
    });
  }

  private static void taken(Body body, Consumer<Body> taker) {
    try {
      taker.accept(body);
    } finally {
      body.share().release();
    }
  }

  private void refuse(HttpServerRequest request, BodyCollector collector, Throwable why) {
    request.handler(rest -> {});
    request.endHandler(end -> {});
    collector.release();
    Reply reply = Failures.reply(Sender.path(request), why);
    boolean isCrowded = why instanceof ProtocolException e && e.status() == 503;
    sender.refuse(request, isCrowded ? reply.retryAfterSeconds(RETRY_SECONDS) : reply);
  }

  /// {@return the announced length of the body, -1 if there is none, or it comes compressed}
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
}
