package dev.jiffy.server.schedule;

import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One request on its way through the scheduler. It ends with exactly one [Outcome], which is
/// handed over by the thread that made it: an owner thread of the model, or the caller's own.
public final class Ticket {
  private static final System.Logger LOG = System.getLogger(Ticket.class.getName());

  /// The deadline of a request that may take any time.
  public static final long NEVER = Long.MAX_VALUE;

  /// The most urgent class.
  public static final int FIRST = 1;

  /// The class of requests that name none.
  public static final int NORMAL = 5;

  /// The least urgent class.
  public static final int LAST = 9;

  enum State {
    NEW,
    WAITING,
    RUNNING,
    FINISHED
  }

  private final Question question;
  private final int priority;
  private final long arrivedNanos;
  private final long deadlineNanos;
  private final Consumer<Outcome> reply;
  private @Nullable Outcome outcome;

  // What the line knows of it, under the line's lock.
  State state = State.NEW;
  volatile boolean cancelled; // read by who computes it without the lock

  /// Whether it is computed though it would be late by what is learned, unless its deadline has
  /// passed.
  boolean isProbe;

  Bucket bucket = Bucket.ALONE;
  int rows = 1;
  long number;
  double work;
  @Nullable BucketCosts costs;
  Outcome.@Nullable Refused refusal;
  @Nullable Ticket before;
  @Nullable Ticket after;

  /// A request, not yet submitted.
  ///
  /// @param question what is asked
  /// @param priority its class: 1 is the most urgent, 9 the least, 0 stands for 5
  /// @param arrivedNanos when it came, by [System#nanoTime()]
  /// @param deadlineNanos when its answer is worth nothing any more, by [System#nanoTime()], or
  ///   [#NEVER]
  /// @param reply takes the outcome, soon
  public Ticket(
      Question question,
      int priority,
      long arrivedNanos,
      long deadlineNanos,
      Consumer<Outcome> reply) {
    this.question = question;
    this.priority = priority == 0 ? NORMAL : Math.clamp(priority, FIRST, LAST);
    this.arrivedNanos = arrivedNanos;
    this.deadlineNanos = deadlineNanos;
    this.reply = reply;
  }

  /// {@return what is asked}
  public Question question() {
    return question;
  }

  /// {@return the class, 1 to 9}
  public int priority() {
    return priority;
  }

  /// {@return when it came}
  public long arrivedNanos() {
    return arrivedNanos;
  }

  /// {@return when its answer is worth nothing any more}
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /// Ends the request, unless it has ended. For who owns it now: the line, or who computes it.
  ///
  /// @param how the outcome
  public void finish(Outcome how) {
    if (outcome == null) {
      outcome = how;
      try {
        reply.accept(how);
      } catch (Throwable e) { // the other requests of a batch wait for their outcomes
        LOG.log(Level.ERROR, "an outcome could not be handed over", e);
      }
    }
  }

  /// {@return how it ended, null where it has not; for who ended it}
  @Nullable Outcome outcome() {
    return outcome;
  }

  /// {@return whether an answer some time from now would be late}
  boolean isLate(long now, double moreNanos) {
    return deadlineNanos != NEVER && (double) (deadlineNanos - now) < (isProbe ? 0 : moreNanos);
  }
}
