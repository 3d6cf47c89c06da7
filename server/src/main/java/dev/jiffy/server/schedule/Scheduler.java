package dev.jiffy.server.schedule;

import dev.jiffy.engine.Model;
import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.tensor.Tensor;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Runs the requests of one model: the caller is answered through its ticket or a future, and never
/// blocks.
///
/// Each instance of the model has an owner thread that computes what waits, in batches where that
/// pays; see [Policy]. Where the model is idle and known to be quick, [#submitQuick] computes at
/// once on the calling thread. Shared between threads.
public final class Scheduler implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());

  /// From so many runs on the cost of a request is known.
  static final int KNOWN = 16;

  /// About what two thread hops cost.
  private static final double QUICK_NANOS = 50_000;

  /// How long closing waits, where nobody says, while nothing comes to its end.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// How long it waits at least: threads that have nothing to do need a moment to end.
  private static final Duration MOMENT = Duration.ofMillis(100);

  /// The part of a request's time that its answer may need to reach the client.
  private static final int WAY = 20;

  private final String name;
  private final Policy policy;
  private final Batching batching;
  private final LongSupplier clock;
  private final Line line;
  private final List<Owner> owners = new ArrayList<>();
  private volatile boolean isLeft;

  /// An instance and the right to use it.
  private static final class Owner {
    private final Instance instance;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Ticket> late = new ArrayList<>();
    private @Nullable Thread thread;
    private volatile boolean isReleased;

    Owner(Instance instance) {
      this.instance = instance;
    }

    /// Releases the working memory once nothing computes with it any more.
    ///
    /// @param endNanos the time after which that is not waited for
    void release(long endNanos) {
      boolean wasInterrupted = false;
      try {
        while (!isReleased) {
          try {
            if (hasEnded(endNanos) && lock.tryLock(left(endNanos), TimeUnit.NANOSECONDS)) {
              try {
                instance.close();
                isReleased = true;
              } finally {
                lock.unlock();
              }
            }
            return;
          } catch (InterruptedException e) {
            wasInterrupted = true;
          }
        }
      } finally {
        if (wasInterrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private boolean hasEnded(long endNanos) throws InterruptedException {
      return thread == null || thread.join(Duration.ofNanos(left(endNanos)));
    }

    private static long left(long endNanos) {
      return Math.max(0, endNanos - System.nanoTime());
    }
  }

  /// A scheduler without threads, for a model; see [#start].
  ///
  /// @param name the model's name
  /// @param policy how its requests are scheduled
  /// @param batching how they can be computed together
  /// @param instances what computes
  /// @param clock the time in nanoseconds
  Scheduler(
      String name,
      Policy policy,
      Batching batching,
      List<? extends Instance> instances,
      LongSupplier clock) {
    this.name = name;
    this.policy = policy;
    this.batching = batching;
    this.clock = clock;
    this.line = new Line(policy);
    instances.forEach(instance -> owners.add(new Owner(instance)));
  }

  /// {@return a scheduler that runs a model, with its threads started}
  ///
  /// @param name the model's name, for its threads and for messages
  /// @param model the model, which must stay open until the scheduler is closed
  /// @param text its text pipeline, null if it has none; must stay open as well
  /// @param policy how its requests are scheduled
  public static Scheduler start(
      String name, Model model, @Nullable TextPipeline text, Policy policy) {
    return start(name, Computation.of(model), text, policy);
  }

  /// {@return a scheduler that runs a computation, with its threads started}
  ///
  /// @param name its name, for its threads and for messages
  /// @param computation the computation, which must stay open until the scheduler is closed
  /// @param text a text pipeline, null if it has none; must stay open as well
  /// @param policy how its requests are scheduled
  public static Scheduler start(
      String name, Computation computation, @Nullable TextPipeline text, Policy policy) {
    Batching batching = Batching.of(computation);
    List<Instance> instances = new ArrayList<>();
    for (int i = 0; i < policy.instances(); i++) {
      instances.add(
          new ModelInstance(new ModelSessions(computation, text), batching, System::nanoTime));
    }
    Scheduler scheduler = new Scheduler(name, policy, batching, instances, System::nanoTime);
    scheduler.startThreads();
    return scheduler;
  }

  void startThreads() {
    for (int i = 0; i < owners.size(); i++) {
      Owner owner = owners.get(i);
      owner.thread =
          Thread.ofPlatform()
              .name("jiffy-%s-%d".formatted(name, i))
              .daemon(true)
              .start(() -> serve(owner));
    }
  }

  private void serve(Owner owner) {
    while (line.await()) {
      try {
        step(owner);
      } catch (Throwable e) { // the root of the thread
        LOG.log(Level.ERROR, "a batch of model " + name + " failed", e);
      }
      var _ = Thread.interrupted(); // what is computed may have been, which ends no owner
    }
  }

  /// Computes one batch of what waits, if anything does.
  void step() {
    step(owners.getFirst());
  }

  private void step(Owner owner) {
    owner.lock.lock();
    try {
      Batch batch = line.next(clock.getAsLong(), owner.late);
      owner.late.forEach(ticket -> ticket.finish(new Outcome.Refused(Refusal.DROPPED_LATE)));
      owner.late.clear();
      if (batch != null) {
        compute(owner, batch);
      }
    } finally {
      owner.lock.unlock();
    }
  }

  private void compute(Owner owner, Batch batch) {
    Instance.Computed computed = Instance.Computed.none(Instance.Bits.UNKNOWN);
    BatchEvent event = null;
    try {
      event = new BatchEvent();
      event.begin();
      computed = owner.instance.run(batch);
    } catch (Throwable e) { // whatever happens, the callers are told
      Outcome failed = new Outcome.Failed(e);
      batch.tickets().forEach(ticket -> ticket.finish(failed));
      LOG.log(Level.ERROR, "a batch of model " + name + " failed", e);
    } finally {
      line.finish(batch, computed);
      if (event != null) {
        event.end(name, batch);
      }
    }
  }

  /// {@return the time in nanoseconds, by the clock that deadlines are measured with}
  public long now() {
    return clock.getAsLong();
  }

  /// {@return how requests are scheduled}
  public Policy policy() {
    return policy;
  }

  /// {@return whether requests can be computed together at all, and why or why not}
  public String batching() {
    return (batching.rows() == null ? "computed alone: " : "computed together: ")
        + batching.reason();
  }

  /// {@return whether requests can be computed together}
  public boolean isBatching() {
    return batching.rows() != null && policy.maxBatch() > 1;
  }

  /// {@return how many requests there were and are}
  public Counts counts() {
    return line.counts();
  }

  /// {@return the batches that were computed, by size}
  public List<BatchCount> batches() {
    return line.batches();
  }

  /// {@return the bytes of working memory that the instances hold}
  public long sessionBytes() {
    return owners.stream().mapToLong(owner -> owner.instance.memoryBytes()).sum();
  }

  /// Submits a request, which is computed by an owner thread. Never blocks.
  ///
  /// @param ticket the request; it gets its outcome at once where it is not taken
  public void submit(Ticket ticket) {
    batching.place(ticket);
    offer(ticket);
  }

  private void offer(Ticket ticket) {
    Ticket refused = line.offer(ticket, clock.getAsLong());
    if (refused != null && refused.refusal != null) {
      refused.finish(refused.refusal);
    }
  }

  /// Submits a request, which is computed at once by the calling thread where the model is idle and
  /// known to be quick, and by an owner thread otherwise.
  ///
  /// @param ticket the request
  public void submitQuick(Ticket ticket) {
    batching.place(ticket);
    Owner owner = owners.getFirst();
    if (owner.lock.tryLock()) {
      try {
        Batch batch = line.startQuick(ticket, clock.getAsLong(), QUICK_NANOS);
        if (batch != null) {
          compute(owner, batch);
          return;
        }
      } finally {
        owner.lock.unlock();
      }
    }
    offer(ticket);
  }

  /// {@return the outcome of a run, with answers in memory of their own}
  ///
  /// @param inputs a tensor for every input; not to be changed, and alive, until the outcome is
  ///   there
  /// @param deadlineNanos when the answer is worth nothing any more, by [#now()], or
  ///   [Ticket#NEVER]; cancelling the future lets go of the request, but one that is being computed
  ///   may still read its inputs: their memory must not be freed by hand then
  public CompletableFuture<Outcome> submit(Map<String, Tensor> inputs, long deadlineNanos) {
    CompletableFuture<Outcome> future = new CompletableFuture<>();
    Ticket ticket =
        new Ticket(
            new Question.Tensors(inputs),
            Ticket.NORMAL,
            clock.getAsLong(),
            deadlineOr(deadlineNanos, clock.getAsLong()),
            outcome -> {
              try {
                future.complete(owned(outcome));
              } catch (Throwable e) { // whatever happens, the caller is told
                future.complete(new Outcome.Failed(e));
              }
            });
    var _ =
        future.whenComplete((outcome, failure) -> {
          if (future.isCancelled()) {
            cancel(ticket);
          }
        });
    submit(ticket);
    return future;
  }

  /// {@return when the answer must be there to reach a client over a network in time, or
  /// [Ticket#NEVER]: a twentieth of its time is kept for the way}
  ///
  /// @param deadlineNanos when the answer is worth nothing any more to the client, or
  ///   [Ticket#NEVER]: the policy then says when
  /// @param arrivedNanos when the request came
  public long dueNanos(long deadlineNanos, long arrivedNanos) {
    long deadline = deadlineOr(deadlineNanos, arrivedNanos);
    return deadline == Ticket.NEVER ? deadline : deadline - (deadline - arrivedNanos) / WAY;
  }

  private long deadlineOr(long deadlineNanos, long arrivedNanos) {
    return deadlineNanos == Ticket.NEVER && policy.timeout() != null
        ? arrivedNanos + policy.timeout().toNanos()
        : deadlineNanos;
  }

  private static Outcome owned(Outcome outcome) {
    if (outcome
        instanceof Outcome.Done(Answer.Tensors(Map<String, Tensor> outputs), Timing timing)) {
      Map<String, Tensor> copies = new LinkedHashMap<>();
      outputs.forEach((output, tensor) -> copies.put(output, tensor.copy()));
      return new Outcome.Done(new Answer.Tensors(copies), timing);
    }
    return outcome;
  }

  /// Lets go of a request: one that waits is cancelled at once, one that is computed gets no
  /// answer. Without effect on one that has ended.
  ///
  /// @param ticket the request
  public void cancel(Ticket ticket) {
    if (line.cancel(ticket)) {
      ticket.finish(new Outcome.Cancelled());
    }
  }

  /// Tells how long a run took that was made elsewhere, such as to warm up.
  ///
  /// @param question what was asked
  /// @param nanos how long the run took
  void learn(Question question, long nanos) {
    Ticket ticket = new Ticket(question, Ticket.NORMAL, 0, Ticket.NEVER, outcome -> {});
    batching.place(ticket);
    line.learn(ticket.bucket, ticket.rows, nanos);
  }

  /// Learns what batches of a request cost, and whether they have the bits of single runs: runs
  /// ever larger ones of it, up to what the policy allows.
  ///
  /// @param questions makes the question for a row
  /// @param sessions where to run
  /// @param endNanos the time after which no further batch is begun
  void study(IntFunction<Question> questions, ModelSessions sessions, long endNanos) {
    ModelInstance instance = new ModelInstance(sessions, batching, clock);
    for (int rows : BucketCosts.sizes(policy.maxBatch())) {
      if (clock.getAsLong() >= endNanos) {
        return;
      }
      List<Ticket> tickets = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        Ticket ticket =
            new Ticket(questions.apply(i), Ticket.NORMAL, 0, Ticket.NEVER, outcome -> {});
        batching.place(ticket);
        tickets.add(ticket);
      }
      Bucket bucket = tickets.getFirst().bucket;
      if (bucket.isAlone()) {
        return;
      }
      Batch.Trial trial = policy.exact() ? Batch.Trial.YES : Batch.Trial.NO;
      Batch tried = new Batch(tickets, rows, trial, clock.getAsLong(), 0);
      Instance.Computed first = instance.run(tried);
      line.tried(bucket, tried, first.bits());
      if (first.nanos() < 0 || first.bits() == Instance.Bits.OTHER) {
        return;
      }
      Batch batch = new Batch(tickets, rows, Batch.Trial.NO, clock.getAsLong(), 0);
      for (int i = 0; i < BucketCosts.EXPLORED && clock.getAsLong() < endNanos; i++) {
        long nanos = instance.run(batch).nanos();
        if (nanos < 0) {
          return;
        }
        line.learn(bucket, rows, nanos);
        if (2 * nanos > policy.latencyTarget().toNanos()) {
          return;
        }
      }
    }
  }

  /// Takes no more requests, computes those that were taken, and releases the working memory. What
  /// has come to no end for half a minute is left as [#close(Duration)] does. Idempotent.
  @Override
  public void close() {
    line.close();
    long before;
    do {
      before = counts().finished();
      release(PATIENCE);
    } while (!hasEnded() && counts().finished() > before);
    leave();
  }

  /// Takes no more requests, computes those that were taken, and releases the working memory; for
  /// some time. Whoever waits then is told that nobody computes it any more. What is computed then
  /// is left alone: its thread, which keeps no process from ending, and its working memory.
  /// Idempotent.
  ///
  /// @param most the time
  public void close(Duration most) {
    line.close();
    release(most.compareTo(MOMENT) < 0 ? MOMENT : most);
    leave();
  }

  private void release(Duration most) {
    long endNanos = System.nanoTime() + (isLeft ? 0 : most.toNanos());
    owners.forEach(owner -> owner.release(endNanos));
  }

  /// {@return whether it is closed and computes nothing any more, so that the model may be closed}
  public boolean hasEnded() {
    return owners.stream().allMatch(owner -> owner.isReleased);
  }

  private void leave() {
    if (isLeft || hasEnded()) {
      return;
    }
    isLeft = true;
    LOG.log(
        Level.WARNING,
        "model %s still computes and is not waited for any longer; its memory stays"
            .formatted(name));
    line.drain().forEach(ticket -> ticket.finish(new Outcome.Refused(Refusal.NOT_READY)));
  }
}
