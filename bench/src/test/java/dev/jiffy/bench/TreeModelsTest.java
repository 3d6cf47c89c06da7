package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeModelsTest {
  @TempDir Path folder;

  @Test
  void enginesAgreeTurnByTurn() throws IOException {
    Path file = folder.resolve("trees.onnx");
    TreeModels.write(9, 4, file);
    try (JiffyEngine jiffy = new JiffyEngine(file, LoadOptions.defaults().threads(1));
        OnnxRuntimeEngine other = new OnnxRuntimeEngine(file, 1)) {
      assertTrue(TreeModels.hasTrees(jiffy.model().graph()));
      Random random = new Random(5);
      Map<String, Tensor> one = Map.of("x", rows(jiffy.model(), random));
      Map<String, Tensor> two = Map.of("x", rows(jiffy.model(), random));
      Runnable turns = new TakingTurns(List.of(() -> run(jiffy, one), () -> run(jiffy, two)));
      double[] first = scores(turns, jiffy);
      double[] second = scores(turns, jiffy);
      assertNotEquals(Arrays.toString(first), Arrays.toString(second));
      assertEquals(Arrays.toString(first), Arrays.toString(scores(turns, jiffy)));
      other.prepare(two);
      other.run();
      assertEquals(
          Arrays.toString(second),
          Arrays.toString(Objects.requireNonNull(other.outputs().get("scores")).toDoubles()));
      other.takingTurns(List.of(one, two)).run();
    }
  }

  private static Tensor rows(Model model, Random random) {
    return TreeModels.rows(model.graph(), 3, TreeModels.FEATURES, random);
  }

  private static void run(JiffyEngine engine, Map<String, Tensor> inputs) {
    engine.prepare(inputs);
    engine.run();
  }

  private static double[] scores(Runnable turns, JiffyEngine engine) {
    turns.run();
    return Objects.requireNonNull(engine.outputs().get("scores")).toDoubles();
  }
}
