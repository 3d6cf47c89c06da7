package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A line with arrivals, cancellations and a machine of known costs on a made-up clock, which
/// checks after every event what must always hold.
final class Simulation {
  private static final Question NOTHING = new Question.Texts(List.of("x"));

  private final Random random;
  private final Policy policy;
  private final Line line;
  private final double fixedNanos;
  private final double rowNanos;
  private final double noise;
  private double slowness = 1;

  private final List<Ticket> submitted = new ArrayList<>();
  private final Map<Ticket, Outcome> outcomes = new HashMap<>();
  private final List<Ticket> late = new ArrayList<>();
  private final ArrayDeque<Ticket> queue = new ArrayDeque<>();
  private @Nullable Batch running;
  private long now;
  private long freeAt = Long.MAX_VALUE;
  private long refused;
  private int startedSince;

  /// Rows of requests that were answered before their deadlines.
  private long good;

  Simulation(long seed, Policy policy, double fixedNanos, double rowNanos, double noise) {
    this.random = new Random(seed);
    this.policy = policy;
    this.line = new Line(policy);
    this.fixedNanos = fixedNanos;
    this.rowNanos = rowNanos;
    this.noise = noise;
  }

  private double cost(int rows) {
    return slowness * (fixedNanos + rowNanos * rows);
  }

  /// Makes the machine slower than it was made, or as fast again.
  ///
  /// @param factor how many times as long everything takes
  void slow(double factor) {
    slowness = factor;
  }

  /// Lets requests come at random times.
  ///
  /// @param count how many
  /// @param meanGapNanos the mean time between two
  /// @param buckets how many kinds of shapes there are
  /// @param priorities how many classes are used
  /// @param deadlineNanos the deadline of each, from its arrival; about every third has none if it
  ///   is negative, and the others up to twice as much
  /// @param cancelled the share that is cancelled at once or later
  void run(
      int count,
      double meanGapNanos,
      int buckets,
      int priorities,
      long deadlineNanos,
      double cancelled) {
    for (int i = 0; i < count; i++) {
      long at = now + (long) (-Math.log(1 - random.nextDouble()) * meanGapNanos);
      advance(at);
      arrive(1 + random.nextInt(buckets), priorities, deadlineNanos);
      if (random.nextDouble() < cancelled) {
        cancel(submitted.get(Math.max(0, submitted.size() - 1 - random.nextInt(8))));
      }
    }
    advance(Long.MAX_VALUE);
    end();
  }

  private void advance(long to) {
    while (freeAt <= to && running != null) {
      now = freeAt;
      finish(running);
      check();
    }
    if (to != Long.MAX_VALUE) {
      now = to;
    }
  }

  private void arrive(int bucket, int priorities, long deadlineNanos) {
    long deadline = now + deadlineNanos;
    if (deadlineNanos < 0) {
      boolean has = random.nextInt(3) > 0;
      deadline = has ? now + (long) (-2.0 * deadlineNanos * random.nextDouble()) : Ticket.NEVER;
    }
    Ticket[] self = new Ticket[1];
    Ticket ticket =
        new Ticket(
            NOTHING,
            1 + random.nextInt(priorities),
            now,
            deadline,
            outcome -> {
              Ticket own = self[0];
              assertNotNull(own);
              assertFalse(outcomes.containsKey(own), "two outcomes for one request");
              outcomes.put(own, outcome);
            });
    self[0] = ticket;
    ticket.bucket = new Bucket(new long[] {bucket}, 0);
    ticket.rows = random.nextInt(8) == 0 ? 1 + random.nextInt(3) : 1;
    submitted.add(ticket);
    Ticket refusedOne = line.offer(ticket, now);
    if (refusedOne != null) {
      Outcome.Refused refusal = refusedOne.refusal;
      assertNotNull(refusal);
      refusedOne.finish(refusal);
      switch (refusal.why()) {
        case QUEUE_FULL -> assertEquals(policy.queueCapacity(), queue.size());
        case QUEUE_TOO_LONG ->
            assertTrue(!queue.isEmpty() || running != null, "an idle model refuses");
        case DISPLACED -> checkDisplaced(refusedOne, ticket);
        case ARRIVED_LATE, DEADLINE_TOO_SHORT ->
            assertTrue(ticket.deadlineNanos() != Ticket.NEVER, "refused without a deadline");
        case DROPPED_LATE, NOT_READY -> throw new AssertionError(refusal);
      }
    }
    if (refusedOne == ticket) {
      refused++;
    } else {
      queue.add(ticket);
    }
    start();
    check();
  }

  /// Whoever makes room waited, was less urgent than the new one and no more urgent than all, and
  /// came last of these.
  private void checkDisplaced(Ticket displaced, Ticket ticket) {
    assertEquals(policy.queueCapacity(), queue.size());
    assertTrue(queue.remove(displaced), "displaced what did not wait");
    assertTrue(displaced.priority() > ticket.priority(), "displaced what is as urgent");
    for (Ticket waits : queue) {
      assertTrue(waits.priority() <= displaced.priority(), "displaced the more urgent");
      assertTrue(
          waits.priority() < displaced.priority() || waits.number < displaced.number,
          "displaced the older");
    }
  }

  private void cancel(Ticket ticket) {
    if (line.cancel(ticket)) {
      assertTrue(queue.remove(ticket), "cancelled what did not wait");
      ticket.finish(new Outcome.Cancelled());
    }
    check();
  }

  /// Starts what the line says, if the machine is free.
  private void start() {
    if (running != null) {
      return;
    }
    late.clear();
    Batch batch = line.next(now, late);
    for (Ticket ticket : late) {
      assertTrue(queue.remove(ticket), "dropped what did not wait");
      assertTrue(ticket.deadlineNanos() != Ticket.NEVER, "dropped without a deadline");
      ticket.finish(new Outcome.Refused(Refusal.DROPPED_LATE));
    }
    if (batch == null) {
      assertTrue(queue.isEmpty(), "idle though requests wait");
      return;
    }
    checkBatch(batch);
    queue.removeAll(batch.tickets());
    running = batch;
    double nanos = cost(batch.rows()) * (1 + noise * random.nextGaussian());
    if (batch.trial() != Batch.Trial.NO) {
      nanos += Batch.COMPARED * cost(1);
    }
    freeAt = now + Math.max(1, (long) nanos);
  }

  /// What must hold of a batch at the moment that it begins.
  private void checkBatch(Batch batch) {
    Ticket head = batch.tickets().getFirst();
    int rows = 0;
    for (Ticket ticket : batch.tickets()) {
      rows += ticket.rows;
      assertTrue(queue.contains(ticket), "computes what does not wait");
      assertTrue(
          ticket == head || head.bucket.equals(ticket.bucket), "computed with another shape");
      assertTrue(
          ticket.deadlineNanos() == Ticket.NEVER
              || now + batch.expectedNanos() <= (double) ticket.deadlineNanos()
              || !isKnown(ticket)
              || ticket.isProbe,
          "knowingly served past its deadline");
    }
    assertEquals(batch.rows(), rows);
    assertTrue(
        batch.tickets().size() == 1 || rows <= policy.maxBatch(), "a batch of " + rows + " rows");
    // First come, first served within a class and shape; whoever is first of the highest class, or
    // oldest of all, is in the batch.
    Ticket oldest = null;
    Ticket highest = null;
    for (Ticket waits : queue) {
      oldest = oldest == null ? waits : oldest;
      highest = highest == null || waits.priority() < highest.priority() ? waits : highest;
      if (!batch.tickets().contains(waits)) {
        for (Ticket taken : batch.tickets()) {
          boolean isOvertaken =
              taken.number > waits.number
                  && taken.priority() == waits.priority()
                  && taken.bucket.equals(waits.bucket);
          assertFalse(isOvertaken && taken != head, "overtaken within its class");
        }
      }
    }
    assertTrue(head == highest || head == oldest, "neither the highest nor the oldest is first");
    startedSince = head == oldest || batch.tickets().contains(oldest) ? 0 : startedSince + 1;
    assertTrue(startedSince < 8, "the oldest request starves");
  }

  private static boolean isKnown(Ticket ticket) {
    return ticket.costs != null && ticket.costs.isKnown();
  }

  private void finish(Batch batch) {
    long nanos = freeAt - batch.startedNanos();
    for (Ticket ticket : batch.tickets()) {
      ticket.finish(
          new Outcome.Done(
              new Answer.Tensors(Map.of()),
              new Timing(batch.startedNanos() - ticket.arrivedNanos(), nanos, batch.rows())));
      good += now <= ticket.deadlineNanos() ? ticket.rows : 0;
    }
    boolean isTrial = batch.trial() != Batch.Trial.NO;
    line.finish(
        batch,
        new Instance.Computed(
            isTrial ? (long) cost(batch.rows()) : nanos,
            isTrial ? (long) cost(batch.rows()) : nanos,
            isTrial ? Instance.Bits.SAME : Instance.Bits.UNKNOWN));
    running = null;
    freeAt = Long.MAX_VALUE;
    start();
  }

  private void check() {
    Counts counts = line.counts();
    assertEquals(queue.size(), counts.waiting());
    assertEquals(running == null ? 0 : running.tickets().size(), counts.running());
    assertEquals(counts.accepted() - counts.finished(), counts.waiting() + counts.running());
    assertEquals(submitted.size(), counts.accepted() + counts.refused());
    assertEquals(refused, counts.refused());
    assertTrue(counts.waiting() <= policy.queueCapacity());
  }

  private void end() {
    assertEquals(0, line.counts().waiting());
    assertEquals(submitted.size(), outcomes.size(), "requests were lost");
  }

  long good() {
    return good;
  }

  long elapsedNanos() {
    return now;
  }
}
