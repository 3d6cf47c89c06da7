package dev.jiffy.server.schedule;

import static dev.jiffy.server.schedule.MadeUp.row;
import static dev.jiffy.server.schedule.MadeUp.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Models whose batches fail and whose single runs do not.
class FailingBatchesTest {
  /// The time, of which every run takes the same.
  private final AtomicLong clock = new AtomicLong();

  private final AtomicInteger runs = new AtomicInteger();

  /// Asks in bursts, and checks that all are answered.
  private void ask(int bursts, int requests, Runnable several) {
    Computation computation =
        MadeUp.rows(inputs -> {
          Tensor x = tensor(inputs, "x");
          runs.incrementAndGet();
          clock.addAndGet(1000);
          if (x.shape().dim(0) > 1) {
            several.run();
          }
          return Map.of("y", x);
        });
    Batching batching = Batching.of(computation);
    Instance instance =
        new ModelInstance(new ModelSessions(computation, null), batching, clock::get);
    try (Scheduler scheduler =
        new Scheduler(
            "m", Policy.defaults().exact(false), batching, List.of(instance), clock::get)) {
      AtomicInteger answered = new AtomicInteger();
      for (int i = 0; i < bursts; i++) {
        for (int k = 0; k < requests; k++) {
          scheduler.submit(
              new Ticket(
                  row(k),
                  Ticket.NORMAL,
                  scheduler.now(),
                  Ticket.NEVER,
                  outcome -> answered.addAndGet(outcome instanceof Outcome.Done ? 1 : 0)));
        }
        while (scheduler.counts().waiting() > 0) {
          scheduler.step();
        }
      }
      assertEquals(bursts * requests, answered.get());
    }
  }

  /// A model of one row whatever it declares.
  @Test
  void whatFailsInBatchesIsComputedAloneSoon() {
    ask(
        100,
        4,
        () -> {
          throw new ModelException("one row alone");
        });
    assertTrue(runs.get() < 410, () -> runs + " runs of 400 requests");
  }

  /// What passes, as a want of memory does, rules no size out.
  @Test
  void aWantOfMemoryRulesNoBatchOut() {
    AtomicInteger failures = new AtomicInteger();
    AtomicInteger batches = new AtomicInteger();
    ask(
        1500,
        2,
        () -> {
          if (failures.get() == 16) {
            batches.incrementAndGet();
            return;
          }
          OutOfMemoryError none = new OutOfMemoryError("for the sake of the test");
          if (failures.incrementAndGet() % 2 == 0) {
            throw none;
          }
          throw new ModelException("no memory", none);
        });
    assertTrue(batches.get() > 100, () -> batches + " batches after " + failures + " failures");
  }

  /// Where memory never is enough, batches are slower than single runs.
  @Test
  void whatNeverFindsMemoryIsSeldomTried() {
    AtomicInteger failures = new AtomicInteger();
    ask(
        1000,
        2,
        () -> {
          failures.incrementAndGet();
          throw new OutOfMemoryError("for the sake of the test");
        });
    assertTrue(failures.get() < 100, () -> failures + " batches failed");
  }
}
