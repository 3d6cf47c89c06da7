package dev.jiffy.server.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.schedule.Timing;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Caches of two servers before answers that are shared, all stepped by hand.
class SecondLevelTest {
  private static final CacheOptions OPTIONS = new CacheOptions(1 << 20, Duration.ofSeconds(10));

  private final AtomicLong clock = new AtomicLong();

  /// Keeps answers in a map, and tells what it finds when the test says so.
  private static final class ByHand implements SharedAnswers {
    private final Map<String, byte[]> answers = new HashMap<>();
    private final ArrayDeque<Runnable> looks = new ArrayDeque<>();
    private boolean isAway;
    private @Nullable RuntimeException failure;

    @Override
    public int mostBytes() {
      return 1000;
    }

    @Override
    public boolean find(byte[] digest, Consumer<byte @Nullable []> taker) {
      RuntimeException broken = failure;
      if (broken != null) {
        throw broken;
      }
      if (!isAway) {
        looks.add(() -> taker.accept(answers.get(HexFormat.of().formatHex(digest))));
      }
      return !isAway;
    }

    @Override
    public void keep(byte[] digest, byte[] answer, Duration ttl) {
      assertEquals(OPTIONS.ttl(), ttl);
      answers.put(HexFormat.of().formatHex(digest), answer);
    }

    void tell() {
      looks.remove().run();
    }
  }

  /// A server's cache, and what waits to be computed there.
  private final class Place {
    private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
    private final ResponseCache cache;

    Place(SharedAnswers shared, int model) {
      this(shared, model, next -> next);
    }

    Place(SharedAnswers shared, int model, UnaryOperator<ResponseCache.Uncached> before) {
      cache =
          new ResponseCache(
              OPTIONS,
              before.apply(new ResponseCacheTest.Waiting(waiting)),
              new SecondLevel(shared, new byte[] {(byte) model}, clock::get),
              clock::get);
    }

    Runnable ask(float x, List<Outcome> outcomes) {
      Question question = new Question.Tensors(Map.of("x", Tensor.of(new float[] {x}, 1)));
      Key key = Objects.requireNonNull(Key.of(question, List.of("y"), OPTIONS));
      return cache.submit(
          new Ticket(question, 0, clock.get(), Ticket.NEVER, outcomes::add), key, false);
    }

    void compute(int size) {
      Tensor y = Tensor.allocate(DType.F32, Shape.of(size));
      y.setDouble(0, 7);
      waiting
          .remove()
          .finish(
              new Outcome.Done(new Answer.Tensors(Map.of("y", y)), new Timing(0, 1_000_000, 1)));
    }
  }

  private final ByHand shared = new ByHand();
  private final Place here = new Place(shared, 1);
  private final Place there = new Place(shared, 1);
  private final List<Outcome> outcomes = new ArrayList<>();

  private float value(int index) {
    Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcomes.get(index));
    Answer.Tensors answer = assertInstanceOf(Answer.Tensors.class, done.answer());
    return Objects.requireNonNull(answer.outputs().get("y")).toFloats()[0];
  }

  @Test
  void whatOneServerComputesAnotherGives() {
    here.ask(1, outcomes);
    assertTrue(here.waiting.isEmpty(), "it looks first");
    shared.tell();
    here.compute(1);
    assertEquals(7, value(0));
    there.ask(1, outcomes);
    there.ask(1, outcomes); // waits for the same look
    assertEquals(1, shared.looks.size());
    shared.tell();
    assertEquals(7, value(1));
    assertEquals(7, value(2));
    assertTrue(there.waiting.isEmpty());
    there.ask(1, outcomes);
    assertEquals(7, value(3));
    assertTrue(shared.looks.isEmpty(), "it is kept there now");
    Place other = new Place(shared, 2);
    other.ask(1, outcomes);
    shared.tell();
    assertEquals(1, other.waiting.size(), "another model's answer is none");
  }

  /// A server that was started again finds all of its answers elsewhere, and keeps looking here.
  @Test
  void whatOthersKeepPaysHereToo() {
    for (int i = 0; i < Worth.WINDOW; i++) {
      here.ask(i, outcomes);
      shared.tell();
      here.compute(1);
    }
    Place again = new Place(shared, 1);
    for (int i = 0; i < Worth.WINDOW; i++) {
      again.ask(i, outcomes);
      clock.addAndGet(1000);
      shared.tell();
    }
    ResponseCache.Counts counts = again.cache.counts();
    assertEquals(Worth.WINDOW, counts.hits());
    assertEquals(0, counts.misses());
    assertFalse(counts.isPaused());
  }

  @Test
  void whoeverLeavesMeanwhileIsNotComputed() {
    Runnable first = here.ask(1, outcomes);
    Runnable second = here.ask(1, outcomes);
    first.run();
    second.run();
    shared.tell();
    assertEquals(List.of(new Outcome.Cancelled(), new Outcome.Cancelled()), outcomes);
    assertTrue(here.waiting.isEmpty());
    Runnable third = here.ask(1, outcomes);
    here.ask(1, outcomes);
    third.run();
    shared.tell();
    assertEquals(1, here.waiting.size(), "the fourth still waits");
  }

  /// Those who wait for the same are told, or computed instead.
  @Test
  void whatFailsAfterTheLookIsAFailureOfItsOwn() {
    LinkageError broken = new LinkageError("for the sake of the test");
    Place failing = new Place(shared, 1, next -> new ResponseCacheTest.Starting(next, broken));
    failing.ask(1, outcomes);
    failing.ask(1, outcomes);
    shared.tell();
    assertEquals(List.of(new Outcome.Failed(broken)), outcomes);
    shared.tell();
    failing.compute(1);
    assertEquals(7, value(1));
  }

  @Test
  void whatCannotBeLookedForIsAFailure() {
    IllegalStateException broken = new IllegalStateException("for the sake of the test");
    shared.failure = broken;
    here.ask(1, outcomes);
    assertEquals(List.of(new Outcome.Failed(broken)), outcomes);
    shared.failure = null;
    here.ask(1, outcomes);
    shared.tell();
    here.compute(1);
    assertEquals(7, value(1));
  }

  @Test
  void whatIsTooLargeIsNotShared() {
    here.ask(1, outcomes);
    shared.tell();
    here.compute(500);
    assertEquals(7, value(0));
    assertTrue(shared.answers.isEmpty());
  }

  @Test
  void rubbishIsNoAnswer() {
    here.ask(1, outcomes);
    shared.tell();
    here.compute(1);
    shared.answers.replaceAll((digest, answer) -> new byte[] {1, 2, 3});
    there.ask(1, outcomes);
    shared.tell();
    assertEquals(1, there.waiting.size());
  }

  /// An entry that was cut off between two outputs, or holds something else.
  @Test
  void anAnswerWithoutItsOutputsIsNone() {
    here.ask(1, outcomes);
    shared.tell();
    here.compute(1);
    Map<String, Tensor> other = Map.of("z", Tensor.of(new float[] {1}, 1));
    for (Answer answer :
        List.of(
            new Answer.Tensors(other),
            new Answer.Tensors(Map.of()),
            new Answer.Vectors(new Embeddings(List.of(new float[] {1}), 1, 0, 0, 0)))) {
      Kept kept = Objects.requireNonNull(Kept.of(answer, List.of("z"), 1 << 20));
      byte[] bytes = Objects.requireNonNull(KeptBytes.of(kept));
      shared.answers.replaceAll((digest, old) -> bytes);
      Place place = new Place(shared, 1);
      place.ask(1, outcomes);
      shared.tell();
      assertEquals(1, place.waiting.size());
    }
  }

  /// While nobody can be asked nothing is learned of whether asking pays.
  @Test
  void whoComesBackIsAskedAtOnce() {
    shared.isAway = true;
    for (int i = 0; i < 2 * Worth.WINDOW; i++) {
      here.ask(i, outcomes);
      clock.addAndGet(1000);
      here.compute(1);
    }
    assertTrue(shared.answers.isEmpty());
    shared.isAway = false;
    here.ask(-1, outcomes);
    assertEquals(1, shared.looks.size());
  }

  @Test
  void answersComeBackAsTheyWere() {
    Map<String, Tensor> outputs = new HashMap<>();
    Random random = new Random(1);
    for (DType dtype : DType.values()) {
      Tensor tensor = Tensor.allocate(dtype, Shape.of(2, 3));
      for (int i = 0; i < 6; i++) {
        if (dtype == DType.STRING) {
          tensor.setString(i, "ä" + i);
        } else {
          tensor.setDouble(i, dtype == DType.BOOL ? i % 2 : i);
        }
      }
      outputs.put(dtype.name(), tensor);
    }
    List<String> names = List.copyOf(outputs.keySet());
    Kept kept = Objects.requireNonNull(Kept.of(new Answer.Tensors(outputs), names, 1 << 20));
    byte[] bytes = Objects.requireNonNull(KeptBytes.of(kept));
    Kept.Outputs again = assertInstanceOf(Kept.Outputs.class, KeptBytes.kept(bytes, names));
    assertEquals(outputs.size(), again.outputs().size());
    for (Kept.Output output : again.outputs()) {
      Tensor tensor = Objects.requireNonNull(outputs.get(output.name()));
      assertEquals(tensor.dtype(), output.dtype());
      assertEquals(tensor.shape(), output.shape());
      if (tensor.dtype() == DType.STRING) {
        assertEquals(tensor.strings(), output.texts());
      } else {
        assertEquals(-1, tensor.segment().mismatch(output.elements()));
      }
    }
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      KeptBytes.kept(
          random.nextBoolean() ? damaged : Arrays.copyOf(damaged, i % bytes.length), names);
    }
  }

  @Test
  void vectorsComeBackAsTheyWere() {
    List<float[]> vectors = List.of(new float[] {1, 2, 3}, new float[] {4, 5, 6});
    byte[] bytes = KeptBytes.of(new Kept.Vectors(new Embeddings(vectors, 9, 0, 0, 0)));
    assertNotNull(bytes);
    Kept.Vectors again = assertInstanceOf(Kept.Vectors.class, KeptBytes.kept(bytes, List.of()));
    assertEquals(9, again.embeddings().tokens());
    assertArrayEquals(vectors.get(1), again.embeddings().vectors().get(1));
    Tensor none = Tensor.allocate(DType.F32, Shape.of(Integer.MAX_VALUE, 0));
    assertNull(
        KeptBytes.kept(
            InferWire.response(
                new InferResponse(
                    "vectors",
                    null,
                    null,
                    Map.of("tokens", new Parameter.Whole(9)),
                    List.of(new InferTensor("vectors", none, true)))),
            List.of()));
    List<float[]> uneven = List.of(new float[1], new float[2]);
    assertNull(KeptBytes.of(new Kept.Vectors(new Embeddings(uneven, 9, 0, 0, 0))));
  }

  @Test
  void whereSharingDoesNotPayNothingIsSharedEither() {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < Worth.WINDOW; i++) {
      here.ask(i, outcomes);
      clock.addAndGet(1000);
      shared.tell();
      here.compute(1);
    }
    assertEquals(Worth.WINDOW, shared.answers.size());
    here.ask(-1, outcomes);
    assertTrue(shared.looks.isEmpty());
    here.compute(1);
    assertEquals(Worth.WINDOW, shared.answers.size());
    assertEquals(Worth.WINDOW + 1, outcomes.size());
  }
}
