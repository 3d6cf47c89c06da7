package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.Op.Window;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxWriterTest {
  private static final Window THREE =
      new Window(
          List.of(3L, 3L), List.of(), List.of(1L, 1L, 1L, 1L), List.of(), Op.AutoPad.NOTSET, false);

  @Test
  void conformanceModelsSurviveWriteAndRead() throws IOException {
    List<Path> cases;
    try (Stream<Path> folders = Files.list(OperatorCases.NODE)) {
      cases = folders.sorted().toList();
    }
    int compared = 0;
    for (Path folder : cases) {
      try (Arena arena = Arena.ofConfined()) {
        Graph graph;
        try {
          graph = Importer.graph(OnnxReader.read(folder.resolve("model.onnx"), arena));
        } catch (ModelException e) {
          assertTrue(e.getMessage() != null);
          continue;
        }
        Graph again = again(graph, Importer.NEWEST_OPSET, arena);
        if (graph.nodes().stream().anyMatch(OnnxWriterTest::isTakenApart)) {
          assertEquals(graph.outputs(), again.outputs(), folder::toString);
        } else if (graph.nodes().stream().anyMatch(node -> !Bodies.of(node.op()).isEmpty())) {
          // the values within have names of their own from now on
          assertEquals(types(graph), types(again), folder::toString);
          assertEquals(graph.nodes().size(), again.nodes().size(), folder::toString);
          Graph third = again(again, Importer.NEWEST_OPSET, arena);
          assertEquals(again.nodes().size(), third.nodes().size(), folder::toString);
          assertEquals(outputs(again), outputs(third), folder::toString);
        } else {
          assertSame(graph, again, folder);
          compared++;
        }
      }
    }
    assertTrue(compared > 900, "only " + compared + " were compared");
  }

  private static List<String> outputs(Graph graph) {
    return graph.outputs().stream().map(output -> output + ": " + graph.fact(output)).toList();
  }

  private static List<String> types(Graph graph) {
    return graph.outputs().stream()
        .map(output -> output + ": " + graph.fact(output).dtype())
        .toList();
  }

  /// ONNX's layer normalisation always has a scale, its random numbers are like another tensor, and
  /// what is split evenly is split into a number of parts since operator set 18.
  private static boolean isTakenApart(Node node) {
    return node.op() instanceof RandomOp
        || (node.op() instanceof Op.LayerNorm && !node.hasInput(1))
        || (node.op() instanceof Op.Split(_, long parts) && parts == 0 && !node.hasInput(1));
  }

  private static Graph again(Graph graph, long opset, Arena arena) {
    byte[] bytes = OnnxWriter.message(Exporter.model(graph, opset)).toByteArray();
    return Importer.graph(Models.read(bytes, arena));
  }

  private static void assertSame(Graph expected, Graph actual, Path which) {
    assertEquals(expected.inputs(), actual.inputs(), which::toString);
    assertEquals(expected.outputs(), actual.outputs(), which::toString);
    assertEquals(expected.nodes().toString(), actual.nodes().toString(), which::toString);
    assertEquals(expected.facts(), actual.facts(), which::toString);
    assertEquals(expected.constants().keySet(), actual.constants().keySet(), which::toString);
    expected
        .constants()
        .forEach((name, tensor) ->
            assertSame(tensor, Objects.requireNonNull(actual.constants().get(name)), which));
  }

  private static void assertSame(Tensor expected, Tensor actual, Path which) {
    assertEquals(expected.dtype(), actual.dtype(), which::toString);
    assertEquals(expected.shape(), actual.shape(), which::toString);
    if (expected.dtype() == DType.STRING) {
      assertEquals(expected.strings(), actual.strings(), which::toString);
    } else {
      assertEquals(-1, expected.segment().mismatch(actual.segment()), which::toString);
    }
  }

  @Test
  void filesAreWritten(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("model.onnx");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = Importer.graph(Models.read(Models.network(), arena));
      OnnxWriter.write(graph, 17, file);
      assertSame(graph, Importer.graph(OnnxReader.read(file, arena)), file);
    }
  }

  @Test
  void operatorSetsOutOfRangeAreRefused() {
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = Importer.graph(Models.read(Models.network(), arena));
      assertThrows(ModelException.class, () -> Exporter.model(graph, 16));
      assertThrows(ModelException.class, () -> Exporter.model(graph, 23));
    }
  }

  @Test
  void whatAnOldOperatorSetLacksIsNamed() {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    inputs.put("x", Tensor.of(new int[] {1, 2}, 2));
    Graph graph = graph(new Op.Binary(BinaryFunction.BITWISE_AND), inputs, "x", "x");
    ModelException e = assertThrows(ModelException.class, () -> Exporter.model(graph, 17));
    assertTrue(String.valueOf(e.getMessage()).contains("needs operator set 18"), e::getMessage);
  }

  @Test
  void theNumberOfPartsIsWrittenWhereItMustBe() {
    Models split =
        Models.opset(13)
            .input("x", DType.F32, 6)
            .node("Split", List.of("x"), List.of("a", "b"))
            .output("a")
            .output("b");
    Graph graph = Importer.graph(split.model());
    for (long opset : new long[] {17, 18, Importer.NEWEST_OPSET}) {
      Map<String, AttributeProto> attributes =
          Exporter.model(graph, opset).graph().nodes().getFirst().attributes();
      AttributeProto two = opset < 18 ? null : new AttributeProto.IntValue(2);
      assertEquals(two, attributes.get("num_outputs"));
    }
  }

  private static Graph graph(Op op, Map<String, Tensor> inputs, String... in) {
    Map<String, Fact> facts = new LinkedHashMap<>();
    inputs.forEach(
        (name, tensor) -> facts.put(name, Fact.of(tensor.dtype(), tensor.shape().dims())));
    return Inference.infer(
        new Graph(
            "one",
            List.copyOf(inputs.keySet()),
            List.of("y"),
            List.of(new Node("it", op, List.of(in), List.of("y"))),
            Map.of(),
            facts));
  }

  private static Tensor some(long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, Math.sin(i * 1.7 + dims.length) + 0.3);
    }
    return tensor;
  }

  /// The graph computes the same after it went through every operator set.
  private static void assertComputesTheSame(Op op, Tensor... tensors) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    List<String> in = new ArrayList<>();
    for (int i = 0; i < tensors.length; i++) {
      in.add(tensors[i].shape().elements() == 0 ? "" : "x" + i);
      if (!in.getLast().isEmpty()) {
        inputs.put("x" + i, tensors[i]);
      }
    }
    Graph graph = graph(op, inputs, in.toArray(String[]::new));
    Tensor expected = Interpreter.run(graph, inputs).get("y");
    for (long opset = Exporter.OLDEST_OPSET; opset <= Importer.NEWEST_OPSET; opset++) {
      try (Arena arena = Arena.ofConfined()) {
        Tensor actual = Interpreter.run(again(graph, opset, arena), inputs).get("y");
        assertTrue(expected != null && actual != null);
        assertEquals(expected.shape(), actual.shape(), op::toString);
        assertArrayEquals(expected.toFloats(), actual.toFloats(), 1e-5f, op::toString);
      }
    }
  }

  private static Tensor absent() {
    return some(0);
  }

  @Test
  void everyFunctionOfOneNumberComputesTheSame() {
    for (UnaryFunction function : UnaryFunction.values()) {
      switch (function) {
        case NOT, BITWISE_NOT -> {}
        default -> assertComputesTheSame(new Unary(function, 0.25f, 0.75f), some(2, 9));
      }
    }
    assertComputesTheSame(new Unary(UnaryFunction.SILU, 1, 0), some(7));
    assertComputesTheSame(new Unary(UnaryFunction.CLIP, Float.NEGATIVE_INFINITY, 0.5f), some(7));
  }

  @Test
  void recurrentLayersComputeTheSame() {
    Unary gate = new Unary(UnaryFunction.HARD_SIGMOID, 0.3f, 0.4f);
    Unary elu = new Unary(UnaryFunction.ELU, 0.7f, 0);
    Unary tanh = new Unary(UnaryFunction.TANH);
    for (boolean more : new boolean[] {false, true}) {
      float clip = more ? 0.5f : Float.POSITIVE_INFINITY;
      List<Unary> functions = List.of(gate, elu, tanh);
      assertComputesTheSame(
          new RecurrentOp.Recurrent(
              RecurrentCell.LSTM, RecurrentOp.Direction.REVERSE, 3, functions, clip, more, false),
          some(4, 2, 5),
          some(1, 12, 5),
          some(1, 12, 3));
      assertComputesTheSame(
          new RecurrentOp.Recurrent(
              RecurrentCell.GRU,
              RecurrentOp.Direction.BIDIRECTIONAL,
              3,
              List.of(gate, elu, gate, tanh),
              clip,
              false,
              more),
          some(4, 2, 5),
          some(2, 9, 5),
          some(2, 9, 3),
          some(2, 18));
    }
  }

  @Test
  void fusedProductsComputeTheSame() {
    Unary relu = new Unary(UnaryFunction.RELU);
    assertComputesTheSame(
        new Op.MatMul(false, false, 0.5f, relu), some(2, 3, 4), some(4, 5), some(5), some(2, 3, 5));
    assertComputesTheSame(
        new Op.MatMul(true, true, 1, null), some(2, 4, 3), some(2, 5, 4), absent(), some(2, 3, 5));
    assertComputesTheSame(new Op.MatMul(false, true, 2, null), some(3, 4), some(5, 4));
  }

  @Test
  void quantizedProductsComputeTheSame() {
    Unary relu = new Unary(UnaryFunction.RELU);
    Tensor bytes = Tensor.allocate(DType.I8, Shape.of(4, 5));
    for (int i = 0; i < 20; i++) {
      bytes.setLong(i, i * 67 % 256 - 128);
    }
    Tensor scales = Tensor.of(new float[] {0.003f, 0.001f, 0.002f, 0.004f, 0.001f}, 5);
    for (int shift : new int[] {0, 1, 128, -127}) {
      Op op = new Op.QuantizedMatMul(shift, relu);
      assertComputesTheSame(op, some(2, 3, 4), bytes, scales, some(5), some(2, 3, 5));
    }
  }

  @Test
  void fusedConvolutionsComputeTheSame() {
    Unary silu = new Unary(UnaryFunction.SILU, 1, 0);
    for (Layout layout : Layout.values()) {
      boolean last = layout == Layout.CHANNELS_LAST;
      Tensor x = last ? some(1, 5, 6, 2) : some(1, 2, 5, 6);
      Tensor residual = last ? some(1, 5, 6, 3) : some(1, 3, 5, 6);
      assertComputesTheSame(
          new Op.Conv(THREE, 1, layout, silu), x, some(3, 2, 3, 3), some(3), residual);
      assertComputesTheSame(new Op.Conv(THREE, 1, layout, null), x, some(3, 2, 3, 3));
      assertComputesTheSame(
          new Op.ConvTranspose(THREE, 1, List.of(), List.of(), layout, silu), x, some(2, 3, 3, 3));
      assertComputesTheSame(new Op.Pool(Op.PoolFunction.MAX, THREE, false, false, 0, layout), x);
      assertComputesTheSame(new Op.Pool(Op.PoolFunction.AVERAGE, THREE, true, false, 0, layout), x);
      assertComputesTheSame(new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, layout), x);
      assertComputesTheSame(
          new Op.BatchNorm(1e-3f, layout),
          x,
          some(2),
          some(2),
          some(2),
          Tensor.of(new float[] {1, 2}, 2));
      float[] scales = last ? new float[] {1, 2, 2, 1} : new float[] {1, 1, 2, 2};
      assertComputesTheSame(ImageOp.Resize.linear(layout), x, absent(), Tensor.of(scales, 4));
    }
  }

  @Test
  void attentionAndNormalisationComputeTheSame() {
    assertComputesTheSame(
        new AttentionOp.Attention(2, 0.5f),
        some(2, 3, 8),
        some(2, 5, 8),
        some(2, 5, 8),
        some(2, 1, 1, 5));
    assertComputesTheSame(
        new AttentionOp.Attention(2, 0.5f), some(2, 3, 8), some(2, 5, 8), some(2, 5, 8));
    assertComputesTheSame(new Op.LayerNorm(-1, 1e-5f), some(2, 3, 8));
    assertComputesTheSame(
        new Op.LayerNorm(1, 1e-5f), some(2, 3, 8), absent(), absent(), some(2, 3, 8));
    assertComputesTheSame(
        new Op.LayerNorm(-1, 1e-5f), some(2, 3, 8), some(8), some(8), some(2, 3, 8));
  }
}
