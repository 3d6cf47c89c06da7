package dev.jiffy.server.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Refusal;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.schedule.Timing;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The answers of one version of a model, given again to equal questions.
///
/// Of equal questions that come while one of them is computed, only that one is: the others wait
/// for its answer, save for those that are more urgent. What does not fit a deadline, is refused or
/// fails is not shared: the next of those who wait is computed then. Where keeping answers costs
/// more than it saves, requests pass by; see [Worth]. Shared between threads.
public final class ResponseCache {
  private static final System.Logger LOG = System.getLogger(ResponseCache.class.getName());

  /// What a question and its answer take besides their bytes.
  private static final int OVERHEAD = 256;

  private final CacheOptions options;
  private final Uncached uncached;
  private final @Nullable SecondLevel shared;
  private final LongSupplier clock;
  private final Cache<Key, Kept> answers;
  private final Map<Key, Flight> flights = new ConcurrentHashMap<>();
  private final Worth worth = new Worth();
  private final Sum hits = new Sum();
  private final Sum joins = new Sum();
  private final Sum misses = new Sum();
  private final Sum keeps = new Sum();
  private final LongAdder passed = new LongAdder();
  private final LongAdder tooLarge = new LongAdder();
  private final LongAdder evicted = new LongAdder();
  private final LongAdder expired = new LongAdder();

  /// Where requests go that must be computed.
  public interface Uncached {
    /// Takes a request.
    ///
    /// @param ticket the request
    /// @param isSmall whether it may be computed here and now
    void submit(Ticket ticket, boolean isSmall);

    /// Lets go of a request.
    ///
    /// @param ticket the request
    void cancel(Ticket ticket);
  }

  /// What was looked up so far.
  ///
  /// @param hits the requests that were answered with what was kept, here or by other servers
  /// @param hitNanos how long making their keys and looking took
  /// @param joins the requests that waited for the answer to an equal one and got it
  /// @param joinNanos how long making their keys and looking took, without the wait
  /// @param misses the requests that were computed
  /// @param missNanos how long making their keys and looking took
  /// @param keepNanos how long keeping their answers took
  /// @param passed the requests that passed by, as the cache did not pay
  /// @param tooLarge the requests that passed by, as they were too large
  /// @param entries the answers that are kept
  /// @param bytes about how much is kept
  /// @param evicted the answers that had to make room
  /// @param expired the answers that became too old
  /// @param pauses how often requests began to pass by, as the cache did not pay
  /// @param isPaused whether they do so now
  public record Counts(
      long hits,
      long hitNanos,
      long joins,
      long joinNanos,
      long misses,
      long missNanos,
      long keepNanos,
      long passed,
      long tooLarge,
      long entries,
      long bytes,
      long evicted,
      long expired,
      long pauses,
      boolean isPaused) {}

  private static final class Sum {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    void add(long more) {
      count.increment();
      nanos.add(more);
    }
  }

  /// An empty cache.
  ///
  /// @param options how large it is
  /// @param uncached where requests go that must be computed
  /// @param shared what other servers keep, null for nothing
  /// @param clock the time in nanoseconds
  public ResponseCache(
      CacheOptions options, Uncached uncached, @Nullable SecondLevel shared, LongSupplier clock) {
    this.options = options;
    this.uncached = uncached;
    this.shared = shared;
    this.clock = clock;
    Ticker ticker = clock::getAsLong;
    this.answers =
        Caffeine.newBuilder()
            .maximumWeight(options.bytes())
            .<Key, Kept>weigher((key, kept) -> (int) Math.min(weight(key, kept), Integer.MAX_VALUE))
            .expireAfterWrite(options.ttl())
            .ticker(ticker)
            .evictionListener(this::evicted)
            .executor(Runnable::run)
            .build();
  }

  private void evicted(@Nullable Key key, @Nullable Kept kept, RemovalCause cause) {
    (cause == RemovalCause.EXPIRED ? expired : evicted).increment();
  }

  private static long weight(Key key, Kept kept) {
    return OVERHEAD + key.bytes() + kept.bytes();
  }

  /// {@return the key of a question, null where it passes by}
  ///
  /// @param question the question
  /// @param outputs the names of the outputs that are asked for
  public @Nullable Key key(Question question, List<String> outputs) {
    if (!worth.isTried()) {
      passed.increment();
      return null;
    }
    Key key = Key.of(question, outputs, options);
    if (key == null) {
      tooLarge.increment();
    }
    return key;
  }

  /// {@return what was looked up so far}
  public Counts counts() {
    answers.cleanUp();
    long bytes = answers.policy().eviction().orElseThrow().weightedSize().orElse(0);
    return new Counts(
        hits.count.sum(),
        hits.nanos.sum(),
        joins.count.sum(),
        joins.nanos.sum(),
        misses.count.sum(),
        misses.nanos.sum(),
        keeps.nanos.sum(),
        passed.sum(),
        tooLarge.sum(),
        answers.estimatedSize(),
        bytes,
        evicted.sum(),
        expired.sum(),
        worth.pauses(),
        worth.isPaused());
  }

  /// Answers a request, from what is kept or by computing it.
  ///
  /// @param ticket the request
  /// @param key its key
  /// @param isSmall whether it may be computed here and now
  /// @return lets go of the request
  public Runnable submit(Ticket ticket, Key key, boolean isSmall) {
    long start = clock.getAsLong();
    while (true) {
      Kept kept = answers.getIfPresent(key);
      if (kept != null) {
        looked(hits, nanos(key, start));
        ticket.finish(given(kept, 0));
        return () -> {};
      }
      Flight flight = flights.get(key);
      if (flight == null) {
        Flight own = new Flight(ticket, key);
        if (flights.putIfAbsent(key, own) == null) {
          own.begin(isSmall, start);
          return own::leave;
        }
      } else if (ticket.priority() < flight.first.priority()) {
        looked(misses, nanos(key, start));
        uncached.submit(ticket, isSmall);
        return () -> uncached.cancel(ticket);
      } else {
        Waiter waiter = new Waiter(ticket, nanos(key, start));
        if (flight.join(waiter)) {
          return () -> waiter.cancel.run();
        }
        Thread.onSpinWait(); // the flight is about to be removed
      }
    }
  }

  /// {@return an answer that is kept, or that there is no memory to lay it out in}
  private static Outcome given(Kept kept, long waitedNanos) {
    try {
      return new Outcome.Done(kept.answer(), new Timing(waitedNanos, 0, 0));
    } catch (OutOfMemoryError e) {
      return new Outcome.Failed(e);
    }
  }

  private long nanos(Key key, long start) {
    return key.nanos() + clock.getAsLong() - start;
  }

  /// Counts a request, once it is known how it is answered.
  private void looked(Sum sum, long nanos) {
    sum.add(nanos);
    worth.looked(sum != misses, nanos);
  }

  /// A request that waits for the answer to an equal one.
  private static final class Waiter {
    private final Ticket ticket;
    private final long lookNanos;
    private volatile Runnable cancel = () -> {};

    Waiter(Ticket ticket, long lookNanos) {
      this.ticket = ticket;
      this.lookNanos = lookNanos;
    }
  }

  /// A question that is computed, and those who wait for its answer.
  private final class Flight {
    private final Ticket first;
    private final Key key;
    private final Ticket asked;
    private final List<Waiter> others = new ArrayList<>();
    private boolean hasLeft;
    private boolean isOver;

    /// Whether other servers were asked; written before the request is submitted.
    private boolean isShared;

    private long lookNanos;

    Flight(Ticket first, Key key) {
      this.first = first;
      this.key = key;
      this.asked =
          new Ticket(
              first.question(),
              first.priority(),
              first.arrivedNanos(),
              first.deadlineNanos(),
              this::finish);
    }

    synchronized boolean join(Waiter other) {
      if (!isOver) {
        other.cancel = () -> leave(other);
        others.add(other);
      }
      return !isOver;
    }

    /// Looks once more at what is kept, then at what other servers keep, if there is such a thing,
    /// and is computed otherwise.
    void begin(boolean isSmall, long start) {
      try {
        Kept between = answers.getIfPresent(key);
        lookNanos = nanos(key, start);
        if (between == null) {
          look(isSmall);
        } else {
          looked(hits, lookNanos);
          settle(given(between, 0), between);
        }
      } catch (Throwable e) { // whatever happens, nobody waits for ever
        fail(e);
      }
    }

    private void fail(Throwable failure) {
      asked.finish(new Outcome.Failed(failure));
    }

    private void look(boolean isSmall) {
      if (shared != null && shared.isTried()) {
        isShared = true;
        if (shared.find(key, this::found)) {
          return;
        }
        isShared = false;
      }
      compute(isSmall);
    }

    private void compute(boolean isSmall) {
      looked(misses, lookNanos);
      uncached.submit(asked, isSmall);
    }

    private void found(@Nullable Kept kept) {
      try {
        if (kept != null) {
          answers.put(key, kept);
          looked(hits, lookNanos);
          settle(given(kept, clock.getAsLong() - first.arrivedNanos()), kept);
        } else if (isAbandoned()) {
          looked(misses, lookNanos);
          settle(new Outcome.Cancelled(), null);
        } else {
          compute(false);
        }
      } catch (Throwable e) { // whatever happens, nobody waits for ever
        fail(e);
      }
    }

    private synchronized boolean isAbandoned() {
      return hasLeft && others.isEmpty();
    }

    /// The first loses interest: what is computed goes on where others wait for it.
    void leave() {
      synchronized (this) {
        hasLeft = true;
        if (!others.isEmpty()) {
          return;
        }
      }
      uncached.cancel(asked);
    }

    /// Another one loses interest.
    private void leave(Waiter other) {
      boolean wasWaiting;
      boolean isNeeded;
      synchronized (this) {
        wasWaiting = others.remove(other);
        isNeeded = !hasLeft || !others.isEmpty();
      }
      if (wasWaiting) {
        looked(joins, other.lookNanos);
        other.ticket.finish(new Outcome.Cancelled());
        if (!isNeeded) {
          uncached.cancel(asked);
        }
      }
    }

    /// Takes the outcome, on the thread that computed.
    private void finish(Outcome outcome) {
      Kept kept = null;
      try {
        if (outcome instanceof Outcome.Done(Answer answer, Timing timing)) {
          long computeNanos = timing.computeNanos() / Math.max(1, timing.batchRows());
          kept = kept(answer, computeNanos);
          if (kept != null && shared != null && isShared) {
            shared.keep(key, kept, options.ttl(), computeNanos);
          }
        }
      } catch (OutOfMemoryError e) { // the answer is there, and is not kept or not shared
        LOG.log(Level.WARNING, "an answer cannot be kept: " + e);
      } finally {
        settle(outcome, kept);
      }
    }

    private @Nullable Kept kept(Answer answer, long computeNanos) {
      long start = clock.getAsLong();
      Kept kept = Kept.of(answer, key.outputs(), options.bytes() / 2);
      if (kept != null) {
        answers.put(key, kept);
      }
      long nanos = clock.getAsLong() - start;
      keeps.add(nanos);
      worth.kept(computeNanos, nanos);
      return kept;
    }

    private void settle(Outcome outcome, @Nullable Kept kept) {
      flights.remove(key, this);
      List<Waiter> waiting;
      boolean isWanted;
      synchronized (this) {
        isOver = true;
        waiting = List.copyOf(others);
        others.clear();
        isWanted = !hasLeft;
      }
      first.finish(isWanted ? outcome : new Outcome.Cancelled());
      for (Waiter other : waiting) {
        try {
          settle(other, outcome, kept);
        } catch (Throwable e) { // the others wait as well
          other.ticket.finish(new Outcome.Failed(e));
        }
      }
    }

    private void settle(Waiter other, Outcome outcome, @Nullable Kept kept) {
      Ticket ticket = other.ticket;
      long now = clock.getAsLong();
      if (outcome instanceof Outcome.BadInput) {
        looked(joins, other.lookNanos);
        ticket.finish(outcome);
      } else if (ticket.deadlineNanos() != Ticket.NEVER && ticket.deadlineNanos() - now < 0) {
        looked(joins, other.lookNanos);
        ticket.finish(new Outcome.Refused(Refusal.DROPPED_LATE));
      } else if (kept != null) {
        looked(joins, other.lookNanos);
        ticket.finish(given(kept, now - ticket.arrivedNanos()));
      } else if (outcome instanceof Outcome.Done) { // too large to be shared
        looked(misses, other.lookNanos);
        other.cancel = () -> uncached.cancel(ticket);
        uncached.submit(ticket, false);
      } else {
        other.cancel = submit(ticket, key, false);
      }
    }
  }
}
