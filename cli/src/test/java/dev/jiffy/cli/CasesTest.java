package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.serving.NullModel;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Recorded cases of a model that gives the negative of what it takes.
class CasesTest extends CommandRuns {
  @TempDir private Path folder;

  /// {@return a case of ones for which some number was recorded, beside its model}
  private Path recorded(String name, float y) throws IOException {
    Path set = Files.createDirectories(folder.resolve(name).resolve("test_data_set_0"));
    NullModel.write(folder.resolve(name).resolve("model.onnx"));
    float[] ones = new float[32];
    Arrays.fill(ones, 1);
    float[] ys = ones.clone();
    ys[31] = y;
    TensorFile.write(set.resolve("input_0.pb"), "x", Tensor.of(ones, 1, 32));
    for (int i = 0; i < 31; i++) {
      ys[i] = -1;
    }
    TensorFile.write(set.resolve("output_0.pb"), "y", Tensor.of(ys, 1, 32));
    return set;
  }

  private int runCase(String name, float y) throws IOException {
    Path set = recorded(name, y);
    return run("run", folder.resolve(name).resolve("model.onnx").toString(), "--case", "" + set);
  }

  @Test
  void aMismatchIsAFailure() throws IOException {
    assertEquals(ExitCodes.OK, runCase("right", -1), err::toString);
    assertEquals(ExitCodes.FAILURE, runCase("wrong", -1.01f));
    assertTrue(err.toString().contains("'y'"), err::toString);
    assertEquals(ExitCodes.FAILURE, runCase("nan", Float.NaN));
  }

  @Test
  void conformanceCountsAndNames() throws IOException {
    recorded("right", -1);
    assertEquals(ExitCodes.OK, run("conformance", folder.toString(), "--json"), err::toString);
    recorded("wrong", -1.01f);
    Path broken = Files.createDirectories(folder.resolve("broken"));
    Files.write(broken.resolve("model.onnx"), new byte[] {1, 2, 3});
    out.getBuffer().setLength(0);
    assertEquals(ExitCodes.FAILURE, run("conformance", folder.toString(), "--json"));
    String json = out.toString();
    assertTrue(json.contains("\"passed\":1"), json);
    assertTrue(json.contains("\"failed\":1"), json);
    assertTrue(json.contains("\"unsupported\":1"), json);
    assertTrue(json.contains("\"wrong\""), json);
  }
}
