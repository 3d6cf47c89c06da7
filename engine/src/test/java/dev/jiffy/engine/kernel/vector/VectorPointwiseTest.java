package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PointwiseComparison;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class VectorPointwiseTest {
  private final PointwiseComparison comparison =
      new PointwiseComparison(new VectorRowKernels(), Floats::new);

  @Test
  void randomChainsAgreeBitForBit() {
    comparison.randomChains(40);
  }

  @ParameterizedTest
  @EnumSource(BinaryFunction.class)
  void everyFunctionOfTwoAgrees(BinaryFunction function) {
    comparison.functionOfTwo(function);
  }

  @Test
  void aResultMayTakeTheMemoryOfAnInput() {
    comparison.inPlace();
  }

  @Test
  void outputsMayBeInputsOrOneResultTwice() {
    comparison.outputsThatAreInputs();
  }

  @Test
  void powersOfAllNumbersAgree() {
    comparison.powers();
  }

  @Test
  void largeSpacesAreSplit() {
    List<Instruction> instructions = List.of(new Instruction.Unary(UnaryFunction.NEG, 0, 0, 0));
    Pointwise pointwise =
        new Pointwise(List.of(100_000L), List.of(List.of(1L)), instructions, List.of(1));
    int pieces = new VectorRowKernels().prepare(pointwise).pieces();
    assertTrue(pieces > 3 && pieces <= 7, () -> pieces + " pieces");
    Pointwise empty = new Pointwise(List.of(0L), List.of(List.of(1L)), instructions, List.of(1));
    assertEquals(0, new VectorRowKernels().prepare(empty).pieces());
  }
}
