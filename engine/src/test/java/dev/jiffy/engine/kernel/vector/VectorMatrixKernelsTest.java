package dev.jiffy.engine.kernel.vector;

import dev.jiffy.engine.kernel.tile.MatrixComparison;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/// Compares what the vector kernels do with products, convolutions and attention with the oracle.
class VectorMatrixKernelsTest {
  private final MatrixComparison comparison =
      new MatrixComparison(new VectorMicroKernels(), new VectorDepthwise(), new VectorWinograd());

  @Test
  void productsAgreeWithTheOracle() {
    comparison.products();
  }

  @Test
  void productsOfDoublesAgreeWithTheirFormula() {
    try (Arena arena = Arena.ofConfined()) {
      comparison.doubles(bytes -> arena.allocate(bytes, 64).address());
    }
  }

  @Test
  void convolutionsAgreeWithTheOracle() {
    comparison.convolutions();
  }

  @Test
  void transposedConvolutionsAgreeWithTheOracle() {
    comparison.transposedConvolutions();
  }

  @Test
  void attentionAgreesWithTheOracle() {
    comparison.attention();
  }
}
