package dev.jiffy.server.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Refusal;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.schedule.Timing;
import dev.jiffy.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// The cache before a line that is stepped by hand, on a clock that is set by hand.
class ResponseCacheTest {
  private static final long SECOND = 1_000_000_000;
  private static final CacheOptions OPTIONS = new CacheOptions(1 << 20, Duration.ofSeconds(10));

  private final AtomicLong clock = new AtomicLong();
  private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
  private final ResponseCache cache =
      new ResponseCache(OPTIONS, new Waiting(waiting), null, clock::get);

  /// What is to be computed waits for the test.
  record Waiting(ArrayDeque<Ticket> tickets) implements ResponseCache.Uncached {
    @Override
    public void submit(Ticket ticket, boolean isSmall) {
      tickets.add(ticket);
    }

    @Override
    public void cancel(Ticket ticket) {
      if (tickets.remove(ticket)) {
        ticket.finish(new Outcome.Cancelled());
      }
    }
  }

  /// A request and what became of it.
  private final class Asked {
    private final List<Outcome> outcomes = new ArrayList<>();
    private final String output;
    private float first = Float.NaN;
    private Runnable cancel = () -> {};

    Asked(float x, int priority, long deadlineNanos, String... outputs) {
      output = outputs[0];
      Question question = new Question.Tensors(Map.of("x", Tensor.of(new float[] {x}, 1)));
      Ticket ticket = new Ticket(question, priority, clock.get(), deadlineNanos, this::take);
      Key key = Objects.requireNonNull(Key.of(question, List.of(outputs), OPTIONS));
      cancel = cache.submit(ticket, key, false);
    }

    Asked(float x) {
      this(x, Ticket.NORMAL, Ticket.NEVER, "y");
    }

    private void take(Outcome outcome) {
      outcomes.add(outcome);
      if (outcome instanceof Outcome.Done(Answer.Tensors(Map<String, Tensor> outputs), var _)) {
        first = Objects.requireNonNull(outputs.get(output)).toFloats()[0];
      }
    }

    Outcome outcome() {
      assertEquals(1, outcomes.size(), () -> "ended " + outcomes);
      return outcomes.getFirst();
    }
  }

  /// The first that waits is computed: an input x gives y = 10 x and z = -x.
  private void compute() {
    Ticket ticket = waiting.remove();
    float x = x(ticket);
    Tensor y = Tensor.of(new float[] {10 * x}, 1);
    Tensor z = Tensor.of(new float[] {-x}, 1);
    ticket.finish(
        new Outcome.Done(new Answer.Tensors(Map.of("y", y, "z", z)), new Timing(0, SECOND, 1)));
    y.segment().fill((byte) -1); // the memory is used for something else
    z.segment().fill((byte) -1);
  }

  private static float x(Ticket ticket) {
    Question.Tensors question = (Question.Tensors) ticket.question();
    return Objects.requireNonNull(question.inputs().get("x")).toFloats()[0];
  }

  private void fail(Outcome outcome) {
    waiting.remove().finish(outcome);
  }

  @Test
  void anEqualQuestionIsAnsweredFromWhatIsKept() {
    Asked one = new Asked(1);
    compute();
    assertEquals(10, one.first);
    Asked again = new Asked(1);
    assertEquals(10, again.first);
    assertInstanceOf(Outcome.Done.class, again.outcome());
    assertTrue(waiting.isEmpty());
    new Asked(2);
    assertEquals(1, waiting.size());
    ResponseCache.Counts counts = cache.counts();
    assertEquals(1, counts.hits());
    assertEquals(2, counts.misses());
    assertTrue(counts.bytes() > 8 && counts.bytes() < 1000, counts::toString);
  }

  @Test
  void otherOutputsAreAnotherQuestion() {
    new Asked(1, Ticket.NORMAL, Ticket.NEVER, "y");
    compute();
    Asked other = new Asked(1, Ticket.NORMAL, Ticket.NEVER, "z");
    compute();
    assertEquals(-1, new Asked(1, Ticket.NORMAL, Ticket.NEVER, "z").first);
    assertEquals(10, new Asked(1, Ticket.NORMAL, Ticket.NEVER, "y").first);
    assertEquals(1, other.outcomes.size());
    assertTrue(waiting.isEmpty());
  }

  @Test
  void answersExpire() {
    new Asked(1);
    compute();
    clock.addAndGet(9 * SECOND);
    assertEquals(10, new Asked(1).first);
    clock.addAndGet(2 * SECOND);
    new Asked(1);
    assertEquals(1, waiting.size());
    assertEquals(1, cache.counts().expired());
    assertEquals(0, cache.counts().evicted());
  }

  @Test
  void equalQuestionsAreComputedOnce() {
    List<Asked> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(new Asked(3));
    }
    assertEquals(1, waiting.size());
    compute();
    all.forEach(asked -> assertEquals(30, asked.first));
    all.forEach(asked -> assertInstanceOf(Outcome.Done.class, asked.outcome()));
    assertEquals(4, cache.counts().joins());
    assertEquals(1, cache.counts().misses());
    assertEquals(0, cache.counts().hits());
  }

  @Test
  void theUrgentDoNotWaitForTheOthers() {
    Asked slow = new Asked(3, Ticket.LAST, Ticket.NEVER, "y");
    Asked urgent = new Asked(3, Ticket.FIRST, Ticket.NEVER, "y");
    assertEquals(2, waiting.size());
    waiting.addFirst(waiting.removeLast());
    compute();
    assertEquals(30, urgent.first);
    assertTrue(slow.outcomes.isEmpty());
    compute();
    assertEquals(30, slow.first);
  }

  @Test
  void whatIsRefusedIsAskedAgainByTheNext() {
    for (Outcome outcome :
        List.of(
            new Outcome.Refused(Refusal.QUEUE_FULL, 1),
            new Outcome.Refused(Refusal.DROPPED_LATE),
            new Outcome.Refused(Refusal.NOT_READY),
            new Outcome.Failed(new IllegalStateException("broken")))) {
      Asked first = new Asked(4);
      Asked second = new Asked(4);
      Asked third = new Asked(4);
      fail(outcome);
      assertEquals(outcome, first.outcome());
      assertEquals(1, waiting.size());
      compute();
      assertEquals(40, second.first);
      assertEquals(40, third.first);
      clock.addAndGet(20 * SECOND);
    }
    ResponseCache.Counts counts = cache.counts();
    assertEquals(List.of(0L, 4L, 8L), List.of(counts.hits(), counts.joins(), counts.misses()));
  }

  /// Whoever asks the same later waits for nothing that has never begun.
  @Test
  void whatCannotBeginIsAFailureAndIsAskedAgainByTheNext() {
    LinkageError broken = new LinkageError("for the sake of the test");
    Starting starting = new Starting(new Waiting(waiting), broken);
    ResponseCache failing = new ResponseCache(OPTIONS, starting, null, clock::get);
    Question question = new Question.Tensors(Map.of("x", Tensor.of(new float[] {4}, 1)));
    Key key = Objects.requireNonNull(Key.of(question, List.of("y"), OPTIONS));
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      failing.submit(new Ticket(question, 0, 0, Ticket.NEVER, outcomes::add), key, false);
    }
    assertEquals(List.of(new Outcome.Failed(broken)), outcomes);
    assertEquals(1, waiting.size());
    compute();
    assertInstanceOf(Outcome.Done.class, outcomes.getLast());
    assertEquals(2, outcomes.size());
  }

  /// Does not take the first request.
  static final class Starting implements ResponseCache.Uncached {
    private final ResponseCache.Uncached next;
    private final Error failure;
    private boolean hasFailed;

    Starting(ResponseCache.Uncached next, Error failure) {
      this.next = next;
      this.failure = failure;
    }

    @Override
    public void submit(Ticket ticket, boolean isSmall) {
      if (!hasFailed) {
        hasFailed = true;
        throw failure;
      }
      next.submit(ticket, isSmall);
    }

    @Override
    public void cancel(Ticket ticket) {
      next.cancel(ticket);
    }
  }

  @Test
  void aBadQuestionIsBadForAll() {
    Asked first = new Asked(4);
    Asked second = new Asked(4);
    fail(new Outcome.BadInput("no"));
    assertEquals(new Outcome.BadInput("no"), first.outcome());
    assertEquals(new Outcome.BadInput("no"), second.outcome());
    new Asked(4);
    assertEquals(1, waiting.size());
  }

  @Test
  void whoLeavesTakesNobodyAlong() {
    Asked first = new Asked(5);
    Asked second = new Asked(5);
    Asked third = new Asked(5);
    first.cancel.run();
    assertTrue(first.outcomes.isEmpty()); // its memory is read until the run has ended
    second.cancel.run();
    assertInstanceOf(Outcome.Cancelled.class, second.outcome());
    assertEquals(1, waiting.size());
    compute();
    assertInstanceOf(Outcome.Cancelled.class, first.outcome());
    assertEquals(50, third.first);

    Asked alone = new Asked(6);
    alone.cancel.run();
    assertInstanceOf(Outcome.Cancelled.class, alone.outcome());
    Asked one = new Asked(7);
    Asked two = new Asked(7);
    one.cancel.run();
    two.cancel.run();
    assertTrue(waiting.isEmpty());
    assertInstanceOf(Outcome.Cancelled.class, one.outcome());
    assertInstanceOf(Outcome.Cancelled.class, two.outcome());
    third.cancel.run();
    assertEquals(1, third.outcomes.size());
  }

  @Test
  void whoAsksAgainCanStillLeave() {
    Asked first = new Asked(5);
    Asked second = new Asked(5);
    fail(new Outcome.Refused(Refusal.DROPPED_LATE));
    assertEquals(new Outcome.Refused(Refusal.DROPPED_LATE), first.outcome());
    second.cancel.run();
    assertInstanceOf(Outcome.Cancelled.class, second.outcome());
    assertTrue(waiting.isEmpty());
  }

  @Test
  void whoWaitsTooLongIsTold() {
    Asked first = new Asked(5);
    Asked second = new Asked(5, Ticket.NORMAL, clock.get() + SECOND, "y");
    clock.addAndGet(2 * SECOND);
    compute();
    assertEquals(50, first.first);
    assertEquals(new Outcome.Refused(Refusal.DROPPED_LATE), second.outcome());
  }

  @Test
  void whatIsTooLargeIsNotKept() {
    ResponseCache small =
        new ResponseCache(
            new CacheOptions(1000, Duration.ofSeconds(10)), new Waiting(waiting), null, clock::get);
    float[] many = new float[100];
    assertNull(small.key(new Question.Tensors(Map.of("x", Tensor.of(many, 100))), List.of("y")));
    assertEquals(1, small.counts().tooLarge());
    Question question = new Question.Tensors(Map.of("x", Tensor.of(new float[] {1}, 1)));
    Key key = Objects.requireNonNull(small.key(question, List.of("y")));
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      small.submit(new Ticket(question, 0, 0, Ticket.NEVER, outcomes::add), key, false);
    }
    assertEquals(1, waiting.size());
    Tensor large = Tensor.of(new float[200], 200);
    Outcome done =
        new Outcome.Done(new Answer.Tensors(Map.of("y", large)), new Timing(0, SECOND, 1));
    waiting.remove().finish(done);
    assertEquals(1, waiting.size()); // it is computed for the other one too
    waiting.remove().finish(done);
    assertEquals(List.of(done, done), outcomes);
    assertEquals(0, small.counts().bytes());
  }

  @Test
  void memoryIsBounded() {
    for (int i = 0; i < 20_000; i++) {
      new Asked(i);
      if (!waiting.isEmpty()) {
        compute();
      }
    }
    assertTrue(cache.counts().bytes() <= OPTIONS.bytes(), () -> cache.counts().toString());
    assertTrue(cache.counts().bytes() > OPTIONS.bytes() / 2, () -> cache.counts().toString());
    assertEquals(20_000, cache.counts().entries() + cache.counts().evicted());
  }

  @Test
  void vectorsOfTextsAreKept() {
    Question question = new Question.Texts(List.of("a", "bc"));
    assertNotEquals(
        cache.key(question, List.of()),
        cache.key(new Question.Texts(List.of("ab", "c")), List.of()));
    assertNotEquals(
        cache.key(new Question.Tokens(List.of(new int[] {1, 2})), List.of()),
        cache.key(new Question.Tokens(List.of(new int[] {1}, new int[] {2})), List.of()));
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Key key = Objects.requireNonNull(cache.key(question, List.of()));
      cache.submit(new Ticket(question, 0, 0, Ticket.NEVER, outcomes::add), key, false);
      if (i == 0) {
        Embeddings vectors = new Embeddings(List.of(new float[] {1}), 3, 4, 5, 6);
        waiting
            .remove()
            .finish(new Outcome.Done(new Answer.Vectors(vectors), new Timing(0, SECOND, 1)));
      }
    }
    assertEquals(2, outcomes.size());
    Outcome.Done again = assertInstanceOf(Outcome.Done.class, outcomes.get(1));
    Embeddings kept = assertInstanceOf(Answer.Vectors.class, again.answer()).embeddings();
    assertEquals(1, kept.vectors().getFirst()[0]);
    assertEquals(3, kept.tokens());
    assertEquals(0, kept.runNanos());
  }

  /// Many threads ask few questions: each gets its own answer, once, and nobody waits for ever.
  @Test
  void manyAsk() throws InterruptedException {
    AtomicLong runs = new AtomicLong();
    Map<Float, Long> wrong = new ConcurrentHashMap<>();
    ResponseCache shared =
        new ResponseCache(
            new CacheOptions(1 << 20, Duration.ofMinutes(1)),
            new ResponseCache.Uncached() {
              @Override
              public void submit(Ticket ticket, boolean isSmall) {
                runs.incrementAndGet();
                Thread.ofVirtual()
                    .start(() -> {
                      LockSupport.parkNanos(1);
                      float x = x(ticket);
                      Tensor y = Tensor.of(new float[] {10 * x}, 1);
                      ticket.finish(
                          new Outcome.Done(
                              new Answer.Tensors(Map.of("y", y)), new Timing(0, 1 << 30, 1)));
                    });
              }

              @Override
              public void cancel(Ticket ticket) {
                throw new IllegalStateException("nobody leaves");
              }
            },
            null,
            System::nanoTime);
    int threads = 4;
    int asks = 5000;
    int questions = 50;
    CountDownLatch open = new CountDownLatch(threads * asks);
    for (int i = 0; i < threads; i++) {
      int seed = i;
      Thread.ofPlatform()
          .start(() -> {
            Random random = new Random(seed);
            for (int k = 0; k < asks; k++) {
              float x = random.nextInt(questions);
              Question question = new Question.Tensors(Map.of("x", Tensor.of(new float[] {x}, 1)));
              Key key = Objects.requireNonNull(shared.key(question, List.of("y")));
              shared.submit(
                  new Ticket(
                      question,
                      0,
                      0,
                      Ticket.NEVER,
                      outcome -> {
                        if (!(outcome
                                instanceof
                                Outcome.Done(Answer.Tensors(Map<String, Tensor> outputs), var _))
                            || Objects.requireNonNull(outputs.get("y")).toFloats()[0] != 10 * x) {
                          wrong.merge(x, 1L, Long::sum);
                        }
                        open.countDown();
                      }),
                  key,
                  false);
            }
          });
    }
    open.await();
    assertEquals(Map.of(), wrong);
    assertEquals(questions, runs.get());
  }

  @Test
  void aCacheThatDoesNotPayIsPassedByForAWhile() {
    Worth worth = new Worth();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < Worth.WINDOW; i++) {
        assertTrue(worth.isTried());
        worth.looked(false, 10);
        worth.kept(100, 10);
      }
      assertTrue(worth.isPaused());
      for (int i = 0; i < Worth.FIRST_PAUSE << round; i++) {
        assertFalse(worth.isTried());
      }
    }
    for (int i = 0; i < Worth.WINDOW; i++) { // one of four is a hit, which saves 1000
      assertTrue(worth.isTried());
      worth.looked(i % 4 == 0, 10);
      if (i % 4 != 0) {
        worth.kept(1000, 10);
      }
    }
    assertFalse(worth.isPaused());
    for (int i = 0; i < Worth.WINDOW; i++) { // hits that save less than looking costs
      assertTrue(worth.isTried());
      worth.looked(i % 4 == 0, 10);
      worth.kept(20, 10);
    }
    for (int i = 0; i < Worth.FIRST_PAUSE; i++) {
      assertFalse(worth.isTried());
    }
    for (int i = 0; i < 3 * Worth.WINDOW; i++) {
      assertTrue(worth.isTried());
      worth.looked(true, 10);
    }
  }
}
