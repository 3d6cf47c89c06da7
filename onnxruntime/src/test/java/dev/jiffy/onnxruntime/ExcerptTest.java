package dev.jiffy.onnxruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What leaves is what the file says, also where nothing of Jiffy's could say it.
class ExcerptTest {
  private static final LoadOptions AUTO = LoadOptions.defaults().threads(1);

  @TempDir Path folder;

  private static Wire nodeOf(String domain, String operator, String output, String... inputs) {
    Wire node = new Wire().text(1, inputs).text(2, output).text(3, "n_" + output);
    return node.text(4, operator).text(7, domain);
  }

  private static Wire node(String operator, String output, String... inputs) {
    return nodeOf("", operator, output, inputs);
  }

  private static Wire matrix(String name) {
    Wire dim = new Wire().integer(1, 4);
    Wire type = new Wire().integer(1, 1).message(2, new Wire().message(1, dim).message(1, dim));
    return new Wire().text(1, name).message(2, new Wire().message(1, type));
  }

  private static Wire model(int version, Wire graph) {
    Wire model = new Wire().integer(1, version).message(7, graph);
    for (String domain : List.of("", "com.microsoft", "local")) {
      model.message(8, new Wire().text(1, domain).integer(2, domain.isEmpty() ? 19 : 1));
    }
    return model;
  }

  private void runs(Wire model, String... leaving) throws IOException {
    Path file = folder.resolve("model.onnx");
    Files.write(file, model.toBytes());
    Tensor x = Tensor.allocate(DType.F32, Shape.of(4, 4));
    for (int i = 0; i < 16; i++) {
      x.setDouble(i, i % 5 == 0 ? 3 + i : 0.5);
    }
    try (Model mixed = Model.load(file, AUTO);
        Model whole = Model.load(file, AUTO.engine(EngineChoice.ONNXRUNTIME));
        Session mixedSession = mixed.newSession();
        Session wholeSession = whole.newSession()) {
      assertEquals(
          List.of(leaving),
          mixed.handover().orElseThrow().nodes().stream().map(Foreign.Origin::node).toList());
      PartitionTest.same(wholeSession.run(Map.of("x", x)), mixedSession.run(Map.of("x", x)));
    }
  }

  @Test
  void functionsLeaveWithTheNodesThatApplyThem() throws IOException {
    Wire function = new Wire().text(1, "Twice").text(4, "a").text(5, "b");
    function.message(7, nodeOf("com.microsoft", "Inverse", "c", "a"));
    function.message(7, nodeOf("com.microsoft", "Inverse", "b", "c"));
    function.message(9, new Wire().text(1, "com.microsoft").integer(2, 1)).text(10, "local");
    Wire graph = new Wire().message(1, node("MatMul", "m", "x", "x"));
    graph.message(1, nodeOf("local", "Twice", "t", "m")).message(1, node("MatMul", "y", "t", "x"));
    graph.text(2, "g").message(11, matrix("x")).message(12, matrix("y"));
    runs(model(9, graph).message(25, function), "n_t");
  }

  @Test
  void initializersOfTypesThatJiffyLacksAreCopied() throws IOException {
    byte[] eighths = new byte[16];
    for (int i = 0; i < 16; i++) {
      eighths[i] = (byte) (0x30 + i); // from 0.5 on
    }
    Wire weights = new Wire().integer(1, 4).integer(1, 4).integer(2, 17).text(8, "w");
    Wire to = new Wire().text(1, "to").integer(3, 1).integer(20, 2);
    Wire graph = new Wire().message(1, node("Cast", "c", "w").message(5, to));
    graph.message(1, node("MatMul", "y", "x", "c")).text(2, "g");
    graph.message(5, weights.bytes(9, eighths)).message(11, matrix("x")).message(12, matrix("y"));
    runs(model(9, graph), "n_c");
  }

  @Test
  void initializersInOtherFilesAreFound() throws IOException {
    ByteBuffer floats = ByteBuffer.allocate(64 + 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 16; i++) {
      floats.putFloat(4 * i, i % 5 == 0 ? 9 : 1 + i % 3).put(64 + i, (byte) (0x30 + i));
    }
    Files.write(folder.resolve("weights.bin"), floats.array());
    Wire to = new Wire().text(1, "to").integer(3, 1).integer(20, 2);
    Wire graph = new Wire().message(1, node("Cast", "c", "e").message(5, to));
    graph.message(1, nodeOf("com.microsoft", "Inverse", "d", "w"));
    graph.message(1, node("MatMul", "a", "x", "c")).message(1, node("MatMul", "b", "a", "d"));
    graph.message(1, node("Add", "y", "b", "w"));
    graph.text(2, "g").message(5, external("w", 1, 0, 64)).message(5, external("e", 17, 64, 16));
    runs(model(9, graph.message(11, matrix("x")).message(12, matrix("y"))), "n_c", "n_d");
  }

  private static Wire external(String name, int type, int offset, int length) {
    Wire tensor = new Wire().integer(1, 4).integer(1, 4).integer(2, type).text(8, name);
    tensor.message(13, new Wire().text(1, "location").text(2, "weights.bin"));
    tensor.message(13, new Wire().text(1, "offset").text(2, "" + offset));
    tensor.message(13, new Wire().text(1, "length").text(2, "" + length));
    return tensor.integer(14, 1);
  }

  @Test
  void initializersOfOldFilesAreInputsToo() throws IOException {
    Wire weights = new Wire().integer(1, 4).integer(1, 4).integer(2, 1).text(8, "w");
    Wire graph = new Wire().message(1, nodeOf("com.microsoft", "Inverse", "d", "w"));
    graph.message(1, node("MatMul", "y", "x", "d")).text(2, "g");
    ByteBuffer floats = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 16; i++) {
      floats.putFloat(i % 5 == 0 ? 9 : 1 + i % 3);
    }
    graph.message(5, weights.bytes(9, floats.array())).message(11, matrix("x"));
    runs(model(3, graph.message(11, matrix("w")).message(12, matrix("y"))), "n_d");
  }
}
