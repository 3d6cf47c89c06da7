package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto.TensorType;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.engine.onnx.OnnxWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A model with one operator that Jiffy does not support, under each engine.
class HandoverTest extends CommandRuns {
  private static final String TOLD =
      "ONNX Runtime 1.28.0 computes 1 of 3 nodes, as Jiffy does not support"
          + " com.microsoft.Inverse 'inverse'";

  @TempDir Path folder;

  private String model = "";

  /// Writes `y = (sin x)⁻¹ · x`, of as many matrices as there are.
  @BeforeEach
  void write() throws IOException {
    DimensionProto five = new DimensionProto(5L, "");
    TensorType matrices = new TensorType(1, List.of(new DimensionProto(null, "count"), five, five));
    GraphProto graph =
        new GraphProto(
            "net",
            List.of(
                node("sin", "", "Sin", "s", "x"),
                node("inverse", "com.microsoft", "Inverse", "i", "s"),
                node("product", "", "MatMul", "y", "i", "x")),
            List.of(),
            List.of(),
            List.of(new ValueProto("x", matrices)),
            List.of(new ValueProto("y", matrices)),
            List.of());
    Path file = folder.resolve("inverse.onnx");
    Map<String, Long> sets = Map.of("", 19L, "com.microsoft", 1L);
    OnnxWriter.write(new OnnxModel(9, "test", sets, Map.of(), List.of(), graph), file);
    model = file.toString();
  }

  private static NodeProto node(
      String name, String domain, String operator, String output, String... inputs) {
    return new NodeProto(name, operator, domain, List.of(inputs), List.of(output), Map.of());
  }

  private int runModel(String command, String... options) {
    forget();
    String[] words = new String[options.length + 2];
    words[0] = command;
    words[1] = model;
    System.arraycopy(options, 0, words, 2, options.length);
    return run(words);
  }

  private JsonNode json() {
    return JsonMapper.shared().readTree(out.toString());
  }

  @Test
  void onlyThatNodeLeavesAndTheRunSaysSo() {
    assertEquals(ExitCodes.OK, runModel("run", "--dim", "count=2", "--json"), err::toString);
    assertEquals("jiffy: " + TOLD, err.toString().strip());
    assertEquals("inverse", json().at("/handover/nodes/0/node").asString());
    String mixed = json().at("/cases/0/outputs").toString();
    assertEquals(
        ExitCodes.OK, runModel("run", "--dim", "count=2", "--engine", "onnxruntime", "--json"));
    assertTrue(err.toString().contains("computes the whole model"), err::toString);
    assertTrue(json().at("/handover/whole").asBoolean());
    assertEquals(
        JsonMapper.shared().readTree(mixed).at("/0/summary/mean").asDouble(),
        json().at("/cases/0/outputs/0/summary/mean").asDouble(),
        1e-3);
  }

  @Test
  void jiffyAloneRefuses() {
    assertEquals(
        ExitCodes.FAILURE, runModel("run", "--dim", "count=2", "--engine", "jiffy"), err::toString);
    assertTrue(
        err.toString().contains("operator 'Inverse' of domain com.microsoft, node 'inverse'"),
        err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void anInspectionSaysWhatRunsWhere() {
    assertEquals(ExitCodes.OK, runModel("inspect", "--dim", "count=2", "--json"), err::toString);
    assertEquals("x[0]", json().at("/dimensions/count/0").asString());
    assertEquals("Jiffy", json().at("/steps/0/engine").asString());
    assertEquals(50, json().at("/steps/0/flops").asLong());
    assertEquals("ONNX Runtime 1.28.0", json().at("/steps/1/engine").asString());
    assertEquals("MatMul", json().at("/steps/2/operator").asString());
    assertEquals(ExitCodes.OK, runModel("inspect", "--dim", "count=2"));
    assertTrue(out.toString().contains(TOLD), out::toString);
    assertTrue(out.toString().contains("at least 550 FLOP"), out::toString);
  }

  @Test
  void anInspectionNeedsNoShapes() {
    assertEquals(ExitCodes.OK, runModel("inspect", "--json"), err::toString);
    assertEquals(3, json().at("/steps").size());
    assertEquals("ONNX Runtime 1.28.0", json().at("/steps/1/engine").asString());
    assertTrue(json().at("/steps/0/flops").isMissingNode());
  }

  @Test
  void anInspectionTellsOfAModelThatIsRefused() {
    assertEquals(ExitCodes.OK, runModel("inspect", "--engine", "jiffy", "--json"), err::toString);
    assertFalse(json().at("/supported").asBoolean());
    assertEquals("count", json().at("/inputs/0/shape/0").asString());
    assertEquals("x[0]", json().at("/dimensions/count/0").asString());
    assertTrue(json().at("/refusal").asString().contains("'Inverse'"), out::toString);
  }

  @Test
  void aDeviceThatIsNotThereIsOneLine() {
    assertEquals(ExitCodes.FAILURE, runModel("run", "--dim", "count=2", "--device", "cuda:0"));
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("onnxruntime_gpu"), err::toString);
    assertEquals(ExitCodes.USAGE, runModel("run", "--device", "gpu"));
  }
}
