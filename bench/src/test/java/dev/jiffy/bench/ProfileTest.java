package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.Ceilings;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Precision;
import dev.jiffy.engine.ir.StepCost;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileTest {
  private static final Ceilings CEILINGS =
      new Ceilings(
          1,
          Map.of(Precision.F32, 2e9),
          List.of(
              new Ceilings.Level("L2", 1000, 500, 4e9), new Ceilings.Level("DRAM", 0, 5000, 1e9)));
  private static final Roofline ROOFLINE = new Roofline(CEILINGS, 2000);
  private static final List<Profile.Row> ROWS =
      List.of(
          row("a (Conv)", "Conv", 1000, 1000, 400, 100),
          row("b (1) (Pool)", "Pool", 5000, 100, 2000, 0),
          row("c (Conv)", "Conv", 1500, 2000, 400, 0),
          new Profile.Row(null, 500, null));

  private static Profile.Row row(
      String name, String operator, double nanos, long flops, long values, long weights) {
    StepCost cost =
        new StepCost(
            name,
            new StepCost.By.FastKernels(),
            operator,
            "",
            List.of(name),
            Precision.F32,
            1,
            flops,
            values,
            weights);
    return new Profile.Row(cost, nanos, ROOFLINE.of(cost));
  }

  private static Profile.Result run(String name, LoadOptions options) {
    return Profile.run(
        OperatorCases.NODE.resolve(name).resolve("model.onnx"),
        new CaseFolder(OperatorCases.NODE.resolve(name)),
        options,
        new Profile.Settings(3, true, Map.of("l3", 1e9)),
        new WarmUp(0, 0, () -> 0),
        _ -> {});
  }

  @Test
  void aStepIsBoundByTheLongerOfItsTimes() {
    // 1000 operations at 2 per ns; 400 bytes at 4 per ns and 100 at 1 per ns
    assertEquals(new Roofline.Limits(500.0, 200.0), ROWS.getFirst().limits());
    // 2000 bytes do not fit the nearest memory
    assertEquals(new Roofline.Limits(50.0, 2000.0), ROWS.get(1).limits());
    Rates rates = Profile.step(ROWS.get(1), 8000).rates();
    assertEquals(new Rates(100, 2000, 0, 0.02, 0.4, 0.05, 2.0, "memory", 0.4), rates);
  }

  @Test
  void withoutCeilingsThereIsNoBound() {
    Roofline none = new Roofline(new Ceilings(1, Map.of(), List.of()), 0);
    StepCost cost = ROWS.getFirst().cost();
    assertNotNull(cost);
    assertNull(none.of(cost).nanos());
    Profile.Row row = new Profile.Row(cost, 10, none.of(cost));
    assertEquals(
        new Rates(1000, 500, 100, 100, 50, 2, null, null, null), Rates.of(List.of(row), 10));
  }

  @Test
  void rowsAddUpToTheWhole() {
    List<Profile.Step> steps = ROWS.stream().map(row -> Profile.step(row, 8000)).toList();
    assertEquals(
        List.of(0.125, 0.625, 0.1875, 0.0625), steps.stream().map(Profile.Step::share).toList());
    assertEquals(Profile.OTHER, steps.getLast().name());
    List<Profile.Operator> operators = Profile.operators(ROWS, 8000);
    assertEquals(
        List.of("Pool", "Conv", Profile.OTHER),
        operators.stream().map(Profile.Operator::name).toList());
    assertEquals(List.of(5.0, 2.5, 0.5), operators.stream().map(Profile.Operator::us).toList());
    assertEquals(
        new Rates(3000, 900, 100, 1.2, 0.36, 3.3333, 1.5, "compute", 0.6),
        operators.get(1).rates());
  }

  @Test
  void aCeilingOfAnUnknownNameIsRefused() {
    Map<String, Double> given = Map.of("gpu", 1.0);
    assertThrows(IllegalArgumentException.class, () -> new Profile.Settings(1, false, given));
  }

  @Test
  void aModelIsProfiledWithoutAnyRunBefore() {
    LoadOptions options = LoadOptions.defaults().threads(1).kernels(KernelPath.SCALAR);
    Profile.Result result = run("test_gemm_all_attributes", options);
    assertTrue(!result.steps().isEmpty() && result.totalUs() > 0, result::toString);
    assertEquals(1, result.steps().stream().mapToDouble(Profile.Step::share).sum(), 1e-4);
    assertEquals(1, result.operators().stream().mapToDouble(Profile.Operator::share).sum(), 1e-4);
    assertEquals(
        result.totalUs(), result.steps().stream().mapToDouble(Profile.Step::us).sum(), 0.01);
    assertEquals(Profile.OTHER, result.steps().getLast().name());
    assertEquals(result.steps().size() - 1, result.run().stepUs().size());
    assertTrue(result.memory().fileBytes() > 0 && result.memory().arenaBytes() >= 0);
    assertTrue(result.ceilings().flopsPerSecond().containsKey(Precision.F32));
    assertEquals(1e9, result.ceilings().memory().get(1).bytesPerSecond());
    assertNotNull(result.total().ofBound());
    assertEquals("f32", result.precision());
    assertEquals("scalar", result.kernels());
    assertEquals(1, result.threads());
    assertEquals(3, result.runs());
  }

  @Test
  void whatIsNotOnePlanHasStagesAndNodes() throws Exception {
    Profile.Result result = run("test_nonzero_example", LoadOptions.defaults());
    List<String> operators = result.steps().stream().map(Profile.Step::operator).toList();
    assertEquals(List.of("[stage]", "NonZero", Profile.OTHER), operators);
    Profile.Step node = result.steps().get(1);
    assertEquals("[2×2] → [2×3]", node.detail());
    assertTrue(node.us() > 0);
  }
}
