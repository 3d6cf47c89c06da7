package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static Comparison compare(Tensor expected, Tensor actual) {
    return Comparison.of(Map.of("y", expected), Map.of("y", actual), 1e-4);
  }

  private static Tensor floats(float... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void equalNumbersHaveNoError() {
    Comparison comparison = compare(floats(1, -2, 0), floats(1, -2, -0f));
    assertTrue(comparison.matches());
    assertEquals(0, comparison.maxAbsError());
    assertEquals(0, comparison.maxRelError());
  }

  @Test
  void smallNumbersMayBeOffAbsolutelyAndLargeOnesRelatively() {
    assertTrue(compare(floats(0, 0.5f), floats(0.9e-4f, 0.5f)).matches());
    assertTrue(compare(floats(5000), floats(5000.4f)).matches());
    assertFalse(compare(floats(0, 0.5f), floats(1.1e-4f, 0.5f)).matches());
    assertFalse(compare(floats(5000), floats(5000.6f)).matches());
  }

  @Test
  void errorsAreTheLargestOfAllElements() {
    Comparison comparison = compare(floats(4, 100, 0), floats(5, 98, 0));
    assertEquals(2, comparison.maxAbsError());
    assertEquals(0.25, comparison.maxRelError());
  }

  @Test
  void nextToLargeNumbersANumberNearZeroIsNotHeldAgainstItself() {
    assertEquals(1e-3, compare(floats(100, 1e-9f), floats(100, 1e-4f)).maxRelError(), 1e-5);
    assertEquals(1, compare(floats(0, 0), floats(1, 0)).maxRelError());
  }

  @Test
  void theMessageNamesTheWorstElement() {
    Tensor expected = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 1, 2, 3);
    Tensor actual = Tensor.of(new float[] {1, 2.5f, 3, 4, 9, 6}, 1, 2, 3);
    assertEquals(
        List.of(
            "output 'y' at [0, 1, 1]: expected 5.0, got 9.0; 2 of 6 elements are off by more than"
                + " 1.0E-4"),
        compare(expected, actual).mismatches());
  }

  @Test
  void notANumberMatchesItselfAndInfinitiesTheirLike() {
    float nan = Float.NaN;
    float infinity = Float.POSITIVE_INFINITY;
    assertTrue(
        compare(floats(nan, infinity, -infinity), floats(nan, infinity, -infinity)).matches());
    for (Tensor wrong : List.of(floats(0), floats(-infinity), floats(nan))) {
      Comparison comparison = compare(floats(infinity), wrong);
      assertFalse(comparison.matches());
      assertEquals(0, comparison.maxAbsError());
    }
    assertFalse(compare(floats(nan), floats(1)).matches());
    assertFalse(compare(floats(1), floats(nan)).matches());
  }

  @Test
  void narrowNumbersMayBeOneStepOff() {
    Tensor expected = Tensor.allocate(DType.F16, Shape.of(1));
    Tensor actual = Tensor.allocate(DType.F16, Shape.of(1));
    expected.setDouble(0, 1);
    for (int steps = 0; steps < 5; steps++) {
      actual.setDouble(0, 1 + steps * 0x1p-10);
      assertEquals(steps < 2, compare(expected, actual).matches());
    }
  }

  @Test
  void integersAndTruthValuesMustBeEqual() {
    Tensor expected = Tensor.of(new long[] {1L << 60, 7}, 2);
    assertTrue(compare(expected, expected).matches());
    Comparison comparison = compare(expected, Tensor.of(new long[] {(1L << 60) + 1, 7}, 2));
    assertEquals(
        List.of(
            "output 'y' at [0]: expected 1152921504606846976, got 1152921504606846977; 1 of 2"
                + " elements differ"),
        comparison.mismatches());
    assertEquals(0.5, comparison.minCosine());
    assertFalse(
        compare(Tensor.of(new boolean[] {true}, 1), Tensor.of(new boolean[] {false}, 1)).matches());
  }

  @Test
  void stringsMustBeEqual() {
    Tensor expected = Tensor.ofStrings(List.of("a", "b"), 2);
    assertTrue(compare(expected, Tensor.ofStrings(List.of("a", "b"), 2)).matches());
    assertEquals(
        List.of("output 'y' at [1]: expected \"b\", got \"c\"; 1 of 2 elements differ"),
        compare(expected, Tensor.ofStrings(List.of("a", "c"), 2)).mismatches());
    assertEquals(0, compare(expected, Tensor.ofStrings(List.of("b", "a"), 2)).minCosine());
    Tensor none = Tensor.ofStrings(List.of(), 0);
    assertEquals(1, compare(none, none).minCosine());
  }

  @Test
  void typeShapeAndPresenceAreCompared() {
    assertEquals(
        List.of("output 'y': expected F32[2], got I64[2]"),
        compare(floats(1, 2), Tensor.of(new long[] {1, 2}, 2)).mismatches());
    assertEquals(
        List.of("output 'y': expected F32[2], got F32[1, 2]"),
        compare(floats(1, 2), floats(1, 2).reshape(1, 2)).mismatches());
    assertEquals(
        List.of("output 'y': expected, got none of this name"),
        Comparison.of(Map.of("y", floats(1)), Map.of("x", floats(1)), 0).mismatches());
  }

  @Test
  void onlyExpectedOutputsAreCompared() {
    Map<String, Tensor> actual = new LinkedHashMap<>();
    actual.put("x", floats(9));
    actual.put("y", floats(1));
    Comparison comparison = Comparison.of(Map.of("y", floats(1)), actual, 0);
    assertTrue(comparison.matches());
    assertEquals(1, comparison.outputs().size());
  }

  @Test
  void emptyAndScalarTensorsCompare() {
    assertTrue(compare(Tensor.of(new float[0], 0, 3), Tensor.of(new float[0], 0, 3)).matches());
    assertEquals(
        List.of(
            "output 'y' at []: expected 1.0, got 2.0; 1 of 1 elements are off by more than 1.0E-4"),
        compare(Tensor.of(new float[] {1}), Tensor.of(new float[] {2})).mismatches());
  }

  @Test
  void aToleranceIsANumber() {
    assertThrows(
        IllegalArgumentException.class, () -> Comparison.of(Map.of(), Map.of(), Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Comparison.of(Map.of(), Map.of(), -1));
  }

  @Test
  void indicesAreRowMajor() {
    assertEquals("[1, 0, 2]", Comparison.index(Shape.of(2, 3, 4), 14));
  }

  @Test
  void whatIsNotFiniteOnOneSideOnlyPointsNowhere() {
    float nan = Float.NaN;
    float infinity = Float.POSITIVE_INFINITY;
    assertEquals(0, compare(floats(1, 2), floats(nan, nan)).minCosine());
    assertEquals(0, compare(floats(1, infinity), floats(1, -infinity)).minCosine());
    assertEquals(1, compare(floats(1, nan, infinity), floats(1, nan, infinity)).minCosine());
  }

  @Test
  void doublesAreToldInFull() {
    Tensor expected = Tensor.of(new double[] {1}, 1);
    Tensor actual = Tensor.of(new double[] {1 + 1e-12}, 1);
    assertEquals(
        List.of(
            "output 'y' at [0]: expected 1.0, got 1.000000000001; 1 of 1 elements are off by more"
                + " than 1.0E-15"),
        Comparison.of(Map.of("y", expected), Map.of("y", actual), 1e-15).mismatches());
  }
}
