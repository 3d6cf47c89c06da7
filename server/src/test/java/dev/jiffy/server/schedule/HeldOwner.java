package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.jiffy.tensor.Tensor;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Holds the owner thread of a scheduler: it hands over an answer until this is closed, and what is
/// asked meanwhile waits.
public final class HeldOwner implements AutoCloseable {
  private final CompletableFuture<Void> gate = new CompletableFuture<>();

  /// Asks, and waits until the answer is there.
  ///
  /// @param scheduler a scheduler of one instance
  /// @param inputs what is asked
  /// @throws Exception if there is no answer
  public HeldOwner(Scheduler scheduler, Map<String, Tensor> inputs) throws Exception {
    CompletableFuture<Outcome> answer = new CompletableFuture<>();
    scheduler.submit(
        new Ticket(
            new Question.Tensors(inputs),
            Ticket.NORMAL,
            scheduler.now(),
            Ticket.NEVER,
            outcome -> {
              if (answer.complete(outcome) && outcome instanceof Outcome.Done) {
                gate.join();
              }
            }));
    try {
      assertInstanceOf(Outcome.Done.class, answer.get(60, TimeUnit.SECONDS));
    } catch (Exception | AssertionError e) {
      close();
      throw e;
    }
  }

  @Override
  public void close() {
    gate.complete(null);
  }
}
