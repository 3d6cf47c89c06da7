package dev.jiffy.onnxruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.Handover;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Models of which some nodes leave give the answers of ONNX Runtime alone.
class PartitionTest {
  private static final LoadOptions AUTO = LoadOptions.defaults().threads(1);
  private static final double TOLERANCE = 2e-3;

  @TempDir Path folder;

  static List<Nets.Sample> samples() {
    return Nets.all();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void answersAreThoseOfOnnxRuntime(Nets.Sample sample) throws IOException {
    Path file = sample.net().write(folder.resolve("net.onnx"));
    try (Model mixed = Model.load(file, AUTO);
        Model whole = Model.load(file, AUTO.engine(EngineChoice.ONNXRUNTIME));
        Session mixedSession = mixed.newSession();
        Session wholeSession = whole.newSession()) {
      Map<String, Tensor> expected = wholeSession.run(sample.inputs());
      same(expected, mixedSession.run(sample.inputs()));
      same(expected, mixedSession.runReusing(sample.inputs()));
      same(expected, mixedSession.runReusing(sample.inputs()));
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void modelsInMemoryGiveTheSame(Nets.Sample sample) throws IOException {
    Path file = sample.net().write(folder.resolve("net.onnx"));
    byte[] bytes = Files.readAllBytes(file);
    try (Model fromFile = Model.load(file, AUTO);
        Model mixed = Model.load(bytes, AUTO);
        Model whole = Model.load(bytes, AUTO.engine(EngineChoice.ONNXRUNTIME));
        Session fileSession = fromFile.newSession();
        Session mixedSession = mixed.newSession();
        Session wholeSession = whole.newSession()) {
      Map<String, Tensor> expected = fileSession.run(sample.inputs());
      same(expected, mixedSession.run(sample.inputs()));
      same(expected, wholeSession.run(sample.inputs()));
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void onlyWhatIsNotSupportedLeaves(Nets.Sample sample) throws IOException {
    Path file = sample.net().write(folder.resolve("net.onnx"));
    try (Model model = Model.load(file, AUTO.optimize(false))) {
      Handover handover = model.handover().orElseThrow();
      assertEquals(sample.leaving(), handover.nodes().stream().map(Foreign.Origin::node).toList());
      assertEquals(sample.crossings() == 0, handover.whole());
      long groups =
          model.graph().nodes().stream().filter(node -> node.op() instanceof Foreign).count();
      assertEquals(Math.max(sample.crossings(), 1), groups);
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void jiffyAloneRefuses(Nets.Sample sample) throws IOException {
    Path file = sample.net().write(folder.resolve("net.onnx"));
    LoadOptions alone = AUTO.engine(EngineChoice.JIFFY);
    ModelException refusal = assertThrows(ModelException.class, () -> Model.load(file, alone));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("does not support"), refusal::getMessage);
  }

  @Test
  void sessionsRunSideBySide() throws Exception {
    Nets.Sample sample = Nets.all().getFirst();
    Path file = sample.net().write(folder.resolve("net.onnx"));
    try (Model model = Model.load(file, AUTO);
        Session first = model.newSession();
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Map<String, Tensor> expected = first.run(sample.inputs());
      Callable<Boolean> runs =
          () -> {
            try (Session session = model.newSession()) {
              for (int i = 0; i < 200; i++) {
                same(expected, session.runReusing(sample.inputs()));
              }
            }
            return true;
          };
      for (Future<Boolean> done : threads.invokeAll(List.of(runs, runs))) {
        assertTrue(done.get());
      }
    }
  }

  @Test
  void closingFreesWhatTheOtherEngineHolds() throws IOException {
    Nets.Sample sample = Nets.all().get(3);
    Path file = sample.net().write(folder.resolve("net.onnx"));
    int before = OnnxRuntimeModel.open();
    for (int i = 0; i < 100; i++) {
      Model model = Model.load(file, AUTO);
      Session session = model.newSession();
      assertEquals(before + sample.crossings(), OnnxRuntimeModel.open());
      session.run(sample.inputs());
      model.close();
      session.run(sample.inputs());
      assertEquals(before + sample.crossings(), OnnxRuntimeModel.open());
      session.close();
      assertEquals(before, OnnxRuntimeModel.open());
    }
  }

  @Test
  void nothingStaysOpenWhereLoadingFails() throws IOException {
    int before = OnnxRuntimeModel.open();
    Net net = new Net().input("x", Net.F32, 2, 2).inverse("i", "x").output("y", Net.F32);
    net.node("Sin", "s", "i").node("MatMul", "m", "s", "s");
    Path file =
        net.node("example", "Missing", List.of("y"), Map.of(), "m").write(folder.resolve("a.onnx"));
    ModelException refusal = assertThrows(ModelException.class, () -> Model.load(file, AUTO));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("'Missing'"), message);
    assertTrue(message.contains("ONNX Runtime cannot take over"), message);
    assertEquals(before, OnnxRuntimeModel.open());
  }

  static void same(Map<String, Tensor> expected, Map<String, Tensor> found) {
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach((name, tensor) -> same(name, tensor, Objects.requireNonNull(found.get(name))));
  }

  private static void same(String name, Tensor expected, Tensor found) {
    assertEquals(expected.dtype(), found.dtype(), name);
    assertEquals(expected.shape(), found.shape(), name);
    if (expected.dtype() == DType.STRING) {
      assertEquals(expected.strings(), found.strings(), name);
      return;
    }
    for (long i = 0; i < expected.shape().elements(); i++) {
      double e = expected.getDouble(i);
      assertEquals(e, found.getDouble(i), TOLERANCE * Math.max(1, Math.abs(e)), name);
    }
  }
}
