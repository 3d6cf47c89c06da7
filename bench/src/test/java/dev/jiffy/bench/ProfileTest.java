package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.StepTime;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileTest {
  private static final Path CASES = Path.of("/usr/share/libonnx-testdata/data/node");
  private static final List<StepTime> TIMES =
      List.of(
          new StepTime("a (Conv)", 1000),
          new StepTime("b (1) (Pool)", 5000),
          new StepTime("c (Conv)", 2000));

  private static Profile.Result run(String name, LoadOptions options) {
    return Profile.run(
        CASES.resolve(name).resolve("model.onnx"),
        new CaseFolder(CASES.resolve(name)),
        options,
        3,
        new WarmUp(0, 0, () -> 0),
        _ -> {});
  }

  @Test
  void stepsKeepTheirOrder() {
    assertEquals(
        List.of(
            new Profile.Step("a (Conv)", 1, 0.125),
            new Profile.Step("b (1) (Pool)", 5, 0.625),
            new Profile.Step("c (Conv)", 2, 0.25)),
        Profile.steps(TIMES));
  }

  @Test
  void operatorsAreAddedUp() {
    assertEquals(
        List.of(
            new Profile.Operator("Pool", 1, 5, 0.625), new Profile.Operator("Conv", 2, 3, 0.375)),
        Profile.operators(TIMES));
  }

  @Test
  void aModelIsProfiledWithoutAnyRunBefore() {
    LoadOptions options =
        new LoadOptions(1, LoadOptions.defaults().precision(), KernelPath.SCALAR, true);
    Profile.Result result = run("test_gemm_all_attributes", options);
    assertTrue(!result.steps().isEmpty() && result.totalUs() > 0, result::toString);
    assertEquals(1, result.steps().stream().mapToDouble(Profile.Step::share).sum(), 0.01);
    assertEquals("f32", result.precision());
    assertEquals("scalar", result.kernels());
    assertEquals(1, result.threads());
    assertEquals(3, result.runs());
  }

  @Test
  void aModelThatRunsNodeByNodeHasNoSteps() {
    LoadOptions options = LoadOptions.defaults();
    ModelException failure =
        assertThrows(ModelException.class, () -> run("test_nonzero_example", options));
    assertTrue(
        String.valueOf(failure.getMessage()).contains("no steps to time"), failure::getMessage);
  }
}
