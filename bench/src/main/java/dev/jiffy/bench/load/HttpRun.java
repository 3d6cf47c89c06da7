package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One run over HTTP on one event loop.
///
/// Timers of the loop are exact below half a millisecond only, as it then turns instead of
/// sleeping, reading what arrives meanwhile. So it is woken early and turns for the rest.
final class HttpRun implements Target {
  private static final long SLEEP_NANOS = 1_800_000;
  private static final long WAKE_NANOS = 1_200_000;
  private static final long AWAKE_NANOS = 400_000;
  private static final long SWEEP_MILLIS = 5;
  private static final int CONNECT_MILLIS = 10_000;

  private final Vertx vertx;
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
  private final IntConsumer progress;
  private Clock clock = () -> 0;
  private @Nullable Driver driver;
  private boolean isArmed;
  private long sweep;

  /// A connection.
  private static final class Link {
    final HttpClientConnection connection;
    boolean isOpen = true;

    Link(HttpClientConnection connection) {
      this.connection = connection;
      connection.closeHandler(closed -> isOpen = false);
    }
  }

  /// A request under way.
  private static final class Call {
    final int row;
    final int sample;
    final long issued;
    final Sink sink;
    @Nullable Link link;
    boolean hasEnded;

    Call(int row, int sample, long issued, Sink sink) {
      this.row = row;
      this.sample = sample;
      this.issued = issued;
      this.sink = sink;
    }
  }

  HttpRun(
      Vertx vertx,
      URI server,
      List<HttpMessage> messages,
      @Nullable AnswerCheck check,
      Plan plan,
      IntConsumer progress,
      CompletableFuture<Recording> result) {
    this.vertx = vertx;
    this.check = check;
    this.plan = plan;
    this.progress = progress;
    this.timeoutNanos = plan.timeoutNanos();
    this.result = result;
    boolean isSecure = "https".equals(server.getScheme());
    int port = server.getPort() >= 0 ? server.getPort() : isSecure ? 443 : 80;
    client =
        vertx
            .httpClientBuilder()
            .with(
                new HttpClientOptions()
                    .setSsl(isSecure)
                    .setVerifyHost(isSecure)
                    .setTcpNoDelay(true)
                    .setKeepAliveTimeout(0)
                    .setConnectTimeout(CONNECT_MILLIS))
            .with(new PoolOptions().setHttp1MaxSize(Math.max(1, plan.slots())))
            .build();
    connect = new HttpConnectOptions().setHost(server.getHost()).setPort(port);
    String prefix = server.getRawPath() == null ? "" : server.getRawPath().replaceAll("/+$", "");
    for (HttpMessage message : messages) {
      RequestOptions options =
          new RequestOptions().setMethod(HttpMethod.POST).setURI(prefix + message.path());
      message.headers().forEach(options::putHeader);
      requests.add(options);
      bodies.add(Buffer.buffer(message.body()));
    }
  }

  /// Opens connections and begins.
  void start(int connections) {
    List<Future<HttpClientConnection>> opened = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      opened.add(client.connect(connect));
    }
    Future.all(opened)
        .onComplete(
            all -> {
              opened.forEach(each -> idle.add(new Link(each.result())));
              begin();
            },
            failure -> {
              client.close();
              result.completeExceptionally(
                  failure instanceof IOException
                      ? failure
                      : new IOException(failure.getMessage(), failure));
            });
  }

  private void begin() {
    clock = new Clock.Real();
    int slots = Math.max(plan.perQuery(), plan.queriesAtATime());
    driver =
        new Driver(
            plan,
            Pace.of(plan.arrivals(), plan.extent()),
            new AtomicLong(),
            slots,
            this,
            clock,
            this::wake,
            progress);
    sweep = vertx.setPeriodic(SWEEP_MILLIS, timer -> endLate());
    turn();
  }

  private void wake() {
    if (!isArmed) {
      turn();
    }
  }

  @SuppressWarnings(
      "ThreadPriorityCheck") // a server on the same cores is not to wait for this loop
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
        long pause = wait > SLEEP_NANOS ? wait - WAKE_NANOS : Math.min(wait, AWAKE_NANOS);
        vertx.timer(Math.max(1, pause), TimeUnit.NANOSECONDS).onComplete(timer -> turn());
      }
    } catch (RuntimeException e) {
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
        end(call, Outcome.TIMEOUT);
        if (call.link != null) {
          call.link.isOpen = false;
          call.link.connection.close();
        }
      }
    }
  }

  @Override
  public void send(int sample, int row, Sink sink) {
    Call call = new Call(row, sample, clock.nanos(), sink);
    calls.add(call);
    Link link = idle.pollLast();
    while (link != null && !link.isOpen) {
      link = idle.pollLast();
    }
    if (link != null) {
      send(link, call);
      return;
    }
    client
        .connect(connect)
        .onComplete(
            connection -> send(new Link(connection), call),
            failure -> end(call, Outcome.UNREACHABLE));
  }

  private void send(Link link, Call call) {
    call.link = link;
    link.connection
        .request(requests.get(call.sample))
        .onComplete(request -> send(request, link, call), failure -> broken(link, call));
  }

  private void send(HttpClientRequest request, Link link, Call call) {
    request
        .send(bodies.get(call.sample))
        .onComplete(response -> receive(response, link, call), failure -> broken(link, call));
  }

  private void receive(HttpClientResponse response, Link link, Call call) {
    if (call.hasEnded) {
      return;
    }
    call.sink.firstByte(call.row);
    Outcome outcome = Outcome.ofStatus(response.statusCode());
    if (check == null || outcome != Outcome.OK) {
      response
          .end()
          .onComplete(end -> done(response, outcome, link, call), failure -> broken(link, call));
      return;
    }
    AnswerCheck checked = check;
    response
        .body()
        .onComplete(
            body -> {
              String length = response.getHeader("Inference-Header-Content-Length");
              boolean isRight = checked.isRight(call.sample, length, body.getBytes());
              done(response, isRight ? Outcome.OK : Outcome.WRONG_ANSWER, link, call);
            },
            failure -> broken(link, call));
  }

  private void done(HttpClientResponse response, Outcome outcome, Link link, Call call) {
    if (call.hasEnded) {
      return;
    }
    idle.addLast(link);
    String timing = response.getHeader("server-timing");
    if (timing != null) {
      ServerTiming.read(timing, (stage, nanos) -> call.sink.stage(call.row, stage, nanos));
    }
    end(call, outcome);
  }

  private void broken(Link link, Call call) {
    link.isOpen = false;
    link.connection.close();
    end(call, Outcome.BROKEN);
  }

  private void end(Call call, Outcome outcome) {
    if (!call.hasEnded) {
      call.hasEnded = true;
      call.sink.ended(call.row, outcome);
    }
  }
}
