package dev.jiffy.server.grpc;

import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.server.call.InferCall;
import dev.jiffy.server.call.Slab;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.Ending;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The requests of one call of `ModelInfer` or `ModelStreamInfer`. They are computed side by side;
/// a stream answers them in the order in which they came, each failure in its place. Belongs to the
/// event loop.
final class InferCalls {
  private static final int INLINE_BYTES = 16 << 10;
  private static final int LARGE_BYTES = 256 << 10;

  /// From so many requests whose answers are not sent a stream is not read further.
  private static final int MOST_OPEN = 128;

  private final Vertx vertx;
  private final Call call;
  private final Models models;
  private final InferWire wire;
  private final BooleanSupplier ready;
  private final boolean isStream;
  private final long timeoutNanos;
  private final ArrayDeque<Pending> open = new ArrayDeque<>();
  private boolean isWhole;
  private boolean isPaused;

  /// A request until its answer is sent.
  private static final class Pending {
    private final Frame frame;
    private final Stopwatch stopwatch;
    private int bytes;
    private boolean isShared;
    private @Nullable Served served;
    private Runnable cancel = () -> {};
    private byte @Nullable [] answer;
    private @Nullable Status failure;
    private Ending ending = Ending.ERROR;
    private String id = "";

    Pending(Frame frame, long arrivedNanos) {
      this.frame = frame;
      this.stopwatch = new Stopwatch(arrivedNanos);
    }

    boolean isDone() {
      return answer != null || failure != null;
    }
  }

  InferCalls(
      Vertx vertx,
      Call call,
      Models models,
      InferWire wire,
      BooleanSupplier ready,
      boolean isStream) {
    this.vertx = vertx;
    this.call = call;
    this.models = models;
    this.wire = wire;
    this.ready = ready;
    this.isStream = isStream;
    this.timeoutNanos = Timeout.nanos(call.request().getHeader("grpc-timeout"));
    call.whenGone(this::cancel);
    call.whenDrained(this::flush);
  }

  private void cancel() {
    for (Pending pending : List.copyOf(open)) {
      pending.cancel.run();
    }
    flush();
  }

  /// Takes a request, and releases its frame once it is read.
  void add(Frame frame) {
    call.asked();
    Pending pending = new Pending(frame, isStream ? System.nanoTime() : call.arrivedNanos());
    open.add(pending);
    if (open.size() >= MOST_OPEN && !isPaused) {
      isPaused = true;
      call.request().pause();
    }
    Slab memory = new Slab();
    if (frame.isLongToRead()) {
      readAside(() -> read(message(frame, pending), memory, pending), memory, pending);
      return;
    }
    try {
      byte[] message = message(frame, pending);
      if (message.length > LARGE_BYTES || pending.isShared) {
        readAside(() -> read(message, memory, pending), memory, pending);
      } else {
        submit(pending, read(message, memory, pending), memory);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      fail(pending, e, memory);
    }
  }

  private byte[] message(Frame frame, Pending pending) {
    byte[] message = frame.message();
    pending.bytes = message.length;
    pending.isShared =
        wire.memory().isInUse()
            && SharedRange.isMentioned(message, Math.min(message.length, LARGE_BYTES));
    return message;
  }

  /// Reads a request on a worker thread.
  private void readAside(Callable<Read> reader, Slab memory, Pending pending) {
    vertx
        .executeBlocking(reader, false)
        .map(read -> {
          submit(pending, read, memory);
          return read;
        })
        .onFailure(e -> fail(pending, e, memory));
  }

  /// The caller will send nothing more.
  void end() {
    isWhole = true;
    flush();
  }

  /// A request that fits its model.
  private record Read(Served served, InferCall call) {}

  private Read read(byte[] message, Slab memory, Pending pending) {
    if (!ready.getAsBoolean()) {
      throw new ProtocolException(503, "the server is not ready");
    }
    InferWire.Call read = wire.readRequest(message, memory, id -> pending.id = id);
    Served served = models.hold(read.modelName(), read.modelVersion());
    memory.whenClosed(served::release);
    pending.served = served;
    served.tally().accepted();
    InferCall checked = InferCall.of(served.model(), read.request(), wire.memory()).keyed(served);
    pending.stopwatch.lap(Stage.DECODE);
    return new Read(served, checked);
  }

  private void fail(Pending pending, Throwable failure, Slab memory) {
    pending.frame.release();
    memory.close();
    pending.failure = Status.of(failure);
    pending.ending = Ending.of(failure);
    flush();
  }

  private void submit(Pending pending, Read read, Slab memory) {
    pending.frame.release();
    if (call.isEnded()) {
      finish(pending, read, new Outcome.Cancelled(), memory);
      return;
    }
    long arrived = pending.stopwatch.arrivedNanos();
    Ticket ticket =
        new Ticket(
            read.call().question(),
            read.call().priority(),
            arrived,
            read.served()
                .scheduler()
                .dueNanos(read.call().deadlineNanos(arrived, leftNanos(arrived)), arrived),
            outcome -> finish(pending, read, outcome, memory));
    pending.cancel =
        read.served()
            .submit(ticket, read.call().key(), !pending.isShared && pending.bytes <= INLINE_BYTES);
  }

  /// {@return what is left of the call's time for a request, 0 if the call has no end}
  private long leftNanos(long arrived) {
    return timeoutNanos == 0 ? 0 : Math.max(1, timeoutNanos - (arrived - call.arrivedNanos()));
  }

  /// Takes the outcome, on whatever thread; the answer is made there, as its tensors last no
  /// longer.
  private void finish(Pending pending, Read read, Outcome outcome, Slab memory) {
    Ending ending = Ending.of(outcome);
    Stopwatch stopwatch = pending.stopwatch;
    byte[] answer = null;
    Status failure = null;
    try {
      if (outcome instanceof Outcome.Done done) {
        stopwatch.computed(done.timing());
        InferResponse response = read.call().response(done.answer(), stopwatch);
        answer = isStream ? InferWire.streamResponse(response) : InferWire.response(response);
        stopwatch.lap(Stage.ENCODE);
      } else {
        failure = Status.of(outcome);
      }
    } catch (Throwable e) { // the root of a request: whatever happens, its caller is told
      failure = Status.of(e);
      ending = Ending.of(e);
    }
    memory.close();
    byte[] made = answer;
    Status told = failure;
    Ending how = ending;
    call.run(() -> {
      pending.answer = made;
      pending.failure = told;
      pending.ending = how;
      flush();
    });
  }

  /// Sends what can be sent.
  private void flush() {
    Pending first = open.peek();
    while (first != null && first.isDone() && !call.isFull()) {
      open.remove();
      tell(first);
      if (!isStream) {
        if (first.answer != null) {
          call.answer(first.answer);
        } else if (first.failure != null) {
          call.end(first.failure);
        }
      } else if (first.answer != null) {
        call.send(first.answer);
      } else if (first.failure != null) {
        call.send(InferWire.streamError(first.failure.message(), first.id));
      }
      first = open.peek();
    }
    if (isPaused && open.size() < MOST_OPEN / 2 && !call.request().isEnded()) {
      isPaused = false;
      call.request().resume();
    }
    if (isStream && isWhole && open.isEmpty()) {
      call.end(Status.OK);
    }
  }

  private void tell(Pending pending) {
    boolean isGone = call.isEnded();
    if (pending.served != null) {
      pending.served.tally().ended(isGone ? Ending.CLIENT_GONE : pending.ending, pending.stopwatch);
    }
    Status failure = isGone ? Status.CLIENT_GONE : pending.failure;
    byte[] answer = pending.answer;
    call.tell(
        failure == null ? Status.OK : failure,
        pending.served == null ? null : pending.served.target(),
        pending.bytes,
        isGone || answer == null ? 0 : answer.length,
        pending.stopwatch);
  }
}
