package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.cache.Key;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Ending;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stopwatch;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A request to a model from when it is submitted until its reply is sent. The reply is made by the
/// thread that computed, which alone may look at the answer, and sent by the event loop.
final class Exchange {
  /// Makes a reply of what a model answered.
  interface Encoder extends Function<Outcome.Done, Reply> {}

  private final HttpServerRequest request;
  private final Context context;
  private final Thread loop = Thread.currentThread();
  private final Encoder encoder;
  private final Served served;
  private final Stopwatch stopwatch;
  private final AutoCloseable memory;
  private final BiConsumer<HttpServerRequest, Reply> sender;
  private boolean isSent;

  /// @param request the request, on its event loop
  /// @param context the event loop
  /// @param encoder makes the reply
  /// @param served the model that is asked
  /// @param stopwatch tells where the time goes
  /// @param memory is closed when the outcome is known
  /// @param sender sends the reply
  Exchange(
      HttpServerRequest request,
      Context context,
      Encoder encoder,
      Served served,
      Stopwatch stopwatch,
      AutoCloseable memory,
      BiConsumer<HttpServerRequest, Reply> sender) {
    this.request = request;
    this.context = context;
    this.encoder = encoder;
    this.served = served;
    this.stopwatch = stopwatch;
    this.memory = memory;
    this.sender = sender;
  }

  /// Submits the ticket, whose outcome goes to [#finish]; a client that goes cancels it.
  ///
  /// @param key under which the answer may be kept, null where it is computed anew
  /// @param isSmall whether the request may be computed here and now
  void submit(Ticket ticket, @Nullable Key key, boolean isSmall) {
    Runnable cancel = served.submit(ticket, key, isSmall);
    if (!isSent) {
      request.response().closeHandler(gone -> cancel.run());
    }
  }

  /// Takes the outcome, on whatever thread.
  void finish(Outcome outcome) {
    Reply reply;
    try {
      reply = reply(outcome);
      if (outcome instanceof Outcome.Done) {
        served.tally().answered(stopwatch);
      } else {
        served.tally().failed(Ending.of(outcome), stopwatch.arrivedNanos());
      }
    } catch (Throwable e) { // the root of a request: whatever happens, its client is told
      reply = Failures.reply(path(), e);
      served.tally().failed(Ending.FAILED, stopwatch.arrivedNanos());
    }
    reply.of(served.target(), stopwatch);
    try {
      memory.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    if (Thread.currentThread() == loop) {
      isSent = true;
      sender.accept(request, reply);
    } else {
      Reply made = reply;
      context.runOnContext(back -> sender.accept(request, made));
    }
  }

  private String path() {
    String path = request.path();
    return path == null ? "" : path;
  }

  private Reply reply(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> encoder.apply(done);
      case Outcome.Overloaded(long nanos) ->
          Reply.error(path(), 503, "too many requests are waiting")
              .retryAfterSeconds(1 + TimeUnit.NANOSECONDS.toSeconds(nanos));
      case Outcome.Expired _ ->
          Reply.error(path(), 504, "the answer would have come after the deadline");
      case Outcome.BadInput(String message) ->
          Failures.reply(path(), new ProtocolException(400, message));
      case Outcome.NotReady _ -> Reply.error(path(), 503, "the model is not ready");
      case Outcome.Cancelled _ -> Reply.error(path(), 499, "the request was cancelled");
      case Outcome.Failed(Throwable cause) -> Failures.reply(path(), cause);
    };
  }
}
