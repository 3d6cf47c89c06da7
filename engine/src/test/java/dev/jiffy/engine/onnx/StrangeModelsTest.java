package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Models that fuzzing found to be neither refused with a reason nor answered rightly.
class StrangeModelsTest {
  @TempDir private Path folder;

  static Stream<LoadOptions> options() {
    LoadOptions defaults = LoadOptions.defaults();
    return Stream.of(defaults, defaults.optimize(false).kernels(KernelPath.SCALAR));
  }

  private Tensor run(Models models, LoadOptions options, Map<String, Tensor> inputs)
      throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(models.model(), file);
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      return Objects.requireNonNull(session.run(inputs).get("y"));
    }
  }

  private void refused(
      String reason, Models models, LoadOptions options, Map<String, Tensor> inputs) {
    ModelException e = assertThrows(ModelException.class, () -> run(models, options, inputs));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e::getMessage);
  }

  @ParameterizedTest
  @MethodSource("options")
  void constantsThatCannotBeComputedWithAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .constant("x", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2))
            .constant("i", Tensor.of(new long[] {1, 5}, 2, 1))
            .node(
                "GatherND",
                List.of("x", "i"),
                List.of("y"),
                Map.of("batch_dims", Models.integer(1)))
            .output("y");
    refused("index 5", models, options, Map.of());
  }

  @ParameterizedTest
  @MethodSource("options")
  void whatNobodyReadsMayBeWrong(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.I64, -1)
            .constant("zero", Tensor.of(new long[] {0}, 1))
            .constant("one", Tensor.of(new long[] {1}, 1))
            .node("Div", List.of("one", "zero"), List.of("never"))
            .node("Add", List.of("x", "one"), List.of("y"))
            .output("y");
    Tensor y = run(models, options, Map.of("x", Tensor.of(new long[] {4}, 1)));
    assertArrayEquals(new long[] {5}, y.toLongs());
  }

  @ParameterizedTest
  @MethodSource("options")
  void whatLeadsNowhereMayBeWrong(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.I64, -1)
            .constant("one", Tensor.of(new long[] {1}, 1))
            .constant("two", Tensor.of(new float[] {1, 1}, 2))
            .constant("three", Tensor.of(new long[] {1, 1, 1}, 3))
            .node("NonZero", List.of("two"), List.of("places"))
            .node("Add", List.of("places", "three"), List.of("never"))
            .node("Neg", List.of("never"), List.of("nor"))
            .node("Add", List.of("x", "one"), List.of("y"))
            .output("y");
    Tensor y = run(models, options, Map.of("x", Tensor.of(new long[] {4}, 1)));
    assertArrayEquals(new long[] {5}, y.toLongs());
  }

  @ParameterizedTest
  @MethodSource("options")
  void integersHaveNoLeakyRelu(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.I8, 3)
            .node("Max", List.of("x", "x"), List.of("y"))
            .output("y");
    Tensor x = Tensor.of(new byte[] {-3, 2, 1}, 3);
    assertArrayEquals(new long[] {-3, 2, 1}, run(models, options, Map.of("x", x)).toLongs());
  }

  @ParameterizedTest
  @MethodSource("options")
  void emptyImagesArePooled(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, -1, -1, -1)
            .node("GlobalMaxPool", List.of("x"), List.of("y"))
            .output("y");
    Tensor empty = Tensor.allocate(DType.F32, Shape.of(0, 1, 4));
    assertEquals(Shape.of(0, 1, 1), run(models, options, Map.of("x", empty)).shape());
  }

  @ParameterizedTest
  @MethodSource("options")
  void bordersWithoutANumberAreZero(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 2)
            .constant("pads", Tensor.of(new long[] {1, 0}, 2))
            .constant("none", Tensor.of(new float[0], 0))
            .node("Pad", List.of("x", "pads", "none"), List.of("y"))
            .output("y");
    Tensor x = Tensor.of(new float[] {1, 2}, 2);
    assertArrayEquals(new float[] {0, 1, 2}, run(models, options, Map.of("x", x)).toFloats());
  }

  @ParameterizedTest
  @MethodSource("options")
  void absurdShapesAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 3, 1)
            .input("s", DType.I64, 3)
            .node("Expand", List.of("x", "s"), List.of("y"))
            .output("y");
    Tensor x = Tensor.of(new float[] {1, 2, 3}, 3, 1);
    for (long extent : new long[] {Long.MAX_VALUE, 1L << 60, 1L << 45}) {
      Tensor shape = Tensor.of(new long[] {extent, 1, 6}, 3);
      refused("", models, options, Map.of("x", x, "s", shape));
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void emptyDimensionsDoNotGrow(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1, 1, -1, -1)
            .input("sizes", DType.I64, 4)
            .node("Resize", List.of("x", "", "", "sizes"), List.of("y"))
            .output("y");
    Tensor empty = Tensor.allocate(DType.F32, Shape.of(1, 1, 2, 0));
    Tensor sizes = Tensor.of(new long[] {1, 1, 7, 8}, 4);
    refused("empty", models, options, Map.of("x", empty, "sizes", sizes));
  }

  @ParameterizedTest
  @MethodSource("options")
  void answersOutliveTheirModel(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.BOOL, 2)
            .constant("y", Tensor.of(new float[] {1, 2}, 2))
            .node("NonZero", List.of("x"), List.of("z"))
            .output("z")
            .output("y");
    Tensor y = run(models, options, Map.of("x", Tensor.of(new boolean[] {true, false}, 2)));
    assertArrayEquals(new float[] {1, 2}, y.toFloats());
  }

  @ParameterizedTest
  @MethodSource("options")
  void largeTensorsAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("s", DType.I64, 2)
            .node("ConstantOfShape", List.of("s"), List.of("z"))
            .node("ReduceMax", List.of("z"), List.of("y"))
            .output("y");
    Tensor shape = Tensor.of(new long[] {1 << 10, 1 << 10}, 2);
    LoadOptions narrow = options.limits(Limits.DEFAULTS.tensorBytes(1 << 20));
    refused("4194304 bytes, the limit is 1048576", models, narrow, Map.of("s", shape));
  }

  @ParameterizedTest
  @MethodSource("options")
  void largeRunsAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, -1)
            .node("Exp", List.of("x"), List.of("y"))
            .output("y");
    Tensor x = Tensor.allocate(DType.F32, Shape.of(1 << 10));
    LoadOptions narrow = options.limits(Limits.DEFAULTS.memoryBytes(1 << 10));
    refused("the limit is 1024", models, narrow, Map.of("x", x));
  }

  @Test
  void largeGraphsAreRefused() {
    Models models = Models.opset(13).input("v0", DType.F32, 1);
    for (int i = 0; i < 20; i++) {
      models.node("Relu", List.of("v" + i), List.of("v" + (i + 1)));
    }
    models.output("v20");
    LoadOptions narrow = LoadOptions.defaults().limits(Limits.DEFAULTS.nodes(10));
    refused("more than 10 nodes", models, narrow, Map.of());
  }

  @Test
  void constantsThatGrowStayNodes() throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1)
            .constant("start", Tensor.of(new float[] {0}))
            .constant("limit", Tensor.of(new float[] {1e9f}))
            .constant("delta", Tensor.of(new float[] {1}))
            .node("Range", List.of("start", "limit", "delta"), List.of("never"))
            .node("Relu", List.of("x"), List.of("y"))
            .output("y");
    Tensor y = run(models, LoadOptions.defaults(), Map.of("x", Tensor.of(new float[] {2}, 1)));
    assertArrayEquals(new float[] {2}, y.toFloats());
  }

  /// The first output of a layer of constants is one that nobody reads.
  @ParameterizedTest
  @MethodSource("options")
  void constantsAreFoldedWithoutTheirFirstOutput(LoadOptions options) throws IOException {
    Models models =
        Models.opset(14)
            .constant("x", Tensor.of(new float[] {1}, 1, 1, 1))
            .constant("w", Tensor.of(new float[] {2}, 1, 1, 1))
            .constant("r", Tensor.of(new float[] {3}, 1, 1, 1))
            .node("RNN", List.of("x", "w", "r"), List.of("", "y"))
            .output("y");
    Tensor y = run(models, options, Map.of());
    assertEquals(Math.tanh(2), y.getDouble(0), 1e-6);
  }

  @Test
  void flagsAreZeroOrOne() {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 2, 2)
            .node("ReduceMax", List.of("x"), List.of("y"), Map.of("keepdims", Models.integer(-3)))
            .output("y");
    refused("'keepdims' should be 0 or 1 but is -3", models, LoadOptions.defaults(), Map.of());
  }

  /// A sum of something and of a layer of which only another output is read.
  @ParameterizedTest
  @MethodSource("options")
  void layersWithoutTheirFirstOutputAreAdded(LoadOptions options) throws IOException {
    Models models =
        Models.opset(14)
            .input("x", DType.F32, 1, 1, 1)
            .constant("w", Tensor.of(new float[] {2}, 1, 1, 1))
            .constant("r", Tensor.of(new float[] {3}, 1, 1, 1))
            .node("RNN", List.of("x", "w", "r"), List.of("", "last"))
            .node("Add", List.of("x", "last"), List.of("y"))
            .output("y");
    Tensor y = run(models, options, Map.of("x", Tensor.of(new float[] {1}, 1, 1, 1)));
    assertEquals(1 + Math.tanh(2), y.getDouble(0), 1e-6);
  }

  /// Constants laid end to end, read by a function in a plan beside a node that none has.
  @ParameterizedTest
  @MethodSource("options")
  void joinedConstantsAreReadBesideACut(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("n", DType.I64, 1)
            .constant("c", Tensor.of(new float[] {-1, 2}, 2))
            .node("Concat", List.of("c", "c"), List.of("cc"), Map.of("axis", Models.integer(0)))
            .node("Relu", List.of("cc"), List.of("y"))
            .node("ConstantOfShape", List.of("n"), List.of("zeros"))
            .output("y")
            .output("zeros");
    Tensor y = run(models, options, Map.of("n", Tensor.of(new long[] {3}, 1)));
    assertArrayEquals(new float[] {0, 2, 0, 2}, y.toFloats());
  }

  /// An output that is left out is none that a node without some input waits for.
  @ParameterizedTest
  @MethodSource("options")
  void outputsAndInputsAreLeftOutBesideACut(LoadOptions options) throws IOException {
    Models models =
        Models.opset(14)
            .input("n", DType.I64, 3)
            .input("x", DType.F32, 2)
            .constant("one", Tensor.of(new float[] {1}))
            .constant("w", Tensor.of(new float[] {2}, 1, 1, 1))
            .node("ConstantOfShape", List.of("n"), List.of("zeros"))
            .node("RNN", List.of("zeros", "w", "w"), List.of("", "last"))
            .node("Clip", List.of("x", "", "one"), List.of("y"))
            .output("y")
            .output("last");
    Tensor n = Tensor.of(new long[] {1, 1, 1}, 3);
    Tensor x = Tensor.of(new float[] {-3, 3}, 2);
    Tensor y = run(models, options, Map.of("n", n, "x", x));
    assertArrayEquals(new float[] {-3, 1}, y.toFloats());
  }

  @ParameterizedTest
  @MethodSource("options")
  void textsAreNoNumbers(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.STRING, 2)
            .node("Mean", List.of("x"), List.of("y"))
            .output("y");
    refused(
        "expected numbers", models, options, Map.of("x", Tensor.ofStrings(List.of("a", "b"), 2)));
  }

  @ParameterizedTest
  @MethodSource("options")
  void extentsThatNoMachineHasAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1, 1, 2, 2)
            .input("sizes", DType.I64, 4)
            .node("Resize", List.of("x", "", "", "sizes"), List.of("y"))
            .output("y");
    Tensor x = Tensor.of(new float[4], 1, 1, 2, 2);
    Tensor sizes = Tensor.of(new long[] {0, 1, 2, 1L << 40}, 4);
    refused("too large to be resized", models, options, Map.of("x", x, "sizes", sizes));
  }

  @ParameterizedTest
  @MethodSource("options")
  void anAxisIsAnInteger(LoadOptions options) {
    Models models =
        Models.opset(20)
            .input("x", DType.F32, 1, 4, 1)
            .input("axis", DType.F32)
            .node("DFT", List.of("x", "", "axis"), List.of("y"))
            .output("y");
    Tensor x = Tensor.of(new float[4], 1, 4, 1);
    refused("i64 or i32", models, options, Map.of("x", x, "axis", Tensor.of(new float[] {1})));
  }

  @ParameterizedTest
  @MethodSource("options")
  void distancesOfBytesMayBeNegative(LoadOptions options) throws IOException {
    Tensor hundred = Tensor.allocate(DType.U8, Shape.of());
    hundred.setLong(0, 100);
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 40)
            .constant("scale", Tensor.of(new float[] {-0.5f}))
            .constant("zero", hundred)
            .node("QuantizeLinear", List.of("x", "scale", "zero"), List.of("y"))
            .output("y");
    float[] x = new float[40];
    float[] expected = new float[40];
    for (int i = 0; i < x.length; i++) {
      x[i] = 8 * (i - 20);
      expected[i] = Math.clamp(100 - 2 * x[i], 0, 255);
    }
    assertArrayEquals(expected, run(models, options, Map.of("x", Tensor.of(x, 40))).toFloats());
  }

  @ParameterizedTest
  @MethodSource("options")
  void oneNumberMayHaveAnyRank(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .constant("x", Tensor.of(new float[] {3, 1, 4, 1}, 4))
            .constant("k", Tensor.of(new long[] {2}, 1, 1))
            .node("TopK", List.of("x", "k"), List.of("y", "places"))
            .output("y");
    assertArrayEquals(new float[] {4, 3}, run(models, options, Map.of()).toFloats());
  }

  @ParameterizedTest
  @MethodSource("options")
  void emptyImagesAreNormalized(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1, 2, -1, 3)
            .node("LRN", List.of("x"), List.of("y"), Map.of("size", Models.integer(3)))
            .output("y");
    Tensor empty = Tensor.allocate(DType.F32, Shape.of(1, 2, 0, 3));
    assertEquals(Shape.of(1, 2, 0, 3), run(models, options, Map.of("x", empty)).shape());
  }

  @ParameterizedTest
  @MethodSource("options")
  void imagesBeyondWhatWindowsSpanAreRefused(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1, 2, 1L << 40, 8)
            .constant("w", Tensor.allocate(DType.F32, Shape.of(4, 2, 2, 2)))
            .node("Conv", List.of("x", "w"), List.of("y"))
            .output("y");
    Tensor image = Tensor.allocate(DType.F32, Shape.of(1, 2, 8, 8));
    refused("expected", models, options, Map.of("x", image));
  }

  @ParameterizedTest
  @MethodSource("options")
  void scalarsHaveNoDimensionToNormalize(LoadOptions options) {
    Models models =
        Models.opset(13)
            .input("x", DType.F32)
            .node("Softmax", List.of("x"), List.of("y"), Map.of("axis", Models.integer(0)))
            .output("y");
    refused("out of range for rank 0", models, options, Map.of("x", Tensor.of(new float[] {3})));
  }

  /// A scale that leaves the number of channels as it is moves them nevertheless.
  @ParameterizedTest
  @MethodSource("options")
  void channelsAreResized(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.F32, 1, 3, 1)
            .constant("scales", Tensor.of(new float[] {1, 1.25f, 1}, 3))
            .node(
                "Resize",
                List.of("x", "", "scales"),
                List.of("y"),
                Map.of(
                    "mode", Models.text("linear"),
                    "coordinate_transformation_mode", Models.text("asymmetric")))
            .output("y");
    Tensor x = Tensor.of(new float[] {0, 5, 10}, 1, 3, 1);
    assertArrayEquals(
        new float[] {0, 4, 8}, run(models, options, Map.of("x", x)).toFloats(), 1e-5f);
  }

  @ParameterizedTest
  @MethodSource("options")
  void vectorsOfBytesHaveOneZeroPoint(LoadOptions options) throws IOException {
    Models models =
        Models.opset(13)
            .input("x", DType.U8, 3)
            .constant("w", Tensor.of(new byte[] {1, 2, 3}, 3))
            .constant("zero", bytes(2))
            .node("MatMulInteger", List.of("x", "w", "zero"), List.of("y"))
            .output("y");
    Tensor y = run(models, options, Map.of("x", bytes(3, 4, 5)));
    assertEquals(Shape.of(), y.shape());
    assertEquals(14, y.getLong(0));
  }

  @ParameterizedTest
  @MethodSource("options")
  void gridsMayHaveOnePoint(LoadOptions options) throws IOException {
    Models models =
        Models.opset(20)
            .input("x", DType.F32, 1, 2, 3)
            .constant("size", Tensor.of(new long[] {1, 1, 2, 1}, 4))
            .node(
                "AffineGrid",
                List.of("x", "size"),
                List.of("y"),
                Map.of("align_corners", Models.integer(1)))
            .output("y");
    Tensor x = Tensor.of(new float[] {1, 0, 0, 0, 1, 0}, 1, 2, 3);
    Tensor y = run(models, options, Map.of("x", x));
    assertArrayEquals(new float[] {1, -1, 1, 1}, y.toFloats());
  }

  private static Tensor bytes(int... numbers) {
    Tensor tensor = Tensor.allocate(DType.U8, Shape.of(numbers.length));
    for (int i = 0; i < numbers.length; i++) {
      tensor.setLong(i, numbers[i]);
    }
    return tensor;
  }
}
