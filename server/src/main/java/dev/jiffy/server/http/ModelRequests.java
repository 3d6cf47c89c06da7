package dev.jiffy.server.http;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.protocol.EmbeddingsRequest;
import dev.jiffy.protocol.EmbeddingsRequest.Input;
import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.server.call.Body;
import dev.jiffy.server.call.BodyMemory;
import dev.jiffy.server.call.InferCall;
import dev.jiffy.server.call.RawBody;
import dev.jiffy.server.call.Slab;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
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
  ///
  /// @param served the model, which the caller holds; it is released in the end
  void infer(HttpServerRequest request, Served served, Body body) {
    Stopwatch stopwatch = new Stopwatch(System.nanoTime());
    String header = request.getHeader(Message.JSON_LENGTH_HEADER);
    Slab memory = new Slab();
    memory.whenClosed(served::release);
    Exchange exchange =
        new Exchange(request, vertx.getOrCreateContext(), served, stopwatch, memory::close, sender);
    int weight = weight(body.bytes());
    read(
        body,
        weight,
        () -> infer(served, header, body.bytes(), memory),
        call -> infer(request, exchange, call, weight, stopwatch),
        exchange::fail);
  }

  /// {@return how much a request may be: its bytes, or more than can be known where elements lie in
  /// shared memory}
  private int weight(byte[] body) {
    boolean isShared =
        reader.memory().isInUse()
            && SharedRange.isMentioned(body, Math.min(body.length, LARGE_BODY));
    return isShared ? Integer.MAX_VALUE : body.length;
  }

  /// Answers a request for the vectors of texts.
  void embed(HttpServerRequest request, Body body) {
    Stopwatch stopwatch = new Stopwatch(System.nanoTime());
    read(
        body,
        body.bytes().length,
        () -> EmbeddingsRequest.fromJson(body.bytes()),
        parsed -> embed(request, parsed, body.bytes().length, stopwatch),
        e -> sender.send(request, Failures.reply(Sender.path(request), e)));
  }

  /// Reads a body here, or on a worker thread where that would keep other requests waiting; until
  /// then it takes its share of memory.
  private <T> void read(
      Body body, int weight, Callable<T> reader, Consumer<T> then, Consumer<Throwable> failed) {
    if (weight > LARGE_BODY) {
      BodyMemory.Share share = body.share().moved();
      vertx
          .executeBlocking(reader, false)
          .onComplete(over -> share.release())
          .map(read -> {
            then.accept(read);
            return read;
          })
          .onFailure(failed::accept);
      return;
    }
    try {
      then.accept(reader.call());
    } catch (Exception | OutOfMemoryError e) {
      failed.accept(e);
    }
  }

  private InferCall infer(Served served, @Nullable String header, byte[] body, Slab memory) {
    int jsonLength = Message.jsonLength(header, body.length);
    return InferCall.of(
            served.model(),
            jsonLength == 0 && header != null
                ? RawBody.request(served.model(), body, memory)
                : reader.request(body, jsonLength, memory),
            reader.memory())
        .keyed(served);
  }

  private void infer(
      HttpServerRequest request,
      Exchange exchange,
      InferCall call,
      int bytes,
      Stopwatch stopwatch) {
    long timeout = Deadline.nanos(request);
    stopwatch.lap(Stage.DECODE);
    exchange.ask(
        call.question(),
        call.priority(),
        call.deadlineNanos(stopwatch.arrivedNanos(), timeout),
        call.key(),
        bytes <= INLINE_BYTES,
        done -> {
          stopwatch.computed(done.timing());
          Message message = InferWriter.response(call.response(done.answer(), stopwatch));
          stopwatch.lap(Stage.ENCODE);
          return Reply.message(message);
        });
  }

  private void embed(
      HttpServerRequest request, EmbeddingsRequest parsed, int bytes, Stopwatch stopwatch) {
    Served served = models.hold(parsed.model(), "");
    Exchange exchange =
        new Exchange(
            request, vertx.getOrCreateContext(), served, stopwatch, served::release, sender);
    try {
      embed(request, exchange, served, parsed, bytes, stopwatch);
    } catch (RuntimeException | OutOfMemoryError e) {
      exchange.fail(e);
    }
  }

  private void embed(
      HttpServerRequest request,
      Exchange exchange,
      Served served,
      EmbeddingsRequest parsed,
      int bytes,
      Stopwatch stopwatch) {
    long timeout = Deadline.nanos(request);
    stopwatch.lap(Stage.DECODE);
    if (served.model().text() == null) {
      throw new ProtocolException(
          400, "model '%s' does not take texts".formatted(served.model().name()));
    }
    Question question =
        switch (parsed.input()) {
          case Input.Texts texts -> new Question.Texts(texts.texts());
          case Input.Tokens tokens -> new Question.Tokens(tokens.texts());
        };
    exchange.ask(
        question,
        Ticket.NORMAL,
        timeout == 0 ? Ticket.NEVER : stopwatch.arrivedNanos() + timeout,
        served.key(question, List.of()),
        bytes <= INLINE_BYTES,
        done -> embeddings(parsed, served, done, stopwatch));
  }

  private static Reply embeddings(
      EmbeddingsRequest request, Served served, Outcome.Done done, Stopwatch stopwatch) {
    if (!(done.answer() instanceof Answer.Vectors(Embeddings embeddings))) {
      throw new IllegalStateException("vectors were asked for, not " + done.answer());
    }
    stopwatch.queued(done.timing());
    if (done.timing().batchRows() > 0) {
      stopwatch.add(Stage.TOKENIZE, embeddings.tokenizeNanos());
      stopwatch.add(Stage.COMPUTE, embeddings.runNanos());
      stopwatch.add(Stage.POOL, embeddings.poolNanos());
    }
    byte[] json =
        new EmbeddingsResponse(served.model().name(), embeddings.vectors(), embeddings.tokens())
            .toJson(request.base64());
    stopwatch.lap(Stage.ENCODE);
    return Reply.json(200, json);
  }
}
