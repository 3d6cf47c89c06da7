package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.cache.Key;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Refusal;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Ending;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stopwatch;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A request to a model from when it is submitted until its reply is sent. The reply is made by the
/// thread that computed, which alone may look at the answer, and sent by the event loop, which also
/// counts how it ended.
final class Exchange {
  /// Makes a reply of what a model answered.
  interface Encoder extends Function<Outcome.Done, Reply> {}

  private final HttpServerRequest request;
  private final Context context;
  private final Thread loop = Thread.currentThread();
  private final Served served;
  private final Stopwatch stopwatch;
  private final Runnable release;
  private final Sender sender;
  private boolean isSent;

  /// @param request the request, on its event loop
  /// @param context the event loop
  /// @param served the model that is asked, which is held
  /// @param stopwatch tells where the time goes
  /// @param release lets go of the model and of the request's memory; run once
  /// @param sender sends the reply
  Exchange(
      HttpServerRequest request,
      Context context,
      Served served,
      Stopwatch stopwatch,
      Runnable release,
      Sender sender) {
    this.request = request;
    this.context = context;
    this.served = served;
    this.stopwatch = stopwatch;
    this.release = release;
    this.sender = sender;
    served.tally().accepted();
  }

  /// Submits what is asked; a client that goes cancels it.
  ///
  /// @param question what is asked
  /// @param priority its class
  /// @param deadlineNanos when the answer is worth nothing any more
  /// @param key under which the answer may be kept, null where it is computed anew
  /// @param isSmall whether the request may be computed here and now
  /// @param encoder makes the reply
  void ask(
      Question question,
      int priority,
      long deadlineNanos,
      @Nullable Key key,
      boolean isSmall,
      Encoder encoder) {
    if (request.response().closed()) {
      finish(new Outcome.Cancelled(), encoder);
      return;
    }
    Ticket ticket =
        new Ticket(
            question,
            priority,
            stopwatch.arrivedNanos(),
            served.scheduler().dueNanos(deadlineNanos, stopwatch.arrivedNanos()),
            outcome -> finish(outcome, encoder));
    Runnable cancel = served.submit(ticket, key, isSmall);
    if (!isSent) {
      request.response().closeHandler(gone -> cancel.run());
    }
  }

  /// Ends a request that was not submitted.
  void fail(Throwable failure) {
    release.run();
    send(Failures.reply(Sender.path(request), failure), Ending.of(failure));
  }

  /// Takes the outcome, on whatever thread.
  private void finish(Outcome outcome, Encoder encoder) {
    Ending ending = Ending.of(outcome);
    Reply reply;
    try {
      reply = reply(outcome, encoder);
    } catch (Throwable e) { // the root of a request: whatever happens, its client is told
      reply = Failures.reply(Sender.path(request), e);
      ending = Ending.of(e);
    }
    release.run();
    if (Thread.currentThread() == loop) {
      send(reply, ending);
    } else {
      Reply made = reply;
      Ending how = ending;
      context.runOnContext(back -> send(made, how));
    }
  }

  private void send(Reply reply, Ending ending) {
    isSent = true;
    served.tally().ended(request.response().closed() ? Ending.CLIENT_GONE : ending, stopwatch);
    sender.send(request, reply.of(served.target(), stopwatch));
  }

  private Reply reply(Outcome outcome, Encoder encoder) {
    String path = Sender.path(request);
    return switch (outcome) {
      case Outcome.Done done -> encoder.apply(done);
      case Outcome.Refused(Refusal why, long nanos) -> {
        Reply refusal = Reply.error(path, why.isLate() ? 504 : 503, why.text());
        yield why.isLate()
            ? refusal
            : refusal.retryAfterSeconds(1 + TimeUnit.NANOSECONDS.toSeconds(nanos));
      }
      case Outcome.BadInput(String message) ->
          Failures.reply(path, new ProtocolException(400, message));
      case Outcome.Cancelled _ ->
          Reply.error(path, Sender.CLIENT_GONE, "the request was cancelled");
      case Outcome.Failed(Throwable cause) -> Failures.reply(path, cause);
    };
  }
}
