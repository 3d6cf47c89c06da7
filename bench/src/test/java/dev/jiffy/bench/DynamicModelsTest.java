package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DynamicModelsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void enginesAgreeWhateverTheElementsDecide(DynamicModels model) throws IOException {
    Path file = folder.resolve("model.onnx");
    model.write(file);
    Random random = new Random(3);
    Set<List<Shape>> shapes = new HashSet<>();
    LoadOptions options = LoadOptions.defaults().engine(EngineChoice.JIFFY).threads(1);
    try (JiffyEngine jiffy = new JiffyEngine(file, options);
        OnnxRuntimeEngine other = new OnnxRuntimeEngine(file, 1)) {
      for (int i = 0; i < 6; i++) {
        Map<String, Tensor> inputs = model.inputs(random);
        jiffy.prepare(inputs);
        jiffy.run();
        other.prepare(inputs);
        other.run();
        assertEquals(List.of(), Comparison.of(other.outputs(), jiffy.outputs(), 1e-4).mismatches());
        shapes.add(jiffy.outputs().values().stream().map(Tensor::shape).toList());
      }
    }
    assertTrue(shapes.size() > 1, "the elements decide nothing: " + shapes);
  }
}
