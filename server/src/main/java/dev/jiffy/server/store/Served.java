package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelConfig;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ModelStatistics.BatchSpent;
import dev.jiffy.protocol.ModelStatistics.Memory;
import dev.jiffy.protocol.ModelStatistics.Spent;
import dev.jiffy.protocol.TensorMetadata;
import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.cache.Key;
import dev.jiffy.server.cache.ResponseCache;
import dev.jiffy.server.cache.SecondLevel;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.schedule.BatchCount;
import dev.jiffy.server.schedule.Policy;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Scheduler;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.schedule.WarmUp;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A version of a model that takes requests, and the scheduler that runs them.
///
/// Who asks it something holds it meanwhile, so that it can be replaced while requests are under
/// way: it is retired then, and freed when nobody holds it any more. Shared between threads.
public final class Served implements AutoCloseable {
  private static final Spent NOTHING = new Spent(0, 0);

  private final LoadedModel model;
  private final Scheduler scheduler;
  private final ResponseCache.Uncached uncached;
  private final Tally tally;
  private final @Nullable ResponseCache cache;
  private final Instant start = Instant.now();

  /// Those who hold it, and one more until it is retired.
  private final AtomicInteger holders = new AtomicInteger(1);

  private volatile Runnable whenFree = () -> {};

  private Served(
      LoadedModel model,
      Scheduler scheduler,
      Tally tally,
      @Nullable CacheOptions cache,
      @Nullable SecondLevel shared) {
    this.model = model;
    this.scheduler = scheduler;
    this.uncached = uncached(scheduler, model.computation().mayWait());
    this.tally = tally;
    this.cache =
        cache == null ? null : new ResponseCache(cache, uncached, shared, System::nanoTime);
  }

  private static ResponseCache.Uncached uncached(Scheduler scheduler, boolean mayWait) {
    return new ResponseCache.Uncached() {
      @Override
      public void submit(Ticket ticket, boolean isSmall) {
        if (isSmall && !mayWait) {
          scheduler.submitQuick(ticket);
        } else {
          scheduler.submit(ticket);
        }
      }

      @Override
      public void cancel(Ticket ticket) {
        scheduler.cancel(ticket);
      }
    };
  }

  /// {@return a model with its owner threads started}
  ///
  /// @param model the model, which is closed with the result
  /// @param policy how its requests are scheduled
  /// @param cache how its answers are kept, null to compute each anew
  /// @param shared what other servers keep, null for nothing
  public static Served start(
      LoadedModel model,
      Policy policy,
      @Nullable CacheOptions cache,
      @Nullable SecondLevel shared) {
    return new Served(
        model,
        Scheduler.start(model.name(), model.computation(), model.text(), policy),
        new Tally(),
        cache,
        shared);
  }

  /// {@return the model's name and version}
  public Account.Target target() {
    return new Account.Target(model.name(), model.version());
  }

  /// {@return the model}
  public LoadedModel model() {
    return model;
  }

  /// {@return what runs its requests}
  public Scheduler scheduler() {
    return scheduler;
  }

  /// {@return when its counts began, in nanoseconds since 1970}
  public long startNanos() {
    return Family.nanos(start);
  }

  /// {@return what its requests took so far}
  public Tally tally() {
    return tally;
  }

  /// {@return the key under which an answer may be kept, null where it is computed anew}
  ///
  /// @param question the question
  /// @param outputs the names of the outputs that are asked for
  public @Nullable Key key(Question question, List<String> outputs) {
    return cache == null ? null : cache.key(question, outputs);
  }

  /// Answers a request, from what is kept or by computing it.
  ///
  /// @param ticket the request
  /// @param key its key, null where it is computed anew
  /// @param isSmall whether it may be computed here and now
  /// @return lets go of the request
  public Runnable submit(Ticket ticket, @Nullable Key key, boolean isSmall) {
    if (cache != null && key != null) {
      return cache.submit(ticket, key, isSmall);
    }
    uncached.submit(ticket, isSmall);
    return () -> uncached.cancel(ticket);
  }

  /// {@return what was looked up among the answers that are kept, null where none are}
  public ResponseCache.@Nullable Counts cacheCounts() {
    return cache == null ? null : cache.counts();
  }

  /// {@return whether the model takes a request: it does so at least until [#release()], which is
  /// called once}
  public boolean hold() {
    int count = holders.get();
    while (count > 0) {
      if (holders.compareAndSet(count, count + 1)) {
        return true;
      }
      count = holders.get();
    }
    return false;
  }

  /// Ends what [#hold()] began.
  public void release() {
    if (holders.decrementAndGet() == 0) {
      whenFree.run();
    }
  }

  /// Takes no more requests but those of who holds it. Called once.
  ///
  /// @param free is run when nobody holds it, on whatever thread
  void retire(Runnable free) {
    whenFree = free;
    release();
  }

  /// {@return how the model is served, as clients ask for it}
  public ModelConfig config() {
    ModelMetadata metadata = model.metadata();
    boolean isBatching = scheduler.isBatching();
    return new ModelConfig(
        model.name(),
        metadata.platform(),
        isBatching ? scheduler.policy().maxBatch() : 0,
        isBatching,
        cache != null,
        isBatching ? rows(metadata.inputs()) : metadata.inputs(),
        isBatching ? rows(metadata.outputs()) : metadata.outputs());
  }

  private static List<TensorMetadata> rows(List<TensorMetadata> tensors) {
    return tensors.stream()
        .map(tensor ->
            new TensorMetadata(
                tensor.name(), tensor.dtype(), tensor.shape().subList(1, tensor.shape().size())))
        .toList();
  }

  /// {@return what the model has done so far}
  public ModelStatistics statistics() {
    List<BatchCount> batches = scheduler.batches();
    ResponseCache.Counts counts = cacheCounts();
    return new ModelStatistics(
        model.name(),
        model.version(),
        tally.lastMillis(),
        batches.stream().mapToLong(BatchCount::allRows).sum(),
        batches.stream().mapToLong(BatchCount::count).sum(),
        Tally.spent(tally.answered()),
        Tally.spent(tally.unanswered()),
        tally.spent(Stage.QUEUE),
        tally.spent(Stage.DECODE),
        tally.spent(Stage.COMPUTE),
        tally.spent(Stage.ENCODE),
        counts == null
            ? NOTHING
            : new Spent(counts.hits() + counts.joins(), counts.hitNanos() + counts.joinNanos()),
        counts == null
            ? NOTHING
            : new Spent(counts.misses(), counts.missNanos() + counts.keepNanos()),
        batches.stream()
            .map(batch -> new BatchSpent(batch.rows(), new Spent(batch.count(), batch.nanos())))
            .toList(),
        List.of(
            new Memory("WEIGHTS", model.packedBytes()),
            new Memory("SESSIONS", scheduler.sessionBytes()),
            new Memory("CACHE", counts == null ? 0 : counts.bytes())));
  }

  /// Runs the model on made-up inputs until it is warm, on the calling thread.
  ///
  /// @param most the time after which no further run begins; zero for none at all
  public void warmUp(Duration most) {
    WarmUp.run(model.name(), model.computation(), model.text(), scheduler, most);
  }

  /// Takes no more requests, answers those that were taken, and frees the model, unless it still
  /// computes something that comes to no end. Idempotent.
  @Override
  public void close() {
    scheduler.close();
    free();
  }

  /// Takes no more requests, answers those that were taken, for some time, and frees the model,
  /// unless it still computes something then. Idempotent.
  ///
  /// @param most the time
  void close(Duration most) {
    scheduler.close(most);
    free();
  }

  private void free() {
    if (scheduler.hasEnded()) {
      model.close();
    }
  }
}
