package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Operators on tables against ONNX Runtime: trees exactly, arithmetic up to rounding.
class TablesTest {
  private static final int ENSEMBLES = 150;

  @TempDir Path folder;

  static List<TableModels.TableModel> models() {
    return TableModels.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void operatorsGiveTheSameAnswers(TableModels.TableModel model) throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(model.model(), file);
    compare(model.name(), file, model.x(), KernelPath.AUTO, 2e-5);
  }

  @ParameterizedTest
  @EnumSource(KernelPath.class)
  void treesGiveTheSameAnswers(KernelPath kernels) throws IOException {
    for (int seed = 0; seed < ENSEMBLES; seed++) {
      RandomEnsembles random = new RandomEnsembles(seed);
      Path file = folder.resolve("trees.onnx");
      OnnxWriter.write(random.graph(), 17, file);
      for (int rows : new int[] {1, 37}) {
        compare("seed " + seed, file, random.rows(rows), kernels, 1e-6);
      }
    }
  }

  @Test
  void ensemblesAreOfManyKinds() {
    long kinds =
        IntStream.range(0, ENSEMBLES)
            .mapToObj(seed -> new RandomEnsembles(seed).graph().nodes().getFirst().op().toString())
            .distinct()
            .count();
    assertTrue(kinds > ENSEMBLES / 2, "only " + kinds + " kinds");
  }

  private static void compare(
      String name, Path file, Tensor x, KernelPath kernels, double tolerance) {
    LoadOptions options =
        LoadOptions.defaults().engine(EngineChoice.JIFFY).threads(1).kernels(kernels);
    try (OnnxRuntimeEngine oracle = new OnnxRuntimeEngine(file, 1);
        Model model = Model.load(file, options);
        Session session = model.newSession()) {
      oracle.prepare(Map.of("x", x));
      oracle.run();
      Map<String, Tensor> actual = session.run(Map.of("x", x));
      List<String> wrong = Comparison.of(oracle.outputs(), actual, tolerance).mismatches();
      assertEquals(List.of(), wrong, name);
    }
  }
}
