package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.tile.MatrixComparison;
import dev.jiffy.engine.kernel.vector.VectorDepthwise;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares what machine code does with products, convolutions and attention with the oracle.
class X86MatrixKernelsTest {
  /// The comparisons for all CPUs whose vectors are as wide as those of the Vector API here.
  static Stream<MatrixComparison> comparisons() {
    VectorMicroKernels vector = new VectorMicroKernels();
    return Cpus.all()
        .filter(cpu -> cpu.vectorBytes() == 4 * vector.lanes())
        .map(cpu -> new MatrixComparison(new X86MicroKernels(cpu, vector), new VectorDepthwise()));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("comparisons")
  void productsAgreeWithTheOracle(MatrixComparison comparison) {
    comparison.products();
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
  void attentionAgreesWithTheOracle(MatrixComparison comparison) {
    comparison.attention();
  }
}
