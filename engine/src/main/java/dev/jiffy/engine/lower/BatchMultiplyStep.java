package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.tensor.DType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A batch of products whose right-hand sides are computed at run time and packed just before, a
/// block of columns at a time; where there is one row, they are read where they lie.
final class BatchMultiplyStep extends Step {
  /// The most elements of a row that is multiplied by rows: they are one call of machine code,
  /// within which no thread stops.
  private static final int MOST_DEPTH = 1 << 15;

  /// The most bytes of a packed block where the left-hand side takes no more: both stay in the
  /// second-level cache.
  private static final long BLOCK_BYTES = 128 << 10;

  private final ProductKernels kernels;
  private final MatrixKernels matrices;
  private final RowKernels rows;
  private final int bytes;
  private final Product product;
  private final boolean transposeB;
  private final @Nullable StridedCopy transposeA;
  private final long[] offsetsA;
  private final long[] offsetsB;
  private final boolean isRow;
  private final Product[] blocks;
  private final int blockColumns;
  private final long packedBytes;
  private final Place a;
  private final Place b;
  private final Place bias;
  private final Place residual;
  private final Place c;

  /// @param dtype the type of all numbers, for which there are kernels
  /// @param offsetsA for each product the bytes from `a` to its left-hand side
  /// @param offsetsB for each product the bytes from `b` to its right-hand side
  BatchMultiplyStep(
      String name,
      Target target,
      DType dtype,
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
    ProductKernels kernels = Objects.requireNonNull(target.products(dtype));
    boolean isRow =
        dtype == DType.F32
            && product.m() == 1
            && product.residualStride() == 0
            && (!transposeB || product.k() <= MOST_DEPTH);
    int blockColumns = blockColumns(target.threads(), kernels, product, offsetsA.length, isRow);
    int bytes = dtype.bytes();
    Product[] blocks = blocks(product, blockColumns);
    double columns = (double) offsetsA.length * product.n();
    super(
        name,
        Math.min(
            Math.multiplyExact(blocks.length, offsetsA.length),
            target.parts(2 * columns * product.m() * product.k(), bytes * columns * product.k())));
    this.blockColumns = blockColumns;
    this.blocks = blocks;
    this.isRow = isRow;
    this.kernels = kernels;
    this.matrices = target.matrices();
    this.bytes = bytes;
    this.rows = target.rows();
    this.product = product;
    this.transposeB = transposeB;
    long m = product.m();
    long k = product.k();
    this.transposeA =
        transposeA
            ? StridedCopy.of(
                bytes,
                new long[] {m, k},
                new long[] {bytes, bytes * m},
                new long[] {bytes * k, bytes})
            : null;
    this.offsetsA = offsetsA;
    this.offsetsB = offsetsB;
    this.packedBytes = isRow ? 0 : kernels.packedBytes(product.k(), blocks[0].n());
    this.a = a;
    this.b = b;
    this.bias = bias;
    this.residual = residual;
    this.c = c;
  }

  /// The columns of a block: whole panels, few enough that there is a block for each thread.
  private static int blockColumns(
      int threads, ProductKernels kernels, Product product, int products, boolean isRow) {
    int panel = kernels.panelColumns();
    long panelBytes = kernels.packedBytes(product.k(), panel);
    boolean isLow = !isRow && 4L * product.m() * product.k() <= BLOCK_BYTES;
    long most = isLow ? Math.max(1, BLOCK_BYTES / panelBytes) : Integer.MAX_VALUE;
    long panels = Math.ceilDiv(product.n(), panel);
    long shared = Math.ceilDiv(panels, Math.ceilDiv(threads, products));
    return (int) Math.min(product.n(), panel * Math.min(most, shared));
  }

  /// The product of each block.
  private static Product[] blocks(Product whole, int columns) {
    Product[] blocks = new Product[Math.ceilDiv(whole.n(), columns)];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] =
          new Product(
              whole.m(),
              whole.k(),
              Math.min(columns, whole.n() - i * columns),
              whole.aStride(),
              whole.cStride(),
              whole.residualStride(),
              whole.alpha(),
              whole.activation());
    }
    return blocks;
  }

  @Override
  long scratchBytes() {
    long transposed = transposeA == null ? 0 : (long) bytes * product.m() * product.k();
    return packedBytes + MemoryPlan.align(transposed);
  }

  @Override
  public void run(Frame frame, int part) {
    int all = offsetsA.length * blocks.length;
    int to = from(all, part + 1);
    int last = -1; // the product whose left-hand side is transposed
    for (int i = from(all, part); i < to; i++) {
      int index = i / blocks.length;
      long left = frame.at(a) + offsetsA[index];
      if (transposeA != null) {
        long transposed = frame.scratch(part) + packedBytes;
        if (index != last) {
          rows.copy(transposeA, left, transposed);
          last = index;
        }
        left = transposed;
      }
      multiply(frame, frame.scratch(part), index, i % blocks.length, left);
    }
  }

  private void multiply(Frame frame, long packed, int index, int i, long left) {
    Product block = blocks[i];
    int k = block.k();
    int n = block.n();
    int panels = (n + kernels.panelColumns() - 1) / kernels.panelColumns();
    long rowStride = transposeB ? 1 : product.n();
    long columnStride = transposeB ? k : 1;
    long first = (long) bytes * i * blockColumns;
    long right = frame.at(b) + offsetsB[index] + first * columnStride;
    long result = (long) bytes * product.m() * product.n() * index + first;
    long added = moved(frame.at(bias), first);
    if (isRow) {
      matrices.multiplyRow(
          block, left, right, rowStride, columnStride, added, frame.at(c) + result);
      return;
    }
    kernels.pack(right, rowStride, columnStride, k, n, 0, n, packed);
    kernels.multiply(
        block,
        left,
        packed,
        added,
        moved(frame.at(residual), result),
        frame.at(c) + result,
        0,
        block.m(),
        0,
        panels);
  }

  private static long moved(long address, long bytes) {
    return address == 0 ? 0 : address + bytes;
  }
}
