package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares tiles with sums in `double`, on memory between pages that must not be touched.
class TilesTest {
  private static final int[] ROWS = {
    1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 37
  };
  private static final int[] COLUMNS = {
    1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 47, 56, 64, 72, 96, 131
  };
  private static final int[] DEPTHS = {0, 1, 2, 3, 4, 5, 9};

  private final Random random = new Random(1);

  private record Case(int rows, int columns, int runs, int k, boolean residual, boolean bias) {}

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    int number = 0;
    for (int rows : ROWS) {
      for (int columns : COLUMNS) {
        int k = DEPTHS[number % DEPTHS.length];
        cases.add(new Case(rows, columns, 1 + number % 3, k, number % 2 == 0, number % 5 != 0));
        number++;
      }
    }
    return cases;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void packedProductsStayWithinTheirOperands(Cpu cpu) {
    Tiles tiles = new Tiles(cpu, Factors.F32);
    Activation relu = new Activation(UnaryFunction.RELU, 0, 0);
    for (Case c : cases()) {
      for (boolean end : new boolean[] {true, false}) {
        packed(tiles, cpu.vectorBytes() / 4, c, c.rows() % 2 == 0 ? relu : null, end);
      }
    }
  }

  /// More products than one call computes: as one, and row by row.
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void tallProductsAreTheirRows(Cpu cpu) {
    Tiles tiles = new Tiles(cpu, Factors.F32);
    int rows = 4400;
    int k = 1000;
    int columns = 32;
    try (GuardedMemory memory = new GuardedMemory()) {
      long a = numbers(memory, rows * k, true);
      long packed = pack(memory, new float[k][columns], cpu.vectorBytes() / 4, columns, true);
      long whole = numbers(memory, rows * columns, true);
      long cut = numbers(memory, rows * columns, true);
      multiply(tiles, rows, a, k, packed, columns, whole);
      for (int row = 0; row < rows; row += 8) {
        long to = cut + 4L * row * columns;
        multiply(tiles, 8, a + 4L * row * k, k, packed, columns, to);
      }
      for (long i = 0; i < (long) rows * columns; i++) {
        float right = Memory.getFloat(cut + 4 * i);
        assertEquals(right, Memory.getFloat(whole + 4 * i), 1e-4f * Math.max(1, Math.abs(right)));
      }
    }
  }

  /// More panels than one call computes, in tiles of two heights: at once, and panel by panel.
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void wideProductsAreTheirPanels(Cpu cpu) {
    Tiles tiles = new Tiles(cpu, Factors.F32);
    int lanes = cpu.vectorBytes() / 4;
    int rows = 50;
    int k = 5;
    int panel = 2 * lanes;
    int columns = 35 * panel;
    try (GuardedMemory memory = new GuardedMemory()) {
      long a = numbers(memory, rows * k, true);
      long packed = pack(memory, new float[k][columns], lanes, columns, true);
      long whole = numbers(memory, rows * columns, true);
      long cut = numbers(memory, rows * panel, true);
      multiply(tiles, rows, a, k, packed, columns, whole);
      for (int column = 0; column < columns; column += panel) {
        multiply(tiles, rows, a, k, packed + 4L * column * k, panel, cut);
        for (int i = 0; i < rows * panel; i++) {
          int at = i / panel * columns + column + i % panel;
          assertEquals(Memory.getFloat(cut + 4L * i), Memory.getFloat(whole + 4L * at));
        }
      }
    }
  }

  private static void multiply(
      Tiles tiles, int rows, long a, int k, long packed, int columns, long c) {
    long zeros = Zeros.ADDRESS;
    tiles.multiply(
        rows, a, 4L * k, zeros, 1, k, packed, columns, zeros, 0, 0, 0, null, c, 4L * columns);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void linesStayWithinTheirOperands(Cpu cpu) {
    Tiles tiles = new Tiles(cpu, Factors.F32);
    Activation relu = new Activation(UnaryFunction.RELU, 0, 0);
    for (Case c : cases()) {
      if (tiles.takesLines(c.rows(), c.columns())) {
        for (boolean end : new boolean[] {true, false}) {
          lines(tiles, cpu.vectorBytes() / 4, c, c.rows() % 2 == 0 ? relu : null, end);
        }
      }
    }
  }

  private void lines(Tiles tiles, int lanes, Case c, @Nullable Activation activation, boolean end) {
    int lines = 3;
    try (GuardedMemory memory = new GuardedMemory()) {
      int line = c.rows() * c.k() + 3;
      long a = numbers(memory, (lines + c.runs() - 2) * line + c.rows() * c.k(), end);
      long taps = numbers(memory, 2 * c.runs(), end);
      for (int run = 0; run < c.runs(); run++) {
        Memory.ALL.set(Memory.LONG, taps + 8L * run, 4L * run * line);
      }
      float[][] b = new float[c.runs() * c.k()][c.columns()];
      long packed = pack(memory, b, lanes, c.columns(), end);
      long init = c.bias() ? numbers(memory, c.columns(), end) : Zeros.ADDRESS;
      int size = lines * c.rows() * c.columns();
      long residual = c.residual() ? numbers(memory, size, end) : 0;
      long result = numbers(memory, size, end);
      long step = 4L * c.columns();
      tiles.multiplyLines(
          lines,
          4L * line,
          c.rows(),
          a,
          4L * c.k(),
          taps,
          c.runs(),
          c.k(),
          packed,
          c.columns(),
          init,
          0,
          residual,
          step,
          activation,
          result,
          step);
      for (int i = 0; i < lines * c.rows(); i++) {
        long from = a + 4L * (i / c.rows() * line + i % c.rows() * c.k());
        for (int j = 0; j < c.columns(); j++) {
          double sum = c.bias() ? Memory.getFloat(init + 4L * j) : 0;
          for (int p = 0; p < b.length; p++) {
            int at = p / c.k() * line + p % c.k();
            sum += (double) Memory.getFloat(from + 4L * at) * b[p][j];
          }
          sum += c.residual() ? Memory.getFloat(residual + i * step + 4L * j) : 0;
          double expected = activation == null ? sum : Math.max(0, sum);
          assertEquals(expected, Memory.getFloat(result + i * step + 4L * j), 1e-5, c::toString);
        }
      }
    }
  }

  private void packed(
      Tiles tiles, int lanes, Case c, @Nullable Activation activation, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      int depth = c.runs() * c.k();
      int row = c.k() + 2;
      int span = (c.rows() - 1) * row + (c.runs() - 1) * c.k() + c.k();
      long a = numbers(memory, span, end);
      long taps = numbers(memory, 2 * c.runs(), end);
      for (int run = 0; run < c.runs(); run++) {
        Memory.ALL.set(Memory.LONG, taps + 8L * run, 4L * run * c.k());
      }
      float[][] b = new float[depth][c.columns()];
      long packed = pack(memory, b, lanes, c.columns(), end);
      long init = c.bias() ? numbers(memory, c.columns(), end) : Zeros.ADDRESS;
      long size = (long) c.rows() * c.columns();
      long residual = c.residual() ? numbers(memory, (int) size, end) : 0;
      long result = numbers(memory, (int) size, end);
      long step = 4L * c.columns();
      tiles.multiply(
          c.rows(),
          a,
          4L * row,
          taps,
          c.runs(),
          c.k(),
          packed,
          c.columns(),
          init,
          0,
          residual,
          step,
          activation,
          result,
          step);
      for (int i = 0; i < c.rows(); i++) {
        for (int j = 0; j < c.columns(); j++) {
          double sum = c.bias() ? Memory.getFloat(init + 4L * j) : 0;
          for (int p = 0; p < depth; p++) {
            sum += (double) Memory.getFloat(a + 4L * (i * row + p)) * b[p][j];
          }
          sum += c.residual() ? Memory.getFloat(residual + i * step + 4L * j) : 0;
          double expected = activation == null ? sum : Math.max(0, sum);
          assertEquals(expected, Memory.getFloat(result + i * step + 4L * j), 1e-5, c::toString);
        }
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void stridedProductsStayWithinTheirOperands(Cpu cpu) {
    Tiles tiles = new Tiles(cpu, Factors.F32);
    for (Case c : cases()) {
      for (boolean end : new boolean[] {true, false}) {
        strided(tiles, c, end);
      }
    }
  }

  private void strided(Tiles tiles, Case c, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      int k = c.k() + 1;
      long a = numbers(memory, c.rows() * k, end);
      long b = numbers(memory, k * c.columns(), end);
      long result = numbers(memory, c.rows() * c.columns(), end);
      long step = 4L * c.columns();
      long factors = numbers(memory, c.rows(), end);
      tiles.multiplyStrided(c.rows(), a, 4L * k, k, b, step, c.columns(), factors, result, step);
      for (int i = 0; i < c.rows(); i++) {
        for (int j = 0; j < c.columns(); j++) {
          double sum = 0;
          for (int p = 0; p < k; p++) {
            sum +=
                (double) Memory.getFloat(a + 4L * (i * k + p))
                    * Memory.getFloat(b + p * step + 4L * j);
          }
          sum *= Memory.getFloat(factors + 4L * i);
          assertEquals(sum, Memory.getFloat(result + i * step + 4L * j), 1e-5, c::toString);
        }
      }
    }
  }

  private long numbers(GuardedMemory memory, int n, boolean end) {
    return memory.floats(random, n, -1, 1, end);
  }

  /// Fills a matrix and packs it: panels of two vectors, then of one, filled up with zeros.
  private long pack(GuardedMemory memory, float[][] b, int lanes, int columns, boolean end) {
    int vectors = (columns + lanes - 1) / lanes;
    long at = numbers(memory, vectors * lanes * b.length, end);
    long to = at;
    for (int column = 0; column < columns; ) {
      int width = columns - column >= 2 * lanes ? 2 * lanes : lanes;
      for (float[] row : b) {
        for (int i = 0; i < width; i++) {
          boolean present = column + i < columns;
          if (present) {
            row[column + i] = random.nextFloat() * 2 - 1;
          }
          Memory.setFloat(to, present ? row[column + i] : 0);
          to += 4;
        }
      }
      column += width;
    }
    return at;
  }
}
