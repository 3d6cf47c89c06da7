package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A matrix of quantized numbers and what [BlockMatMul] reads of it.
///
/// @param q integers of 4 or 8 bits, `[k, columns]`, or `[columns, k]` where they are transposed
/// @param isTransposed whether they are
/// @param span how many numbers of a column share a scale; 0 where all do
/// @param scale one f32; or one for each column; or one for each span of each column, which lie as
///   the numbers do
/// @param zero the zero points, as many as scales, or one; null where they are half of the range
record BlockMatrix(Tensor q, boolean isTransposed, long span, Tensor scale, @Nullable Tensor zero) {
  private static final int LEAST_BLOCK = 16;
  private static final int MOST_BLOCK = 256;
  private static final int MOST_DEPTH = 1 << 20;
  private static final long MOST = Integer.MAX_VALUE;
  private static final Tensor ZERO = Tensor.allocate(DType.U8, Shape.of());

  /// How many columns are read together.
  private static final int GROUP = 64;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// {@return a matrix, or null where no product with weights of a few bits takes it}
  ///
  /// @param q the quantized numbers, a matrix
  /// @param isTransposed whether it is transposed before it is multiplied
  /// @param op what says to which numbers a scale belongs
  /// @param scale the scales, f32
  /// @param zero the zero points, or null where they are 0
  static @Nullable BlockMatrix of(
      Tensor q, boolean isTransposed, Dequantize op, Tensor scale, @Nullable Tensor zero) {
    int depth = isTransposed ? 1 : 0;
    long k = q.shape().dim(depth);
    long span = op.block() >= k ? 0 : op.block();
    boolean isAlongDepth = Math.floorMod(op.axis(), 2) == depth;
    boolean isOne = scale.shape().elements() == 1;
    boolean isPerColumn = isOne || isAlongDepth == (op.block() > 0);
    boolean fits = k <= MOST_DEPTH && (k + MOST_BLOCK) * q.shape().dim(1 - depth) <= MOST;
    if (!isPerColumn || !fits || span % LEAST_BLOCK != 0) {
      return null;
    }
    Tensor point = zero == null ? ZERO : zero;
    BlockMatrix matrix = new BlockMatrix(q, isTransposed, span, scale, point);
    long middle = matrix.isSigned() ? 0 : matrix.middle();
    return Arrays.stream(point.toLongs()).allMatch(one -> one == middle)
        ? new BlockMatrix(q, isTransposed, span, scale, null)
        : matrix;
  }

  /// {@return the rows of the matrix that is multiplied}
  int k() {
    return (int) q.shape().dim(isTransposed ? 1 : 0);
  }

  /// {@return its columns}
  int columns() {
    return (int) q.shape().dim(isTransposed ? 0 : 1);
  }

  /// {@return the bits of a number}
  int bits() {
    return q.dtype() == DType.I4 || q.dtype() == DType.U4 ? 4 : 8;
  }

  /// Half of the range, which is taken to make signed numbers unsigned.
  private int middle() {
    return 1 << (bits() - 1);
  }

  private boolean isSigned() {
    return q.dtype() == DType.I4 || q.dtype() == DType.I8;
  }

  /// {@return the numbers of a block: as takes the fewest bytes}
  int block() {
    int best = LEAST_BLOCK;
    for (int block = LEAST_BLOCK; block <= MOST_BLOCK && span % block == 0; block *= 2) {
      best = bytes(block) < bytes(best) ? block : best;
    }
    return best;
  }

  private long bytes(int block) {
    int factors = zero == null ? 1 : 2;
    return (long) blocks(block) * (block * bits() / 8 + factors * Float.BYTES);
  }

  private int blocks(int block) {
    return (k() + block - 1) / block;
  }

  /// {@return the scales, `[columns, blocks]`}
  Tensor scales() {
    int block = block();
    int blocks = blocks(block);
    float[] given = scale.toFloats();
    float[] scales = new float[columns() * blocks];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = given[given.length == 1 ? 0 : place(i / blocks, i % blocks * block)];
    }
    return Tensor.of(scales, columns(), blocks);
  }

  /// {@return the zero points as they are packed, u8}
  ///
  /// @param zero the zero points
  Tensor zeros(Tensor zero) {
    int block = block();
    int blocks = blocks(block);
    int perByte = 8 / bits();
    int bytes = (blocks + perByte - 1) / perByte;
    long[] given = zero.toLongs();
    int shift = isSigned() ? middle() : 0;
    byte[] zeros = new byte[columns() * bytes];
    for (int i = 0; i < columns() * blocks; i++) {
      int column = i / blocks;
      int number = i % blocks;
      long one = given[given.length == 1 ? 0 : place(column, number * block)] + shift;
      zeros[column * bytes + number / perByte] |= (byte) (one << (number % perByte * bits()));
    }
    MemorySegment unsigned = Tensor.of(zeros, zeros.length).segment();
    return Tensor.of(DType.U8, Shape.of(zeros.length), unsigned);
  }

  /// Where the scale of a number is.
  private int place(int column, int row) {
    if (span == 0) {
      return column;
    }
    int spans = (int) ((k() + span - 1) / span);
    int index = (int) (row / span);
    return isTransposed ? column * spans + index : index * columns() + column;
  }

  /// {@return the numbers as they are packed, `[columns, blocks, bytes]` of u8; those that lie so
  /// are not copied}
  Tensor weights() {
    int block = block();
    int blocks = blocks(block);
    int bytes = block * bits() / 8;
    if (isTransposed && q.dtype() == DType.U8 && k() % block == 0) {
      return q.reshape(columns(), blocks, bytes);
    }
    Tensor packed = Tensor.allocate(DType.U8, Shape.of(columns(), blocks, bytes));
    byte[] column = new byte[blocks * block];
    byte[] line = new byte[blocks * bytes];
    int stride = k() + GROUP; // no power of two
    byte[] group = new byte[GROUP * stride];
    for (int first = 0; first < columns(); first += GROUP) {
      int count = Math.min(GROUP, columns() - first);
      read(first, count, group, stride);
      for (int i = 0; i < count; i++) {
        System.arraycopy(group, i * stride, column, 0, k());
        pack(column, line);
        MemorySegment.copy(
            line, 0, packed.segment(), BYTE, (long) (first + i) * line.length, line.length);
      }
    }
    return packed;
  }

  /// Reads columns, each so many bytes behind the one before.
  private void read(int first, int count, byte[] to, int stride) {
    MemorySegment numbers = q.segment();
    int k = k();
    if (isTransposed) {
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(numbers, BYTE, (long) (first + i) * k, to, i * stride, k);
      }
      return;
    }
    byte[] row = new byte[count];
    long columns = columns();
    for (int depth = 0; depth < k; depth++) {
      MemorySegment.copy(numbers, BYTE, depth * columns + first, row, 0, count);
      spread(row, to, depth, stride);
    }
  }

  private static void spread(byte[] row, byte[] to, int first, int stride) {
    for (int i = 0; i < row.length; i++) {
      to[first + i * stride] = row[i];
    }
  }

  /// Packs a column of numbers, made unsigned.
  private void pack(byte[] column, byte[] to) {
    int flipped = isSigned() ? middle() : 0;
    if (bits() == 8) {
      for (int i = 0; i < to.length; i++) {
        to[i] = (byte) (column[i] ^ flipped);
      }
      return;
    }
    int both = flipped | flipped << 4;
    for (int i = 0; i < to.length; i++) {
      to[i] = (byte) (((column[2 * i] & 15) | (column[2 * i + 1] << 4)) ^ both);
    }
  }
}
