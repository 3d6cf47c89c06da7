package dev.jiffy.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.ExampleModels;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.HeldOwner;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models that answer one after the other.
class EnsembleTest {
  private static final String STEPS =
      """
      steps:
        - {model: twice, inputs: {x: a}, outputs: {y: b}}
        - {model: thrice, inputs: {x: b}, outputs: {y: c}}
      """;

  @TempDir Path folder;

  private final Models models = new Models();
  private Store store;

  @BeforeEach
  void open() throws IOException {
    ExampleModels.times(folder.resolve("twice/model.onnx"), 2);
    ExampleModels.times(folder.resolve("thrice/model.onnx"), 3);
    Files.createDirectories(folder.resolve("both"));
    store =
        new Store(
            new Repository(List.of(folder)),
            ModelSettings.defaults()
                .load(LoadOptions.defaults().threads(1))
                .warmUpTime(Duration.ofMillis(1)),
            models,
            line -> {});
  }

  @AfterEach
  void close() {
    store.close();
    models.close();
  }

  private void say(String text) throws IOException {
    Files.writeString(folder.resolve("both/jiffy.yaml"), text);
  }

  private static Map<String, Tensor> answer(Outcome outcome) {
    if (outcome instanceof Outcome.Done(Answer.Tensors(Map<String, Tensor> outputs), var _)) {
      return outputs;
    }
    throw new AssertionError(outcome);
  }

  private Map<String, Tensor> ask(float... x) {
    Served served = models.hold("both", "");
    try {
      Tensor a = Tensor.of(x, x.length / 2, 2);
      return answer(served.scheduler().submit(Map.of("a", a), Ticket.NEVER).join());
    } finally {
      served.release();
    }
  }

  private static Map<String, Tensor> row(int x) {
    return Map.of("a", Tensor.of(new float[] {x, -x}, 1, 2));
  }

  private static float[] floats(Map<String, Tensor> outputs, String name) {
    return Objects.requireNonNull(outputs.get(name)).toFloats();
  }

  @Test
  void whatOneGivesTheNextTakes() throws IOException {
    say(STEPS);
    store.start();
    Map<String, Tensor> outputs = ask(1, -1);
    assertEquals(1, outputs.size());
    assertArrayEquals(new float[] {6, -6}, floats(outputs, "c"));
    LoadedModel both = models.served("both", "1").model();
    assertEquals("jiffy_ensemble", both.metadata().platform());
    assertEquals("jiffy_ensemble", models.served("both", "").config().platform());
    assertEquals(
        "[a F32[n, 2]]", both.inputs().stream().map(EnsembleTest::text).toList().toString());
    assertEquals(
        "[c F32[n, 2]]", both.outputs().stream().map(EnsembleTest::text).toList().toString());
    assertTrue(models.served("both", "").scheduler().isBatching());
  }

  private static String text(dev.jiffy.engine.TensorSpec spec) {
    return spec.name() + " " + spec.dtype() + spec.shape();
  }

  @Test
  void valuesBetweenStepsCanBeGivenToo() throws IOException {
    say(
        """
        steps:
          - {model: twice, inputs: {x: a}}
          - {model: thrice, inputs: {x: y}, outputs: {y: z}}
          - {model: twice, inputs: {x: z}, outputs: {y: last}}
        outputs: [last, y]
        """);
    store.start();
    Map<String, Tensor> outputs = ask(1, 2, 3, 4);
    assertArrayEquals(new float[] {2, 4, 6, 8}, floats(outputs, "y"));
    assertArrayEquals(new float[] {12, 24, 36, 48}, floats(outputs, "last"));
    assertEquals(2, outputs.size());
  }

  @Test
  void requestsAreComputedTogetherThroughAllSteps() throws Exception {
    say(STEPS);
    store.start();
    Served served = models.served("both", "");
    List<CompletableFuture<Outcome>> answers = new ArrayList<>();
    try (HeldOwner _ = new HeldOwner(served.scheduler(), row(1))) {
      for (int i = 0; i < 200; i++) {
        answers.add(served.scheduler().submit(row(i), Ticket.NEVER));
      }
    }
    int together = 0;
    for (int i = 0; i < 200; i++) {
      Outcome.Done done = assertInstanceOf(Outcome.Done.class, answers.get(i).join());
      assertArrayEquals(new float[] {6 * i, -6 * i}, floats(answer(done), "c"), "request " + i);
      together += done.timing().batchRows() > 1 ? 1 : 0;
    }
    assertTrue(together > 0, "nothing was computed together");
  }

  @Test
  void moreThanMayWaitIsRefused() throws Exception {
    say(STEPS + "queue: 1\n");
    store.start();
    Served served = models.served("both", "");
    List<CompletableFuture<Outcome>> answers = new ArrayList<>();
    try (HeldOwner _ = new HeldOwner(served.scheduler(), row(1))) {
      for (int i = 0; i < 50; i++) {
        answers.add(served.scheduler().submit(row(i), Ticket.NEVER));
      }
    }
    assertInstanceOf(Outcome.Done.class, answers.getFirst().join());
    for (CompletableFuture<Outcome> answer : answers.subList(1, 50)) {
      assertInstanceOf(Outcome.Refused.class, answer.join());
    }
  }

  @Test
  void aStepThatIsReplacedIsReplacedInTheEnsemble() throws IOException {
    say(STEPS);
    store.start();
    Served step = models.served("thrice", "");
    Served old = models.hold("both", "");
    ExampleModels.times(folder.resolve("thrice/model.onnx"), 5);
    store.load("thrice").join();
    assertArrayEquals(new float[] {10, 10}, floats(ask(1, 1), "c"));
    assertTrue(step.hold()); // the old ensemble still has it
    step.release();
    old.release();
    store.load("thrice").join(); // behind the freeing of the old ensemble
    assertFalse(step.hold());

    store.unload("thrice", false).join();
    assertArrayEquals(new float[] {10, 10}, floats(ask(1, 1), "c"));
    store.unload("both", true).join();
    assertEquals(
        List.of(ModelState.UNAVAILABLE, ModelState.UNAVAILABLE, ModelState.UNAVAILABLE),
        models.index(false, true).stream().map(ModelState::state).toList());
    assertThrows(ProtocolException.class, () -> models.hold("twice", ""));
  }

  @Test
  void anEnsembleMayComeBeforeItsSteps() throws IOException {
    Path file = folder.resolve("thrice/model.onnx");
    Files.delete(file);
    store.start();
    say(STEPS);
    store.look();
    store.look();
    assertThrows(ProtocolException.class, () -> models.hold("both", ""));
    ExampleModels.times(file, 3);
    store.look();
    store.look();
    assertArrayEquals(new float[] {6, -6}, floats(ask(1, -1), "c"));
  }

  @Test
  void anEnsembleThatIsTakenOutIsNotTriedAgain() throws IOException {
    Path file = folder.resolve("thrice/model.onnx");
    Files.delete(file);
    store.start();
    say(STEPS);
    assertThrows(CompletionException.class, store.load("both")::join);
    store.unload("both", false).join();
    ExampleModels.times(file, 3);
    store.load("thrice").join();
    assertThrows(ProtocolException.class, () -> models.hold("both", ""));
    store.load("both").join();
    assertArrayEquals(new float[] {6, -6}, floats(ask(1, -1), "c"));
  }

  @Test
  void recordedCasesMustHold() throws IOException {
    say(STEPS);
    Path set = Files.createDirectories(folder.resolve("both/cases/one"));
    TensorFile.write(set.resolve("input_0.pb"), "a", Tensor.of(new float[] {1, 2}, 1, 2));
    TensorFile.write(set.resolve("output_0.pb"), "c", Tensor.of(new float[] {6, 12}, 1, 2));
    store.start();
    ExampleModels.times(folder.resolve("thrice/model.onnx"), 4);
    store.load("thrice").join();
    assertArrayEquals(new float[] {6, 6}, floats(ask(1, 1), "c")); // the old one, with the old step
    assertTrue(
        models.index(true, true).stream().anyMatch(state -> state.reason().contains("element 0")));
  }

  @Test
  void whatIsPrintedIsReadBack() throws IOException {
    say(STEPS + "outputs: [b, c]\nqueue: 9\n");
    String text = String.valueOf(store.settings().get("both"));
    ModelSettings read = SettingsFile.of(YamlMap.of("", text), ModelSettings.defaults());
    EnsembleSettings ensemble = Objects.requireNonNull(read.ensemble());
    assertEquals(List.of("b", "c"), ensemble.outputs());
    assertEquals(
        new EnsembleSettings.Step(
            new EnsembleSettings.Model("thrice", ""), Map.of("x", "b"), Map.of("y", "c")),
        ensemble.steps().get(1));
    assertEquals(9, read.policy().queueCapacity());
  }

  @Test
  void whatIsPrintedKnowsAllVersionsOfAStep() throws IOException {
    Files.delete(folder.resolve("twice/model.onnx"));
    ExampleModels.times(folder.resolve("twice/1/model.onnx"), 2);
    ExampleModels.times(folder.resolve("twice/2/model.onnx"), 2);
    Files.writeString(folder.resolve("twice/jiffy.yaml"), "versions: all\nlabels: {stable: 1}\n");
    say(
        """
        steps:
          - {model: twice, version: stable, inputs: {x: a}, outputs: {y: b}}
          - {model: twice, version: 1, inputs: {x: b}, outputs: {y: c}}
        """);
    assertTrue(String.valueOf(store.settings().get("both")).contains("stable"));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "steps: [{model: none}] | expected a model that is served, got 'none'",
        "steps: [{model: both}] | expected a model that is served, got 'both'",
        "steps: [{model: ../twice}] | jiffy.yaml:1: model: a model's name is",
        "steps: [] | jiffy.yaml:1: steps: expected at least one step, got none",
        "steps: [{model: twice, version: 2}] | has no version '2'",
        "steps: [{model: twice, inputs: {z: a}}] | model 'twice' has inputs [x], got 'z'",
        "steps: [{model: twice, outputs: {z: a}}] | model 'twice' has outputs [y], got 'z'",
        "steps: [{model: twice}, {model: thrice}] | gives 'y', which is there already",
        "steps: [{model: fixed}, {model: twice, inputs: {x: y}, outputs: {y: z}}]"
            + " | takes 'x' as F32[n, 2], but 'y' is F32[2]",
        "{steps: [{model: twice}], outputs: [x]} | expected some of [y], which steps give, got 'x'",
        "outputs: [y] | jiffy.yaml:1: outputs: is for an ensemble",
        "queue: 1 | expected a file model.onnx or folders of versions beside it",
      })
  void whatDoesNotFitIsNamed(String text, String message) throws IOException {
    Files.createDirectories(folder.resolve("fixed"));
    Files.move(ExampleModels.fixed(folder), folder.resolve("fixed/model.onnx"));
    say(text);
    ModelException e = assertThrows(ModelException.class, store::start);
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::toString);
  }
}
