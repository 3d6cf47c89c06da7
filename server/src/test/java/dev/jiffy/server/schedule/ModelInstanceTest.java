package dev.jiffy.server.schedule;

import static dev.jiffy.server.schedule.MadeUp.BATCH;
import static dev.jiffy.server.schedule.MadeUp.row;
import static dev.jiffy.server.schedule.MadeUp.rows;
import static dev.jiffy.server.schedule.MadeUp.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.server.Await;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Batches of computations that are made up.
class ModelInstanceTest {
  private static final Dim TOKENS = new Dim.Symbol("tokens");

  /// Of each text a vector of 16 numbers, each the sum of its tokens that count, and the tokens
  /// themselves.
  private static Map<String, Tensor> summed(Map<String, Tensor> inputs) {
    Tensor ids = tensor(inputs, "ids");
    Tensor mask = tensor(inputs, Batching.MASK);
    int rows = (int) ids.shape().dim(0);
    int length = (int) ids.shape().dim(1);
    float[] sums = new float[rows * 16];
    for (int i = 0; i < rows * length; i++) {
      int row = i / length;
      float more = ids.getLong(i) * mask.getLong(i);
      for (int k = 0; k < 16; k++) {
        sums[16 * row + k] += more;
      }
    }
    return Map.of("sum", Tensor.of(sums, rows, 16), "same", ids);
  }

  private static Map<String, Tensor> text(int length, int token) {
    long[] ids = new long[length];
    long[] mask = new long[length];
    Arrays.fill(ids, token);
    Arrays.fill(mask, 1);
    return Map.of("ids", Tensor.of(ids, 1, length), Batching.MASK, Tensor.of(mask, 1, length));
  }

  /// An extent that happens to be as long as the padded texts is not cut.
  @Test
  void onlyThePaddedDimensionIsCut() throws Exception {
    List<Dim> texts = List.of(BATCH, TOKENS);
    Computation sums =
        new MadeUp(
            List.of(
                new TensorSpec("ids", DType.I64, texts),
                new TensorSpec(Batching.MASK, DType.I64, texts)),
            List.of(
                new TensorSpec("sum", DType.F32, List.of(BATCH, new Dim.Known(16))),
                new TensorSpec("same", DType.I64, texts)),
            ModelInstanceTest::summed);
    List<CompletableFuture<Outcome>> futures = new ArrayList<>();
    int together = 0;
    try (Scheduler scheduler =
        Scheduler.start("m", sums, null, Policy.defaults().exact(false).queueCapacity(1000))) {
      try (HeldOwner _ = new HeldOwner(scheduler, text(3, 0))) {
        for (int i = 0; i < 1000; i++) {
          futures.add(scheduler.submit(text(i % 2 == 0 ? 15 : 16, i), Ticket.NEVER));
        }
      }
      for (int i = 0; i < futures.size(); i++) {
        Outcome outcome = futures.get(i).get(60, TimeUnit.SECONDS);
        Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcome);
        int length = i % 2 == 0 ? 15 : 16;
        Map<String, Tensor> outputs =
            assertInstanceOf(Answer.Tensors.class, done.answer()).outputs();
        float[] sum = new float[16];
        Arrays.fill(sum, i * length);
        assertEquals(List.of(1L, 16L), dims(tensor(outputs, "sum")));
        assertEquals(-1, Arrays.mismatch(sum, tensor(outputs, "sum").toFloats()));
        assertEquals(List.of(1L, (long) length), dims(tensor(outputs, "same")));
        together += done.timing().batchRows() > 1 ? 1 : 0;
      }
    }
    assertTrue(together > 0, "nothing was computed together");
  }

  /// Padding reaches an extent behind the second too, where nothing cuts it off.
  @Test
  void whatPaddingReachesElsewhereIsNotPadded() {
    List<Dim> texts = List.of(BATCH, TOKENS);
    List<TensorSpec> inputs =
        List.of(
            new TensorSpec("ids", DType.I64, texts),
            new TensorSpec(Batching.MASK, DType.I64, texts));
    for (Dim last : List.of(TOKENS, new Dim.Symbol("unk__7"))) {
      List<Dim> dims = List.of(BATCH, new Dim.Known(12), last);
      Computation scores =
          new MadeUp(
              inputs, List.of(new TensorSpec("scores", DType.F32, dims)), tensors -> tensors);
      assertNull(Batching.of(scores).length());
    }
  }

  /// Of an extent of another name nobody knows whether it is padded, or only happens to be as long.
  @Test
  void whereASecondExtentIsNotTheLengthNothingIsPadded() {
    List<Dim> texts = List.of(BATCH, TOKENS);
    List<TensorSpec> inputs =
        List.of(
            new TensorSpec("ids", DType.I64, texts),
            new TensorSpec(Batching.MASK, DType.I64, texts));
    List<Dim> other = List.of(BATCH, new Dim.Symbol("unk__7"));
    for (List<Dim> dims : List.of(List.of(BATCH), texts, List.of(BATCH, new Dim.Known(12)))) {
      TensorSpec known = new TensorSpec("known", DType.F32, dims);
      Computation one = new MadeUp(inputs, List.of(known), tensors -> tensors);
      assertEquals("tokens", Batching.of(one).length());
      TensorSpec named = new TensorSpec("named", DType.F32, other);
      Computation both = new MadeUp(inputs, List.of(known, named), tensors -> tensors);
      assertEquals("batch", Batching.of(both).rows());
      assertNull(Batching.of(both).length());
    }
  }

  /// Where every row depends on the greatest of all, equal requests do not show it.
  @Test
  void whatDependsOnItsNeighboursIsComputedAlone() {
    Computation scaled =
        rows(inputs -> {
          float[] x = tensor(inputs, "x").toFloats();
          float most = 0;
          for (float each : x) {
            most = Math.max(most, each);
          }
          for (int i = 0; i < x.length; i++) {
            x[i] /= most;
          }
          return Map.of("y", Tensor.of(x, x.length));
        });
    Instance instance =
        new ModelInstance(new ModelSessions(scaled, null), Batching.of(scaled), System::nanoTime);
    Scheduler scheduler =
        new Scheduler(
            "m", Policy.defaults(), Batching.of(scaled), List.of(instance), System::nanoTime);
    List<Outcome> outcomes = new ArrayList<>();
    int together = 0;
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < 16; i++) {
        int x = round < 20 ? 5 : 5 + i;
        scheduler.submit(new Ticket(row(x), 0, 0, Ticket.NEVER, outcomes::add));
      }
      while (scheduler.counts().waiting() > 0) {
        scheduler.step();
      }
    }
    for (Outcome outcome : outcomes) {
      Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcome);
      Answer.Tensors answer = assertInstanceOf(Answer.Tensors.class, done.answer());
      assertEquals(1, tensor(answer.outputs(), "y").toFloats()[0]);
      together += done.timing().batchRows() > 1 ? 1 : 0;
    }
    assertTrue(together > 0, "equal requests were not computed together");
  }

  /// That there is no memory is no fault of the request.
  @Test
  void noMemoryIsAFailure() throws Exception {
    Computation large =
        rows(inputs -> {
          throw new ModelException("no memory", new OutOfMemoryError("for the sake of the test"));
        });
    try (Scheduler scheduler = Scheduler.start("m", large, null, Policy.defaults())) {
      Outcome outcome = scheduler.submit(row(1).inputs(), Ticket.NEVER).get(60, TimeUnit.SECONDS);
      Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, outcome);
      assertInstanceOf(OutOfMemoryError.class, failed.cause());
    }
  }

  private static List<Long> dims(Tensor tensor) {
    return Arrays.stream(tensor.shape().dims()).boxed().toList();
  }

  /// Whoever computes may be interrupted, and goes on.
  @Test
  void ownersSurviveInterrupts() throws Exception {
    Computation interrupting =
        rows(inputs -> {
          boolean wasInterrupted = Thread.currentThread().isInterrupted();
          Thread.currentThread().interrupt();
          return Map.of("y", wasInterrupted ? Tensor.of(new float[0], 0) : tensor(inputs, "x"));
        });
    try (Scheduler scheduler = Scheduler.start("m", interrupting, null, Policy.defaults())) {
      for (int i = 0; i < 100; i++) {
        Outcome outcome = scheduler.submit(row(i).inputs(), Ticket.NEVER).get(60, TimeUnit.SECONDS);
        Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcome);
        Answer.Tensors answer = assertInstanceOf(Answer.Tensors.class, done.answer());
        assertEquals(List.of(1L), dims(tensor(answer.outputs(), "y")));
      }
    }
  }

  /// Whether it waits or is computed.
  @Test
  void aCancelledFutureLetsGoOfItsRequest() throws Exception {
    CountDownLatch isComputing = new CountDownLatch(1);
    CompletableFuture<Void> gate = new CompletableFuture<>();
    Computation waiting =
        rows(inputs -> {
          isComputing.countDown();
          gate.join();
          return Map.of("y", tensor(inputs, "x"));
        });
    Scheduler scheduler = Scheduler.start("m", waiting, null, Policy.defaults());
    try (scheduler) {
      try {
        List<CompletableFuture<Outcome>> futures = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          futures.add(scheduler.submit(row(i).inputs(), Ticket.NEVER));
        }
        assertTrue(isComputing.await(60, TimeUnit.SECONDS));
        futures.forEach(future -> future.cancel(true));
      } finally {
        gate.complete(null);
      }
    }
    Counts counts = scheduler.counts();
    assertEquals(100, counts.accepted());
    assertEquals(100, counts.cancelled(), counts::toString);
  }

  /// What waits behind it is told; it keeps its memory, and gives it back once it has ended.
  @Test
  void whatNeverEndsDoesNotHoldUpAClose() throws Exception {
    CountDownLatch isComputing = new CountDownLatch(1);
    CompletableFuture<Void> gate = new CompletableFuture<>();
    Computation hanging =
        rows(inputs -> {
          isComputing.countDown();
          gate.join();
          return Map.of("y", tensor(inputs, "x"));
        });
    Scheduler scheduler = Scheduler.start("m", hanging, null, Policy.defaults().maxBatch(1));
    try {
      CompletableFuture<Outcome> first = scheduler.submit(row(0).inputs(), Ticket.NEVER);
      assertTrue(isComputing.await(60, TimeUnit.SECONDS));
      CompletableFuture<Outcome> second = scheduler.submit(row(1).inputs(), Ticket.NEVER);
      scheduler.close(Duration.ZERO);
      scheduler.close(); // nor does it wait again
      assertFalse(scheduler.hasEnded());
      assertFalse(first.isDone());
      assertEquals(new Outcome.Refused(Refusal.NOT_READY), second.get(60, TimeUnit.SECONDS));
      gate.complete(null);
      assertInstanceOf(Outcome.Done.class, first.get(60, TimeUnit.SECONDS));
      Await.until(() -> {
        scheduler.close();
        return scheduler.hasEnded();
      });
      Counts counts = scheduler.counts();
      assertEquals(List.of(1L, 1L), List.of(counts.done(), counts.cancelled()));
      assertEquals(0, counts.waiting() + counts.running());
    } finally {
      gate.complete(null);
      scheduler.close();
    }
  }

  /// Whoever waits is told also where the answer cannot be copied.
  @Test
  void answersThatCannotBeReadAreFailures() throws Exception {
    Computation closing =
        rows(inputs -> {
          try (Arena arena = Arena.ofShared()) {
            return Map.of("y", Tensor.of(DType.F32, Shape.of(1), arena.allocate(4, 64)));
          }
        });
    try (Scheduler scheduler = Scheduler.start("m", closing, null, Policy.defaults())) {
      Outcome outcome = scheduler.submit(row(1).inputs(), Ticket.NEVER).get(60, TimeUnit.SECONDS);
      assertInstanceOf(Outcome.Failed.class, outcome);
    }
  }

  /// However many instances there are, none sleeps on while something waits.
  @Test
  void everyBurstIsAnswered() throws Exception {
    Policy policy = Policy.defaults().instances(3).maxBatch(1);
    try (Scheduler scheduler =
        Scheduler.start("m", rows(inputs -> Map.of("y", tensor(inputs, "x"))), null, policy)) {
      for (int i = 0; i < 3000; i++) {
        List<CompletableFuture<Outcome>> burst = new ArrayList<>();
        for (int k = 0; k <= i % 5; k++) {
          burst.add(scheduler.submit(row(k).inputs(), Ticket.NEVER));
        }
        for (CompletableFuture<Outcome> future : burst) {
          assertInstanceOf(Outcome.Done.class, future.get(60, TimeUnit.SECONDS));
        }
      }
    }
  }

  /// {@return the batches of 8 requests, after a computation was studied}
  private static List<Batch> studied(Policy policy, Computation computation) {
    List<Batch> batches = new ArrayList<>();
    Instance fake =
        new Instance() {
          @Override
          public Computed run(Batch batch) {
            batches.add(batch);
            batch.tickets().forEach(ticket -> ticket.finish(new Outcome.Cancelled()));
            return new Computed(1000, 1000, Bits.UNKNOWN);
          }

          @Override
          public void close() {}
        };
    Batching batching = Batching.of(computation);
    Scheduler scheduler =
        new Scheduler("m", policy.maxBatch(4), batching, List.of(fake), () -> 1000);
    scheduler.study(MadeUp::row, new ModelSessions(computation, null), 2000);
    for (int i = 0; i < 8; i++) {
      scheduler.submit(new Ticket(row(i), 0, 0, Ticket.NEVER, outcome -> {}));
    }
    while (scheduler.counts().waiting() > 0) {
      scheduler.step();
    }
    return batches;
  }

  /// Where bits do not matter, what has other bits in batches is computed in batches all the same.
  @Test
  void otherBitsRuleNoBatchOutWhereTheyDoNotMatter() {
    Computation rounding =
        rows(inputs -> {
          float[] x = tensor(inputs, "x").toFloats();
          for (int i = 0; i < x.length; i++) {
            x[i] += x.length > 1 ? 1e-6f : 0;
          }
          return Map.of("y", Tensor.of(x, x.length));
        });
    assertEquals(8, studied(Policy.defaults(), rounding).size());
    assertTrue(studied(Policy.defaults().exact(false), rounding).size() < 8);
  }

  /// A batch that failed while it was studied is not taken for one that was compared.
  @Test
  void whatFailedIsTriedAgain() {
    Computation failing =
        rows(inputs -> {
          Tensor x = tensor(inputs, "x");
          if (x.shape().dim(0) > 1) {
            throw new IllegalStateException("broken");
          }
          return Map.of("y", x);
        });
    List<Batch> batches = studied(Policy.defaults(), failing);
    assertTrue(
        batches.stream().anyMatch(batch -> batch.trial() == Batch.Trial.YES), batches::toString);
  }
}
