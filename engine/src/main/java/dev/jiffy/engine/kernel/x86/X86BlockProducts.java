package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Products with weights of a few bits as machine code: a few rows at a time are brought into the
/// form that [BlockCode] takes, then multiplied with panel after panel. Many rows of f32 are
/// multiplied as they are, with one panel or two after the other that are made f32 before; so is a
/// row with numbers that are not finite. Residuals are added, and activations applied, to a few
/// rows and panels at a time.
///
/// A packed panel has, block by block, its weights, as many of a column as 32 bits hold, then the
/// scales of the columns, and where there are zero points, these times the scales.
final class X86BlockProducts implements BlockKernels, CodeTable.Emitter {
  private static final int LINE = 64;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// The most weights of one call times its rows: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 21;

  /// From how many rows on panels are made f32, which takes as long as ten to twenty rows.
  private static final int MANY_ROWS = 48;

  /// The same with 16 registers, whose tiles of few rows are slower.
  private static final int MANY_ROWS_OF_FEW_REGISTERS = 24;

  private final Cpu cpu;
  private final X86MicroKernels micro;
  private final int lanes;
  private final int mostRows;
  private final CodeTable codes;
  private final CodeTable unpacking;

  X86BlockProducts(Cpu cpu) {
    this.cpu = cpu;
    micro = new X86MicroKernels(cpu);
    lanes = cpu.vectorBytes() / 4;
    mostRows = BlockCode.most(cpu);
    codes = new CodeTable("blocks", BlockCode.FORMS, this);
    unpacking = new CodeTable("unpack", BlockCode.FORMS, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    BlockCode of = BlockCode.of(cpu, form);
    return table.equals("blocks")
        ? of.emit()
        : new UnpackCode(cpu.vectorBytes(), of.block(), of.bits(), of.zeros()).emit();
  }

  @Override
  public boolean suits(BlockProduct p) {
    return p.block() <= BlockCode.MOST_BLOCK
        && (!p.bytes() || BlockCode.multipliesBytes(cpu, p.bits()));
  }

  @Override
  public int panelColumns() {
    return lanes;
  }

  private long blockBytes(BlockProduct p) {
    return cpu.vectorBytes() * ((long) p.block() / BlockCode.depth(p.bits()) + (p.zeros() ? 2 : 1));
  }

  private long panelBytes(BlockProduct p) {
    return blockBytes(p) * p.blocks();
  }

  @Override
  public long packedBytes(BlockProduct p) {
    long panels = (p.n() + lanes - 1L) / lanes;
    long bytes = Math.multiplyExact(panels, panelBytes(p));
    return Math.addExact(bytes, LINE - 1) & -LINE;
  }

  @Override
  public void pack(BlockProduct p, long w, long scales, long zeros, long packed) {
    int words = p.block() / BlockCode.depth(p.bits());
    int mask = (1 << p.bits()) - 1;
    for (int column = 0; column < p.n(); column++) {
      long panel = packed + column / lanes * panelBytes(p) + 4L * (column % lanes);
      for (int block = 0; block < p.blocks(); block++) {
        long index = (long) column * p.blocks() + block;
        long to = panel + block * blockBytes(p);
        packBlock(p, words, w + 4L * words * index, to);
        to += (long) cpu.vectorBytes() * words;
        float scale = Memory.getFloat(scales + 4 * index);
        Memory.setFloat(to, scale);
        if (p.zeros()) {
          long bit = (long) block * p.bits();
          int several = ALL.get(BYTE, zeros + column * p.zeroBytes() + bit / 8);
          Memory.setFloat(to + cpu.vectorBytes(), scale * ((several >> (bit % 8)) & mask));
        }
      }
    }
  }

  private void packBlock(BlockProduct p, int words, long from, long to) {
    int step = cpu.vectorBytes();
    for (int i = 0; i < words; i++) {
      int bits = ALL.get(Memory.INT, from + 4L * i);
      ALL.set(Memory.INT, to + (long) step * i, ordered(p, bits));
    }
  }

  /// The weights of 32 bits in the order in which they are multiplied: with bytes the first four
  /// are the lowest of the four bytes, the next four the next ones.
  private static int ordered(BlockProduct p, int bits) {
    if (!p.bytes() || p.bits() == 8) {
      return bits;
    }
    if (p.bits() == 4) {
      return spreadFours(bits & 0xffff) | spreadFours(bits >>> 16) << 4;
    }
    int ordered = 0;
    for (int part = 0; part < 4; part++) {
      ordered |= spreadTwos((bits >>> (8 * part)) & 0xff) << (2 * part);
    }
    return ordered;
  }

  /// Four numbers of 4 bits as the lower halves of bytes.
  private static int spreadFours(int numbers) {
    int pairs = (numbers | numbers << 8) & 0x00ff_00ff;
    return (pairs | pairs << 4) & 0x0f0f_0f0f;
  }

  /// Four numbers of 2 bits as the lowest bits of bytes.
  private static int spreadTwos(int numbers) {
    int pairs = (numbers | numbers << 12) & 0x000f_000f;
    return (pairs | pairs << 6) & 0x0303_0303;
  }

  private static int elementBytes(BlockProduct p) {
    return p.bytes() ? 1 : 4;
  }

  private static long rowsBytes(BlockProduct p) {
    long elements = (long) BlockCode.MOST_ROWS * p.blocks() * p.block();
    return (elements * elementBytes(p) + LINE - 1) & -LINE;
  }

  @Override
  public long scratchBytes(BlockProduct p) {
    long arranged = rowsBytes(p) + 8L * BlockCode.MOST_ROWS * p.blocks();
    long unpacked = 2L * cpu.vectorBytes() * p.blocks() * p.block();
    return p.bytes() ? arranged : Math.max(arranged, unpacked);
  }

  private boolean isUnpacked(BlockProduct p, int rows) {
    int many = mostRows == BlockCode.MOST_ROWS ? MANY_ROWS : MANY_ROWS_OF_FEW_REGISTERS;
    return !p.bytes() && rows >= many;
  }

  @Override
  public void multiply(
      BlockProduct p,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo,
      long scratch) {
    if (isUnpacked(p, rowTo - rowFrom)) {
      int rows = rowTo - rowFrom;
      multiplyUnpacked(p, rowFrom, rows, a, packed, bias, residual, c, panelFrom, panelTo, scratch);
      return;
    }
    long numbers = scratch + rowsBytes(p);
    int whole = Math.min(panelTo, p.n() / lanes);
    for (long row = rowFrom; row < rowTo; row += mostRows) {
      int rows = (int) Math.min(mostRows, rowTo - row);
      int strange = arrange(p, rows, a + 4L * row * p.k(), scratch, numbers);
      long first = 4L * row * p.n();
      long to = c + first;
      long added = residual == 0 ? 0 : residual + first;
      int most = (int) Math.max(1, MOST / ((long) rows * lanes * p.k()));
      for (int panel = panelFrom; panel < whole; panel += most) {
        int panels = Math.min(most, whole - panel);
        call(p, rows, panels, lanes, panel, packed, bias, added, to, scratch);
      }
      if (panelTo > whole && panelTo > panelFrom) {
        call(p, rows, 1, p.n() % lanes, whole, packed, bias, added, to, scratch);
      }
      for (; strange != 0; strange &= strange - 1) {
        long one = row + Integer.numberOfTrailingZeros(strange);
        multiplyUnpacked(p, one, 1, a, packed, bias, residual, c, panelFrom, panelTo, scratch);
      }
    }
  }

  private void multiplyUnpacked(
      BlockProduct p,
      long row,
      int rows,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int panelFrom,
      int panelTo,
      long scratch) {
    MemorySegment unpack =
        unpacking.get(BlockCode.form(1, p.block(), p.bits(), p.zeros(), false, false));
    long first = 4L * row * p.n();
    int panels;
    for (int panel = panelFrom; panel < panelTo; panel += panels) {
      int column = panel * lanes;
      panels = panel + 2 <= panelTo && column + 2 * lanes <= p.n() ? 2 : 1;
      long step = (long) panels * cpu.vectorBytes();
      for (int i = 0; i < panels; i++) {
        long from = packed + (panel + i) * panelBytes(p);
        long to = scratch + (long) i * cpu.vectorBytes();
        long _ = Code.call(unpack, from, p.blocks(), to, step, 0, 0);
      }
      micro.multiply(
          rows,
          a + 4L * row * p.k(),
          4L * p.k(),
          Zeros.ADDRESS,
          1,
          p.k(),
          scratch,
          Math.min(panels * lanes, p.n() - column),
          bias == 0 ? Zeros.ADDRESS : bias + 4L * column,
          0,
          residual == 0 ? 0 : residual + first + 4L * column,
          4L * p.n(),
          p.activation(),
          c + first + 4L * column,
          4L * p.n());
    }
  }

  private void call(
      BlockProduct p,
      int rows,
      int panels,
      int columns,
      int panel,
      long packed,
      long bias,
      long residual,
      long c,
      long scratch) {
    long first = 4L * lanes * panel;
    Code.call(
        codes.get(BlockCode.form(rows, p.block(), p.bits(), p.zeros(), p.bytes(), bias != 0)),
        panels,
        packed + panel * panelBytes(p),
        scratch,
        scratch + rowsBytes(p),
        p.blocks(),
        bias == 0 ? 0 : bias + first,
        c + first,
        4L * p.n(),
        Masks.first(cpu.vectorBytes(), columns),
        0,
        0,
        0,
        0,
        0,
        0,
        0);
    micro.finish(
        1,
        residual == 0 ? 0 : residual + first,
        4L * p.n(),
        0,
        p.activation(),
        c + first,
        4L * p.n(),
        rows,
        (panels - 1L) * lanes + columns);
  }

  /// Brings rows into the order in which they are multiplied, block by block.
  ///
  /// @return the rows of f32 of which a block's sum is not finite: a bit for each, that of the
  ///   first the lowest
  private static int arrange(BlockProduct p, int rows, long a, long to, long numbers) {
    int strange = 0;
    for (int block = 0; block < p.blocks(); block++) {
      int present = Math.min(p.block(), p.k() - block * p.block());
      for (int row = 0; row < rows; row++) {
        long from = a + 4L * ((long) row * p.k() + (long) block * p.block());
        long index = (long) block * rows + row;
        long at = to + index * p.block() * elementBytes(p);
        if (p.bytes()) {
          bytes(p, from, present, at, numbers + 8 * index);
        } else {
          boolean isFinite = floats(p, from, present, at, numbers + 8 * index);
          strange |= isFinite ? 0 : 1 << row;
        }
      }
    }
    return strange;
  }

  /// The zero point where there is none.
  private static int middle(BlockProduct p) {
    return 1 << (p.bits() - 1);
  }

  /// {@return whether the sum is finite}
  private static boolean floats(BlockProduct p, long from, int present, long to, long numbers) {
    float[] factors = BlockCode.factors(p.bits());
    int whole = present & -4;
    float a = 0; // four sums, so that an addition does not wait for the one before
    float b = 0;
    float c = 0;
    float d = 0;
    for (int i = 0; i < whole; i += 4) {
      a += place(from, to, i, factors);
      b += place(from, to, i + 1, factors);
      c += place(from, to, i + 2, factors);
      d += place(from, to, i + 3, factors);
    }
    for (int i = whole; i < present; i++) {
      a += place(from, to, i, factors);
    }
    for (int i = present; i < p.block(); i++) {
      Memory.setFloat(to + 4L * i, 0);
    }
    float sum = (a + b) + (c + d);
    float number = p.zeros() ? sum : middle(p) * sum;
    Memory.setFloat(numbers + 4, number);
    return Float.isFinite(number);
  }

  private static float place(long from, long to, int i, float[] factors) {
    float x = Memory.getFloat(from + 4L * i);
    Memory.setFloat(to + 4L * i, x * factors[i & (factors.length - 1)]);
    return x;
  }

  private static void bytes(BlockProduct p, long from, int present, long to, long numbers) {
    float greatest = 0;
    for (int i = 0; i < present; i++) {
      greatest = Math.max(greatest, Math.abs(Memory.getFloat(from + 4L * i)));
    }
    float scale = greatest / 127;
    float inverse = scale < Float.MIN_NORMAL ? 0 : 1 / scale;
    int sum = 0;
    for (int i = 0; i < p.block(); i++) {
      int q = i < present ? (int) Math.rint(Memory.getFloat(from + 4L * i) * inverse) : 0;
      sum += q;
      ALL.set(BYTE, to + i, (byte) q);
    }
    Memory.setFloat(numbers, scale);
    Memory.setFloat(numbers + 4, (p.zeros() ? 1 : middle(p)) * (sum * scale));
  }
}
