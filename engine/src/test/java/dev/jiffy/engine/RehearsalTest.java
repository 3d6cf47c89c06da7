package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.onnx.Exporter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is rehearsed is what models do: it passes through all of a load and a run.
final class RehearsalTest {
  @Test
  void itEndsThoughThereIsNoTime() {
    Rehearsal.run(Duration.ZERO);
  }

  @Test
  @Timeout(60)
  void itEndsOnceAModelIsWanted(@TempDir Path folder) {
    Path none = folder.resolve("none.onnx");
    assertThrows(ModelException.class, () -> Model.load(none).close());
    Rehearsal.run(Duration.ofDays(1));
  }

  @Test
  void imagesPassThroughConvolutions() {
    float[] pixels = new float[3 * 16 * 16];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (i * 37 % 256) / 255f;
    }
    Tensor answer =
        sameOnAllKernels(SmallModels.image(), Map.of("image", Tensor.of(pixels, 1, 3, 16, 16)));
    assertEquals(10, answer.shape().elements());
  }

  @Test
  void textsPassThroughAttention() {
    Tensor ids = Tensor.of(new long[] {3, 1, 4, 1, 5, 9}, 2, 3);
    Tensor answer = sameOnAllKernels(SmallModels.text(), Map.of("ids", ids));
    assertEquals(2 * 3 * 32, answer.shape().elements());
  }

  /// Loads the model's bytes from memory and compares its answer with that of scalar loops over the
  /// graph as it stands.
  private static Tensor sameOnAllKernels(Graph graph, Map<String, Tensor> inputs) {
    LoadOptions plain = LoadOptions.defaults().kernels(KernelPath.SCALAR).optimize(false);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = OnnxWriter.write(graph, Exporter.OLDEST_OPSET, arena);
      Tensor expected = answer(bytes, plain, inputs);
      Tensor actual = answer(bytes, LoadOptions.defaults(), inputs);
      assertEquals(expected.shape(), actual.shape());
      float[] right = floats(expected);
      float largest = 0;
      for (float each : right) {
        largest = Math.max(largest, Math.abs(each));
      }
      assertTrue(largest > 0 && Float.isFinite(largest), "answers of " + largest);
      assertArrayEquals(right, floats(actual), 1e-4f * largest);
      return actual;
    }
  }

  private static Tensor answer(
      MemorySegment bytes, LoadOptions options, Map<String, Tensor> inputs) {
    try (Model model = Model.load(bytes, options);
        Session session = model.newSession()) {
      return session.run(inputs).values().iterator().next();
    }
  }

  private static float[] floats(Tensor tensor) {
    float[] all = new float[(int) tensor.shape().elements()];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) tensor.getDouble(i);
    }
    return all;
  }
}
