package dev.jiffy.server.schedule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The requests of one model that wait, and the decisions about them: who is let in, who is
/// dropped, who is computed next and with whom. It runs nothing itself, and is told the time.
///
/// A request whose deadline cannot be met by what is learned of costs is refused when it comes, by
/// a bound that later arrivals cannot break; one whose answer would be late by the time its turn
/// comes is dropped then. As costs that let nobody in would never be measured again, one of some is
/// computed all the same where nothing else waits; and of the batches that are made smaller for
/// want of time to compare their bits, every sixteenth is made and compared all the same, late or
/// not. Whoever waits is computed as soon as an instance is free: batches are made of what waits
/// already, never by waiting for more. Higher classes go first, each in the order of arrival; every
/// eighth batch begins with the request that has waited longest. Where no more may wait, the last
/// of the least urgent makes room for a more urgent one.
///
/// Sources: early drop follows Nexus (SOSP 2019); the sizes of batches follow [BucketCosts]. Shared
/// between threads.
final class Line {
  private static final int BUCKETS = 256;
  private static final int FAIR = 8;
  private static final int CONFIDENT = 4;

  private final Policy policy;
  private final double targetNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Lanes lanes = new Lanes();
  private final Company company;
  private final Map<Bucket, BucketCosts> costs =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Bucket, BucketCosts> eldest) {
          return size() > BUCKETS;
        }
      };
  private final List<Batch> batches = new ArrayList<>();
  private final TreeMap<Integer, BatchCount> sizes = new TreeMap<>();
  private boolean closing;
  private long numbers;
  private long picks;
  private long accepted;
  private long refused;
  private int running;
  private long done;
  private long expired;
  private long displaced;
  private long cancelled;
  private long failed;

  Line(Policy policy) {
    this.policy = policy;
    this.company = new Company(lanes, policy.exact());
    this.targetNanos = policy.latencyTarget().toNanos();
  }

  /// {@return who is refused, with the reason in it: the request itself, or one that waited and
  /// makes room for it; null for nobody}
  ///
  /// @param ticket the request, its bucket and rows known
  /// @param now the time
  @Nullable Ticket offer(Ticket ticket, long now) {
    lock.lock();
    try {
      Outcome.Refused refusal = refusal(ticket, now);
      Ticket last = null;
      if (refusal == null && lanes.size() >= policy.queueCapacity()) {
        last = lanes.lastLessUrgent(ticket.priority());
        if (last == null) {
          refusal = new Outcome.Refused(Refusal.QUEUE_FULL, retryNanos(now));
        }
      }
      if (refusal != null) {
        refused++;
        return refused(ticket, refusal);
      }
      if (last != null) {
        lanes.remove(last);
        displaced++;
        refused(last, new Outcome.Refused(Refusal.DISPLACED, retryNanos(now)));
      }
      accepted++;
      ticket.state = Ticket.State.WAITING;
      ticket.number = numbers++;
      lanes.add(ticket);
      work.signal();
      return last;
    } finally {
      lock.unlock();
    }
  }

  private static Ticket refused(Ticket ticket, Outcome.Refused refusal) {
    ticket.state = Ticket.State.FINISHED;
    ticket.refusal = refusal;
    return ticket;
  }

  private Outcome.@Nullable Refused refusal(Ticket ticket, long now) {
    if (closing) {
      return new Outcome.Refused(Refusal.NOT_READY);
    }
    if (ticket.isLate(now, 0)) {
      return new Outcome.Refused(Refusal.ARRIVED_LATE);
    }
    BucketCosts known = costs.computeIfAbsent(ticket.bucket, _ -> new BucketCosts());
    ticket.costs = known;
    int size =
        ticket.bucket.isAlone()
            ? ticket.rows
            : Math.max(ticket.rows, known.full(ticket.rows, policy.maxBatch(), targetNanos));
    int measured = known.measured(ticket.rows, size, CONFIDENT);
    int judged = measured == 0 ? size : measured;
    ticket.work = known.expected(judged) * ticket.rows / judged;
    if (ticket.deadlineNanos() != Ticket.NEVER && measured > 0) {
      double ahead = lanes.work(ticket.priority());
      boolean isFree = lanes.isEmpty() && batches.size() < policy.instances();
      double own = isFree ? known.expected(ticket.rows) : known.high(judged);
      if (ticket.isLate(now, residual(now) + ahead / policy.instances() + own)
          && !(isFree && probes(ticket, known, now))) {
        return isFree
            ? new Outcome.Refused(Refusal.DEADLINE_TOO_SHORT)
            : new Outcome.Refused(Refusal.QUEUE_TOO_LONG, retryNanos(now));
      }
    }
    return null;
  }

  /// Decides whether a request is computed though it would be late by what is learned: one of some,
  /// where nothing else waits.
  private static boolean probes(Ticket ticket, BucketCosts known, long now) {
    ticket.isProbe = !ticket.isLate(now, 0) && known.doubt();
    return ticket.isProbe;
  }

  /// {@return the time until an instance is free}
  private double residual(long now) {
    if (batches.size() < policy.instances()) {
      return 0;
    }
    double least = Double.MAX_VALUE;
    for (Batch batch : batches) {
      least = Math.min(least, batch.expectedNanos() - (double) (now - batch.startedNanos()));
    }
    return Math.max(0, least);
  }

  private long retryNanos(long now) {
    return (long) (residual(now) + lanes.work(Ticket.LAST) / policy.instances());
  }

  /// {@return the request as a batch of its own, if nothing else waits or runs and it is known to
  /// take no longer than some time; null otherwise, and then it was not taken}
  ///
  /// @param ticket the request, its bucket and rows known
  /// @param now the time
  /// @param mostNanos the longest that it may take
  @Nullable Batch startQuick(Ticket ticket, long now, double mostNanos) {
    lock.lock();
    try {
      if (closing || !lanes.isEmpty() || running > 0 || ticket.isLate(now, 0)) {
        return null;
      }
      BucketCosts known = costs.get(ticket.bucket);
      if (known == null
          || known.samples(ticket.rows) < Scheduler.KNOWN
          || known.expected(ticket.rows) > mostNanos) {
        return null;
      }
      accepted++;
      ticket.costs = known;
      ticket.number = numbers++;
      return started(List.of(ticket), Batch.Trial.NO, now, known.expected(ticket.rows));
    } finally {
      lock.unlock();
    }
  }

  private Batch started(List<Ticket> tickets, Batch.Trial trial, long now, double expectedNanos) {
    for (Ticket ticket : tickets) {
      ticket.state = Ticket.State.RUNNING;
    }
    running += tickets.size();
    Batch batch = new Batch(tickets, Batch.rows(tickets), trial, now, expectedNanos);
    batches.add(batch);
    return batch;
  }

  /// {@return what to compute now, null where nothing waits}
  ///
  /// @param now the time
  /// @param late takes the requests that were dropped because they would be late
  @Nullable Batch next(long now, List<Ticket> late) {
    lock.lock();
    try {
      while (!lanes.isEmpty()) {
        Ticket head = lanes.head(picks % FAIR == FAIR - 1);
        BucketCosts known = costsOf(head);
        int most = known.most(policy.maxBatch());
        int size = known.choose(head.rows, company.rows(head, most), most, targetNanos);
        boolean isAlone = lanes.size() == 1;
        double nanos = isAlone ? known.expected(head.rows) : known.high(Math.max(size, head.rows));
        if (head.isLate(now, known.isKnown() ? nanos : 0)
            && !(isAlone && probes(head, known, now))) {
          drop(head, late);
          continue;
        }
        picks++;
        double least = known.isKnown() ? nanos : 0;
        List<Ticket> tickets = company.take(head, size, each -> dropLate(each, now, least, late));
        dropLate(tickets, known, now, nanos, late);
        if (!tickets.isEmpty()) {
          return start(tickets, known, now);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private Batch start(List<Ticket> tickets, BucketCosts known, long now) {
    int rows = Batch.rows(tickets);
    double expected = known.expected(rows);
    Batch.Trial trial =
        policy.exact() && tickets.size() > 1 ? known.trial(rows, tickets) : Batch.Trial.NO;
    if (trial == Batch.Trial.NO) {
      return started(tickets, trial, now, expected);
    }
    double tried =
        expected
            + Batch.compared(tickets).stream()
                .mapToDouble(i -> known.expected(tickets.get(i).rows))
                .sum();
    boolean isLate = tickets.stream().anyMatch(ticket -> ticket.isLate(now, tried));
    if (isLate && !known.insists()) {
      int count = Company.untried(tickets, known);
      tickets.subList(count, tickets.size()).forEach(lanes::putBack);
      List<Ticket> first = List.copyOf(tickets.subList(0, count));
      double fewer = Math.min(known.expected(Batch.rows(first)), expected);
      return started(first, Batch.Trial.NO, now, fewer);
    }
    tickets.forEach(ticket -> ticket.isProbe |= isLate);
    return started(tickets, trial, now, tried);
  }

  /// Drops those of a batch that would be late, until none would. A batch that became smaller is
  /// not taken to be slower for that.
  private void dropLate(
      List<Ticket> tickets, BucketCosts known, long now, double mostNanos, List<Ticket> late) {
    boolean isKnown = known.isKnown();
    boolean isSettled = false;
    while (!isSettled) {
      int rows = Batch.rows(tickets);
      double nanos =
          isKnown ? Math.max(known.expected(rows), Math.min(known.high(rows), mostNanos)) : 0;
      isSettled = true;
      for (int i = tickets.size() - 1; i >= 0; i--) {
        if (tickets.get(i).isLate(now, nanos)) {
          dropTaken(tickets.remove(i), late);
          isSettled = false;
        }
      }
    }
  }

  private BucketCosts costsOf(Ticket ticket) {
    BucketCosts known = ticket.costs;
    if (known == null) {
      throw new IllegalStateException("the ticket was not taken");
    }
    return known;
  }

  private boolean dropLate(Ticket ticket, long now, double nanos, List<Ticket> late) {
    boolean isLate = ticket.isLate(now, nanos);
    if (isLate) {
      drop(ticket, late);
    }
    return isLate;
  }

  private void drop(Ticket ticket, List<Ticket> late) {
    lanes.remove(ticket);
    dropTaken(ticket, late);
  }

  private void dropTaken(Ticket ticket, List<Ticket> late) {
    ticket.state = Ticket.State.FINISHED;
    expired++;
    late.add(ticket);
  }

  /// Learns how a batch went, whose requests have ended.
  ///
  /// @param batch the batch
  /// @param computed how its computation went
  void finish(Batch batch, Instance.Computed computed) {
    lock.lock();
    try {
      batches.remove(batch);
      running -= batch.tickets().size();
      Ticket longest = batch.tickets().getFirst();
      for (Ticket ticket : batch.tickets()) {
        ticket.state = Ticket.State.FINISHED;
        count(ticket.outcome());
        if (ticket.bucket.length() > longest.bucket.length()) {
          longest = ticket;
        }
      }
      learn(costsOf(longest), batch, computed);
      Ticket first = batch.tickets().getFirst();
      if (first != longest) { // it decided how many there were
        learn(costsOf(first), batch, computed);
      }
      long nanos = computed.nanos();
      if (nanos >= 0) {
        long tokens = batch.tokens();
        long padding = (long) batch.rows() * batch.length() - tokens;
        BatchCount one = BatchCount.of(batch.rows(), nanos, tokens, padding);
        sizes.merge(one.rows(), one, BatchCount::plus);
      }
    } finally {
      lock.unlock();
    }
  }

  private static void learn(BucketCosts known, Batch batch, Instance.Computed computed) {
    if (computed.busyNanos() >= 0) {
      known.took(batch.rows(), (double) computed.busyNanos());
    }
    known.tried(batch.rows(), batch.tickets(), computed.bits());
  }

  private void count(@Nullable Outcome outcome) {
    switch (outcome) {
      case Outcome.Done _ -> done++;
      case Outcome.Cancelled _ -> cancelled++;
      case Outcome.BadInput _, Outcome.Failed _ -> failed++;
      case Outcome.Refused _ -> throw new IllegalStateException("refused while it was computed");
      case null -> throw new IllegalStateException("a request was computed and has no outcome");
    }
  }

  /// Learns what was measured elsewhere.
  void learn(Bucket bucket, int rows, long nanos) {
    lock.lock();
    try {
      costs.computeIfAbsent(bucket, _ -> new BucketCosts()).took(rows, (double) nanos);
    } finally {
      lock.unlock();
    }
  }

  /// Learns how the answers of a batch that was made elsewhere compare with those of single runs.
  void tried(Bucket bucket, Batch batch, Instance.Bits bits) {
    lock.lock();
    try {
      costs
          .computeIfAbsent(bucket, _ -> new BucketCosts())
          .tried(batch.rows(), batch.tickets(), bits);
    } finally {
      lock.unlock();
    }
  }

  /// {@return whether a request waited and does not any more; one that is computed already is only
  /// marked}
  boolean cancel(Ticket ticket) {
    lock.lock();
    try {
      ticket.cancelled = true;
      if (ticket.state != Ticket.State.WAITING) {
        return false;
      }
      lanes.remove(ticket);
      ticket.state = Ticket.State.FINISHED;
      cancelled++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// {@return those that waited, and do not any more: nobody will compute them}
  List<Ticket> drain() {
    lock.lock();
    try {
      List<Ticket> drained = new ArrayList<>();
      while (!lanes.isEmpty()) {
        Ticket ticket = lanes.head(false);
        lanes.remove(ticket);
        ticket.state = Ticket.State.FINISHED;
        cancelled++;
        drained.add(ticket);
      }
      return drained;
    } finally {
      lock.unlock();
    }
  }

  /// {@return whether something waits now; false when nothing ever will}
  boolean await() {
    lock.lock();
    try {
      while (lanes.isEmpty()) {
        if (closing) {
          return false;
        }
        work.awaitUninterruptibly();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Takes no more requests.
  void close() {
    lock.lock();
    try {
      closing = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// {@return the batches that were computed, by size}
  List<BatchCount> batches() {
    lock.lock();
    try {
      return List.copyOf(sizes.values());
    } finally {
      lock.unlock();
    }
  }

  /// {@return how many requests there were and are}
  Counts counts() {
    lock.lock();
    try {
      return new Counts(
          accepted, refused, lanes.size(), running, done, expired, displaced, cancelled, failed);
    } finally {
      lock.unlock();
    }
  }
}
