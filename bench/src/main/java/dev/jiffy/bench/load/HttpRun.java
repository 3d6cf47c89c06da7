package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.engine.OsThread;
import dev.jiffy.protocol.Message;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One run over HTTP on one event loop.
///
/// Timers of the loop are exact below half a millisecond only, as it then turns instead of
/// sleeping, reading what arrives meanwhile. So another thread, which does nothing else, wakes it a
/// little early, and it turns for the rest.
final class HttpRun implements Target {
  private static final long TURNING_NANOS = 200_000;
  private static final long SWEEP_MILLIS = 20;
  private static final String TIMING = "server-timing";
  private static final Buffer NOTHING = Buffer.buffer();

  private final Vertx vertx;
  private final Context context;
  private final ScheduledExecutorService waker =
      Executors.newSingleThreadScheduledExecutor(HttpRun::prompt);
  private final Carrier carrier;
  private final List<Buffer> bodies = new ArrayList<>();
  private final List<RequestOptions> requests = new ArrayList<>();
  private final @Nullable AnswerCheck check;
  private final long timeoutNanos;
  private final CompletableFuture<Recording> result;
  private final HttpClientAgent client;
  private final HttpConnectOptions connect;
  private final Deque<Link> idle = new ArrayDeque<>();
  private final Deque<Call> calls = new ArrayDeque<>();
  private final Plan plan;
  private final Pace pace;
  private final IntConsumer progress;
  private Clock clock = () -> 0;
  private @Nullable Driver driver;
  private boolean isArmed;
  private long sweep;

  /// A connection, made anew when it has broken.
  private final class Link {
    private @Nullable Future<HttpClientConnection> connection;

    Future<HttpClientConnection> connected() {
      Future<HttpClientConnection> known = connection;
      if (known != null) {
        return known;
      }
      Future<HttpClientConnection> made = client.connect(connect);
      connection = made;
      made.onComplete(open -> open.closeHandler(closed -> forget(made)), failure -> forget(made));
      return made;
    }

    boolean isOpen() {
      return connection != null && connection.succeeded();
    }

    void forget(Future<HttpClientConnection> broken) {
      if (broken.equals(connection)) {
        connection = null;
      }
    }
  }

  /// A request under way.
  private static final class Call {
    final int row;
    final int sample;
    final long issued;
    final long until;
    final Sink sink;
    final Link link;
    final Future<HttpClientConnection> connection;
    @Nullable HttpClientRequest request;
    boolean hasEnded;

    Call(int row, int sample, long issued, long until, Sink sink, Link link) {
      this.row = row;
      this.sample = sample;
      this.issued = issued;
      this.until = until;
      this.sink = sink;
      this.link = link;
      this.connection = link.connected();
    }
  }

  HttpRun(
      Vertx vertx,
      URI server,
      Carrier carrier,
      List<HttpMessage> messages,
      @Nullable AnswerCheck check,
      Plan plan,
      IntConsumer progress,
      CompletableFuture<Recording> result) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.check = check;
    this.plan = plan;
    this.pace = Pace.of(plan.arrivals(), plan.extent());
    this.progress = progress;
    this.timeoutNanos = plan.timeoutNanos();
    this.result = result;
    var _ = result.whenComplete((recording, failure) -> waker.shutdownNow());
    this.carrier = carrier;
    Address address = Address.of(server);
    client =
        vertx
            .httpClientBuilder()
            .with(carrier.options(address.isSecure()))
            .with(new PoolOptions().setHttp1MaxSize(Math.max(1, plan.slots())))
            .build();
    connect =
        new HttpConnectOptions()
            .setServer(address.socket())
            .setHost(address.host())
            .setPort(address.port());
    for (HttpMessage message : messages) {
      RequestOptions options =
          new RequestOptions().setMethod(HttpMethod.POST).setURI(address.prefix() + message.path());
      message.headers().forEach(options::putHeader);
      carrier.prepare(options, timeoutNanos);
      requests.add(options);
      bodies.add(Buffer.buffer(message.body()));
    }
  }

  /// Opens connections and begins.
  ///
  /// @param most the most requests under way
  /// @param connections the connections that share them
  void start(int most, int connections) {
    List<Link> links = Stream.generate(Link::new).limit(connections).toList();
    for (int i = 0; i < most; i++) {
      idle.add(links.get(i % connections));
    }
    Future.all(links.stream().map(Link::connected).toList())
        .onComplete(
            all -> begin(),
            failure -> {
              client.close();
              result.completeExceptionally(
                  failure instanceof IOException
                      ? failure
                      : new IOException(failure.getMessage(), failure));
            });
  }

  private void begin() {
    OsThread.takeShortTurns();
    clock = new Clock.Real();
    int slots = Math.max(plan.perQuery(), plan.queriesAtATime());
    driver = new Driver(plan, pace, new AtomicLong(), slots, this, clock, this::wake, progress);
    sweep = vertx.setPeriodic(SWEEP_MILLIS, timer -> endLate());
    turn();
  }

  private void wake() {
    if (!isArmed) {
      turn();
    }
  }

  private static Thread prompt(Runnable work) {
    return Thread.ofPlatform()
        .name("jiffy-load-waker")
        .daemon()
        .unstarted(() -> {
          OsThread.takeShortTurns();
          work.run();
        });
  }

  private void turn() {
    isArmed = false;
    Driver driving = driver;
    if (driving == null || result.isDone()) {
      return;
    }
    try {
      long next = driving.step();
      if (driving.isDone()) {
        end(driving);
      } else if (next != Driver.NEVER) {
        isArmed = true;
        long wait = next - clock.nanos();
        if (wait > 2 * TURNING_NANOS) {
          var _ =
              waker.schedule(
                  () -> context.runOnContext(awake -> turn()),
                  wait - TURNING_NANOS,
                  TimeUnit.NANOSECONDS);
        } else {
          vertx.timer(Math.max(1, wait), TimeUnit.NANOSECONDS).onComplete(timer -> turn());
        }
      }
    } catch (Throwable e) { // whoever waits for the recording is told
      result.completeExceptionally(e);
    }
  }

  private void end(Driver driving) {
    vertx.cancelTimer(sweep);
    Recording recording = driving.recorder().recording();
    client.close().onComplete(closed -> result.complete(recording));
  }

  /// Ends the requests that take too long.
  private void endLate() {
    long now = clock.nanos();
    for (Call call = calls.peek(); call != null; call = calls.peek()) {
      if (!call.hasEnded && now - call.issued < timeoutNanos) {
        return;
      }
      calls.remove();
      if (!call.hasEnded) {
        call.hasEnded = true;
        giveUp(call);
        ended(call, now, Outcome.TIMEOUT);
      }
    }
  }

  /// Frees what a request holds that nobody waits for any more: its stream, or its connection.
  private void giveUp(Call call) {
    if (carrier == Carrier.HTTP) {
      hangUp(call);
    } else if (call.request != null) {
      call.request.reset(Carrier.CANCEL);
    }
  }

  private static void hangUp(Call call) {
    if (call.connection.succeeded()) {
      call.link.forget(call.connection);
      call.connection.result().close();
    }
  }

  @Override
  public void send(int sample, int row, long untilNanos, Sink sink) {
    Link link = idle.pollLast();
    Call call =
        new Call(row, sample, clock.nanos(), untilNanos, sink, link == null ? new Link() : link);
    calls.add(call);
    call.connection.onComplete(
        open -> send(open, call), failure -> end(call, clock.nanos(), Outcome.UNREACHABLE));
  }

  private void send(HttpClientConnection open, Call call) {
    if (!call.hasEnded) {
      open.request(requests.get(call.sample))
          .onComplete(request -> send(request, call), failure -> broken(call, failure));
    }
  }

  private void send(HttpClientRequest request, Call call) {
    if (call.hasEnded) {
      request.reset(Carrier.CANCEL);
      return;
    }
    call.request = request;
    if (call.until != Driver.NEVER) {
      carrier.limit(request, Math.max(1, call.until - clock.nanos()));
    }
    request
        .send(bodies.get(call.sample))
        .onComplete(response -> receive(response, call), failure -> broken(call, failure));
  }

  private void receive(HttpClientResponse response, Call call) {
    if (call.hasEnded) {
      return;
    }
    call.sink.firstByte(call.row);
    Future<Buffer> body = check == null ? response.end().map(NOTHING) : response.body();
    body.onComplete(bytes -> done(response, bytes, call), failure -> broken(call, failure));
  }

  private void done(HttpClientResponse response, Buffer body, Call call) {
    long now = clock.nanos(); // the check of the answer is not the server's time
    if (call.hasEnded) {
      return;
    }
    if ("close".equalsIgnoreCase(response.getHeader("connection"))) {
      hangUp(call);
    }
    String header = response.getHeader(TIMING);
    String timing = header == null ? response.getTrailer(TIMING) : header;
    if (timing != null) {
      ServerTiming.of(timing).tell(call.row, call.sink);
    }
    Outcome outcome = carrier.outcome(response);
    AnswerCheck checked = check;
    if (checked != null && outcome == Outcome.OK) {
      String length = response.getHeader(Message.JSON_LENGTH_HEADER);
      outcome =
          checked.isRight(call.sample, length, body.getBytes()) ? Outcome.OK : Outcome.WRONG_ANSWER;
    }
    end(call, now, outcome);
  }

  private void broken(Call call, Throwable failure) {
    if (call.hasEnded) {
      return;
    }
    if (!carrier.isOnlyStream(failure)) {
      hangUp(call);
    }
    end(call, clock.nanos(), Outcome.BROKEN);
  }

  private void end(Call call, long nanos, Outcome outcome) {
    if (!call.hasEnded) {
      call.hasEnded = true;
      ended(call, nanos, outcome);
    }
  }

  private void ended(Call call, long nanos, Outcome outcome) {
    if (call.link.isOpen()) {
      idle.addLast(call.link);
    } else {
      idle.addFirst(call.link); // used again when no other is idle
    }
    call.sink.ended(call.row, nanos, outcome);
  }
}
