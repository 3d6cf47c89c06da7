package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelConfig;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ModelStatistics.BatchSpent;
import dev.jiffy.protocol.ModelStatistics.Spent;
import dev.jiffy.protocol.TensorMetadata;
import dev.jiffy.server.schedule.Policy;
import dev.jiffy.server.schedule.Scheduler;
import dev.jiffy.server.schedule.WarmUp;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stage;
import java.time.Duration;
import java.util.List;

/// A model that takes requests, and the scheduler that runs them.
///
/// @param model the model
/// @param scheduler runs its requests
/// @param tally what its requests took so far
public record Served(LoadedModel model, Scheduler scheduler, Tally tally) implements AutoCloseable {
  /// {@return a model with its owner threads started}
  ///
  /// @param model the model, which is closed with the result
  /// @param policy how its requests are scheduled
  public static Served start(LoadedModel model, Policy policy) {
    return new Served(
        model, Scheduler.start(model.name(), model.model(), model.text(), policy), new Tally());
  }

  /// {@return the model's name and version}
  public Account.Target target() {
    return new Account.Target(model.name(), model.version());
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
    List<BatchSpent> batches =
        scheduler.batches().stream()
            .map(batch -> new BatchSpent(batch.rows(), new Spent(batch.count(), batch.nanos())))
            .toList();
    return new ModelStatistics(
        model.name(),
        model.version(),
        tally.lastMillis(),
        batches.stream().mapToLong(batch -> batch.rows() * batch.compute().count()).sum(),
        batches.stream().mapToLong(batch -> batch.compute().count()).sum(),
        Tally.spent(tally.answered()),
        Tally.spent(tally.unanswered()),
        tally.spent(Stage.QUEUE),
        tally.spent(Stage.DECODE),
        tally.spent(Stage.COMPUTE),
        tally.spent(Stage.ENCODE),
        batches);
  }

  /// Runs the model on made-up inputs until it is warm, on the calling thread.
  ///
  /// @param most the time after which no further run begins; zero for none at all
  public void warmUp(Duration most) {
    WarmUp.run(model.name(), model.model(), model.text(), scheduler, most);
  }

  /// Takes no more requests, answers those that were taken, and frees the model. Idempotent.
  @Override
  public void close() {
    scheduler.close();
    model.close();
  }
}
