package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model with a state that one run hands to the next: `next = (state + x) · w`, and `y = state ·
/// w`, which is computed after it.
class SessionTest {
  private static final int WIDTH = 48;

  @TempDir private Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void writeModel() throws IOException {
    GraphBuilder graph =
        new GraphBuilder("state")
            .input("x", DType.F32, "n", WIDTH)
            .input("state", DType.F32, "n", WIDTH)
            .constant("w", numbers(WIDTH, 0.2f))
            .node(new Op.Binary(BinaryFunction.ADD), "s", "state", "x")
            .node(new Op.MatMul(), "next", "s", "w")
            .node(new Op.MatMul(), "y", "state", "w")
            .outputs("next", "y");
    file = folder.resolve("state.onnx");
    OnnxWriter.write(graph.build(), 17, file);
  }

  private static Tensor numbers(int rows, float scale) {
    float[] numbers = new float[rows * WIDTH];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = scale * (float) Math.sin(0.7 * i);
    }
    return Tensor.of(numbers, rows, WIDTH);
  }

  private static Tensor get(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  @Test
  void anAnswerMayBeAnInputOfTheNextRun() {
    for (KernelPath kernels : List.of(KernelPath.AUTO, KernelPath.SCALAR)) {
      try (Model model = Model.load(file, LoadOptions.defaults().kernels(kernels));
          Session session = model.newSession()) {
        for (int rows : new int[] {1, 3}) {
          Tensor x = numbers(rows, 1);
          Tensor state = numbers(rows, 2);
          Tensor own = numbers(rows, 2);
          for (int run = 0; run < 4; run++) {
            Map<String, Tensor> expected = session.run(Map.of("x", x, "state", own));
            Map<String, Tensor> actual = session.runReusing(Map.of("x", x, "state", state));
            assertSame(expected, actual);
            own = get(expected, "next");
            state = get(actual, "next");
          }
        }
      }
    }
  }

  @Test
  void allInputsMayBeAnswers() {
    try (Model model = Model.load(file);
        Session session = model.newSession()) {
      Map<String, Tensor> inputs = Map.of("x", numbers(2, 1), "state", numbers(2, 2));
      for (int run = 0; run < 3; run++) {
        Map<String, Tensor> expected = session.run(inputs);
        Map<String, Tensor> actual = session.runReusing(inputs);
        assertSame(expected, actual);
        inputs = Map.of("x", get(actual, "y"), "state", get(actual, "next"));
      }
    }
  }

  /// Keys and values kept from step to step: each answer is longer than the one it was made of.
  @Test
  void answersMayGrowFromRunToRun() throws IOException {
    GraphBuilder graph =
        new GraphBuilder("cache")
            .input("x", DType.F32, "n", WIDTH)
            .input("past", DType.F32, "m", WIDTH)
            .constant("w", numbers(WIDTH, 0.2f))
            .node(new Op.MatMul(), "row", "x", "w")
            .node(new Op.Concat(0), "present", "past", "row")
            .outputs("present");
    Path cache = folder.resolve("cache.onnx");
    OnnxWriter.write(graph.build(), 17, cache);
    try (Model model = Model.load(cache);
        Session session = model.newSession()) {
      Tensor own = numbers(1, 2);
      Tensor past = own;
      long memory = 0;
      for (int rows = 2; rows < 60; rows++) {
        Tensor x = numbers(1, rows);
        own = get(session.run(Map.of("x", x, "past", own)), "present");
        past = get(session.runReusing(Map.of("x", x, "past", past)), "present");
        assertArrayEquals(own.toFloats(), past.toFloats(), "of " + rows);
        memory = session.memoryBytes();
      }
      assertTrue(memory >= 2L * 59 * WIDTH * Float.BYTES, "" + memory);
    }
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    for (String name : List.of("next", "y")) {
      assertArrayEquals(get(expected, name).toFloats(), get(actual, name).toFloats(), name);
    }
  }

  @Test
  void answersAreInMemoryThatIsUsedAgain() throws Throwable {
    AllocatedBytes allocated = new AllocatedBytes();
    try (Model model = Model.load(file, LoadOptions.defaults().threads(1));
        Session session = model.newSession()) {
      Tensor x = numbers(3, 1);
      Map<String, Tensor> first = session.runReusing(Map.of("x", x, "state", numbers(3, 2)));
      Map<String, Tensor> inputs = Map.of("x", x, "state", get(first, "next"));
      long least =
          allocated.least(() -> {
            for (int i = 0; i < 1_000; i++) {
              session.runReusing(inputs);
            }
          });
      assertEquals(0, least, "bytes of 1000 runs");
    }
  }
}
