package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
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
  /// @param taker takes the whole body; what it throws is told to the client
  /// @throws ProtocolException if what is said of the body will not do
  void collect(HttpServerRequest request, Route route, Consumer<byte[]> taker) {
    checkType(request, route);
    long announced = announced(request);
    if (announced > limit) {
      throw tooLarge();
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      request.response().writeContinue();
    }
    BodyCollector collector = new BodyCollector(announced, limit, memory.share());
    request.handler(chunk -> {
      try {
        if (!collector.add(chunk)) {
          refuse(request, collector, refusal(request, collector));
        }
      } catch (OutOfMemoryError e) { // the library would go on with the next chunk
        refuse(request, collector, Failures.reply(Sender.path(request), e));
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
        taker.accept(collector.body());
      } catch (RuntimeException | OutOfMemoryError e) {
        sender.send(request, Failures.reply(Sender.path(request), e));
      } finally {
        collector.release();
      }
    });
  }

  private void refuse(HttpServerRequest request, BodyCollector collector, Reply reply) {
    request.handler(rest -> {});
    request.endHandler(end -> {});
    collector.release();
    sender.refuse(request, reply);
  }

  /// {@return why a chunk was not taken}
  private Reply refusal(HttpServerRequest request, BodyCollector collector) {
    String path = Sender.path(request);
    if (collector.isCrowded()) {
      return Failures.reply(path, BodyMemory.crowded()).retryAfterSeconds(RETRY_SECONDS);
    }
    return Failures.reply(path, collector.isCrumbled() ? crumbled() : tooLarge());
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

  private static ProtocolException crumbled() {
    return new ProtocolException(
        413, "the body has more than %d chunks".formatted(BodyCollector.MAX_CHUNKS));
  }

  private ProtocolException tooLarge() {
    return new ProtocolException(413, "the body is larger than %d bytes".formatted(limit));
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
