package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.server.ExampleModels;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerTest {
  @TempDir Path folder;

  /// An instance that takes a moment of a made-up clock and remembers its batches.
  private static final class FakeInstance implements Instance {
    private final AtomicLong clock;
    private final List<Integer> batches = new ArrayList<>();

    FakeInstance(AtomicLong clock) {
      this.clock = clock;
    }

    @Override
    public Computed run(Batch batch) {
      batches.add(batch.rows());
      clock.addAndGet(1_000_000);
      for (Ticket ticket : batch.tickets()) {
        ticket.finish(
            new Outcome.Done(new Answer.Tensors(Map.of()), new Timing(0, 1, batch.rows())));
      }
      return new Computed(1_000_000, 1_000_000, Bits.UNKNOWN);
    }

    @Override
    public void close() {}
  }

  private final AtomicLong clock = new AtomicLong(5);
  private final FakeInstance instance = new FakeInstance(clock);
  private final Batching any =
      new Batching("n", null, List.of(), List.of(), "for the sake of the test");
  private final Scheduler scheduler =
      new Scheduler("m", Policy.defaults(), any, List.of(instance), clock::get);

  private final List<Outcome> outcomes = new ArrayList<>();

  private Ticket ticket(int priority, long deadlineNanos) {
    return new Ticket(
        new Question.Texts(List.of("x")), priority, clock.get(), deadlineNanos, outcomes::add);
  }

  @Test
  void steppedByHand() {
    scheduler.submit(ticket(0, Ticket.NEVER));
    scheduler.submit(ticket(0, clock.get() + 10));
    assertEquals(2, scheduler.counts().waiting());
    scheduler.step();
    assertInstanceOf(Outcome.Done.class, outcomes.getFirst());
    scheduler.step(); // the second has become late meanwhile
    assertEquals(new Outcome.Refused(Refusal.DROPPED_LATE), outcomes.get(1));
    assertEquals(List.of(1), instance.batches);
    scheduler.step();
    assertEquals(2, outcomes.size());
  }

  /// Who cannot be told keeps nobody else from being told.
  @Test
  void outcomesThatCannotBeHandedOverAreTheirOwnFailures() {
    for (int i = 0; i < 2; i++) {
      scheduler.submit(
          new Ticket(
              new Question.Texts(List.of("x")),
              0,
              clock.get(),
              clock.get() + 10,
              outcome -> {
                throw new IllegalStateException("for the sake of the test");
              }));
    }
    clock.addAndGet(20);
    scheduler.submit(ticket(0, Ticket.NEVER));
    scheduler.step();
    assertInstanceOf(Outcome.Done.class, outcomes.getFirst());
    Counts counts = scheduler.counts();
    assertEquals(0, counts.running());
    assertEquals(2, counts.expired());
  }

  private Refusal refusal(int index) {
    return assertInstanceOf(Outcome.Refused.class, outcomes.get(index)).why();
  }

  /// Every reason for which a request is not computed is told apart.
  @Test
  void whoIsRefusedIsToldWhy() {
    Scheduler small =
        new Scheduler("m", Policy.defaults().queueCapacity(2), any, List.of(instance), clock::get);
    small.submit(ticket(0, clock.get() - 1));
    assertEquals(Refusal.ARRIVED_LATE, refusal(0));
    for (int i = 0; i < Scheduler.KNOWN; i++) {
      small.learn(new Question.Texts(List.of("x")), 1000);
    }
    small.submit(ticket(0, clock.get() + 10));
    assertEquals(Refusal.DEADLINE_TOO_SHORT, refusal(1));
    small.submit(ticket(0, Ticket.NEVER));
    small.submit(ticket(0, clock.get() + 1500));
    assertEquals(Refusal.QUEUE_TOO_LONG, refusal(2));
    small.submit(ticket(0, Ticket.NEVER));
    small.submit(ticket(0, Ticket.NEVER));
    assertEquals(Refusal.QUEUE_FULL, refusal(3));
    Counts counts = small.counts();
    assertEquals(4, counts.refused());
    assertEquals(2, counts.accepted());
    assertEquals(2, counts.waiting());
  }

  /// Where no more may wait, the last of the least urgent goes, and only for a more urgent one.
  @Test
  void theLeastUrgentMakeRoom() {
    Scheduler small =
        new Scheduler("m", Policy.defaults().queueCapacity(3), any, List.of(instance), clock::get);
    Map<String, Outcome> ends = new HashMap<>();
    List<String> names = List.of("5", "7", "7b", "7c", "6", "5b", "5c");
    for (String name : names) {
      small.submit(
          new Ticket(
              new Question.Texts(List.of("x")),
              name.charAt(0) - '0',
              clock.get(),
              Ticket.NEVER,
              outcome -> ends.put(name, outcome)));
    }
    assertEquals(
        Map.of(
            "7c", Refusal.QUEUE_FULL,
            "7b", Refusal.DISPLACED,
            "7", Refusal.DISPLACED,
            "6", Refusal.DISPLACED),
        ends.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    end -> assertInstanceOf(Outcome.Refused.class, end.getValue()).why())));
  }

  /// An instance that breaks leaves nobody without an outcome.
  @Test
  void whoeverIsComputedHasAnEnd() {
    IllegalStateException broken = new IllegalStateException("broken");
    Instance breaking =
        new Instance() {
          @Override
          public Computed run(Batch batch) {
            batch
                .tickets()
                .getFirst()
                .finish(
                    new Outcome.Done(new Answer.Tensors(Map.of()), new Timing(0, 1, batch.rows())));
            throw broken;
          }

          @Override
          public void close() {}
        };
    Scheduler failing =
        new Scheduler("m", Policy.defaults().exact(false), any, List.of(breaking), clock::get);
    for (int i = 0; i < 3; i++) {
      failing.submit(ticket(0, Ticket.NEVER));
    }
    while (failing.counts().waiting() > 0) {
      failing.step();
    }
    assertEquals(3, outcomes.size());
    Counts counts = failing.counts();
    assertEquals(3, counts.finished(), counts::toString);
    assertEquals(
        counts.done(), outcomes.stream().filter(end -> end instanceof Outcome.Done).count());
    assertEquals(
        counts.failed(), outcomes.stream().filter(new Outcome.Failed(broken)::equals).count());
  }

  @Test
  void cancelledRequestsFreeTheirPlaceAndAreNotComputed() {
    Ticket ticket = ticket(0, Ticket.NEVER);
    scheduler.submit(ticket);
    scheduler.cancel(ticket);
    assertInstanceOf(Outcome.Cancelled.class, outcomes.getFirst());
    assertEquals(0, scheduler.counts().waiting());
    scheduler.step();
    scheduler.cancel(ticket);
    assertEquals(1, outcomes.size());
    assertEquals(List.of(), instance.batches);
    assertEquals(1, scheduler.counts().cancelled());
  }

  /// Costs that are far too high, after few runs or many, do not shut requests with deadlines out
  /// for good: now and then one is computed all the same, and the costs are learned anew.
  @ParameterizedTest
  @ValueSource(ints = {2, Scheduler.KNOWN})
  void costsThatAreTooHighAreDoubted(int slow) {
    for (int i = 0; i < slow; i++) {
      scheduler.learn(new Question.Texts(List.of("x")), 1_000_000_000);
    }
    for (int i = 0; i < 2000; i++) {
      scheduler.submit(ticket(0, clock.get() + 10_000_000));
      scheduler.step();
    }
    for (Outcome outcome : outcomes.subList(1900, 2000)) {
      assertInstanceOf(Outcome.Done.class, outcome);
    }
    int answered = instance.batches.size();
    for (int i = 0; i < 2000; i++) {
      scheduler.submit(ticket(0, clock.get() + 500_000));
      scheduler.step();
    }
    int inVain = instance.batches.size() - answered;
    assertTrue(inVain < 300, "computed " + inVain + " of 2000 that cannot be in time");
  }

  /// What short texts cost tells nothing of long ones, and the other way round.
  @Test
  void textsCostWhatTextsOfTheirLengthCost() {
    Question.Texts longText = new Question.Texts(List.of("a word ".repeat(1000)));
    Question.Tokens longTokens = new Question.Tokens(List.of(new int[400]));
    for (int i = 0; i < Scheduler.KNOWN; i++) {
      scheduler.learn(longText, 1_000_000_000);
      scheduler.learn(longTokens, 1_000_000_000);
    }
    for (Question question :
        List.of(
            new Question.Texts(List.of("x")),
            new Question.Texts(Collections.nCopies(64, "x")),
            new Question.Tokens(List.of(new int[3])))) {
      scheduler.submit(ticket(question));
      scheduler.step();
      assertInstanceOf(Outcome.Done.class, outcomes.getLast());
    }
    for (Question question :
        List.of(
            longText, longTokens, new Question.Texts(List.of("a word ".repeat(999) + "and one")))) {
      scheduler.submit(ticket(question));
      assertEquals(Refusal.DEADLINE_TOO_SHORT, refusal(outcomes.size() - 1));
    }
  }

  private Ticket ticket(Question question) {
    return new Ticket(question, 0, clock.get(), clock.get() + 10_000_000, outcomes::add);
  }

  @Test
  void textsAreComputedAlone() {
    for (int i = 0; i < 4; i++) {
      scheduler.submit(ticket(new Question.Texts(List.of("x"))));
      scheduler.submit(ticket(new Question.Tokens(List.of(new int[1]))));
    }
    while (scheduler.counts().waiting() > 0) {
      scheduler.step();
    }
    assertEquals(Collections.nCopies(8, 1), instance.batches);
  }

  @Test
  void aClosedSchedulerIsNotReady() {
    scheduler.submit(ticket(0, Ticket.NEVER));
    scheduler.close();
    scheduler.submit(ticket(0, Ticket.NEVER));
    assertEquals(new Outcome.Refused(Refusal.NOT_READY), outcomes.getFirst());
    scheduler.submitQuick(ticket(0, Ticket.NEVER));
    assertEquals(new Outcome.Refused(Refusal.NOT_READY), outcomes.get(1));
  }

  @Test
  void quickRequestsAreComputedByTheCallerOnceTheirCostIsKnown() {
    Question question = new Question.Texts(List.of("x"));
    scheduler.submitQuick(ticket(0, Ticket.NEVER));
    assertEquals(0, outcomes.size());
    scheduler.step();
    Scheduler fresh = new Scheduler("m", Policy.defaults(), any, List.of(instance), clock::get);
    for (int i = 0; i < Scheduler.KNOWN; i++) {
      fresh.learn(question, 1000);
    }
    fresh.submitQuick(ticket(0, Ticket.NEVER));
    assertEquals(2, outcomes.size());
    assertEquals(1, fresh.counts().done());
  }

  private Map<String, Tensor> inputs(long length, int seed) {
    long[] ids = new long[(int) length];
    long[] mask = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (seed * 5L + i) % 6;
      mask[i] = 1;
    }
    return Map.of("ids", Tensor.of(ids, 1, length), "attention_mask", Tensor.of(mask, 1, length));
  }

  /// Many threads ask for texts of mixed lengths: whatever is computed together, everyone gets the
  /// bits of a run alone.
  @Test
  void answersHaveTheBitsOfSingleRuns() throws Exception {
    answers(Policy.defaults());
  }

  /// With padding answers agree up to rounding; this model's happen to have the same bits.
  @Test
  void paddedAnswersAreCutToTheirLength() throws Exception {
    answers(Policy.defaults().exact(false));
  }

  private void answers(Policy policy) throws Exception {
    long tokens = 3; // of what holds the owner
    try (Model model = load(ExampleModels.attention(folder))) {
      int batched = 0;
      Scheduler real =
          Scheduler.start("m", model, null, policy.queueCapacity(10_000).latencyTarget(LONG));
      try (real;
          dev.jiffy.engine.Session alone = model.newSession()) {
        List<Map<String, Tensor>> inputs = new ArrayList<>();
        List<CompletableFuture<Outcome>> futures = new ArrayList<>();
        try (HeldOwner _ = new HeldOwner(real, inputs(3, 0))) {
          for (int i = 0; i < 3000; i++) {
            inputs.add(inputs(16 + i % 3, i));
            tokens += 16 + i % 3;
            futures.add(real.submit(inputs.getLast(), Ticket.NEVER));
          }
        }
        for (int i = 0; i < inputs.size(); i++) {
          Outcome outcome = futures.get(i).get(60, TimeUnit.SECONDS);
          Outcome.Done done = assertSameBits(alone.runReusing(inputs.get(i)), outcome);
          batched += done.timing().batchRows() > 1 ? 1 : 0;
        }
      }
      Counts counts = real.counts(); // a batch is counted once everyone in it has an answer
      assertEquals(3001, counts.done());
      assertEquals(0, counts.waiting() + counts.running());
      assertTrue(batched > 0, "nothing was computed together");
      long padding = real.batches().stream().mapToLong(BatchCount::padding).sum();
      assertEquals(tokens, real.batches().stream().mapToLong(BatchCount::tokens).sum());
      assertTrue(
          policy.exact() ? padding == 0 : padding > 0 && padding < tokens / 16, "" + padding);
    }
  }

  private static final Duration LONG = Duration.ofSeconds(10);

  private static Model load(Path file) {
    return Model.load(file, LoadOptions.defaults().threads(1));
  }

  /// An index that is none, lengths that differ and another element type, among good ones.
  @Test
  void badInputsAreTheCallersFaultAndHarmNoOthers() throws Exception {
    Tensor ones = Tensor.of(new long[] {1, 1, 1}, 1, 3);
    List<Map<String, Tensor>> bad =
        List.of(
            Map.of("ids", Tensor.of(new long[] {1, 99, 1}, 1, 3), "attention_mask", ones),
            Map.of("ids", Tensor.of(new long[] {1, 2}, 1, 2), "attention_mask", ones),
            Map.of("ids", Tensor.of(new int[] {1, 2, 3}, 1, 3), "attention_mask", ones));
    try (Model model = load(ExampleModels.attention(folder));
        dev.jiffy.engine.Session alone = model.newSession();
        Scheduler real =
            Scheduler.start(
                "m", model, null, Policy.defaults().queueCapacity(1000).latencyTarget(LONG))) {
      List<Map<String, Tensor>> inputs = new ArrayList<>();
      List<CompletableFuture<Outcome>> futures = new ArrayList<>();
      for (int i = 0; i < 800; i++) {
        inputs.add(i < 200 || i % 10 != 3 ? inputs(3, i) : bad.get(i / 200 - 1));
        futures.add(real.submit(inputs.getLast(), Ticket.NEVER));
      }
      for (int i = 0; i < futures.size(); i++) {
        Outcome outcome = futures.get(i).get(60, TimeUnit.SECONDS);
        if (i < 200 || i % 10 != 3) {
          assertSameBits(alone.runReusing(inputs.get(i)), outcome);
        } else {
          assertInstanceOf(Outcome.BadInput.class, outcome);
        }
      }
    }
  }

  private static Outcome.Done assertSameBits(Map<String, Tensor> expected, Outcome outcome) {
    Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcome);
    Answer.Tensors answer = assertInstanceOf(Answer.Tensors.class, done.answer());
    assertEquals(expected.keySet(), answer.outputs().keySet());
    for (Map.Entry<String, Tensor> output : answer.outputs().entrySet()) {
      Tensor wanted = Objects.requireNonNull(expected.get(output.getKey()));
      assertEquals(wanted.shape(), output.getValue().shape());
      assertEquals(-1, wanted.segment().mismatch(output.getValue().segment()));
    }
    return done;
  }

  @Test
  void aTwentiethOfTheTimeIsKeptForTheWayOfTheAnswer() throws Exception {
    Policy policy = Policy.defaults().timeout(Duration.ofNanos(2000));
    try (Model model = load(ExampleModels.fixed(folder));
        Scheduler limiting = Scheduler.start("m", model, null, policy);
        Scheduler patient = Scheduler.start("m", model, null, Policy.defaults())) {
      assertEquals(7 + 950, limiting.dueNanos(1007, 7));
      assertEquals(7 + 1900, limiting.dueNanos(Ticket.NEVER, 7));
      assertEquals(7 + 950, patient.dueNanos(1007, 7));
      assertEquals(Ticket.NEVER, patient.dueNanos(Ticket.NEVER, 7));
    }
  }

  @Test
  void whatCanBeComputedTogetherIsDerivedFromNames() throws IOException, ModelException {
    try (Model model = load(ExampleModels.attention(folder))) {
      Batching batching = Batching.of(model);
      assertEquals("batch", batching.rows());
      assertEquals("tokens", batching.length());
    }
    try (Model model = load(ExampleModels.fixed(folder))) {
      Batching batching = Batching.of(model);
      assertEquals(null, batching.rows());
      assertTrue(batching.reason().contains("named dimension"), batching::reason);
    }
  }
}
