package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.bench.Conformance.Outcome;
import dev.jiffy.bench.Conformance.Verdict;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How cases end whose model gives back its input.
class ConformanceVerdictsTest {
  @TempDir private Path folder;

  private Path set = Path.of("");

  @BeforeEach
  void writeModel() throws IOException {
    set = folder.resolve("test_same").resolve("test_data_set_0");
    Files.createDirectory(folder.resolve("test_same"));
    Files.createFile(folder.resolve("test_same").resolve("model.onnx"));
  }

  private void write(String file, float... numbers) throws IOException {
    Files.createDirectories(set);
    TensorFile.write(set.resolve(file), "", Tensor.of(numbers, numbers.length));
  }

  private void ends(Outcome outcome, String reason) {
    assertEquals(
        List.of(new Verdict("test_same", outcome, reason)),
        Conformance.run(folder, _ -> new Same(), _ -> true).verdicts());
  }

  @Test
  void anInfinityIsNearItselfOnly() throws IOException {
    float infinity = Float.POSITIVE_INFINITY;
    write("input_0.pb", 1, infinity, -infinity);
    write("output_0.pb", 1, infinity, -infinity);
    ends(Outcome.PASSED, "");
    write("output_0.pb", 1, infinity, infinity);
    ends(
        Outcome.FAILED,
        "test_data_set_0 output 0: element 2 of F32[3]: expected Infinity, got -Infinity");
  }

  @Test
  void aCaseWithoutRecordedValuesProvesNothing() {
    ends(Outcome.FAILED, "expected a folder test_data_set_0, got none");
  }

  @Test
  void inputsWithoutAnAnswerProveNothing() throws IOException {
    write("input_0.pb", 1);
    ends(Outcome.FAILED, "test_data_set_0 expected output_0.pb, got none");
  }

  @Test
  void moreInputsThanTheModelTakes() throws IOException {
    write("input_0.pb", 1);
    write("input_1.pb", 1);
    ends(Outcome.FAILED, "test_data_set_0 expected inputs [x], got 2");
  }

  /// A model that gives back its input.
  private static final class Same implements Conformance.Loaded {
    @Override
    public List<TensorSpec> inputs() {
      return List.of(new TensorSpec("x", DType.F32, List.of(Dim.of("n"))));
    }

    @Override
    public List<TensorSpec> outputs() {
      return List.of(new TensorSpec("y", DType.F32, List.of(Dim.of("n"))));
    }

    @Override
    public List<Value> run(Map<String, Value> inputs) {
      return List.copyOf(inputs.values());
    }

    @Override
    public void close() {}
  }
}
