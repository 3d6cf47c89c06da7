package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kernels that are compared with the oracle before a model relies on them.
class KernelsTest {
  private static final int WIDTH = 8;
  private static final Fact ROWS = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(WIDTH)));
  private static final Op QUANTIZE = new QuantizedOp.Quantize(1, 0, DType.U8);
  private static final Op DEQUANTIZE = new QuantizedOp.Dequantize(1, 0);

  @TempDir private Path folder;

  private static Node node(Op op, String output, String... inputs) {
    return new Node("make_" + output, op, List.of(inputs), List.of(output));
  }

  private static Tensor integers(DType type, long first, long... dims) {
    Tensor tensor = Tensor.allocate(type, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setLong(i, first + i * 7 % 100);
    }
    return tensor;
  }

  /// A product of what bytes stand for, which only passes make a product of bytes.
  private static Graph quantized() {
    return Inference.infer(
        new Graph(
            "quantized",
            List.of("x"),
            List.of("y"),
            List.of(
                node(QUANTIZE, "bytes", "x", "scale", "zero"),
                node(DEQUANTIZE, "coarse", "bytes", "scale", "zero"),
                node(DEQUANTIZE, "weights", "matrix", "scale"),
                node(new Op.MatMul(), "y", "coarse", "weights")),
            Map.of(
                "scale", Tensor.of(new float[] {0.05f}),
                "zero", integers(DType.U8, 120),
                "matrix", integers(DType.I8, -50, WIDTH, WIDTH)),
            Map.of("x", ROWS)));
  }

  /// The same where a number asks for it, else nothing.
  private static Graph branching() {
    Graph same =
        Inference.infer(
            new Graph(
                "same",
                List.of("x"),
                List.of("y"),
                List.of(node(new Op.Identity(), "y", "x")),
                Map.of(),
                Map.of("x", ROWS)));
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", ROWS);
    inputs.put("multiplies", Fact.of(DType.BOOL));
    return Inference.infer(
        new Graph(
            "branching",
            List.copyOf(inputs.keySet()),
            List.of("y"),
            List.of(node(new Op.If(quantized(), same), "y", "multiplies", "x")),
            Map.of(),
            inputs));
  }

  private Path written(Graph graph) throws IOException {
    Path file = folder.resolve(graph.name() + ".onnx");
    OnnxWriter.write(graph, 17, file);
    return file;
  }

  private static Kernels withoutByteProducts() {
    NarrowKernels idle = WrongKernels.idle(NarrowKernels.class);
    return new Kernels(
        () -> new Target(WrongKernels.narrow(idle), new ScalarRowKernels(), 1, Format.F32));
  }

  private static float[] answer(Model model, Map<String, Tensor> inputs) {
    try (Session session = model.newSession()) {
      return session.run(inputs).values().iterator().next().toFloats();
    }
  }

  private static Tensor input() {
    float[] x = new float[3 * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.sin(i);
    }
    return Tensor.of(x, 3, WIDTH);
  }

  private static float[] expected(Path file, Map<String, Tensor> inputs) {
    LoadOptions scalar = LoadOptions.defaults().kernels(KernelPath.SCALAR);
    try (Model model = Model.load(file, scalar)) {
      return answer(model, inputs);
    }
  }

  @Test
  void kernelsThatOnlyPassesAskForAreChecked() throws IOException {
    Path file = written(quantized());
    Map<String, Tensor> inputs = Map.of("x", input());
    try (Model model = Model.load(file, LoadOptions.defaults(), withoutByteProducts())) {
      assertNotEquals(KernelPath.NATIVE, model.options().kernels());
      assertArrayEquals(expected(file, inputs), answer(model, inputs), 1e-4f);
    }
  }

  @Test
  void kernelsThatABranchAsksForAreCheckedOnceItIsDecided() throws IOException {
    Path file = written(branching());
    Map<String, Tensor> inputs = Map.of("x", input(), "multiplies", integers(DType.BOOL, 1));
    try (Model model = Model.load(file, LoadOptions.defaults(), withoutByteProducts())) {
      assertEquals(KernelPath.NATIVE, model.options().kernels());
      assertArrayEquals(expected(file, inputs), answer(model, inputs), 1e-4f);
      assertNotEquals(KernelPath.NATIVE, model.options().kernels());
    }
  }
}
