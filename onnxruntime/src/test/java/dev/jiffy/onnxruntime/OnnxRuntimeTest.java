package dev.jiffy.onnxruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.jiffy.engine.Device;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {
  private static final LoadOptions OPTIONS = LoadOptions.defaults().threads(1);

  @TempDir Path folder;

  private Path net() throws IOException {
    Net net = new Net().input("x", Net.F32, "n", 3).node("Sin", "y", "x").output("y", Net.F32);
    return net.write(folder.resolve("net.onnx"));
  }

  @Test
  void theEngineFindsIt() throws IOException {
    try (Model model = Model.load(net(), OPTIONS.engine(EngineChoice.ONNXRUNTIME))) {
      assertTrue(model.handover().orElseThrow().whole());
    }
  }

  @Test
  void answersAreWrittenWhereAsked() throws IOException {
    Tensor x = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
    Tensor place = Tensor.allocate(DType.F32, Shape.of(2, 3));
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(net(), OPTIONS)) {
      assertSame(place, model.run(List.of(x), List.of(place)).getFirst());
      List<@Nullable Tensor> nowhere = new ArrayList<>();
      nowhere.add(null);
      Tensor made = model.run(List.of(x), nowhere).getFirst();
      for (int i = 0; i < 6; i++) {
        assertEquals(Math.sin(i), place.getDouble(i), 1e-6);
        assertEquals(place.getDouble(i), made.getDouble(i));
      }
    }
  }

  @Test
  void unsignedIntegersAreGivenAsWhatTheyAre() throws IOException {
    Tensor most = Tensor.allocate(DType.U64, Shape.of(1));
    most.setLong(0, -1);
    Net net = new Net().constant("c", most).node("Identity", "y", "c").output("y", Net.U64);
    Path file = net.write(folder.resolve("unsigned.onnx"));
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(file, OPTIONS)) {
      assertEquals(DType.U64, Objects.requireNonNull(model.outputs().getFirst().spec()).dtype());
      Tensor place = Tensor.allocate(DType.U64, Shape.of(1));
      assertSame(place, model.run(List.of(), List.of(place)).getFirst());
      assertEquals(0x1p64, place.getDouble(0));
      List<@Nullable Tensor> nowhere = new ArrayList<>();
      nowhere.add(null);
      assertEquals(0x1p64, model.run(List.of(), nowhere).getFirst().getDouble(0));
      Tensor other = Tensor.allocate(DType.U64, Shape.of(2));
      assertThrows(ModelException.class, () -> model.run(List.of(), List.of(other)));
    }
  }

  @Test
  void emptyTensorsPass() throws IOException {
    Tensor x = Tensor.allocate(DType.F32, Shape.of(0, 3));
    Tensor place = Tensor.allocate(DType.F32, Shape.of(0, 3));
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(net(), OPTIONS)) {
      assertEquals(Shape.of(0, 3), model.run(List.of(x), List.of(place)).getFirst().shape());
    }
  }

  @Test
  void outputsOfOtherShapesThanDeclaredAreRunAgain() throws IOException {
    Tensor x = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
    Tensor shape = Tensor.of(new long[] {1, 2, 3}, 3);
    Net net =
        new Net()
            .input("x", Net.F32, "n", 3)
            .input("shape", Net.I64, "rank")
            .node("Reshape", "y", "x", "shape")
            .node("Reshape", "z", "x", "shape")
            .output("y", Net.F32, 1, "n")
            .output("z", Net.F32, 1, "n", 4);
    Path file = net.write(folder.resolve("undeclared.onnx"));
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(file, OPTIONS);
        RepeatedRun run = model.repeated(Map.of("x", x, "shape", shape))) {
      run.run();
      for (String output : List.of("y", "z")) {
        Tensor y = Objects.requireNonNull(run.outputs().get(output));
        assertEquals(Shape.of(1, 2, 3), y.shape());
        assertEquals(5, y.getDouble(5));
      }
    }
  }

  @Test
  void memoryOfAnotherShapeIsAnError() throws IOException {
    Tensor x = Tensor.allocate(DType.F32, Shape.of(2, 3));
    Tensor place = Tensor.allocate(DType.F32, Shape.of(1, 3));
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(net(), OPTIONS)) {
      assertThrows(ModelException.class, () -> model.run(List.of(x), List.of(place)));
    }
  }

  @Test
  void aClosedModelDoesNotRun() throws IOException {
    OnnxRuntimeModel model = OnnxRuntimeModel.load(net(), OPTIONS);
    model.close();
    model.close();
    assertThrows(IllegalStateException.class, () -> model.run(List.of(), List.of()));
  }

  @Test
  void aDeviceThatIsNotThereIsSaidClearly() throws IOException {
    LoadOptions gpu = OPTIONS.device(new Device.Cuda(0));
    Path file = net();
    assertTrue(!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA));
    for (EngineChoice engine : List.of(EngineChoice.AUTO, EngineChoice.ONNXRUNTIME)) {
      ModelException refusal =
          assertThrows(ModelException.class, () -> Model.load(file, gpu.engine(engine)));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.contains("cuda:0"), message);
      assertTrue(message.contains("onnxruntime_gpu"), message);
    }
    ModelException refusal =
        assertThrows(ModelException.class, () -> Model.load(file, gpu.engine(EngineChoice.JIFFY)));
    assertTrue(String.valueOf(refusal.getMessage()).contains("CPU"), refusal::getMessage);
  }
}
