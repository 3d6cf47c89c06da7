package dev.jiffy.server.http;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.protocol.EmbeddingsRequest;
import dev.jiffy.protocol.EmbeddingsRequest.Input;
import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.InferCall;
import dev.jiffy.server.call.RawBody;
import dev.jiffy.server.call.Slab;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Requests to models: reads their bodies, submits them, makes their replies. Belongs to the event
/// loop.
///
/// A request is read there. Where its model is known to be quick it is also answered there;
/// otherwise one of the model's owner threads runs the model and writes the answer, so that the
/// event loop stays free for other requests and for health checks.
final class ModelRequests {
  private static final int LARGE_BODY = 64 << 10;

  /// Larger requests are not computed on the event loop.
  private static final int INLINE_BYTES = 16 << 10;

  private final Vertx vertx;
  private final Models models;
  private final InferReader reader;
  private final Sender sender;

  ModelRequests(Vertx vertx, Models models, InferReader reader, Sender sender) {
    this.vertx = vertx;
    this.models = models;
    this.reader = reader;
    this.sender = sender;
  }

  /// Answers a request for tensors.
  void infer(HttpServerRequest request, Served served, byte[] body) {
    Stopwatch stopwatch = new Stopwatch(System.nanoTime());
    String header = request.getHeader(Message.JSON_LENGTH_HEADER);
    Slab memory = new Slab();
    read(
        request,
        body.length,
        () -> infer(served, header, body, memory),
        call -> infer(request, served, call, memory, body.length, stopwatch),
        memory);
  }

  /// Answers a request for the vectors of texts.
  void embed(HttpServerRequest request, byte[] body) {
    Stopwatch stopwatch = new Stopwatch(System.nanoTime());
    read(
        request,
        body.length,
        () -> EmbeddingsRequest.fromJson(body),
        parsed -> embed(request, parsed, body.length, stopwatch),
        () -> {});
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
    sender.send(request, Failures.reply(Sender.path(request), failure));
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
            sender::send);
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
            sender::send);
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
}
