package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.RowKernels;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// Computes a small problem of each kind with some kernels and with the scalar ones, and compares.
///
/// Every problem has sizes that make whole tiles and remainders.
public final class KernelCheck {
  private KernelCheck() {}

  /// The kinds of problems.
  public enum Kind {
    /// Products of f32 and f64.
    PRODUCT,
    /// Products of bf16, and attention that consists of them.
    BF16,
    /// Products of bytes.
    INT8,
    /// Convolutions of bytes.
    BYTE_CONVOLUTION,
    /// Products with weights of a few bits.
    BLOCKS,
    /// Convolutions of every shape.
    CONVOLUTION,
    /// Attention.
    ATTENTION,
    /// Normalisations, reductions, and conversions to bytes and back.
    ROWS,
    /// Copies between strided views, and what makes f32 of f16.
    COPIES,
    /// Chains of elementwise functions.
    ELEMENTWISE,
    /// Pooling.
    POOLING,
    /// Resampling.
    RESAMPLING,
    /// Decision trees.
    TREES
  }

  /// {@return what the kernels get wrong, or null if they agree with the oracle}
  ///
  /// @param kind the kind of problems
  /// @param matrices products, convolutions, attention
  /// @param rows everything else
  public static @Nullable String fault(Kind kind, MatrixKernels matrices, RowKernels rows) {
    try (Arena arena = Arena.ofConfined()) {
      Comparison comparison = new Comparison(arena);
      MatrixCheck ofMatrices = new MatrixCheck(comparison, matrices);
      RowCheck ofRows = new RowCheck(comparison, rows);
      switch (kind) {
        case PRODUCT -> ofMatrices.product();
        case BF16 -> {
          ofMatrices.narrowProduct(Format.BF16);
          ofMatrices.bf16Attention();
        }
        case INT8 -> {
          ofMatrices.narrowProduct(Format.INT8);
          ofMatrices.quantizedProduct();
        }
        case BYTE_CONVOLUTION -> ofMatrices.byteConvolutions();
        case BLOCKS -> ofMatrices.blocks();
        case CONVOLUTION -> ofMatrices.convolutions();
        case ATTENTION -> ofMatrices.attention();
        case ROWS -> ofRows.all();
        case COPIES -> ofRows.copies();
        case ELEMENTWISE -> ofRows.elementwise();
        case POOLING -> ofRows.pooling();
        case RESAMPLING -> ofRows.resampling();
        case TREES -> new TreeCheck(comparison, rows).trees();
      }
      return null;
    } catch (Comparison.Fault fault) {
      return fault.getMessage();
    }
  }
}
