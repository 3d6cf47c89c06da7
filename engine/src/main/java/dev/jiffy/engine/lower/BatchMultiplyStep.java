package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import org.jspecify.annotations.Nullable;

/// A batch of products whose right-hand sides are computed at run time and packed just before.
final class BatchMultiplyStep extends Step {
  private final MatrixKernels kernels;
  private final RowKernels rows;
  private final Product product;
  private final boolean transposeB;
  private final @Nullable StridedCopy transposeA;
  private final long[] offsetsA;
  private final long[] offsetsB;
  private final long packedBytes;
  private final Place a;
  private final Place b;
  private final Place bias;
  private final Place residual;
  private final Place c;

  /// @param offsetsA for each product the bytes from `a` to its left-hand side
  /// @param offsetsB for each product the bytes from `b` to its right-hand side
  BatchMultiplyStep(
      String name,
      Target target,
      Product product,
      boolean transposeA,
      boolean transposeB,
      long[] offsetsA,
      long[] offsetsB,
      Place a,
      Place b,
      Place bias,
      Place residual,
      Place c) {
    super(
        name,
        Math.min(
            offsetsA.length,
            target.parts(2.0 * offsetsA.length * product.m() * product.k() * product.n(), 0)));
    this.kernels = target.matrices();
    this.rows = target.rows();
    this.product = product;
    this.transposeB = transposeB;
    long m = product.m();
    long k = product.k();
    this.transposeA =
        transposeA
            ? StridedCopy.of(
                Float.BYTES, new long[] {m, k}, new long[] {4, 4 * m}, new long[] {4 * k, 4})
            : null;
    this.offsetsA = offsetsA;
    this.offsetsB = offsetsB;
    this.packedBytes = kernels.packedBytes(product.k(), product.n());
    this.a = a;
    this.b = b;
    this.bias = bias;
    this.residual = residual;
    this.c = c;
  }

  @Override
  long scratchBytes() {
    long transposed = transposeA == null ? 0 : 4L * product.m() * product.k();
    return packedBytes + MemoryPlan.align(transposed);
  }

  @Override
  public void run(Frame frame, int part) {
    int k = product.k();
    int n = product.n();
    int panels = (n + kernels.panelColumns() - 1) / kernels.panelColumns();
    long packed = frame.scratch(part);
    long result = 4L * product.m() * n;
    long addressC = frame.at(c);
    long addressResidual = frame.at(residual);
    int to = from(offsetsA.length, part + 1);
    for (int i = from(offsetsA.length, part); i < to; i++) {
      kernels.pack(
          frame.at(b) + offsetsB[i], transposeB ? 1 : n, transposeB ? k : 1, k, n, 0, n, packed);
      long left = frame.at(a) + offsetsA[i];
      if (transposeA != null) {
        rows.copy(transposeA, left, packed + packedBytes);
        left = packed + packedBytes;
      }
      kernels.multiply(
          product,
          left,
          packed,
          frame.at(bias),
          addressResidual == 0 ? 0 : addressResidual + i * result,
          addressC + i * result,
          0,
          product.m(),
          0,
          panels);
    }
  }
}
