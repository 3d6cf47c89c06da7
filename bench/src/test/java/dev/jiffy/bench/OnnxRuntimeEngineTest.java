package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxRuntimeEngineTest {

  private static List<TensorSpec> specs(String names) {
    return Arrays.stream(names.split(" "))
        .map(name -> new TensorSpec(name, DType.F32, List.of()))
        .toList();
  }

  /// Of floats, of two outputs, of truth values, of strings, and of a shape known only after a run.
  @ParameterizedTest
  @CsvSource({
    "test_gemm_all_attributes, a b c, y",
    "test_top_k, x k, values indices",
    "test_and2d, x y, and",
    "test_string_concat, x y, result",
    "test_nonzero_example, condition, result"
  })
  void answersAreInPlaceRunAfterRun(String name, String inputs, String outputs) {
    Case recorded =
        new CaseFolder(OperatorCases.NODE.resolve(name))
            .cases(specs(inputs), specs(outputs))
            .getFirst();
    try (OnnxRuntimeEngine engine =
        new OnnxRuntimeEngine(OperatorCases.NODE.resolve(name).resolve("model.onnx"), 1)) {
      engine.prepare(recorded.tensors());
      for (int run = 0; run < 3; run++) {
        engine.run();
        Comparison comparison =
            Comparison.of(recorded.expected(), engine.outputs(), Comparison.TOLERANCE);
        assertEquals(List.of(), comparison.mismatches());
        assertEquals(specs(outputs).size(), comparison.outputs().size());
      }
      assertTrue(engine.firstMs() > 0);
      assertEquals("1.28.0", engine.version());
    }
  }

  @Test
  void aFailureToLoadNamesTheFile() {
    Path absent = Path.of("absent.onnx");
    ModelException failure =
        assertThrows(ModelException.class, () -> new OnnxRuntimeEngine(absent, 1).close());
    assertTrue(
        String.valueOf(failure.getMessage()).startsWith("ONNX Runtime cannot load absent.onnx"),
        failure::getMessage);
  }
}
