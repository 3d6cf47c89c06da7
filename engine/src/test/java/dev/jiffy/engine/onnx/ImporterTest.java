package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ImporterTest {
  private static List<Op> ops(Models model) {
    return Importer.graph(model.model()).nodes().stream().map(Node::op).toList();
  }

  private static Models one(
      long opset, String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Models.opset(opset)
        .input("x", DType.F32, 2, 3, 4)
        .node(operator, List.of(inputs), List.of("y"), attributes)
        .output("y");
  }

  @Test
  void networkHasFactsOfEveryValue() {
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = Importer.graph(Models.read(Models.network(), arena));
      assertEquals(8, graph.nodes().size());
      assertEquals(Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(3))), graph.fact("y"));
      assertEquals(List.of(Dim.of("n"), Dim.of(-1)), graph.fact("t").value());
      assertTrue(graph.facts().keySet().containsAll(graph.producers().keySet()));
    }
  }

  @Test
  void partsThatNobodyNamesArePartsAllTheSame() {
    Models split =
        Models.opset(13)
            .input("x", DType.F32, 4)
            .node("Split", List.of("x"), List.of("", "y"), Map.of())
            .output("y");
    Graph graph = Importer.graph(split.model());
    assertFalse(graph.nodes().getFirst().outputs().contains(""), graph::toString);
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {1, 2, 3, 4}, 4));
    assertArrayEquals(
        new float[] {3, 4},
        Objects.requireNonNull(Interpreter.run(graph, inputs).get("y")).toFloats());
  }

  /// Conversions to f16 put a cast behind each number.
  @Test
  void scalesThatAreMadeEmptyAreAbsent() {
    Models resize =
        Models.opset(13)
            .input("x", DType.F32, 1, 1, 2, 2)
            .constant("none", Tensor.allocate(DType.F16, Shape.of(0)))
            .constant("sizes", Tensor.of(new long[] {1, 1, 4, 6}, 4))
            .node("Cast", List.of("none"), List.of("scales"), Map.of("to", Models.integer(1)))
            .node("Resize", List.of("x", "", "scales", "sizes"), List.of("y"))
            .output("y");
    assertEquals(
        Fact.of(DType.F32, List.of(Dim.of(1), Dim.of(1), Dim.of(4), Dim.of(6))),
        Importer.graph(resize.model()).fact("y"));
  }

  /// The empty name is that of whatever is absent.
  @Test
  void aConstantWithoutANameIsNoInput() {
    Models clip =
        Models.opset(13)
            .input("x", DType.F32, 2)
            .node("Constant", List.of(), List.of(""), Map.of("value_float", Models.real(5)))
            .node("Clip", List.of("x", ""), List.of("y"), Map.of())
            .output("y");
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {1, 9}, 2));
    assertArrayEquals(
        new float[] {1, 9},
        Objects.requireNonNull(Interpreter.run(Importer.graph(clip.model()), inputs).get("y"))
            .toFloats());
  }

  @Test
  void everythingUnsupportedIsListedAtOnce() {
    List<NodeProto> nodes =
        List.of(
            new NodeProto("looking", "ImageDecoder", "", List.of("x"), List.of("a"), Map.of()),
            new NodeProto("", "Magic", "com.example", List.of("a"), List.of("b"), Map.of()),
            new NodeProto(
                "odd", "Relu", "", List.of("b"), List.of("c"), Map.of("slope", Models.integer(1))),
            new NodeProto(
                "narrow",
                "Cast",
                "",
                List.of("c"),
                List.of("y"),
                Map.of("to", Models.integer(23))));
    OnnxModel model =
        new OnnxModel(
            8,
            "",
            Map.of("", 21L, "com.example", 1L),
            Map.of(),
            List.of(),
            new GraphProto(
                "g",
                nodes,
                List.of(new TensorProto("w", "FLOAT8E5M2[3]", null)),
                List.of(),
                List.of(
                    Models.value("x", null, 1),
                    new ValueProto("list", new TypeProto.OtherType("sequence"))),
                List.of(Models.value("y", DType.F32)),
                List.of()));
    String message = refused(model);
    for (String part :
        List.of(
            "operator 'ImageDecoder', node 'looking'",
            "operator 'Magic' of domain com.example",
            "attribute 'slope'",
            "FLOAT4E2M1",
            "initializer 'w' of type FLOAT8E5M2[3]",
            "input 'x' of type FLOAT8E4M3FN",
            "input 'list' is no tensor but sequence")) {
      assertTrue(message.contains(part), () -> part + " is not in: " + message);
    }
  }

  @Test
  void operatorSetsOutOfRangeAreRefused() {
    assertTrue(refused(one(0, "Relu", Map.of(), "x").model()).contains("operator set 0"));
    assertTrue(refused(one(23, "Relu", Map.of(), "x").model()).contains("operator set 23"));
    assertTrue(refused(one(19, "Gelu", Map.of(), "x").model()).contains("operator 'Gelu'"));
    OnnxModel silent =
        new OnnxModel(
            8, "", Map.of(), Map.of(), List.of(), one(9, "Relu", Map.of(), "x").model().graph());
    assertTrue(refused(silent).contains("does not say which version"));
  }

  @Test
  void cyclesAreNamed() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2)
            .node("Add", List.of("x", "c"), List.of("a"))
            .node("Relu", List.of("a"), List.of("b"))
            .node("Neg", List.of("b"), List.of("c"))
            .output("c");
    String message = refused(model.model());
    assertTrue(message.contains("cycle"), message);
    assertTrue(message.contains("(Relu)") && message.contains("(Neg)"), message);
  }

  @Test
  void nodesNeedNoOrder() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2)
            .node("Neg", List.of("b"), List.of("c"))
            .node("Relu", List.of("a"), List.of("b"))
            .node("Abs", List.of("x"), List.of("a"))
            .output("c");
    assertEquals(
        List.of(
            new Op.Unary(UnaryFunction.ABS),
            new Op.Unary(UnaryFunction.RELU),
            new Op.Unary(UnaryFunction.NEG)),
        ops(model));
  }

  @Test
  void contradictionsAreRefused() {
    Models nobody = one(13, "Relu", Map.of(), "z");
    assertTrue(refused(nobody.model()).contains("reads the value 'z', which nothing makes"));
    Models twice = one(13, "Relu", Map.of(), "x").node("Abs", List.of("x"), List.of("y"));
    assertTrue(refused(twice.model()).contains("already made by"));
    Models shadow = one(13, "Relu", Map.of(), "x").node("Abs", List.of("y"), List.of("x"));
    assertTrue(refused(shadow.model()).contains("already an input or a constant"));
    Models missing = one(13, "Relu", Map.of(), "x").output("z");
    assertTrue(refused(missing.model()).contains("nothing makes the output 'z'"));
    Models silent = Models.opset(13).input("x", DType.F32, 2);
    assertTrue(refused(silent.model()).contains("no outputs"));
    Models inputs = one(13, "Relu", Map.of(), "x").input("x", DType.F32, 1);
    assertTrue(refused(inputs.model()).contains("two inputs"));
    Tensor zero = Tensor.of(new float[1], 1);
    Models weights = one(13, "Relu", Map.of(), "x").constant("w", zero).constant("w", zero);
    assertTrue(refused(weights.model()).contains("two initializers"));
  }

  @Test
  void nodesThatContradictOnnxAreNamed() {
    assertTrue(refused(one(13, "Add", Map.of(), "x").model()).contains("input 1 is missing"));
    assertTrue(refused(one(13, "Relu", Map.of(), "x", "x").model()).contains("at most 1 inputs"));
    Map<String, AttributeProto> wrong = Map.of("alpha", Models.integer(1));
    String message = refused(one(13, "Elu", wrong, "x").model());
    assertTrue(message.contains("'Elu_0'") && message.contains("should be FLOAT but is INT"));
    Map<String, AttributeProto> flat = Map.of("kernel_shape", Models.ints(0L));
    assertTrue(refused(one(13, "MaxPool", flat, "x").model()).contains("kernel_shape"));
    Map<String, AttributeProto> axis = Map.of("axis", Models.integer(7));
    assertTrue(refused(one(13, "Softmax", axis, "x").model()).contains("Softmax_0"));
  }

  @Test
  void windowsBeyond30BitsAreRefused() {
    List<String> everywhere = List.of("kernel_shape", "strides", "dilations", "pads");
    for (String operator : List.of("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool")) {
      everywhere.forEach(attribute -> beyond30BitsIsRefused(operator, attribute));
    }
    beyond30BitsIsRefused("ConvTranspose", "output_padding");
    beyond30BitsIsRefused("ConvTranspose", "output_shape");
  }

  /// Of an image of which not even the rank is known, nothing else could tell.
  private static void beyond30BitsIsRefused(String operator, String attribute) {
    int least = attribute.endsWith("pads") || attribute.endsWith("padding") ? 0 : 1;
    for (long number : new long[] {1L << 30, 1L << 32, Long.MAX_VALUE, -1}) {
      Models models =
          Models.opset(19)
              .input("s", DType.I64, -1)
              .input("w", DType.F32, -1, -1, -1)
              .constant("one", Tensor.of(new float[] {1}))
              .node("Expand", List.of("one", "s"), List.of("x"))
              .node(
                  operator,
                  operator.startsWith("Conv") ? List.of("x", "w") : List.of("x"),
                  List.of("y"),
                  Map.of(attribute, Models.ints(1L, number)))
              .output("y");
      String message = refused(models);
      assertTrue(message.contains("node '%s_1' (%1$s)".formatted(operator)), message);
      String problem =
          "attribute '%s' should be from %d to 1073741823 but is [1, %d]"
              .formatted(attribute, least, number);
      assertTrue(message.contains(problem), message);
    }
  }

  @Test
  void scalesOfRowsWidenNothing() {
    for (long[] dims : new long[][] {{3, 1, 4}, {1, 2, 4}, {3, 4}}) {
      for (boolean isBias : new boolean[] {false, true}) {
        Models model =
            Models.opset(17)
                .input("x", DType.F32, 2, 4)
                .input("row", DType.F32, 2, 1)
                .input("wide", DType.F32, dims)
                .node(
                    "LayerNormalization",
                    isBias ? List.of("x", "row", "wide") : List.of("x", "wide"),
                    List.of("y"))
                .output("y");
        String message = refused(model.model());
        String what = isBias ? "bias" : "scale";
        assertTrue(message.contains(what) && message.contains("does not broadcast"), message);
      }
    }
  }

  /// Where extents have names only, the run checks it: a reshape to the input's own shape.
  @Test
  void scalesOfRowsAreCheckedByTheRunWhereTheyMayWiden() {
    for (long rows : new long[] {1, -2, -1, 3}) {
      Models model =
          Models.opset(17)
              .input("x", DType.F32, -2, 4)
              .input("scale", DType.F32, rows, 4)
              .node("LayerNormalization", List.of("x", "scale"), List.of("y"))
              .output("y");
      Graph graph = Importer.graph(model.model());
      boolean isChecked =
          graph.nodes().stream().anyMatch(node -> node.op().equals(new Op.Reshape(true)));
      assertEquals(rows == -1 || rows == 3, isChecked, "" + rows);
      Tensor three = Tensor.of(new float[12], 3, 4);
      Tensor one = Tensor.of(new float[4], 1, 4);
      Tensor scale = rows == 1 ? one : three;
      assertEquals(1, Interpreter.run(graph, Map.of("x", three, "scale", scale)).size());
      if (isChecked) {
        assertThrows(
            ModelException.class, () -> Interpreter.run(graph, Map.of("x", one, "scale", scale)));
      }
    }
  }

  @Test
  void initializersThatAreInputsAreConstants() {
    Models model =
        one(13, "Add", Map.of(), "x", "w")
            .input("w", DType.F32, 1)
            .constant("w", Tensor.of(new float[1], 1));
    Graph graph = Importer.graph(model.model());
    assertEquals(List.of("x"), graph.inputs());
    assertTrue(graph.constants().containsKey("w"));
  }

  @Test
  void dimensionsWithoutNameGetOne() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, -2, -1, 3)
            .input("z", DType.F32, -1)
            .node("Relu", List.of("x"), List.of("y"))
            .output("y")
            .output("z");
    Graph graph = Importer.graph(model.model());
    assertEquals(List.of(Dim.of("n"), Dim.of("x_1"), Dim.of(3)), graph.fact("y").shape());
    assertEquals(List.of(Dim.of("z_0")), graph.fact("z").shape());
  }

  @Test
  void namesOfDimensionsAreNoExpressions() {
    OnnxModel file =
        Models.opset(13)
            .input("x", DType.F32, 1)
            .node("Concat", List.of("x", "x"), List.of("y"), Map.of("axis", Models.integer(0)))
            .output("y")
            .model();
    Map<String, String> names = new LinkedHashMap<>();
    names.put("batch-size", "batch_size");
    names.put("0_n", "_0_n");
    names.put("floor((n)/(2))", "floor__n___2__");
    names.put("batch size", "batch size");
    names.put("n", "n");
    names.forEach((name, symbol) -> {
      Graph graph = Importer.graph(named(file, List.of(name, "batch", "size", name)));
      assertEquals(
          List.of(Dim.of(symbol), Dim.of("batch"), Dim.of("size"), Dim.of(symbol)),
          graph.fact("x").shape());
      Dim twice = Dim.of(symbol.contains(" ") ? "2*`" + symbol + "`" : "2*" + symbol);
      assertEquals(twice, Objects.requireNonNull(graph.fact("y").shape()).getFirst());
    });
    Graph taken = Importer.graph(named(file, List.of("a-b", "a_b", "a+b", "a_b_1")));
    assertEquals(
        List.of(Dim.of("a_b_2"), Dim.of("a_b"), Dim.of("a_b_3"), Dim.of("a_b_1")),
        taken.fact("x").shape());
  }

  @Test
  void namesOfUnknownExtentsNameNothing() {
    OnnxModel file = one(13, "Relu", Map.of(), "x").model();
    for (String name : List.of("", "?", "-1", "*", "0", "None")) {
      Graph graph = Importer.graph(named(file, List.of(name, "n", name, "n")));
      assertEquals(
          List.of(Dim.of("x_0"), Dim.of("n"), Dim.of("x_2"), Dim.of("n")), graph.fact("x").shape());
      ValueProto input = named(file, List.of(name)).graph().inputs().getFirst();
      assertEquals(List.of(Dim.of("?")), Objects.requireNonNull(input.spec()).shape());
    }
  }

  /// The model with an input whose dimensions have names.
  private static OnnxModel named(OnnxModel model, List<String> names) {
    GraphProto graph = model.graph();
    TypeProto type =
        new TypeProto.TensorType(
            1, names.stream().map(name -> new DimensionProto(null, name)).toList());
    GraphProto renamed =
        new GraphProto(
            graph.name(),
            graph.nodes(),
            graph.initializers(),
            List.of(),
            List.of(new ValueProto("x", type)),
            graph.outputs(),
            List.of());
    return new OnnxModel(8, "test", model.opsets(), Map.of(), List.of(), renamed);
  }

  @Test
  void softmaxTookAllTrailingDimensionsBefore13() {
    assertEquals(List.of(new Op.Softmax(-1, false)), ops(one(13, "Softmax", Map.of(), "x")));
    assertEquals(
        List.of(
            new Op.Flatten(1),
            new Op.Softmax(1, false),
            new Op.ShapeOf(0, null),
            new Op.Reshape(true)),
        ops(one(12, "Softmax", Map.of(), "x")));
    Map<String, AttributeProto> last = Map.of("axis", Models.integer(2));
    assertEquals(List.of(new Op.Softmax(-1, true)), ops(one(12, "LogSoftmax", last, "x")));
  }

  @Test
  void attributesThatBecameInputsAreConstants() {
    Map<String, AttributeProto> axes = Map.of("axes", Models.ints(1L));
    Graph mean = Importer.graph(one(13, "ReduceMean", axes, "x").model());
    Node node = mean.nodes().getFirst();
    assertEquals(new Op.Reduce(ReduceFunction.MEAN, true, false), node.op());
    assertEquals(List.of(Dim.of(1)), mean.fact(node.input(1)).value());
    Map<String, AttributeProto> bounds = Map.of("min", Models.real(0), "max", Models.real(6));
    assertEquals(List.of(new Op.Unary(UnaryFunction.CLIP, 0, 6)), ops(one(7, "Clip", bounds, "x")));
    Map<String, AttributeProto> part =
        Map.of("starts", Models.ints(0L), "ends", Models.ints(1L), "axes", Models.ints(0L));
    Graph slice = Importer.graph(one(9, "Slice", part, "x").model());
    assertEquals(4, slice.nodes().getFirst().inputs().size());
    assertEquals(Fact.of(DType.F32, 1, 3, 4), slice.fact("y"));
  }

  @Test
  void knownLimitsAreParameters() {
    Models known =
        one(13, "Clip", Map.of(), "x", "", "high").constant("high", Tensor.of(new float[] {6}));
    assertEquals(List.of(new Op.Unary(UnaryFunction.CLIP, Float.NEGATIVE_INFINITY, 6)), ops(known));
    Models computed =
        one(13, "Clip", Map.of(), "x", "low", "high")
            .input("low", DType.F32)
            .input("high", DType.F32);
    assertEquals(
        List.of(new Op.Binary(BinaryFunction.MAX), new Op.Binary(BinaryFunction.MIN)),
        ops(computed));
  }

  @Test
  void constantsInEveryFormAreFolded() {
    Models model =
        Models.opset(13)
            .node("Constant", List.of(), List.of("a"), Map.of("value_int", Models.integer(3)))
            .node("Constant", List.of(), List.of("b"), Map.of("value_float", Models.real(3)))
            .node("Constant", List.of(), List.of("c"), Map.of("value_ints", Models.ints(1L, 2L)))
            .node("Constant", List.of(), List.of("d"), Map.of("value_string", Models.text("t")))
            .node(
                "Constant",
                List.of(),
                List.of("e"),
                Map.of("value_floats", new AttributeProto.Floats(List.of(1f, 2f))))
            .node(
                "Constant",
                List.of(),
                List.of("f"),
                Map.of("value_strings", new AttributeProto.Strings(List.of("p", "q"))))
            .output("a")
            .output("b")
            .output("c")
            .output("d")
            .output("e")
            .output("f");
    Graph graph = Importer.graph(model.model());
    assertEquals(List.of(), graph.nodes());
    assertEquals(Fact.of(DType.F32), graph.fact("b"));
    assertEquals(List.of(Dim.of(1), Dim.of(2)), graph.fact("c").value());
    assertEquals(Fact.of(DType.STRING, 2), graph.fact("f"));
    assertTrue(
        refused(Models.opset(13).node("Constant", List.of(), List.of("a")).output("a").model())
            .contains("no value"));
  }

  @Test
  void dropoutInferenceKeepsEverything() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2)
            .node("Dropout", List.of("x"), List.of("y", "mask"))
            .output("y")
            .output("mask");
    Graph graph = Importer.graph(model.model());
    assertEquals(new Op.Identity(), graph.nodes().getFirst().op());
    assertEquals(DType.BOOL, graph.fact("mask").dtype());
    assertEquals(List.of(Dim.of(2)), graph.fact("mask").shape());
  }

  @Test
  void longChainsOfOldExportersAreFine() {
    Models model = Models.opset(13).input("v0", DType.F32, 2);
    for (int i = 0; i < 5000; i++) {
      model.node("Relu", List.of("v" + i), List.of("v" + (i + 1)));
    }
    assertEquals(5000, Importer.graph(model.output("v5000").model()).nodes().size());
  }

  private static Models recurrent(Map<String, AttributeProto> attributes) {
    return Models.opset(14)
        .input("x", DType.F32, 2, 3, 4)
        .input("w", DType.F32, 1, 20, 4)
        .input("r", DType.F32, 1, 20, 5)
        .node("LSTM", List.of("x", "w", "r"), List.of("y", "", "c"), attributes)
        .output("y")
        .output("c");
  }

  @Test
  void recurrentLayersRunWithTimeFirst() {
    Map<String, AttributeProto> batchFirst = Map.of("layout", new AttributeProto.IntValue(1));
    List<Op> ops = ops(recurrent(batchFirst));
    assertEquals(4, ops.size());
    assertTrue(
        ops.get(1) instanceof RecurrentOp.Recurrent(var _, var _, long hidden, _, _, _, _)
            && hidden == 5);
    Graph graph = Importer.graph(recurrent(batchFirst).model());
    assertEquals(Fact.of(DType.F32, 2, 3, 1, 5), graph.fact("y"));
    assertEquals(Fact.of(DType.F32, 2, 1, 5), graph.fact("c"));
  }

  @Test
  void recurrentLayersThatOnnxDoesNotDefineAreRefused() {
    Map<String, AttributeProto> sideways =
        Map.of("direction", new AttributeProto.StringValue("sideways"));
    assertTrue(refused(recurrent(sideways).model()).contains("'sideways'"));
    Map<String, AttributeProto> other = Map.of("hidden_size", new AttributeProto.IntValue(6));
    assertTrue(refused(recurrent(other).model()).contains("expected shape [1×24×4], got [1×20×4]"));
    Map<String, AttributeProto> unknown =
        Map.of("activations", new AttributeProto.Strings(List.of("Sigmoid", "Tanh", "Sine")));
    assertTrue(refused(recurrent(unknown).model()).contains("activation 'Sine'"));
    Map<String, AttributeProto> few =
        Map.of("activations", new AttributeProto.Strings(List.of("Sigmoid")));
    assertTrue(refused(recurrent(few).model()).contains("activations: expected 3, got 1"));
    Map<String, AttributeProto> affine =
        Map.of("activations", new AttributeProto.Strings(List.of("Affine", "Tanh", "Tanh")));
    assertTrue(refused(recurrent(affine).model()).contains("activation 'Affine'"));
  }
}
