package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.check.KernelCheck;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import dev.jiffy.engine.kernel.tile.WinogradKernels;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import dev.jiffy.engine.kernel.vector.VectorWinograd;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares Winograd's transforms with their definition, on memory between pages that must not be
/// touched.
class WinogradTest {
  private static final int[] CHANNELS = {1, 7, 8, 9, 16, 17, 40, 48};
  private static final int[][] DILATIONS = {{1, 1}, {1, 3}, {2, 1}, {2, 2}};
  private static final int[][] INPUT = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
  private static final int[][] RESULT = {{1, 1, 1, 0}, {0, 1, -1, -1}};

  private final Random random = new Random(1);

  private static ConvGeometry geometry(int extent, int channels, int padding, int[] apart) {
    Activation relu = extent % 2 == 0 ? new Activation(UnaryFunction.RELU, 0, 0) : null;
    int width = 10 - extent;
    return new ConvGeometry(
        2,
        extent,
        width,
        channels,
        extent + 2 * padding - 2 * apart[0],
        width + 2 * padding - 2 * apart[1],
        channels,
        3,
        3,
        1,
        1,
        apart[0],
        apart[1],
        padding,
        padding,
        1,
        relu);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void transformsOfMachineCodeAgreeAndStayWithinTheirOperands(Cpu cpu) {
    compare(new X86Winograd(cpu), 1);
  }

  @Test
  void transformsOfTheVectorApiAgreeAndStayWithinTheirOperands() {
    compare(new VectorWinograd(), new VectorMicroKernels().lanes());
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void transformsAreCheckedWhereTheyRun(Cpu cpu) {
    WinogradKernels wrong =
        WrongKernels.changed(
            WinogradKernels.class,
            new X86Winograd(cpu),
            "transformResult",
            (_, arguments) -> WrongKernels.spoiled(arguments[6]));
    MatrixKernels kernels =
        new TiledMatrixKernels(new X86MicroKernels(cpu), new X86Depthwise(cpu), wrong, null);
    assertNotNull(KernelCheck.fault(KernelCheck.Kind.CONVOLUTION, kernels, new ScalarRowKernels()));
  }

  private void compare(WinogradKernels kernels, int least) {
    for (int channels : IntStream.of(CHANNELS).filter(each -> each >= least).toArray()) {
      for (int extent = 1; extent < 10; extent++) {
        for (int padding = 1; padding < 4; padding++) {
          compare(kernels, geometry(extent, channels, padding, DILATIONS[extent * padding % 4]));
        }
      }
    }
    ConvGeometry many = geometry(3, 1030, 1, DILATIONS[0]); // more channels than there are zeros
    compareInput(kernels, many, 0, true);
    compareResult(kernels, many, 0, true);
  }

  private void compare(WinogradKernels kernels, ConvGeometry geometry) {
    if (geometry.outHeight() > 0 && geometry.outWidth() > 0) {
      for (int row = 0; row < geometry.rows(); row += 2) {
        compareInput(kernels, geometry, row, row % 4 == 0);
        compareResult(kernels, geometry, row, row % 4 == 0);
      }
    }
  }

  /// {@return the first column of tiles in some row}
  private static int column(ConvGeometry g, int row) {
    return row / 2 % Math.min(g.dilationWidth(), g.outWidth());
  }

  /// {@return the tiles of a row from a column on}
  private static int tiles(ConvGeometry g, int column) {
    return Math.ceilDiv(Math.ceilDiv(g.outWidth() - column, g.dilationWidth()), 2);
  }

  /// {@return the first channel that is transformed}
  private static int firstChannel(int channels) {
    return channels > 32 ? channels / 4 : 0;
  }

  private void compareInput(WinogradKernels kernels, ConvGeometry g, int row, boolean end) {
    int channels = g.inChannels();
    int from = firstChannel(channels);
    int count = channels - from - from / 8;
    int column = column(g, row);
    int tiles = tiles(g, column);
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = numbers(memory, (long) g.batch() * g.inHeight() * g.inWidth() * channels, end);
      long step = 4L * tiles * count;
      long to = numbers(memory, 16L * tiles * count, end);
      kernels.transformInput(g, count, x + 4L * from, row, column, tiles, to, step);
      for (int tile = 0; tile < tiles; tile++) {
        for (int i = 0; i < 16; i++) {
          for (int channel = 0; channel < count; channel++) {
            double sum = 0;
            for (int tap = 0; tap < 16; tap++) {
              int factor = INPUT[i / 4][tap / 4] * INPUT[i % 4][tap % 4];
              int top = row % g.outHeight() - g.padTop() + tap / 4 * g.dilationHeight();
              int left = column - g.padLeft() + (2 * tile + tap % 4) * g.dilationWidth();
              if (top >= 0 && top < g.inHeight() && left >= 0 && left < g.inWidth()) {
                int line = row / g.outHeight() * g.inHeight() + top;
                long at = ((long) line * g.inWidth() + left) * channels + from + channel;
                sum += factor * Memory.getFloat(x + 4 * at);
              }
            }
            float got = Memory.getFloat(to + i * step + 4L * (tile * count + channel));
            assertEquals(sum, got, 1e-5, g::toString);
          }
        }
      }
    }
  }

  private void compareResult(WinogradKernels kernels, ConvGeometry g, int row, boolean end) {
    int channels = g.outChannels();
    int begin = firstChannel(channels);
    int count = channels - begin - begin / 8;
    int first = column(g, row);
    int tiles = tiles(g, first);
    int second = row + g.dilationHeight();
    int rows = row % g.outHeight() + g.dilationHeight() < g.outHeight() ? 2 : 1;
    try (GuardedMemory memory = new GuardedMemory()) {
      long step = 4L * tiles * count;
      long from = numbers(memory, 16L * tiles * count + 16, end);
      long bias = g.padTop() == 1 ? 0 : numbers(memory, channels, end);
      long size = (long) g.rows() * g.outWidth() * channels;
      long residual = g.padTop() == 2 ? 0 : numbers(memory, size, end);
      long y = numbers(memory, size, end);
      float[] before = new float[(int) size];
      for (int i = 0; i < size; i++) {
        before[i] = Memory.getFloat(y + 4L * i);
      }
      long skipped = 4L * begin;
      kernels.transformResult(
          g,
          count,
          from,
          step,
          bias == 0 ? 0 : bias + skipped,
          residual == 0 ? 0 : residual + skipped,
          y + skipped,
          row,
          rows,
          first,
          tiles);
      for (int i = 0; i < size; i++) {
        int line = i / channels / g.outWidth();
        int column = i / channels % g.outWidth();
        int channel = i % channels;
        double sum = before[i];
        int pixel = (column - first) / g.dilationWidth();
        boolean isInGrid = column >= first && (column - first) % g.dilationWidth() == 0;
        boolean isInRows = line == row || (rows == 2 && line == second);
        if (isInGrid && isInRows && channel >= begin && channel < begin + count) {
          sum = bias == 0 ? 0 : Memory.getFloat(bias + 4L * channel);
          sum += residual == 0 ? 0 : Memory.getFloat(residual + 4L * i);
          for (int tap = 0; tap < 16; tap++) {
            int factor = RESULT[line == row ? 0 : 1][tap / 4] * RESULT[pixel % 2][tap % 4];
            long at = tap * step + 4L * (pixel / 2 * count + channel - begin);
            sum += factor * Memory.getFloat(from + at);
          }
          sum = g.activation() == null ? sum : Math.max(0, sum);
        }
        assertEquals(sum, Memory.getFloat(y + 4L * i), 1e-5, g::toString);
      }
    }
  }

  private long numbers(GuardedMemory memory, long n, boolean end) {
    return memory.floats(random, (int) n, -1, 1, end);
  }
}
