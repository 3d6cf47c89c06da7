package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.engine.pass.Network;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models from the file to the answer: `h = relu(x · w)`, `y = h · v`, and `x` itself as an output.
class ModelTest {
  private static final int WIDTH = 70;
  private static final int HIDDEN = 130;

  @TempDir private Path folder;
  private Path file = Path.of("");
  private final float[] w = new float[WIDTH * HIDDEN];
  private final float[] v = new float[HIDDEN * 3];

  @BeforeEach
  void writeModel() throws IOException {
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) Math.sin(i);
    }
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) Math.cos(i);
    }
    GraphBuilder graph =
        new GraphBuilder("mlp")
            .input("x", DType.F32, "batch", WIDTH)
            .constant("w", Tensor.of(w, WIDTH, HIDDEN))
            .constant("v", Tensor.of(v, HIDDEN, 3))
            .node(new Op.MatMul(), "product", "x", "w")
            .node(new Op.Unary(UnaryFunction.RELU), "h", "product")
            .node(new Op.MatMul(), "y", "h", "v")
            .node(new Op.Identity(), "same", "x")
            .outputs("y", "h", "same");
    file = folder.resolve("mlp.onnx");
    OnnxWriter.write(graph.build(), 17, file);
  }

  private static float[] input(int rows) {
    float[] x = new float[rows * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.sin(0.7 * i);
    }
    return x;
  }

  private float[] expected(float[] x, int rows) {
    float[] y = new float[rows * 3];
    for (int row = 0; row < rows; row++) {
      for (int h = 0; h < HIDDEN; h++) {
        double sum = 0;
        for (int i = 0; i < WIDTH; i++) {
          sum += (double) x[row * WIDTH + i] * w[i * HIDDEN + h];
        }
        for (int c = 0; c < 3; c++) {
          y[row * 3 + c] += (float) (Math.max(0, sum) * v[h * 3 + c]);
        }
      }
    }
    return y;
  }

  @Test
  void answersAreRightForEveryBatchThreadCountAndKernel() {
    for (KernelPath kernels : List.of(KernelPath.AUTO, KernelPath.SCALAR, KernelPath.VECTOR)) {
      for (int threads : List.of(1, 2, 3)) {
        LoadOptions options = LoadOptions.defaults().threads(threads).kernels(kernels);
        try (Model model = Model.load(file, options);
            Session session = model.newSession()) {
          for (int rows : List.of(1, 5, 300, 5)) {
            float[] x = input(rows);
            Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, rows, WIDTH));
            Map<String, Tensor> own = session.run(inputs);
            assertArrayEquals(expected(x, rows), tensor(own, "y").toFloats(), 2e-3f);
            assertArrayEquals(x, tensor(own, "same").toFloats());
            Map<String, Tensor> reused = session.runReusing(inputs);
            assertThrows(UnsupportedOperationException.class, reused::clear);
            assertArrayEquals(tensor(own, "h").toFloats(), tensor(reused, "h").toFloats());
          }
        }
      }
    }
  }

  private static Tensor tensor(Map<String, Tensor> tensors, String name) {
    Tensor tensor = tensors.get(name);
    assertTrue(tensor != null, () -> "no '" + name + "' in " + tensors.keySet());
    return tensor == null ? Tensor.of(new float[0], 0) : tensor;
  }

  @Test
  void unoptimisedModelsGiveTheSameAnswers() {
    float[] x = input(4);
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, 4, WIDTH));
    try (Model model = Model.load(file, LoadOptions.defaults().optimize(false));
        Session session = model.newSession()) {
      assertArrayEquals(expected(x, 4), tensor(session.run(inputs), "y").toFloats(), 2e-3f);
    }
  }

  @Test
  void bytesInMemoryAreTheSameModel() throws IOException {
    float[] x = input(2);
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, 2, WIDTH));
    byte[] bytes = Files.readAllBytes(file);
    try (Model model = Model.load(file);
        Session session = model.newSession();
        Model other = Model.load(bytes);
        Session others = other.newSession()) {
      Arrays.fill(bytes, (byte) 0);
      assertEquals(model.inputs(), other.inputs());
      assertArrayEquals(
          tensor(session.run(inputs), "y").toFloats(), tensor(others.run(inputs), "y").toFloats());
    }
  }

  @Test
  void bytesThatAreNoModelAreRefused() {
    byte[] bytes = {1, 2, 3};
    ModelException e = assertThrows(ModelException.class, () -> Model.load(bytes));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith("model of 3 bytes in memory: "), e::toString);
    assertThrows(ModelException.class, () -> Model.load(new byte[0]));
  }

  @Test
  void inputsAndOutputsAreTold() {
    try (Model model = Model.load(file)) {
      assertEquals(
          List.of(new TensorSpec("x", DType.F32, List.of(Dim.of("batch"), Dim.of(WIDTH)))),
          model.inputs());
      assertEquals(
          List.of("y", "h", "same"), model.outputs().stream().map(TensorSpec::name).toList());
    }
  }

  @Test
  void aProfileTellsWhatStepsDoAndCoversTheWholeRun() {
    float[] x = input(3);
    try (Model model = Model.load(file, LoadOptions.defaults().threads(1));
        Session session = model.newSession()) {
      RunProfile profile = session.profile(Map.of("x", Tensor.of(x, 3, WIDTH)), 4);
      assertEquals(
          List.of("MatMul", "MatMul", "Copy"),
          profile.steps().stream().map(StepCost::operator).toList());
      StepCost first = profile.steps().getFirst();
      assertEquals(3 * HIDDEN * (2L * WIDTH + 1), first.flops());
      assertEquals(4 * 3 * (WIDTH + HIDDEN), first.activationBytes());
      assertTrue(first.weightBytes() >= 4 * WIDTH * HIDDEN, first::toString);
      assertTrue(first.detail().contains("[3×70] → [3×130]"), first::detail);
      assertTrue(first.detail().contains("Relu"), first::detail);
      assertEquals(2 * 4 * 3 * WIDTH, profile.steps().getLast().activationBytes());
      assertEquals(4, profile.runs());
      for (int run = 0; run < profile.runs(); run++) {
        long covered = profile.otherNanos(run);
        for (int step = 0; step < profile.steps().size(); step++) {
          covered += profile.stepNanos(run, step);
        }
        assertEquals(profile.runNanos(run), covered);
      }
      assertTrue(profile.medianRun() < profile.runs());
    }
  }

  @Test
  void machineCodeThatIsWrongHereIsDroppedForGood() {
    AtomicInteger asked = new AtomicInteger();
    Kernels kernels =
        new Kernels(() -> {
          asked.incrementAndGet();
          return new Target(WrongKernels.products(), new ScalarRowKernels(), 1, Format.F32);
        });
    assertEquals(KernelPath.NATIVE, kernels.decided(LoadOptions.defaults()).kernels());
    float[] x = input(4);
    for (int load = 0; load < 2; load++) {
      try (Model model = Model.load(file, LoadOptions.defaults(), kernels);
          Session session = model.newSession()) {
        assertNotEquals(KernelPath.NATIVE, model.options().kernels());
        Map<String, Tensor> answer = session.run(Map.of("x", Tensor.of(x, 4, WIDTH)));
        assertArrayEquals(expected(x, 4), tensor(answer, "y").toFloats(), 2e-3f);
      }
    }
    LoadOptions insisting = LoadOptions.defaults().kernels(KernelPath.NATIVE);
    ModelException refusal =
        assertThrows(ModelException.class, () -> Model.load(file, insisting, kernels));
    assertTrue(
        String.valueOf(refusal.getMessage())
            .contains("wrong here: product with 41 columns: element 0"),
        refusal::getMessage);
    assertEquals(1, asked.get());
  }

  @Test
  void wrongInputsAreToldAndChangeNothing() {
    try (Model model = Model.load(file);
        Session session = model.newSession()) {
      assertFails(session, Map.of(), "input 'x' is missing");
      Tensor good = Tensor.of(input(2), 2, WIDTH);
      assertFails(session, Map.of("x", good, "z", good), "unknown input 'z'");
      assertFails(session, Map.of("x", Tensor.of(new double[WIDTH], 1, WIDTH)), "expected F32");
      assertFails(session, Map.of("x", Tensor.of(new float[3], 1, 3)), "70");
      assertFails(session, Map.of("x", Tensor.of(new float[WIDTH], WIDTH)), "x");
      assertArrayEquals(
          expected(input(2), 2), tensor(session.run(Map.of("x", good)), "y").toFloats(), 2e-3f);
    }
  }

  private static void assertFails(Session session, Map<String, Tensor> inputs, String part) {
    String message = assertThrows(ModelException.class, () -> session.run(inputs)).getMessage();
    assertTrue(message != null && message.contains(part), () -> "message: " + message);
  }

  @Test
  void anEmptyBatchHasEmptyAnswers() {
    try (Model model = Model.load(file);
        Session session = model.newSession()) {
      Map<String, Tensor> outputs = session.run(Map.of("x", Tensor.of(new float[0], 0, WIDTH)));
      assertEquals(0, tensor(outputs, "y").shape().elements());
    }
  }

  @Test
  void sessionsOutliveTheModelAndCloseOnce() {
    Model model = Model.load(file);
    Session session = model.newSession();
    model.close();
    model.close();
    assertThrows(IllegalStateException.class, model::newSession);
    float[] x = input(1);
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, 1, WIDTH));
    assertArrayEquals(expected(x, 1), tensor(session.run(inputs), "y").toFloats(), 2e-3f);
    session.close();
    session.close();
    assertThrows(IllegalStateException.class, () -> session.run(inputs));
  }

  @Test
  void sessionsOfOneModelRunSideBySide() throws Exception {
    try (Model model = Model.load(file, LoadOptions.defaults().threads(2));
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      CountDownLatch start = new CountDownLatch(4);
      List<Future<?>> futures = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int rows = 100 + 57 * t;
        futures.add(
            threads.submit(() -> {
              float[] x = input(rows);
              float[] y = expected(x, rows);
              Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, rows, WIDTH));
              start.countDown();
              start.await();
              try (Session session = model.newSession()) {
                for (int i = 0; i < 50; i++) {
                  assertArrayEquals(y, tensor(session.runReusing(inputs), "y").toFloats(), 2e-3f);
                }
              }
              return null;
            }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
  }

  @Test
  void reusingRunsAllocateNothing() throws Throwable {
    assertAllocatesNothing(file, Map.of("x", Tensor.of(input(6), 6, WIDTH)));
  }

  private static Graph trees() {
    Forest.Builder forest = new Forest.Builder(3);
    for (int target = 0; target < 3; target++) {
      int root = forest.branch(NodeMode.LT, target % 2, 0.5, false);
      int yes = forest.leaf();
      forest.weight(target, 1);
      int no = forest.leaf();
      forest.weight(target, target);
      forest.children(root, yes, no);
      forest.root(root);
    }
    Ensemble ensemble =
        new Ensemble(
            forest.build(),
            TreeAggregate.SUM,
            ScoreTransform.SOFTMAX,
            List.of(),
            new Ensemble.Decision(false, true),
            false);
    Tensor labels = Tensor.of(new long[] {4, 5, 6}, 3);
    Op classifier = new TableOp.TreeEnsemble(ensemble, labels, DType.F32);
    return new GraphBuilder("trees")
        .input("x", DType.F32, "rows", 2)
        .node(classifier, List.of("label", "scores"), "x")
        .build();
  }

  @Test
  void treesAllocateNothing() throws Throwable {
    Path trees = folder.resolve("trees.onnx");
    OnnxWriter.write(trees(), 17, trees);
    assertAllocatesNothing(trees, Map.of("x", Tensor.of(new float[] {1, 0}, 1, 2)));
    assertAllocatesNothing(trees, Map.of("x", Tensor.of(new float[2 * 9], 9, 2)));
  }

  @Test
  void mapsAreMadeOnRequest() {
    TensorSpec spec = new TensorSpec("maps", Value.Kind.TENSOR, DType.F32, null, List.of("a", "b"));
    Tensor table = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    assertEquals(List.of(Map.of("a", 1.0, "b", 2.0), Map.of("a", 3.0, "b", 4.0)), spec.maps(table));
    assertThrows(IllegalArgumentException.class, () -> spec.maps(Tensor.of(new float[3], 1, 3)));
  }

  @Test
  void recurrentLayersAllocateNothing() throws Throwable {
    Path layers = folder.resolve("layers.onnx");
    OnnxWriter.write(Network.RECURRENT_LAYERS.graph(8), 17, layers);
    assertAllocatesNothing(layers, Map.of("x", Tensor.of(new float[2 * 3 * 8], 2, 3, 8)));
  }

  private static void assertAllocatesNothing(Path file, Map<String, Tensor> inputs)
      throws Throwable {
    AllocatedBytes allocated = new AllocatedBytes();
    try (Model model = Model.load(file, LoadOptions.defaults().threads(1));
        Session session = model.newSession()) {
      Map<String, Tensor> outputs = session.runReusing(inputs);
      long least =
          allocated.least(() -> {
            for (int i = 0; i < 1_000; i++) {
              assertSame(outputs, session.runReusing(inputs));
            }
          });
      assertEquals(0, least, "bytes of 1000 runs");
    }
  }
}
