package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.engine.pass.Network;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Small networks, from the file to the answers, on all families of kernels that this JVM has. The
/// build runs these tests in several JVMs: without the Vector API, and as if on lesser CPUs.
@Tag("many-machines")
class KernelPathsTest {
  /// A width that panels of weights divide, and one that they do not.
  private static final List<Integer> WIDTHS = List.of(64, 48);

  private static final int WIDTH = WIDTHS.getLast();

  /// Whether this JVM has the Vector API, if the build says so.
  private static final String VECTORS = System.getProperty("jiffy.test.vectors", "");

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void allFamiliesAnswerAsTheScalarOneDoes(Network network) throws IOException {
    for (int width : WIDTHS) {
      allFamiliesAnswerAsTheScalarOneDoes(network, width);
    }
  }

  private void allFamiliesAnswerAsTheScalarOneDoes(Network network, int width) throws IOException {
    Path file = write(network, width);
    for (int batch : new int[] {1, 3}) {
      Map<String, Tensor> inputs = inputs(network, width, batch, 17);
      float[] expected = answer(file, options(KernelPath.SCALAR), inputs);
      for (Targets.Named target : Targets.all()) {
        float[] actual = answer(file, options(target.kernels()), inputs);
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], actual[i], 2e-4, network + " on " + target);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void narrowerPrecisionsStayNear(Network network) throws IOException {
    Path file = write(network, WIDTH);
    Map<String, Tensor> inputs = inputs(network, WIDTH, 3, 17);
    float[] expected = answer(file, options(KernelPath.SCALAR), inputs);
    for (Precision precision : List.of(Precision.BF16, Precision.INT8)) {
      for (Targets.Named target : Targets.all()) {
        LoadOptions options = options(target.kernels()).precision(precision);
        if (isAvailable(options)) {
          float[] actual = answer(file, options, inputs);
          double cosine = cosine(expected, actual);
          assertTrue(cosine > 0.98, network + " in " + precision + " on " + target + ": " + cosine);
        }
      }
    }
  }

  @Test
  void oneModelServesImagesOfAllExtents() throws IOException {
    Path file = write(Network.IMAGE_FILTER, WIDTH);
    int[][] extents = {{12, 16}, {3, 3}, {9, 10}, {10, 9}, {1, 24}, {12, 16}};
    for (Targets.Named target : Targets.all()) {
      try (Model model = Model.load(file, options(target.kernels()));
          Session session = model.newSession()) {
        for (int[] extent : extents) {
          Map<String, Tensor> inputs = Map.of("image", images(2, extent[0], extent[1]));
          float[] expected = answer(file, options(KernelPath.SCALAR), inputs);
          float[] actual = session.run(inputs).values().iterator().next().toFloats();
          assertArrayEquals(expected, actual, 2e-4f, Arrays.toString(extent) + " on " + target);
        }
      }
    }
  }

  /// Weights of a file, as numbers or as the bytes that stand for them.
  ///
  /// @param type of the integers
  /// @param block how many rows share a scale of a column; 0 where all do
  private record Quantized(DType type, int block) {
    private static final int DEPTH = 320;
    private static final int COLUMNS = 211;

    private Path write(Path file, boolean isNumbers) throws IOException {
      GraphBuilder graph = new GraphBuilder("quantized");
      graph.input("x", DType.F32, "rows", DEPTH);
      Tensor q = integers(Shape.of(DEPTH, COLUMNS), 31);
      Shape shape = block == 0 ? Shape.of(COLUMNS) : Shape.of(DEPTH / block, COLUMNS);
      Tensor scale = Tensor.allocate(DType.F32, shape);
      for (int i = 0; i < shape.elements(); i++) {
        scale.setDouble(i, (1 + i % 7) / 1024.0);
      }
      Tensor zero = integers(shape, 5);
      String w =
          isNumbers
              ? graph.constant(numbers(q, scale, zero))
              : graph
                  .add(
                      new QuantizedOp.Dequantize(block == 0 ? 1 : 0, block),
                      1,
                      graph.constant(q),
                      graph.constant(scale),
                      graph.constant(zero))
                  .getFirst();
      graph.outputs(graph.add(new Op.MatMul(), 1, "x", w).getFirst());
      OnnxWriter.write(graph.build(), 21, file);
      return file;
    }

    private Tensor integers(Shape shape, int step) {
      Tensor integers = Tensor.allocate(type, shape);
      for (int i = 0; i < shape.elements(); i++) {
        integers.setLong(i, i * step % 251);
      }
      return integers;
    }

    private Tensor numbers(Tensor q, Tensor scale, Tensor zero) {
      Tensor numbers = Tensor.allocate(DType.F32, q.shape());
      for (int i = 0; i < q.shape().elements(); i++) {
        int at = (block == 0 ? 0 : i / COLUMNS / block * COLUMNS) + i % COLUMNS;
        numbers.setDouble(i, (q.getLong(i) - zero.getLong(at)) * scale.getDouble(at));
      }
      return numbers;
    }
  }

  @Test
  void productsWithQuantizedWeightsAreThoseWithNumbers() throws IOException {
    for (Quantized weights :
        List.of(
            new Quantized(DType.U8, 0), new Quantized(DType.I8, 64), new Quantized(DType.U4, 32))) {
      Path bytes = weights.write(folder.resolve("bytes.onnx"), false);
      Path numbers = weights.write(folder.resolve("numbers.onnx"), true);
      for (int rows : new int[] {1, 3, 8, 64}) {
        float[] x = numbers(rows * Quantized.DEPTH);
        assertSameProducts(bytes, numbers, x, rows);
        x[x.length - 5] = Float.POSITIVE_INFINITY;
        assertSameProducts(bytes, numbers, x, rows);
      }
    }
  }

  private static void assertSameProducts(Path bytes, Path numbers, float[] x, int rows) {
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(x, rows, Quantized.DEPTH));
    float[] expected = answer(numbers, options(KernelPath.SCALAR), inputs);
    for (Targets.Named target : Targets.all()) {
      float[] actual = answer(bytes, options(target.kernels()), inputs);
      assertArrayEquals(expected, actual, 2e-4f, rows + " rows on " + target);
    }
  }

  @Test
  void noneIsChosenThatThisJvmLacks() {
    List<KernelPath> available = new ArrayList<>();
    Targets.all().forEach(target -> available.add(target.kernels()));
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    assertEquals(vectors, available.contains(KernelPath.VECTOR));
    assertTrue(available.contains(Kernels.HERE.decided(options(KernelPath.AUTO)).kernels()));
    if (!vectors) {
      assertThrows(ModelException.class, () -> Kernels.HERE.decided(options(KernelPath.VECTOR)));
    }
    if (!VECTORS.isEmpty()) {
      assertEquals(VECTORS, String.valueOf(vectors));
    }
  }

  private Path write(Network network, int width) throws IOException {
    Path file = folder.resolve("network.onnx");
    OnnxWriter.write(network.graph(width), 17, file);
    return file;
  }

  private static LoadOptions options(KernelPath kernels) {
    return LoadOptions.defaults().threads(2).kernels(kernels);
  }

  private static boolean isAvailable(LoadOptions options) {
    try {
      Kernels.HERE.decided(options);
      return true;
    } catch (ModelException e) {
      return false;
    }
  }

  private static Map<String, Tensor> inputs(Network network, int width, int batch, int length) {
    return switch (network) {
      case TRANSFORMER_LAYER -> {
        float[] mask = new float[batch * length];
        for (int i = 0; i < mask.length; i++) {
          mask[i] = i % length < length - i / length ? 1 : 0;
        }
        yield Map.of(
            "x", Tensor.of(numbers(batch * length * width), batch, length, width),
            "mask", Tensor.of(mask, batch, 1, 1, length));
      }
      case RECURRENT_LAYERS ->
          Map.of("x", Tensor.of(numbers(batch * length * width), batch, length, width));
      case IMAGE_CLASSIFIER, IMAGE_FILTER -> Map.of("image", images(batch, 16, 16));
    };
  }

  private static Tensor images(int batch, int height, int width) {
    return Tensor.of(numbers(batch * 3 * height * width), batch, 3, height, width);
  }

  private static float[] numbers(int n) {
    float[] numbers = new float[n];
    for (int i = 0; i < n; i++) {
      numbers[i] = (float) Math.sin(0.7 * i);
    }
    return numbers;
  }

  private static float[] answer(Path file, LoadOptions options, Map<String, Tensor> inputs) {
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      return session.run(inputs).values().iterator().next().toFloats();
    }
  }

  private static double cosine(float[] x, float[] y) {
    double product = 0;
    double ofX = 0;
    double ofY = 0;
    for (int i = 0; i < x.length; i++) {
      product += (double) x[i] * y[i];
      ofX += (double) x[i] * x[i];
      ofY += (double) y[i] * y[i];
    }
    return product / Math.sqrt(ofX * ofY);
  }
}
