package dev.jiffy.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.server.ExampleModels;
import dev.jiffy.server.function.FunctionException;
import dev.jiffy.server.function.Functions;
import dev.jiffy.server.function.TensorFunction;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Refusal;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Functions in Java between models.
class FunctionsTest {
  private static final List<TensorSpec> X =
      List.of(new TensorSpec("x", DType.F32, List.of(Dim.of("n"), Dim.of(2))));
  private static final List<TensorSpec> Y =
      List.of(new TensorSpec("y", DType.F32, List.of(Dim.of("n"), Dim.of(2))));

  @TempDir Path folder;

  private final Models models = new Models();
  private Functions functions = Functions.builtIn();
  private Store store;

  @BeforeEach
  void write() throws IOException {
    ExampleModels.times(folder.resolve("twice/model.onnx"), 2);
    Files.createDirectories(folder.resolve("attention"));
    Files.move(ExampleModels.attention(folder), folder.resolve("attention/model.onnx"));
    Files.createDirectories(folder.resolve("both"));
    store = store();
  }

  private Store store() {
    return new Store(
        new Repository(List.of(folder)),
        ModelSettings.defaults().load(LoadOptions.defaults().threads(1)).warmUpTime(Duration.ZERO),
        models,
        line -> {},
        functions,
        null);
  }

  @AfterEach
  void close() {
    store.close();
    models.close();
  }

  private void serve(String settings) throws IOException {
    Files.writeString(folder.resolve("both/jiffy.yaml"), settings);
    store.close();
    store = store();
    store.start();
  }

  private CompletableFuture<Outcome> submit(Map<String, Tensor> inputs) {
    return models.served("both", "").scheduler().submit(inputs, Ticket.NEVER);
  }

  private static Tensor output(Outcome outcome, String name) {
    Outcome.Done done = assertInstanceOf(Outcome.Done.class, outcome);
    Answer.Tensors answer = assertInstanceOf(Answer.Tensors.class, done.answer());
    return Objects.requireNonNull(answer.outputs().get(name));
  }

  private static Map<String, Tensor> row(float a, float b) {
    return Map.of("x", Tensor.of(new float[] {a, b}, 1, 2));
  }

  @Test
  void vectorsArePooledWithTheirMask() throws IOException {
    serve(
        """
        steps:
          - {model: attention}
          - function: mean_pooling
            inputs: {hidden: y, mask: attention_mask}
            outputs: {vectors: mean}
            with: {normalize: false}
          - {function: normalize, inputs: {x: mean}, outputs: {y: unit}}
        outputs: [y, mean, unit]
        """);
    assertTrue(models.served("both", "").scheduler().isBatching());
    List<CompletableFuture<Outcome>> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      answers.add(
          submit(
              Map.of(
                  "ids", Tensor.of(new long[] {i % 6, (i + 1) % 6, 3}, 1, 3),
                  "attention_mask", Tensor.of(new long[] {1, i % 2, 0}, 1, 3))));
    }
    for (int i = 0; i < 200; i++) {
      Outcome outcome = answers.get(i).join();
      float[] hidden = output(outcome, "y").toFloats();
      float[] mean =
          i % 2 == 0
              ? new float[] {hidden[0], hidden[1]}
              : new float[] {(hidden[0] + hidden[2]) / 2, (hidden[1] + hidden[3]) / 2};
      assertArrayEquals(mean, output(outcome, "mean").toFloats(), 1e-6f);
      double length = Math.hypot(mean[0], mean[1]);
      float[] unit = output(outcome, "unit").toFloats();
      for (int k = 0; k < 2; k++) {
        assertEquals(length == 0 ? 0 : mean[k] / length, unit[k], 1e-6);
      }
    }
    Outcome wrong =
        submit(
                Map.of(
                    "ids", Tensor.of(new long[3], 1, 3),
                    "attention_mask", Tensor.of(new long[6], 2, 3)))
            .join();
    assertInstanceOf(Outcome.BadInput.class, wrong);
  }

  @Test
  void scoresBecomeLabels() throws IOException {
    serve(
        """
        steps:
          - {model: twice}
          - {function: softmax, inputs: {x: y}, outputs: {y: probabilities}}
          - {function: top_k, inputs: {scores: probabilities}, with: {k: 2, labels: [cat, "a dog"]}}
        """);
    Outcome outcome = submit(row(1, 2)).join();
    double odds = Math.exp(2);
    assertArrayEquals(
        new float[] {(float) (odds / (1 + odds)), (float) (1 / (1 + odds))},
        output(outcome, "values").toFloats(),
        1e-6f);
    assertArrayEquals(new long[] {1, 0}, output(outcome, "indices").toLongs());
    assertEquals(List.of("a dog", "cat"), output(outcome, "labels").strings());
    String printed = String.valueOf(store.settings().get("both"));
    ModelSettings read = SettingsFile.of(YamlMap.of("", printed), ModelSettings.defaults());
    assertEquals(
        new EnsembleSettings.Function(
            "top_k",
            Map.of("k", List.of("2"), "labels", List.of("cat", "a dog")),
            EnsembleSettings.Function.TIMEOUT),
        Objects.requireNonNull(read.ensemble()).steps().get(2).who());
  }

  private void serve(TensorFunction function, String more) throws IOException {
    functions = Functions.builtIn().with("mine", function);
    serve(
        """
        steps:
          - {function: mine, inputs: {x: x}, outputs: {y: middle}%s}
          - {model: twice, inputs: {x: middle}}
        queue: 2
        max_batch: 1
        """
            .formatted(more));
  }

  private static TensorFunction of(UnaryOperator<Map<String, Tensor>> body) {
    return TensorFunction.of(X, Y, body);
  }

  private static TensorFunction later(
      Function<Map<String, Tensor>, CompletionStage<Map<String, Tensor>>> body) {
    return new TensorFunction() {
      @Override
      public List<TensorSpec> inputs() {
        return X;
      }

      @Override
      public List<TensorSpec> outputs() {
        return Y;
      }

      @Override
      public CompletionStage<Map<String, Tensor>> apply(Map<String, Tensor> inputs) {
        return body.apply(inputs);
      }
    };
  }

  private static Map<String, Tensor> negative(Map<String, Tensor> inputs) {
    float[] x = Objects.requireNonNull(inputs.get("x")).toFloats();
    return Map.of("y", Tensor.of(new float[] {-x[0], -x[1]}, 1, 2));
  }

  @Test
  void whatAProgramBringsIsAStep() throws IOException {
    serve(of(FunctionsTest::negative), "");
    assertArrayEquals(new float[] {-2, -4}, output(submit(row(1, 2)).join(), "y").toFloats());
    serve(later(inputs -> CompletableFuture.supplyAsync(() -> negative(inputs))), ", timeout: 60");
    assertArrayEquals(new float[] {-2, -4}, output(submit(row(1, 2)).join(), "y").toFloats());
  }

  /// Asks as the edge of a server does, which would compute what is quick itself.
  private void submitQuick(Consumer<Outcome> reply) {
    Question question = new Question.Tensors(row(1, 2));
    Ticket ticket = new Ticket(question, Ticket.NORMAL, System.nanoTime(), Ticket.NEVER, reply);
    models.served("both", "").submit(ticket, null, true);
  }

  /// However quick it is: it may wait the next time.
  @Test
  void aFunctionIsNeverCalledByWhoeverAsks() throws Exception {
    Set<Thread> callers = ConcurrentHashMap.newKeySet();
    serve(
        of(inputs -> {
          callers.add(Thread.currentThread());
          return negative(inputs);
        }),
        "");
    for (int i = 0; i < 200; i++) {
      CompletableFuture<Outcome> outcome = new CompletableFuture<>();
      submitQuick(outcome::complete);
      assertInstanceOf(Outcome.Done.class, outcome.get(60, TimeUnit.SECONDS));
    }
    assertEquals(1, callers.size());
    assertFalse(callers.contains(Thread.currentThread()));
  }

  /// Whoever answers may write to a file, which an interrupt would close for everybody.
  @Test
  void anInterruptEndsWithTheFunction() throws Exception {
    serve(
        of(inputs -> {
          Thread.currentThread().interrupt();
          return negative(inputs);
        }),
        "");
    CompletableFuture<Boolean> isInterrupted = new CompletableFuture<>();
    submitQuick(outcome -> isInterrupted.complete(Thread.currentThread().isInterrupted()));
    assertFalse(isInterrupted.get(60, TimeUnit.SECONDS));
  }

  @Test
  void requestsAreComputedApartWhereAStepMixesTheirRows() throws IOException {
    TensorFunction sum =
        TensorFunction.of(
            X,
            List.of(new TensorSpec("sum", DType.F32, List.of(Dim.of(2)))),
            inputs -> Map.of("sum", Tensor.of(new float[2], 2)));
    TensorFunction shifted =
        TensorFunction.of(
            List.of(X.getFirst(), new TensorSpec("sum", DType.F32, List.of(Dim.of(2)))),
            Y,
            FunctionsTest::negative);
    functions = Functions.builtIn().with("sum", sum).with("shifted", shifted);
    serve("steps: [{function: sum}, {function: shifted}]");
    assertFalse(models.served("both", "").scheduler().isBatching());

    functions = Functions.builtIn().with("shifted", of(FunctionsTest::negative));
    serve("steps: [{function: shifted}]");
    assertTrue(models.served("both", "").scheduler().isBatching());
  }

  @Test
  void aStepThatCannotBeLinkedLetsGoOfTheOthers() throws IOException {
    TensorFunction broken =
        new TensorFunction() {
          @Override
          public List<TensorSpec> inputs() {
            throw new NoClassDefFoundError("a library of the function");
          }

          @Override
          public List<TensorSpec> outputs() {
            return Y;
          }

          @Override
          public CompletionStage<Map<String, Tensor>> apply(Map<String, Tensor> inputs) {
            return CompletableFuture.completedFuture(inputs);
          }
        };
    functions = Functions.builtIn().with("broken", broken);
    String steps = "steps: [{model: twice, outputs: {y: z}}, {function: broken}]";
    assertThrows(NoClassDefFoundError.class, () -> serve(steps));
    Served twice = models.served("twice", "");
    store.unload("twice", false).join();
    assertFalse(twice.hold());
  }

  private void checkFailure(String message, TensorFunction function, String more)
      throws IOException {
    serve(function, more);
    Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, submit(row(1, 2)).join());
    FunctionException e = assertInstanceOf(FunctionException.class, failed.cause());
    assertEquals(message, e.getMessage());
  }

  @Test
  void whatAFunctionThrowsStaysInside() throws IOException {
    String failed = "function 'mine' failed; the server's log says why";
    checkFailure(
        failed,
        of(inputs -> {
          throw new IllegalArgumentException("a secret");
        }),
        "");
    checkFailure(
        failed, later(inputs -> CompletableFuture.failedFuture(new IOException("a secret"))), "");
    checkFailure(failed, of(inputs -> Map.of()), "");
    checkFailure(failed, of(inputs -> Map.of("y", Tensor.of(new float[6], 3, 2))), "");
    checkFailure(failed, of(inputs -> Map.of("y", Tensor.of(new long[2], 1, 2))), "");
    checkFailure(
        "function 'mine' took longer than 20 ms",
        later(inputs -> new CompletableFuture<>()),
        ", timeout: 0.02");
  }

  @Test
  void whatAFunctionSaysOfTheInputIsToldToTheClient() throws IOException {
    serve(
        of(inputs -> {
          throw new ModelException("x must be positive");
        }),
        "");
    assertEquals(new Outcome.BadInput("x must be positive"), submit(row(1, 2)).join());
  }

  /// As many are in a function as there are instances, as many wait as may, and the rest is
  /// refused.
  @Test
  void aSlowFunctionPushesBack() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    serve(
        of(inputs -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          try {
            assertTrue(gate.await(60, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          inside.decrementAndGet();
          return negative(inputs);
        }),
        ", timeout: 60");
    List<CompletableFuture<Outcome>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.add(submit(row(i, 0)));
    }
    gate.countDown();
    int refused = 0;
    for (CompletableFuture<Outcome> answer : answers) {
      Outcome outcome = answer.join();
      if (outcome instanceof Outcome.Refused(Refusal why, long _)) {
        assertEquals(Refusal.QUEUE_FULL, why);
        refused++;
      } else {
        output(outcome, "y");
      }
    }
    assertTrue(refused >= 17, refused + " of 20 were refused");
    assertEquals(1, most.get());
  }

  /// Models that come after it in an ensemble stay as long as it does.
  @Test
  void aFunctionThatNeverReturnsDoesNotHoldUpAClose() throws Exception {
    CountDownLatch isInside = new CountDownLatch(1);
    CompletableFuture<Void> gate = new CompletableFuture<>();
    serve(
        of(inputs -> {
          isInside.countDown();
          gate.join();
          return negative(inputs);
        }),
        "");
    try {
      CompletableFuture<Outcome> first = submit(row(1, 2));
      assertTrue(isInside.await(60, TimeUnit.SECONDS));
      CompletableFuture<Outcome> second = submit(row(3, 4));
      models.stop(Duration.ZERO);
      store.close();
      models.close();
      assertEquals(new Outcome.Refused(Refusal.NOT_READY), second.get(60, TimeUnit.SECONDS));
      gate.complete(null);
      float[] y = output(first.get(60, TimeUnit.SECONDS), "y").toFloats();
      assertArrayEquals(new float[] {-2, -4}, y);
    } finally {
      gate.complete(null);
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{function: none} | expected one of the functions [mean_pooling, normalize, softmax, top_k],"
            + " got 'none'",
        "{function: softmax, with: {k: 1}} | function 'softmax': expected settings of [], got 'k'",
        "{function: top_k, with: {k: 0}} | function 'top_k': k: expected a whole number from 1",
        "{function: top_k, with: {k: 2, labels: [a]}} | labels: expected at least k, 2, got 1",
        "{function: softmax, model: twice} | model: expected one of [function, inputs, outputs,",
        "{function: softmax, inputs: {z: y}} | function 'softmax' has inputs [x], got 'z'",
        "{function: softmax, timeout: 0} | timeout: expected a number from",
      })
  void whatDoesNotFitIsNamed(String step, String message) {
    ModelException e = assertThrows(ModelException.class, () -> serve("steps: [" + step + "]\n"));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::toString);
  }

  /// A jar with a provider that was compiled apart from the server.
  @Test
  void jarsBringFunctions() throws Exception {
    Path source = folder.resolve("Mine.java");
    Files.writeString(
        source,
        """
        import dev.jiffy.engine.TensorSpec;
        import dev.jiffy.engine.ir.Dim;
        import dev.jiffy.server.function.*;
        import dev.jiffy.tensor.*;
        import java.util.*;
        public final class Mine implements FunctionProvider {
          public Map<String, TensorFunction> functions() {
            List<Dim> dims = List.of(Dim.of("n"), Dim.of(2));
            return Map.of("first", TensorFunction.of(
                List.of(new TensorSpec("x", DType.F32, dims)),
                List.of(new TensorSpec("first", DType.F32, List.of(Dim.of("n")))),
                inputs -> Map.of("first", Tensor.of(
                    new float[] {inputs.get("x").toFloats()[0]}, 1))));
          }
        }
        """);
    Process javac =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
                "-proc:none",
                "-cp",
                String.join(
                    System.getProperty("path.separator"),
                    place(Functions.class),
                    place(TensorSpec.class),
                    place(Tensor.class)),
                "-d",
                folder.toString(),
                source.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("javac.log").toFile())
            .start();
    assertEquals(0, javac.waitFor(), () -> text(folder.resolve("javac.log")));
    Path jar = folder.resolve("mine.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      entries.putNextEntry(new JarEntry("Mine.class"));
      entries.write(Files.readAllBytes(folder.resolve("Mine.class")));
      entries.putNextEntry(
          new JarEntry("META-INF/services/dev.jiffy.server.function.FunctionProvider"));
      entries.write("Mine\n".getBytes(StandardCharsets.UTF_8));
    }
    functions = Functions.builtIn().withJars(List.of(jar));
    serve(
        """
        steps: [{model: twice}, {function: first, inputs: {x: y}}]
        max_batch: 1
        """);
    assertArrayEquals(new float[] {6}, output(submit(row(3, 4)).join(), "first").toFloats());

    Path empty = folder.resolve("empty.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(empty))) {
      out.putNextEntry(new JarEntry("nothing"));
    }
    for (Path wrong : List.of(empty, folder.resolve("none.jar"))) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> Functions.builtIn().withJars(List.of(wrong)));
      assertTrue(String.valueOf(e.getMessage()).contains(wrong.toString()), e::toString);
    }
    assertThrows(IllegalArgumentException.class, () -> functions.withJars(List.of(jar)));
  }

  private static String place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
