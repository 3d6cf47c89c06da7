package dev.jiffy.server.redis;

import dev.jiffy.server.cache.RedisOptions;
import dev.jiffy.server.cache.SharedAnswers;
import dev.jiffy.server.metrics.Distribution;
import dev.jiffy.server.metrics.Histogram;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Answers in Redis, over one connection on which requests are pipelined.
///
/// The name of an entry is half of the digest; the entry begins with all of it, which is compared.
/// Whoever asks waits no longer than the options say. After three failures in a row Redis is not
/// asked for a second, then for twice as long each time up to half a minute. Then it is connected
/// to, which nobody waits for, and once that is done one request tries whether it is back. Shared
/// between threads.
public final class RedisAnswers implements SharedAnswers, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RedisAnswers.class.getName());
  private static final int MOST_BYTES = 1 << 20;

  /// The most requests that wait for it at a time.
  private static final int MOST_ASKED = 512;

  private static final int DIGEST = 32;
  private static final int NAME = DIGEST / 2;
  private static final int FAILURES = 3;

  /// How long connecting may take.
  private static final Duration CONNECT = Duration.ofSeconds(1);

  private static final long FIRST_PAUSE = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(30);

  /// What became of a request to Redis.
  public enum Ending {
    /// An answer was found.
    HIT("get"),
    /// None was there.
    MISS("get"),
    /// What was there is for another question, or no answer.
    FOREIGN("get"),
    /// It failed.
    GET_FAILED("get"),
    /// It took too long.
    GET_LATE("get"),
    /// It was not made, as Redis did not answer or too many waited.
    GET_SKIPPED("get"),
    /// The answer is there.
    STORED("set"),
    /// It failed.
    SET_FAILED("set"),
    /// It took too long.
    SET_LATE("set"),
    /// It was not made, as Redis did not answer or too many waited.
    SET_SKIPPED("set");

    private final String command;

    Ending(String command) {
      this.command = command;
    }

    /// {@return Redis' command}
    public String command() {
      return command;
    }

    /// {@return the name in labels, which the command goes with}
    public String label() {
      return name().toLowerCase(Locale.ROOT).replaceFirst("^[gs]et_", "");
    }
  }

  private final Vertx vertx;
  private final Context context;
  private final RedisOptions options;
  private final LongSupplier clock;
  private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
  private final Histogram durations = Histogram.ofDurations();
  private final AtomicInteger asked = new AtomicInteger();

  /// Until when Redis is not asked, 0 while it answers.
  private final AtomicLong pausedUntilNanos = new AtomicLong();

  /// Whether there is a connection again, on which the next request tries whether Redis is back.
  private final AtomicBoolean isBack = new AtomicBoolean();

  private volatile long pauseNanos = FIRST_PAUSE;
  private volatile boolean isClosed;

  // What follows belongs to the event loop.
  private final RedisLink link;
  private int failures;

  /// Answers in a Redis server, which need not be there. It is connected to at once, as that takes
  /// longer than a request may wait.
  ///
  /// @param vertx whose event loops are used
  /// @param options where it is
  public RedisAnswers(Vertx vertx, RedisOptions options) {
    this(vertx, options, System::nanoTime, CONNECT);
  }

  /// @param clock tells how long Redis has not been asked, in nanoseconds
  /// @param connect how long connecting may take
  RedisAnswers(Vertx vertx, RedisOptions options, LongSupplier clock, Duration connect) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.options = options;
    this.clock = clock;
    this.link = new RedisLink(vertx, options, 2 * MOST_ASKED, connect.toMillis(), new Links());
    for (Ending ending : Ending.values()) {
      endings.put(ending, new LongAdder());
    }
    context.runOnContext(here -> link.connect());
  }

  /// {@return how many requests ended in some way}
  ///
  /// @param ending the way
  public long count(Ending ending) {
    return adder(ending).sum();
  }

  /// {@return how long it took Redis to answer}
  public Distribution durations() {
    return durations.snapshot();
  }

  /// {@return whether Redis is asked now}
  public boolean isUp() {
    return pausedUntilNanos.get() == 0;
  }

  private LongAdder adder(Ending ending) {
    return Objects.requireNonNull(endings.get(ending));
  }

  @Override
  public int mostBytes() {
    return MOST_BYTES;
  }

  @Override
  public boolean find(byte[] digest, Consumer<byte @Nullable []> taker) {
    if (!isAsked()) {
      adder(Ending.GET_SKIPPED).increment();
      return false;
    }
    context.runOnContext(here ->
        ask(
            Request.cmd(Command.GET).arg(name(digest)),
            Ending.GET_FAILED,
            Ending.GET_LATE,
            response -> {
              byte[] answer = null;
              try {
                answer = response == null ? null : verified(digest, response);
              } catch (OutOfMemoryError e) { // the answer is there, and there is no place for it
                LOG.log(Level.WARNING, "an answer from Redis cannot be taken: " + e);
              }
              adder(answer != null ? Ending.HIT : response == null ? Ending.MISS : Ending.FOREIGN)
                  .increment();
              taker.accept(answer);
            },
            () -> taker.accept(null)));
    return true;
  }

  private static byte @Nullable [] verified(byte[] digest, Response response) {
    if (response.type() != ResponseType.BULK) {
      return null;
    }
    Buffer entry = response.toBuffer();
    int size = entry.length() - DIGEST;
    return size >= 0
            && size <= MOST_BYTES
            && Arrays.equals(digest, 0, DIGEST, entry.getBytes(0, DIGEST), 0, DIGEST)
        ? entry.getBytes(DIGEST, entry.length())
        : null;
  }

  @Override
  public void keep(byte[] digest, byte[] answer, Duration ttl) {
    if (!isAsked()) {
      adder(Ending.SET_SKIPPED).increment();
      return;
    }
    byte[] entry = Arrays.copyOf(digest, DIGEST + answer.length);
    System.arraycopy(answer, 0, entry, DIGEST, answer.length);
    context.runOnContext(here ->
        ask(
            Request.cmd(Command.SET)
                .arg(name(digest))
                .arg(entry)
                .arg("PX")
                .arg(Math.max(1, ttl.toMillis())),
            Ending.SET_FAILED,
            Ending.SET_LATE,
            response -> adder(Ending.STORED).increment(),
            () -> {}));
  }

  private static String name(byte[] digest) {
    return "jiffy:" + HexFormat.of().formatHex(digest, 0, NAME);
  }

  /// {@return whether a request is to be made, which is then under way}
  private boolean isAsked() {
    if (isClosed) {
      return false;
    }
    if (!isUp() && !isBack.getAndSet(false)) {
      connectAfterPause();
      return false;
    }
    if (asked.incrementAndGet() > MOST_ASKED) {
      asked.decrementAndGet();
      return false;
    }
    return true;
  }

  private void connectAfterPause() {
    long until = pausedUntilNanos.get();
    long now = clock.getAsLong();
    if (until != 0 && now - until >= 0 && pausedUntilNanos.compareAndSet(until, until(now))) {
      context.runOnContext(here -> {
        if (link.isConnected()) {
          isBack.set(true);
        } else {
          link.connect();
        }
      });
    }
  }

  private final class Links implements RedisLink.Told {
    @Override
    public void connected() {
      isBack.set(!isUp());
    }

    @Override
    public void notConnected(Throwable cause) {
      if (!isUp()) { // otherwise those who waited for it count
        pause(cause);
      }
    }
  }

  private long until(long now) {
    return now + pauseNanos | 1; // never 0
  }

  /// A request to Redis, until it is answered or its time is over. Belongs to the event loop.
  private final class Asking {
    private final Consumer<@Nullable Response> answered;
    private final Runnable failed;
    private final long startNanos = System.nanoTime();
    private final int madeIn = link.generation();
    private long timer;
    private boolean isOver;

    Asking(Consumer<@Nullable Response> answered, Runnable failed) {
      this.answered = answered;
      this.failed = failed;
    }

    private boolean end() {
      if (isOver) {
        return false;
      }
      isOver = true;
      vertx.cancelTimer(timer);
      asked.decrementAndGet();
      return true;
    }

    void answer(@Nullable Response response) {
      if (end()) {
        durations.record(System.nanoTime() - startNanos);
        recovered();
        answered.accept(response);
      }
    }

    void fail(Ending ending, @Nullable Throwable cause) {
      if (end()) {
        adder(ending).increment();
        if (madeIn == link.generation()) {
          broken(cause);
        }
        failed.run();
      }
    }
  }

  private void ask(
      Request request,
      Ending failed,
      Ending late,
      Consumer<@Nullable Response> answered,
      Runnable otherwise) {
    Asking asking = new Asking(answered, otherwise);
    asking.timer = vertx.setTimer(options.timeout().toMillis(), timer -> asking.fail(late, null));
    link.send(request).onSuccess(asking::answer).onFailure(e -> asking.fail(failed, e));
  }

  private void recovered() {
    failures = 0;
    pauseNanos = FIRST_PAUSE;
    if (pausedUntilNanos.getAndSet(0) != 0) {
      LOG.log(Level.INFO, "Redis at " + options + " answers again");
    }
  }

  /// After some failures in a row the connection is given up, with all that waits on it.
  private void broken(@Nullable Throwable cause) {
    failures++;
    if (failures >= FAILURES) {
      pause(cause);
    }
  }

  private void pause(@Nullable Throwable cause) {
    if (pausedUntilNanos.getAndSet(until(clock.getAsLong())) == 0) {
      LOG.log(
          Level.WARNING,
          "Redis at %s does not answer: %s; answers are not shared until it does"
              .formatted(options, cause == null ? "too slow" : cause.getClass().getSimpleName()));
    }
    pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE);
    isBack.set(false);
    link.hangUp();
  }

  /// Hangs up for good. What waits is answered with nothing.
  @Override
  public void close() {
    isClosed = true;
    context.runOnContext(here -> link.close());
  }
}
