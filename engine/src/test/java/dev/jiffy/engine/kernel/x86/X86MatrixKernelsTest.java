package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.tile.MatrixComparison;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares what machine code does with products, convolutions and attention with the oracle.
class X86MatrixKernelsTest {
  static Stream<MatrixComparison> comparisons() {
    return Cpus.all()
        .map(cpu ->
            new MatrixComparison(
                new X86MicroKernels(cpu), new X86Depthwise(cpu), new X86Winograd(cpu)));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void productsAgreeWithTheOracle(MatrixComparison comparison) {
    comparison.products();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void productsOfDoublesAgreeWithTheirFormulaAndTouchNothingElse(MatrixComparison comparison) {
    try (GuardedMemory memory = new GuardedMemory()) {
      comparison.doubles(memory::before);
    }
    try (GuardedMemory memory = new GuardedMemory()) {
      comparison.doubles(memory::after);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void convolutionsAgreeWithTheOracle(MatrixComparison comparison) {
    comparison.convolutions();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void transposedConvolutionsAgreeWithTheOracle(MatrixComparison comparison) {
    comparison.transposedConvolutions();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void transposedConvolutionsTouchNothingElse(MatrixComparison comparison) {
    try (GuardedMemory memory = new GuardedMemory()) {
      comparison.transposedConvolutions(memory::before);
    }
    try (GuardedMemory memory = new GuardedMemory()) {
      comparison.transposedConvolutions(memory::after);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void attentionAgreesWithTheOracle(MatrixComparison comparison) {
    comparison.attention();
  }
}
