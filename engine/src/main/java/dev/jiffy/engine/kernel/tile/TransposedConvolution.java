package dev.jiffy.engine.kernel.tile;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import org.jspecify.annotations.Nullable;

/// Transposed convolutions as products that are written where their results lie.
///
/// A tap contributes to a column of the result, counted from the padding on, where its distance
/// from it is a multiple of the stride; the quotient is the column of the input that it reads.
/// Columns with the same remainder by the stride, a phase, have the same taps and read adjacent
/// pixels one after another. Of one row of the result they are one product, whose left-hand side is
/// the input in place, with a run for each tap, and whose rows are a stride apart. The same is true
/// of rows of the result, so that there is a matrix of weights for each phase of rows and each of
/// columns that has taps at all. Taps of one phase are a period apart. Taps whose row of the input
/// does not exist are left out.
///
/// Where it takes no more work, as with windows that do not overlap, all phases of columns are
/// computed as one: as many adjacent columns as the stride says are then a unit, and what is said
/// of columns above holds for units, with a stride of 1. Otherwise each column is a unit.
final class TransposedConvolution {
  private final MicroKernels micro;
  private final Panels panels;

  /// Cuts transposed convolutions for some kernels.
  ///
  /// @param micro the kernels
  TransposedConvolution(MicroKernels micro) {
    this.micro = micro;
    this.panels = new Panels(micro);
  }

  private static int in(ConvGeometry g) {
    return g.inChannels() / g.groups();
  }

  private static int out(ConvGeometry g) {
    return g.outChannels() / g.groups();
  }

  /// {@return the columns of a unit: as many as the stride, where that multiplies no more vectors}
  private int width(ConvGeometry g) {
    int stride = g.strideWidth();
    long apart = (long) g.kernelWidth() * Math.ceilDiv(g.outChannels(), micro.lanes());
    long vectors = Math.ceilDiv((long) stride * g.outChannels(), micro.lanes());
    boolean joint = Math.ceilDiv(g.kernelWidth(), stride) * vectors <= apart;
    return joint && g.groups() == 1 && g.dilationWidth() == 1 ? stride : 1;
  }

  /// {@return how many taps a row of the window has for units}
  private int taps(ConvGeometry g) {
    return Math.ceilDiv(g.kernelWidth(), width(g));
  }

  /// {@return the columns of a product: the channels of a group for each column of a unit}
  private int columns(ConvGeometry g) {
    return Math.multiplyExact(width(g), out(g));
  }

  private static int divisor(int stride, int dilation) {
    return dilation == 0 ? stride : divisor(dilation, stride % dilation);
  }

  /// {@return the taps from one of a phase to the next: the first ones of all phases are below}
  private static int period(int stride, int dilation) {
    return stride / divisor(stride, dilation);
  }

  /// {@return the first tap of a phase, however many taps there are, or -1}
  private static int firstTap(long phase, int stride, int dilation) {
    int divisor = divisor(stride, dilation);
    int period = stride / divisor;
    return phase % divisor == 0
        ? (int) (phase / divisor % period * inverse(dilation / divisor % period, period) % period)
        : -1;
  }

  /// {@return the number that a number is to be multiplied with for a remainder of 1}
  ///
  /// @param number a number without a divisor in common with the modulus
  private static long inverse(int number, int modulus) {
    long rest = modulus;
    long next = number;
    long factor = 0;
    long nextFactor = 1;
    while (next > 1) { // Euclid's algorithm: each factor times the number leaves its rest
      long quotient = rest / next;
      long before = rest;
      rest = next;
      next = before - quotient * next;
      before = factor;
      factor = nextFactor;
      nextFactor = before - quotient * nextFactor;
    }
    return Math.floorMod(next == 0 ? factor : nextFactor, (long) modulus);
  }

  /// {@return how many taps belong to the phase of a tap within the first period}
  private static int count(int first, int taps, int period) {
    return Math.ceilDiv(taps - first, period);
  }

  /// {@return how many taps belong to the phases of the taps before one within the first period}
  private static long before(int first, int taps, int period) {
    return (long) (taps / period) * first + Math.min(taps % period, first);
  }

  private int downPeriod(ConvGeometry g) {
    return period(g.strideHeight(), g.dilationHeight());
  }

  private int acrossPeriod(ConvGeometry g) {
    return period(g.strideWidth() / width(g), g.dilationWidth());
  }

  /// {@return the bytes of the weights of a tap}
  private long tapBytes(ConvGeometry g) {
    long columns = (long) Math.ceilDiv(columns(g), micro.lanes()) * micro.lanes();
    return Math.multiplyExact(4L * in(g), columns);
  }

  long packedBytes(ConvGeometry g) {
    long taps = (long) g.groups() * g.kernelHeight() * taps(g);
    return Math.addExact(Math.multiplyExact(taps, tapBytes(g)), 63) & -64;
  }

  /// Packs the weights: for each group, phase of rows and phase of columns a matrix, whose rows are
  /// ordered by tap.
  void pack(ConvGeometry g, long weights, long packed) {
    int height = g.kernelHeight();
    int width = width(g);
    int taps = taps(g);
    int down = downPeriod(g);
    int across = acrossPeriod(g);
    micro.zero(packed, packedBytes(g));
    for (int y = 0; y < height; y++) {
      int rows = count(y % down, height, down);
      long above = before(y % down, height, down);
      for (int x = 0; x < g.kernelWidth(); x++) {
        int tap = x / width;
        int columns = count(tap % across, taps, across);
        long left = before(tap % across, taps, across);
        int run = y / down * columns + tap / across;
        pack(
            g,
            weights + 4L * (y * g.kernelWidth() + x),
            packed + tapBytes(g) * (above * taps + left * rows),
            rows * columns,
            run,
            x % width * out(g));
      }
    }
  }

  /// Packs the weights of one tap of all groups.
  ///
  /// @param weights the first one
  /// @param packed the matrix of the first group
  /// @param runs the taps of a matrix
  /// @param run which of them it is
  /// @param column the column of the first channel
  private void pack(ConvGeometry g, long weights, long packed, int runs, int run, int column) {
    int in = in(g);
    int out = out(g);
    long groupBytes = tapBytes(g) * g.kernelHeight() * taps(g);
    long step = 4L * g.kernelHeight() * g.kernelWidth();
    for (int channel = 0; channel < g.inChannels(); channel++) {
      long to = packed + channel / in * groupBytes;
      int row = run * in + channel % in;
      for (int result = 0; result < out; result++) {
        float weight = Memory.getFloat(weights + ((long) channel * out + result) * step);
        long at = panels.index(row, column + result, runs * in, columns(g));
        Memory.setFloat(to + 4 * at, weight);
      }
    }
  }

  /// {@return the last unit that has columns of the result}
  private long lastUnit(ConvGeometry g) {
    return ((long) g.padLeft() + g.outWidth() - 1) / width(g);
  }

  /// {@return the columns to the left of an image that are read}
  private long left(ConvGeometry g) {
    int width = width(g);
    long reach = (taps(g) - 1L) * g.dilationWidth() - g.padLeft() / width;
    return Math.max(0, reach / (g.strideWidth() / width));
  }

  /// {@return the columns to the right of an image that are read}
  private long right(ConvGeometry g) {
    return Math.max(0, lastUnit(g) / (g.strideWidth() / width(g)) + 1 - g.inWidth());
  }

  /// {@return the bytes of a row of the input with the columns on both sides that are read}
  private long pitch(ConvGeometry g) {
    return Math.multiplyExact(left(g) + g.inWidth() + right(g), 4L * g.inChannels());
  }

  /// {@return how many rows of the input are kept with columns on both sides, or 0 where no such
  /// columns are read: as many as a window spans}
  private int keptRows(ConvGeometry g) {
    long span = (g.kernelHeight() - 1L) * g.dilationHeight() / g.strideHeight() + 1;
    return left(g) + right(g) == 0 ? 0 : (int) Math.min(g.inHeight(), span);
  }

  private static long tableBytes(ConvGeometry g) {
    return 8L * g.kernelHeight() * g.kernelWidth();
  }

  private long initBytes(ConvGeometry g) {
    return 4L * width(g) * g.outChannels();
  }

  /// {@return the bytes of a row of units, or 0 where a row of the result consists of whole ones}
  private long unitsBytes(ConvGeometry g) {
    int width = width(g);
    if (g.padLeft() % width == 0 && g.outWidth() % width == 0) {
      return 0;
    }
    return 4L * columns(g) * (lastUnit(g) - g.padLeft() / width + 1);
  }

  /// The table of runs, the bias of a unit, a row of units, and rows of the input.
  long scratchBytes(ConvGeometry g) {
    long kept = Math.multiplyExact(pitch(g), (long) keptRows(g));
    return Math.addExact(kept, tableBytes(g) + initBytes(g) + unitsBytes(g));
  }

  void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    long step = 4L * g.outChannels();
    long init = scratch + tableBytes(g);
    long kept = init + initBytes(g) + unitsBytes(g);
    int keptRows = keptRows(g);
    micro.preset(0, 0, bias, 1, init, step, width(g), g.outChannels());
    micro.zero(kept, pitch(g) * keptRows);
    long copied = 0;
    for (int row = rowFrom; row < rowTo; row++) {
      int image = row / g.outHeight();
      int within = row - image * g.outHeight();
      long position = (long) within + g.padTop();
      long source = x + 4L * image * g.inHeight() * g.inWidth() * g.inChannels();
      if (keptRows > 0) {
        long last = position / g.strideHeight();
        copied = keep(g, source, within == 0 ? 0 : copied, last, kept);
        source = kept;
      }
      row(g, position, source, packed, bias, y + (long) row * g.outWidth() * step, scratch);
    }
  }

  /// Copies rows of an image to where they have columns on both sides, each to the place of one
  /// that is no longer needed.
  ///
  /// @param image the image
  /// @param copied how many of its rows were copied or passed before
  /// @param last the last row that is needed, which may lie below the image
  /// @param kept where rows are kept
  /// @return how many rows have been copied or passed
  private long keep(ConvGeometry g, long image, long copied, long last, long kept) {
    int count = keptRows(g);
    int elements = g.inWidth() * g.inChannels();
    long to = kept + 4 * left(g) * g.inChannels();
    long end = Math.min(last + 1, g.inHeight());
    long row = Math.max(copied, end - count);
    for (; row < end; row++) {
      long place = to + row % count * pitch(g);
      micro.preset(image + 4 * row * elements, 0, 0, 1, place, 0, 1, elements);
    }
    return row;
  }

  /// Computes a row of the result.
  ///
  /// @param position the row, counted from the padding on
  /// @param input the image of the input, or the rows of it that are kept
  /// @param y the row of the result
  /// @param table working memory
  private void row(
      ConvGeometry g, long position, long input, long packed, long bias, long y, long table) {
    int stride = g.strideWidth() / width(g);
    int taps = taps(g);
    int phases = Math.min(acrossPeriod(g), taps);
    long step = 4L * g.outChannels();
    long init = table + tableBytes(g);
    long first = g.padLeft() / width(g);
    boolean whole = unitsBytes(g) == 0;
    long columns = whole ? y : init + initBytes(g) + (g.padLeft() - first * width(g)) * step;
    // lanes that hold no columns would be activated, too
    Activation within = columns(g) < micro.lanes() ? null : g.activation();
    int down = downPeriod(g);
    int top = firstTap(position, g.strideHeight(), g.dilationHeight());
    long missing = top < 0 ? 0 : missing(g, position, top);
    long present = top < 0 ? 0 : Math.max(0, present(g, position, top) - missing);
    if (present == 0 || phases < stride) { // there are pixels without taps
      micro.preset(0, 0, bias, 1, y, step, g.outWidth(), g.outChannels());
      micro.finish(1, 0, 0, 0, within, y, step, g.outWidth(), g.outChannels());
    }
    for (int tap = 0; tap < phases && present > 0; tap++) {
      int phase = (int) ((long) tap * g.dilationWidth() % stride);
      long from = Math.ceilDiv(first - phase, stride);
      int rows = (int) (Math.floorDiv(lastUnit(g) - phase, stride) + 1 - from);
      if (rows <= 0) {
        continue;
      }
      int across = count(tap, taps, acrossPeriod(g));
      int all = count(top, g.kernelHeight(), down);
      long matrix =
          before(top, g.kernelHeight(), down) * taps + before(tap, taps, acrossPeriod(g)) * all;
      long a = tabulate(g, position, top + missing * down, (int) present, tap, input, table);
      long to = columns + ((from * stride + phase) * width(g) - g.padLeft()) * step;
      for (int group = 0; group < g.groups(); group++) {
        long skipped = 4L * group * out(g);
        product(
            g,
            rows,
            a + 4L * (from * g.inChannels() + (long) group * in(g)),
            table,
            (int) present * across,
            missing * across,
            (long) all * across,
            packed + tapBytes(g) * (matrix + (long) group * g.kernelHeight() * taps),
            init + skipped,
            within,
            to + skipped);
      }
    }
    if (!whole && present > 0) {
      micro.preset(columns, 0, 0, 1, y, 0, 1, g.outWidth() * g.outChannels());
    }
    if (within == null) {
      micro.finish(1, 0, 0, 0, g.activation(), y, step, g.outWidth(), g.outChannels());
    }
  }

  /// Multiplies by some adjacent rows of a matrix.
  ///
  /// @param rows rows of the product
  /// @param runs the runs of the left-hand side
  /// @param skipped how many taps of the matrix there are before those of the runs
  /// @param all how many taps it has
  private void product(
      ConvGeometry g,
      int rows,
      long a,
      long table,
      int runs,
      long skipped,
      long all,
      long matrix,
      long init,
      @Nullable Activation activation,
      long c) {
    int columns = columns(g);
    for (int column = 0, together; column < columns; column += together) {
      int left = columns - column;
      int panel = left >= panels.columns() ? panels.columns() : micro.lanes();
      // of a part of a matrix each panel by itself: the next one does not follow it
      together = runs == all ? left : Math.min(panel, left);
      micro.multiply(
          rows,
          a,
          4L * g.inChannels(),
          table,
          runs,
          in(g),
          matrix + 4L * in(g) * (all * column + skipped * panel),
          together,
          init + 4L * column,
          0,
          0,
          0,
          activation,
          c + 4L * column,
          4L * g.strideWidth() * g.outChannels());
    }
  }

  /// {@return how many of a row's taps, from the first on, read rows below the image}
  private long missing(ConvGeometry g, long position, int top) {
    long below = (position - (long) top * g.dilationHeight()) / g.strideHeight() - g.inHeight() + 1;
    return Math.clamp(Math.ceilDiv(below, rowsApart(g)), 0, count(g, top));
  }

  /// {@return how many of a row's taps, from the first on, read rows that are not above the image}
  private long present(ConvGeometry g, long position, int top) {
    long row = Math.floorDiv(position - (long) top * g.dilationHeight(), g.strideHeight());
    return Math.clamp(Math.floorDiv(row, rowsApart(g)) + 1, 0, count(g, top));
  }

  private int count(ConvGeometry g, int top) {
    return top >= g.kernelHeight() ? 0 : count(top, g.kernelHeight(), downPeriod(g));
  }

  /// {@return how many rows of the input lie between those of one tap of a phase and of the next}
  private long rowsApart(ConvGeometry g) {
    return (long) downPeriod(g) * g.dilationHeight() / g.strideHeight();
  }

  /// Writes the runs of a phase, relative to the first one, for the first column of the input.
  ///
  /// @param position the row of the result, counted from the padding on
  /// @param top the first row of its taps whose row of the input exists
  /// @param rows how many there are
  /// @param first the first column of its taps
  /// @return where the first run lies
  private long tabulate(
      ConvGeometry g, long position, long top, int rows, int first, long input, long table) {
    int stride = g.strideWidth() / width(g);
    int columns = count(first, taps(g), acrossPeriod(g));
    int kept = keptRows(g);
    long pitch = pitch(g);
    long origin = 0;
    for (int i = 0; i < rows * columns; i++) {
      long y = top + (long) (i / columns) * downPeriod(g);
      long tap = first + (long) (i % columns) * acrossPeriod(g);
      long row = (position - y * g.dilationHeight()) / g.strideHeight();
      long column = left(g) - tap * g.dilationWidth() / stride;
      long run = input + (kept == 0 ? row : row % kept) * pitch + 4 * column * g.inChannels();
      if (i == 0) {
        origin = run;
      }
      ALL.set(LONG, table + 8L * i, run - origin);
    }
    return origin;
  }
}
