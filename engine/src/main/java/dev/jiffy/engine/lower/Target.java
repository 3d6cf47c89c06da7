package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.ProductKernels;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// What a plan is made for: the kernels of this machine and the threads of one run.
///
/// @param matrices products, convolutions, attention
/// @param rows everything whose cost is moving data
/// @param threads the most threads of one run, at least 1
/// @param format the numbers that products with constants multiply, where the kernels can
public record Target(MatrixKernels matrices, RowKernels rows, int threads, Format format) {
  private static final double LEAST_NANOS = 10_000;
  private static final double FLOPS_PER_NANO = 80;
  private static final double BYTES_PER_NANO = 8;

  /// {@return the same for another number of threads}
  Target withThreads(int count) {
    return new Target(matrices, rows, count, format);
  }

  /// {@return products of a type of numbers, or null if there are none}
  @Nullable ProductKernels products(DType dtype) {
    return switch (dtype) {
      case F32 -> matrices;
      case F64 -> matrices.doubles();
      default -> null;
    };
  }

  /// {@return attention that multiplies narrower numbers than f32, where products do and the
  /// kernels can, or null}
  @Nullable AttentionKernels bf16Attention() {
    NarrowKernels narrow = format == Format.F32 ? null : matrices.narrow();
    return narrow == null ? null : narrow.bf16Attention();
  }

  /// {@return how many threads are worth their start}
  ///
  /// @param flops the arithmetic of a step
  /// @param bytes the bytes that it reads and writes
  int parts(double flops, double bytes) {
    double nanos = flops / FLOPS_PER_NANO + bytes / BYTES_PER_NANO;
    return Math.clamp((long) (nanos / LEAST_NANOS), 1, threads);
  }
}
