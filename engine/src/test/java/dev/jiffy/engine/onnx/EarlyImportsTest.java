package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What operators meant in the first operator sets, computed.
class EarlyImportsTest {
  private static final Tensor X = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
  private static final Tensor IMAGE =
      Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1, 2, 2, 3);

  private static Tensor run(
      long opset,
      String operator,
      Map<String, AttributeProto> attributes,
      Tensor x,
      Tensor... constants) {
    Graph graph = Importer.graph(model(opset, operator, attributes, x, constants).model());
    return Interpreter.run(graph, Map.of("x", x)).values().iterator().next();
  }

  private static Models model(
      long opset,
      String operator,
      Map<String, AttributeProto> attributes,
      Tensor x,
      Tensor... constants) {
    Models model = Models.opset(opset).input("x", x.dtype(), x.shape().dims());
    List<String> inputs = new java.util.ArrayList<>(List.of("x"));
    for (Tensor constant : constants) {
      inputs.add("c" + inputs.size());
      model.constant(inputs.getLast(), constant);
    }
    return model.node(operator, inputs, List.of("y"), attributes).output("y");
  }

  private static void gives(Tensor actual, float... expected) {
    assertArrayEquals(expected, actual.toFloats(), 1e-5f);
  }

  @Test
  void pairsAreBroadcastFromAnAxisOn() {
    Map<String, AttributeProto> rows =
        Map.of("broadcast", Models.integer(1), "axis", Models.integer(0));
    Tensor two = Tensor.of(new float[] {10, 20}, 2);
    gives(run(6, "Add", rows, X, two), 11, 12, 13, 24, 25, 26);
    gives(run(1, "Sub", rows, X, two), -9, -8, -7, -16, -15, -14);
    Map<String, AttributeProto> end = Map.of("broadcast", Models.integer(1));
    Tensor three = Tensor.of(new float[] {1, 2, 4}, 3);
    gives(run(6, "Div", end, X, three), 1, 1, 0.75f, 4, 2.5f, 1.5f);
    assertEquals(DType.BOOL, run(1, "Greater", end, X, three).dtype());
    Map<String, AttributeProto> beyond =
        Map.of("broadcast", Models.integer(1), "axis", Models.integer(2));
    ModelException e =
        assertThrows(
            ModelException.class, () -> Importer.graph(model(6, "Mul", beyond, X, two).model()));
    assertTrue(String.valueOf(e.getMessage()).contains("axis 2"), e::getMessage);
  }

  @Test
  void theNewestMeaningHasNoSuchAttributes() {
    Map<String, AttributeProto> end = Map.of("broadcast", Models.integer(1));
    ModelException e =
        assertThrows(
            ModelException.class, () -> Importer.graph(model(7, "Add", end, X, X).model()));
    assertTrue(
        String.valueOf(e.getMessage()).contains("'broadcast' is not known in operator set 7"));
  }

  @Test
  void memoryThatMayBeReusedIsOfNoInterest() {
    Map<String, AttributeProto> consumed = Map.of("consumed_inputs", Models.ints(0L, 0L));
    gives(run(1, "Relu", consumed, X), 1, 2, 3, 4, 5, 6);
    assertThrows(ModelException.class, () -> Importer.graph(model(6, "Relu", consumed, X).model()));
  }

  @Test
  void slopesGoWithChannels() {
    Tensor x = Tensor.of(new float[] {-1, -2, -3, -4, 5, 6, 7, 8}, 1, 2, 2, 2);
    Tensor slopes = Tensor.of(new float[] {0.5f, 2}, 2);
    gives(run(6, "PRelu", Map.of(), x, slopes), -0.5f, -1, -1.5f, -2, 5, 6, 7, 8);
    gives(run(1, "PRelu", Map.of(), x, Tensor.of(new float[] {3}, 1)), -3, -6, -9, -12, 5, 6, 7, 8);
  }

  @Test
  void typesHadNames() {
    Tensor cast = run(1, "Cast", Map.of("to", Models.text("INT32")), X);
    assertEquals(DType.I32, cast.dtype());
    assertThrows(
        ModelException.class,
        () -> Importer.graph(model(1, "Cast", Map.of("to", Models.text("QUUX")), X).model()));
  }

  @Test
  void shapesAndBordersWereAttributes() {
    assertEquals(
        "[3, 2]", run(1, "Reshape", Map.of("shape", Models.ints(-1L, 2L)), X).shape().toString());
    gives(
        run(1, "Pad", Map.of("paddings", Models.ints(0L, 1L, 0L, 0L), "value", Models.real(9)), X),
        9,
        1,
        2,
        3,
        9,
        4,
        5,
        6);
    Tensor tiles = Tensor.of(new float[] {2});
    gives(
        run(1, "Tile", Map.of(), X, tiles, Tensor.of(new float[] {0})),
        1,
        2,
        3,
        4,
        5,
        6,
        1,
        2,
        3,
        4,
        5,
        6);
    Map<String, AttributeProto> twice =
        Map.of("height_scale", Models.real(2), "width_scale", Models.real(1));
    gives(run(1, "Upsample", twice, Tensor.of(new float[] {1, 2}, 1, 1, 2, 1)), 1, 1, 2, 2);
  }

  @Test
  void concatenationWasOfChannels() {
    Models model =
        Models.opset(1)
            .input("x", DType.F32, 2, 3)
            .node("Concat", List.of("x", "x"), List.of("y"))
            .output("y");
    Graph graph = Importer.graph(model.model());
    assertEquals("f32[2×6]", graph.fact("y").toString());
  }

  @Test
  void dropoutInTrainingIsRefused() {
    ModelException e =
        assertThrows(
            ModelException.class, () -> Importer.graph(model(6, "Dropout", Map.of(), X).model()));
    assertTrue(String.valueOf(e.getMessage()).contains("training mode"));
    gives(run(6, "Dropout", Map.of("is_test", Models.integer(1)), X), 1, 2, 3, 4, 5, 6);
    Map<String, AttributeProto> both =
        Map.of("is_test", Models.integer(1), "ratio", Models.real(0.3f));
    gives(run(6, "Dropout", both, X), 1, 2, 3, 4, 5, 6);
  }

  @Test
  void operatorsThatOnnxHasDroppedStillRun() {
    Map<String, AttributeProto> line = Map.of("alpha", Models.real(2), "beta", Models.real(1));
    gives(run(6, "Affine", line, X), 3, 5, 7, 9, 11, 13);
    gives(run(6, "Scale", Map.of("scale", Models.real(3)), X), 3, 6, 9, 12, 15, 18);
    gives(
        run(6, "ScaledTanh", line, Tensor.of(new float[] {0.5f}, 1)), (float) (2 * Math.tanh(0.5)));
    gives(
        run(6, "ParametricSoftplus", line, Tensor.of(new float[] {0.5f}, 1)),
        (float) (2 * Math.log1p(Math.exp(0.5))));
    Map<String, AttributeProto> image =
        Map.of("scale", Models.real(2), "bias", new AttributeProto.Floats(List.of(1f, -1f)));
    gives(run(6, "ImageScaler", image, IMAGE), 3, 5, 7, 9, 11, 13, 13, 15, 17, 19, 21, 23);
    gives(run(6, "Crop", Map.of("border", Models.ints(1L, 0L, 0L, 1L)), IMAGE), 2, 3, 8, 9);
    Map<String, AttributeProto> part =
        Map.of("border", Models.ints(1L, 1L, 0L, 0L), "scale", Models.ints(1L, 1L));
    gives(run(6, "Crop", part, IMAGE), 5, 11);
  }

  @Test
  void repetitionsWithoutANumberAreRefused() {
    Tensor one = Tensor.of(new float[] {1});
    Tensor none = Tensor.of(new float[0], 0);
    for (Tensor[] wrong : new Tensor[][] {{none, one}, {one, none}}) {
      ModelException e =
          assertThrows(
              ModelException.class,
              () -> Importer.graph(model(1, "Tile", Map.of(), X, wrong).model()));
      assertTrue(String.valueOf(e.getMessage()).contains("expected one number"), e::getMessage);
    }
  }

  @Test
  void defaultsHadFewerDigits() {
    Tensor x = Tensor.of(new float[] {1e6f}, 1);
    assertEquals(1.0507f * 1e6f, run(5, "Selu", Map.of(), x).toFloats()[0]);
    assertEquals(1.050701f * 1e6f, run(6, "Selu", Map.of(), x).toFloats()[0]);
  }
}
