package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.tile.Attention;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.MemorySegment;

/// Attention whose products multiply bf16 numbers: queries, keys, weights and values are rounded;
/// scores, exponentials and sums are f32. Needs AVX-512 with BF16.
///
/// A block of queries at a time, whose scores stay in the first or second level of cache. Keys are
/// packed transposed and values as they are, both as right-hand sides of [X86NarrowKernels] but cut
/// into panels as f32 are: of 32 columns, and where fewer are left of 16.
final class Bf16Attention implements AttentionKernels {
  private static final int LANES = X86NarrowKernels.LANES;
  private static final int COLUMNS = X86NarrowKernels.COLUMNS;
  private static final int LINE = X86NarrowKernels.LINE;

  private final MicroKernels micro;
  private final Tiles tiles;
  private final MemorySegment round;
  private final MemorySegment roundScaled;
  private final MemorySegment roundPairs;

  /// The queries of a block.
  private final int block;

  Bf16Attention(Cpu cpu, X86NarrowKernels kernels) {
    micro = new X86MicroKernels(cpu);
    tiles = kernels.sums(Format.BF16);
    round = kernels.code("bf16", () -> NarrowingCode.bf16(false));
    roundScaled = kernels.code("bf16 scaled", () -> NarrowingCode.bf16(true));
    roundPairs = kernels.code("bf16 pairs", NarrowingCode::pairs);
    block = 2 * TileCode.most(cpu.vectorBytes(), 2);
  }

  /// The columns of a packed matrix.
  private static long whole(int columns) {
    return (columns + LANES - 1L) / LANES * LANES;
  }

  /// The bytes of a rounded row of a left-hand side.
  private static long rowBytes(int numbers) {
    return (numbers + COLUMNS - 1L) / COLUMNS * LINE;
  }

  private static int pairs(int numbers) {
    return (numbers + 1) / 2;
  }

  /// The bytes of a packed right-hand side.
  private static long packedBytes(int rows, int columns) {
    return Math.multiplyExact(4L * pairs(rows), whole(columns));
  }

  private long queries(AttentionGeometry g) {
    return Math.min(block, g.queries());
  }

  /// The bytes of the rounded keys, which are packed first, or of a block's queries and weights.
  private long leftBytes(AttentionGeometry g) {
    long size = rowBytes(g.headSize());
    return Math.max(g.keys() * size, queries(g) * (size + rowBytes(g.keys())));
  }

  /// The bytes of a row of scores: with a window there is room for a vector that begins anywhere.
  private static long scoreBytes(AttentionGeometry g) {
    return 4 * (whole(g.keys()) + (g.window() == 0 ? 0 : LANES));
  }

  private long inverseBytes() {
    return (4L * block + LINE - 1) & -LINE;
  }

  @Override
  public long attentionScratchBytes(AttentionGeometry g) {
    return packedBytes(g.headSize(), g.keys())
        + packedBytes(g.keys(), g.headSize())
        + leftBytes(g)
        + inverseBytes()
        + queries(g) * scoreBytes(g);
  }

  @Override
  public void attend(
      AttentionGeometry g, int seen, long q, long k, long v, long mask, long out, long scratch) {
    int keys = g.keys();
    int size = g.headSize();
    long left = scratch;
    long packedKeys = left + leftBytes(g);
    long packedValues = packedKeys + packedBytes(size, keys);
    long inverses = packedValues + packedBytes(keys, size);
    long scores = inverses + inverseBytes();
    long scoreStep = scoreBytes(g);
    long weights = left + queries(g) * rowBytes(size);
    long queryStep = 4 * g.queryStride();
    long outStep = 4 * g.outStride();
    micro.bringNear(k, 4 * g.keyStride(), keys, 4L * size);
    micro.bringNear(q, queryStep, g.queries(), 4L * size);
    micro.bringNear(v, 4 * g.valueStride(), keys, 4L * size);
    packKeys(k, 4 * g.keyStride(), keys, size, left, packedKeys);
    packValues(v, 4 * g.valueStride(), keys, size, packedValues);
    for (int from = 0; from < g.queries(); from += block) {
      int rows = Math.min(block, g.queries() - from);
      round(round, rows, q + from * queryStep, queryStep, size, left, 0);
      // the last panels are filled up, and the rows of scores have room for them
      for (int column = 0, columns; column < keys; column += columns) {
        columns = keys - column >= COLUMNS ? keys / COLUMNS * COLUMNS : LANES;
        long panel = packedKeys + 4L * column * pairs(size);
        multiply(rows, left, size, panel, columns, scores + 4L * column, scoreStep);
      }
      Attention.cap(micro, g, rows, keys, scores, scoreStep);
      Attention.weigh(micro, g, seen, from, rows, 0, keys, scores, scoreStep, mask, inverses);
      round(roundScaled, rows, scores, scoreStep, keys, weights, inverses);
      multiply(rows, weights, keys, packedValues, size, out + from * outStep, outStep);
    }
  }

  /// Rounds rows of a left-hand side.
  ///
  /// @param factors a factor for each row, where the code takes one
  private static void round(
      MemorySegment code, int rows, long x, long xStep, int numbers, long to, long factors) {
    long whole = numbers / COLUMNS;
    long rest = (1L << (numbers % COLUMNS)) - 1;
    long toStep = rowBytes(numbers);
    Code.call(code, rows, x, xStep, whole, to, toStep, rest, factors, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  private void multiply(
      int rows, long left, int depth, long packed, int columns, long to, long toStep) {
    long zeros = Zeros.ADDRESS;
    tiles.multiply(
        rows,
        left,
        rowBytes(depth),
        zeros,
        1,
        pairs(depth),
        packed,
        columns,
        zeros,
        0,
        0,
        0,
        null,
        to,
        toStep);
  }

  private void packKeys(long k, long keyStep, int keys, int size, long rounded, long to) {
    round(round, keys, k, keyStep, size, rounded, 0);
    long step = rowBytes(size);
    for (int key = 0, width; key < keys; key += width) {
      width = keys - key >= COLUMNS ? COLUMNS : LANES;
      int present = Math.min(width, keys - key);
      long panel = to + 4L * key * pairs(size);
      micro.pack(rounded + key * step, 4, step, pairs(size), present, width, panel);
    }
  }

  private void packValues(long v, long valueStep, int keys, int size, long to) {
    int whole = keys / 2;
    for (int column = 0; column < size; column += LANES) {
      int first = column - column % COLUMNS;
      boolean alone = size - first < COLUMNS;
      long panel = to + 4L * (alone ? column : first) * pairs(keys);
      long start = alone ? panel : panel + 4L * (column - first);
      long step = alone ? LINE : 2 * LINE;
      long present = (1L << Math.min(LANES, size - column)) - 1;
      long from = v + 4L * column;
      if (whole > 0) {
        long _ = Code.call(roundPairs, from, valueStep, whole, start, step, present);
      }
      if (keys % 2 == 1) {
        // the last row beside itself: what it is multiplied with there is 0
        long last = from + (keys - 1) * valueStep;
        long _ = Code.call(roundPairs, last, 0, 1, start + whole * step, step, present);
      }
    }
  }
}
