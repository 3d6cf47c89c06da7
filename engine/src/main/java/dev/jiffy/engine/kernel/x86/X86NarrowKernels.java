package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Products of bf16 and of bytes as machine code, on the matrix unit where there is one.
///
/// A block of rows is made narrow first, in working memory, each row filled up to whole lines of 64
/// bytes. Then, panel by panel, raw sums are computed and finished.
///
/// A packed right-hand side is cut into panels of 32 columns, the last of 16 where that suffices. A
/// row of a panel holds, for each column, the numbers of as many rows of the matrix as fit 32 bits;
/// panels are filled up with zeros to 16 such rows or a multiple. In a panel of bytes the scales of
/// its columns follow, then for each column the sum of its bytes.
public final class X86NarrowKernels implements NarrowKernels {
  static final int LANES = 16;
  static final int COLUMNS = 2 * LANES;
  static final int LINE = 64;

  private final Cpu cpu;
  private final Tiles bf16Tiles;
  private final Tiles byteTiles;
  private final Tiles scaledTiles;
  private final Tiles alikeTiles;
  private final X86ByteKernels bytes;
  private final X86Bytes conversions;
  private final X86BlockProducts blocks;
  private final @Nullable Bf16Attention attention;
  private final ConcurrentHashMap<Object, MemorySegment> codes = new ConcurrentHashMap<>();

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86NarrowKernels() {
    this(Cpu.detect());
  }

  X86NarrowKernels(Cpu cpu) {
    this.cpu = cpu;
    this.bf16Tiles = new Tiles(cpu, Factors.BF16);
    this.byteTiles = new Tiles(cpu, Factors.bytes(cpu));
    this.scaledTiles = new Tiles(cpu, Factors.bytes(cpu), TileCode.Result.SCALED);
    this.alikeTiles = new Tiles(cpu, Factors.bytes(cpu), TileCode.Result.SCALED_ALIKE);
    this.bytes = new X86ByteKernels(cpu);
    this.conversions = new X86Bytes(cpu);
    this.blocks = new X86BlockProducts(cpu);
    this.attention = cpu.bf16() ? new Bf16Attention(cpu, this) : null;
  }

  @Override
  public ByteKernels bytes() {
    return bytes;
  }

  @Override
  public BlockKernels blocks() {
    return blocks;
  }

  @Override
  public @Nullable AttentionKernels bf16Attention() {
    return attention;
  }

  @Override
  public boolean computes(Format format, @Nullable Activation activation) {
    if (!FunctionCode.suits(activation)) {
      return false;
    }
    return switch (format) {
      case F32 -> false;
      case BF16 -> cpu.bf16();
      case INT8 -> cpu.vnni() && cpu.vectorBytes() == LINE;
    };
  }

  /// The rows of a panel that are multiplied.
  static int depth(Format format, int k) {
    int groups = (k + format.group() - 1) / format.group();
    return (groups + LANES - 1) / LANES * LANES;
  }

  /// The bytes of a panel for each of its columns.
  static long columnBytes(Format format, int k) {
    return 4L * (depth(format, k) + (format == Format.INT8 ? ByteSums.COLUMN_ROWS : 0));
  }

  @Override
  public long packedBytes(Format format, int k, int n) {
    long vectors = (n + LANES - 1L) / LANES;
    return Math.multiplyExact(vectors * LANES, columnBytes(format, k));
  }

  @Override
  public void pack(
      Format format, long b, long rowStride, long columnStride, int k, int n, long packed) {
    Memory.ALL.asSlice(packed, packedBytes(format, k, n)).fill((byte) 0);
    int depth = depth(format, k);
    for (int first = 0; first < n; first += COLUMNS) {
      int present = Math.min(COLUMNS, n - first);
      int width = present > LANES ? COLUMNS : LANES;
      long from = b + 4L * first * columnStride;
      long to = packed + first * columnBytes(format, k);
      if (format == Format.BF16) {
        packBf16(from, 4 * rowStride, 4 * columnStride, k, present, width, to);
      } else {
        for (int column = 0; column < present; column++) {
          long start = from + 4L * column * columnStride;
          packBytes(start, 4 * rowStride, k, depth, 4L * width, to + 4L * column);
        }
      }
    }
  }

  private static void packBf16(
      long b, long rowStep, long columnStep, int k, int columns, int width, long to) {
    for (long row = 0; row < k; row++) {
      long line = to + 4L * width * (row / 2) + 2 * (row % 2);
      for (int column = 0; column < columns; column++) {
        float value = Memory.getFloat(b + row * rowStep + column * columnStep);
        Memory.ALL.set(
            ValueLayout.JAVA_SHORT_UNALIGNED, line + 4L * column, Tensor.toBfloat16(value));
      }
    }
  }

  @Override
  public void packBytes(long b, long scales, int k, int n, long packed) {
    boolean isFull = k % (4 * LANES) == 0 && n % LANES == 0;
    if (!isFull) {
      Memory.ALL.asSlice(packed, packedBytes(Format.INT8, k, n)).fill((byte) 0);
    }
    MemorySegment code = code("pack", NarrowingCode::pack);
    for (int column = 0; column < n; column += LANES) {
      int first = column - column % COLUMNS;
      long step = 4L * (n - first > LANES ? COLUMNS : LANES);
      long to = packed + first * columnBytes(Format.INT8, k) + 4L * (column - first);
      int present = Math.min(LANES, n - column);
      long numbers = to + step * depth(Format.INT8, k);
      Memory.copy(scales + 4L * column, numbers, 4L * present);
      int fours = present == LANES ? k / 4 : 0;
      if (fours > 0) {
        long _ = Code.call(code, b + column, n, to, step, fours, numbers + step);
      }
      if (4 * fours < k) {
        packRest(b + column, 4 * fours, k, n, present, to, step, numbers + step);
      }
    }
  }

  /// Packs rows from one on, of less than 16 columns too, and adds them to the sums.
  private static void packRest(
      long b, int from, int k, int n, int columns, long to, long step, long sums) {
    for (int column = 0; column < columns; column++) {
      int sum = from == 0 ? 0 : Memory.ALL.get(Memory.INT, sums + 4L * column);
      for (int row = from; row < k; row++) {
        byte value = Memory.ALL.get(ValueLayout.JAVA_BYTE, b + (long) row * n + column);
        Memory.ALL.set(ValueLayout.JAVA_BYTE, to + 4L * column + row / 4 * step + row % 4, value);
        sum += value;
      }
      Memory.ALL.set(Memory.INT, sums + 4L * column, sum);
    }
  }

  /// Quantizes one column: its bytes, its scale and their sum.
  private static void packBytes(long b, long rowStep, int k, int depth, long groupStep, long to) {
    float greatest = 0;
    for (long row = 0; row < k; row++) {
      greatest = Math.max(greatest, Math.abs(Memory.getFloat(b + row * rowStep)));
    }
    float scale = greatest == 0 ? 1 : greatest / 127;
    int sum = 0;
    for (long row = 0; row < k; row++) {
      int value = (int) Math.rint(Memory.getFloat(b + row * rowStep) / scale);
      sum += value;
      Memory.ALL.set(ValueLayout.JAVA_BYTE, to + row / 4 * groupStep + row % 4, (byte) value);
    }
    long numbers = to + depth * groupStep;
    Memory.setFloat(numbers, scale);
    Memory.ALL.set(Memory.INT, numbers + groupStep, sum);
  }

  @Override
  public Prepared prepare(Format format, Product product) {
    return new NarrowProduct(this, format, product, false);
  }

  @Override
  public Prepared prepareQuantized(Product product) {
    return new NarrowProduct(this, Format.INT8, product, true);
  }

  /// {@return conversions of numbers to bytes}
  X86Bytes conversions() {
    return conversions;
  }

  /// {@return whether raw sums are computed by the matrix unit}
  boolean usesMatrixUnit() {
    return cpu.matrices();
  }

  /// {@return tiles that store raw sums}
  Tiles sums(Format format) {
    return format == Format.BF16 ? bf16Tiles : byteTiles;
  }

  /// {@return tiles that finish their sums}
  ///
  /// @param alike whether all rows of bytes have the same scale and zero point
  Tiles results(Format format, boolean alike) {
    return format == Format.BF16 ? bf16Tiles : alike ? alikeTiles : scaledTiles;
  }

  /// {@return code that is emitted once}
  MemorySegment code(Object key, Supplier<byte[]> emit) {
    return codes.computeIfAbsent(key, _ -> Code.load(key.toString(), emit.get()));
  }
}
