package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Kernels that are compared with the oracle before a model relies on them.
class KernelsTest {
  private static final int WIDTH = 8;
  private static final Fact ROWS = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(WIDTH)));
  private static final Op QUANTIZE = new QuantizedOp.Quantize(1, 0, DType.U8);
  private static final Op DEQUANTIZE = new QuantizedOp.Dequantize(1, 0);

  @TempDir private Path folder;

  private static Tensor integers(DType type, long first, long... dims) {
    Tensor tensor = Tensor.allocate(type, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setLong(i, first + i * 7 % 100);
    }
    return tensor;
  }

  /// A product of what bytes stand for, which only passes make a product of bytes.
  private static Graph quantized() {
    return new GraphBuilder("quantized")
        .input("x", ROWS)
        .constant("scale", Tensor.of(new float[] {0.05f}))
        .constant("zero", integers(DType.U8, 120))
        .constant("matrix", integers(DType.I8, -50, WIDTH, WIDTH))
        .node(QUANTIZE, "bytes", "x", "scale", "zero")
        .node(DEQUANTIZE, "coarse", "bytes", "scale", "zero")
        .node(DEQUANTIZE, "weights", "matrix", "scale")
        .node(new Op.MatMul(), "y", "coarse", "weights")
        .build();
  }

  /// The same where a number asks for it, else nothing.
  private static Graph branching() {
    Graph same =
        new GraphBuilder("same").input("x", ROWS).node(new Op.Identity(), "y", "x").build();
    return new GraphBuilder("branching")
        .input("x", ROWS)
        .input("multiplies", DType.BOOL)
        .node(new Op.If(quantized(), same), "y", "multiplies", "x")
        .build();
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

  @Test
  void closingWaitsForChecksThatRun() throws IOException {
    Path file = written(quantized());
    Thread caller = Thread.currentThread();
    AtomicBoolean isClosing = new AtomicBoolean();
    AtomicBoolean isClosed = new AtomicBoolean();
    AtomicBoolean isWaitedFor = new AtomicBoolean();
    MatrixKernels slow =
        WrongKernels.changed(
            MatrixKernels.class,
            new ScalarMatrixKernels(),
            "multiply",
            (result, _) -> {
              while (!isWaitedFor.get() && !isClosed.get()) {
                isWaitedFor.set(isClosing.get() && caller.getState() == Thread.State.WAITING);
                Thread.onSpinWait();
              }
              return result;
            });
    Kernels kernels = new Kernels(() -> new Target(slow, new ScalarRowKernels(), 1, Format.F32));
    Model model = Model.load(file, LoadOptions.defaults(), kernels);
    isClosing.set(true);
    model.close();
    isClosed.set(true);
    assertTrue(isWaitedFor.get());
  }

  /// An operator of one f32 input.
  ///
  /// @param op the operator
  /// @param x its input
  /// @param others what it takes besides
  /// @param constants the constants among that
  /// @param method the method of kernels that it runs on
  record Relying(Op op, Fact x, List<String> others, Map<String, Tensor> constants, String method) {
    Graph graph() {
      GraphBuilder graph = new GraphBuilder("relying").input("x", x);
      constants.forEach(graph::constant);
      String[] in = Stream.concat(Stream.of("x"), others.stream()).toArray(String[]::new);
      return graph.node(op, "y", in).build();
    }

    /// Kernels on which that method is wrong.
    Target target() {
      RowKernels rows =
          WrongKernels.changed(
              RowKernels.class,
              new ScalarRowKernels(),
              method,
              (_, arguments) ->
                  method.equals("prepare")
                      ? WrongKernels.idle(RowKernels.PreparedPointwise.class)
                      : WrongKernels.spoiled(arguments[2]));
      return new Target(new ScalarMatrixKernels(), rows, 1, Format.F32);
    }
  }

  static Stream<Relying> relying() {
    Fact image = Fact.of(DType.F32, 1, 2, 5, 5);
    Fact sequence = Fact.of(DType.F32, 2, 1, 4);
    Op pool = new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, Op.Layout.CHANNELS_FIRST);
    Op resize = ImageOp.Resize.linear(Op.Layout.CHANNELS_FIRST);
    Op layer =
        new RecurrentOp.Recurrent(
            RecurrentCell.RNN,
            RecurrentOp.Direction.FORWARD,
            4,
            List.of(new Op.Unary(UnaryFunction.TANH)),
            Float.POSITIVE_INFINITY,
            false,
            false);
    Tensor scale = Tensor.of(new float[] {0.05f});
    Tensor scales = Tensor.of(new float[] {1, 1, 2, 2}, 4);
    Tensor weights = Tensor.of(new float[16], 1, 4, 4);
    return Stream.of(
        new Relying(pool, image, List.of(), Map.of(), "reduce"),
        new Relying(resize, image, List.of("", "scales"), Map.of("scales", scales), "resize"),
        new Relying(QUANTIZE, ROWS, List.of("scale"), Map.of("scale", scale), "range"),
        new Relying(
            layer, sequence, List.of("w", "r"), Map.of("w", weights, "r", weights), "prepare"));
  }

  @ParameterizedTest
  @MethodSource("relying")
  void operatorsAskForTheKernelsThatTheyRunOn(Relying relying) throws IOException {
    Path file = written(relying.graph());
    try (Model model = Model.load(file, LoadOptions.defaults(), new Kernels(relying::target))) {
      assertNotEquals(KernelPath.NATIVE, model.options().kernels());
    }
  }
}
