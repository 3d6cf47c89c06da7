package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.ValueLayout;

/// Convolutions of bytes as products in place, with `vpdpbusd`: a row of the left-hand side is the
/// window of one result pixel, read in fours of channels where it lies, one run per row of taps.
///
/// Where windows reach into the padding, channels are grouped or are no multiple of four, the part
/// of the input that some rows of the result need is first copied, with its padding and each pixel
/// filled up to fours, into the working memory. Without `vpdpbusd` it always is, and widened to
/// words, which are multiplied in twos of channels.
///
/// Without AVX-512 bytes cannot be stored under a mask: where results are rounded, the last vector
/// of columns begins so early that it ends where they do.
///
/// A packed form has for each group of channels the weights in panels, as products have them; for
/// each result channel the number its sum starts from, which takes the zero point out; and the
/// numbers that make results of sums. Where the zero point is not known yet, sums of weights stand
/// in place of the former, and both are completed in working memory.
///
/// Weights that stand for more than their bytes add as many times the sum of the bytes in a window:
/// the sums of pixels are products with ones, which end the packed form, those of windows are made
/// of them, and the sums of a row of the result start from its window's.
final class X86ByteConvolution implements ByteKernels {
  /// What a copied part of the input should not exceed, in bytes.
  private static final long WINDOW_BYTES = 192 * 1024;

  private static final int LINE = 64;

  /// The bytes of a vector without AVX-512.
  private static final int NARROW = 32;

  /// The rows for which sums are started at a time.
  private static final int STARTED = 96;

  private final int vectorBytes;
  private final int lanes;

  /// The channels that 32 bits hold.
  private final int reach;

  private final BytePixels pixels;
  private final Tiles floats;
  private final Tiles bytes;
  private final Tiles sums;
  private final CodeTable starts;

  X86ByteConvolution(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    reach = cpu.vnni() ? 4 : 2;
    pixels = new BytePixels(reach);
    floats = new Tiles(cpu, Format.INT8, TileCode.Result.FLOATS);
    bytes = new Tiles(cpu, Format.INT8, TileCode.Result.BYTES);
    sums = new Tiles(cpu, Format.INT8);
    starts = new CodeTable("starts", 3, vectors -> new StartCode(vectorBytes, vectors).emit());
  }

  /// Groups of few channels would leave most of a vector empty.
  @Override
  public boolean suits(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    return c.fits()
        && TileCode.fuses(g.activation())
        && (g.groups() == 1 || (in(g) >= 4 && out(g) >= lanes))
        && (!endsEarly(c) || out(g) >= lanes);
  }

  // ---- packing

  private static int in(ConvGeometry g) {
    return g.inChannels() / g.groups();
  }

  private static int out(ConvGeometry g) {
    return g.outChannels() / g.groups();
  }

  /// The fours or twos of channels of a pixel of one group.
  private int elements(ConvGeometry g) {
    return (in(g) + reach - 1) / reach;
  }

  /// The rows of a packed panel.
  private int depth(ConvGeometry g) {
    return elements(g) * g.kernelHeight() * g.kernelWidth();
  }

  private int vectors(ConvGeometry g) {
    return (out(g) + lanes - 1) / lanes;
  }

  private long weightBytes(ConvGeometry g) {
    return (long) vectorBytes * vectors(g) * depth(g);
  }

  /// The bytes of what follows the weights of a group: what sums start from, and numbers.
  private long tailBytes(ConvGeometry g) {
    return (long) (vectorBytes + numbersBytes()) * vectors(g);
  }

  /// The bytes of the numbers of a vector of columns.
  private int numbersBytes() {
    return TileCode.COLUMN_NUMBERS * lanes;
  }

  private long groupBytes(ConvGeometry g) {
    long perVector = Math.addExact((long) vectorBytes * depth(g), vectorBytes + numbersBytes());
    return Math.addExact(Math.multiplyExact(perVector, (long) vectors(g)), LINE - 1L) & -LINE;
  }

  /// Whether the last vector of columns begins earlier than where the one before ends.
  private boolean endsEarly(ByteConvolution c) {
    return vectorBytes == NARROW && c.rounding() != null && out(c.geometry()) % lanes != 0;
  }

  /// {@return the column of a place within the vectors of columns}
  private int column(ByteConvolution c, int place) {
    int end = vectors(c.geometry()) * lanes;
    return endsEarly(c) && place >= end - lanes ? place - end + out(c.geometry()) : place;
  }

  @Override
  public long packedBytes(ByteConvolution c) {
    return Math.addExact(groupsBytes(c.geometry()), onesBytes(c));
  }

  private long groupsBytes(ConvGeometry g) {
    return Math.multiplyExact(groupBytes(g), (long) g.groups());
  }

  /// The bytes of ones for each channel of a pixel.
  private long onesBytes(ByteConvolution c) {
    return c.shift() == 0 ? 0 : ((long) vectorBytes * elements(c.geometry()) + LINE - 1) & -LINE;
  }

  @Override
  public void pack(ByteConvolution c, Filters filters, long scales, long bias, long packed) {
    ConvGeometry g = c.geometry();
    for (int group = 0; group < g.groups(); group++) {
      for (int place = 0; place < vectors(g) * lanes; place++) {
        int column = column(c, place);
        if (column < out(g)) {
          int channel = group * out(g) + column;
          pack(c, filters, scales, bias, channel, place, packed + group * groupBytes(g));
        }
      }
    }
    for (int channel = 0; c.shift() != 0 && channel < in(g); channel++) {
      long lane = packed + groupsBytes(g) + (long) channel / reach * vectorBytes;
      ALL.set(ValueLayout.JAVA_BYTE, lane + channel % reach * (4L / reach), (byte) 1);
    }
  }

  /// Packs what is known of one result channel.
  private void pack(
      ByteConvolution c,
      Filters filters,
      long scales,
      long bias,
      int channel,
      int place,
      long group) {
    ConvGeometry g = c.geometry();
    long filter = filters.address() + channel * filters.filterStep();
    int weights = in(g) * g.kernelHeight() * g.kernelWidth();
    int sum = packFilter(g, filter, filters.channelStep(), place, group) + c.shift() * weights;
    long init = group + weightBytes(g);
    ALL.set(Memory.INT, init + 4L * place, c.isDynamic() ? sum : -c.zero() * sum);
    long numbers = init + (long) vectorBytes * vectors(g) + place / lanes * (long) numbersBytes();
    long lane = numbers + 4L * (place % lanes);
    Memory.setFloat(lane, Memory.getFloat(scales + 4L * channel));
    Memory.setFloat(lane + vectorBytes, bias == 0 ? 0 : Memory.getFloat(bias + 4L * channel));
    ByteConvolution.Rounding rounding = c.rounding();
    if (rounding != null) {
      Memory.setFloat(lane + 2L * vectorBytes, rounding.factor());
      ALL.set(Memory.INT, lane + 3L * vectorBytes, rounding.zero());
    }
  }

  /// Packs the weights of one result channel.
  ///
  /// @return their sum
  private int packFilter(ConvGeometry g, long filter, long channelStep, int place, long group) {
    boolean isWide = place < out(g) / (2 * lanes) * (2 * lanes);
    int width = isWide ? 2 * lanes : lanes;
    int first = place / width * width;
    long panel = group + (long) first * 4 * depth(g) + 4L * (place - first);
    int taps = g.kernelHeight() * g.kernelWidth();
    int channels = in(g);
    int bits = Integer.SIZE / reach;
    int mask = (int) ((1L << bits) - 1);
    int sum = 0;
    for (int tap = 0; tap < taps; tap++) {
      long to = panel + 4L * width * tap * elements(g);
      for (int channel = 0; channel < channels; channel += reach) {
        int word = 0;
        for (int i = 0; i < reach && channel + i < channels; i++) {
          byte weight = ALL.get(ValueLayout.JAVA_BYTE, filter + (channel + i) * channelStep + tap);
          word |= (weight & mask) << (bits * i);
          sum += weight;
        }
        ALL.set(Memory.INT, to, word);
        to += 4L * width;
      }
    }
    return sum;
  }

  // ---- computing

  /// Whether windows are read where they lie.
  private boolean isInPlace(ConvGeometry g) {
    return reach == 4 && g.groups() == 1 && g.inChannels() % 4 == 0 && g.isInterior();
  }

  private boolean isPointwise(ConvGeometry g) {
    return (isInPlace(g) || (reach == 2 && g.groups() == 1 && g.isInterior()))
        && g.kernelHeight() * g.kernelWidth() == 1
        && g.strideHeight() * g.strideWidth() == 1;
  }

  /// The bytes of a pixel as windows are read.
  private int pixel(ConvGeometry g) {
    return isInPlace(g) ? g.inChannels() : 4 * elements(g);
  }

  /// The bytes from row to row as windows are read.
  private long pitch(ConvGeometry g) {
    return columns(g) * pixel(g);
  }

  private int blockRows(ConvGeometry g) {
    long fit = WINDOW_BYTES / Math.max(1, pitch(g)) - g.windowRows(1);
    long rows = 1 + Math.max(0, fit) / g.strideHeight();
    return (int) Math.min(rows, Math.max(1, g.outHeight()));
  }

  private static long tapsBytes(ConvGeometry g) {
    return (8L * g.runs() + LINE - 1) & -LINE;
  }

  @Override
  public long scratchBytes(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    long copied =
        isInPlace(g)
            ? 0
            : isPointwise(g)
                ? (long) blockPixels(c) * pixel(g)
                : g.windowRows(blockRows(g)) * pitch(g);
    return tailsBytes(c) + sumsBytes(c) + tapsBytes(g) + copied + LINE;
  }

  /// The bytes of what rows start from, and of the sums of a block's windows and pixels.
  private long sumsBytes(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    if (c.shift() == 0) {
      return 0;
    }
    long pixels = isPointwise(g) ? 0 : g.windowRows(blockRows(g)) * columns(g);
    return (startedBytes() + 4 * (blockResults(c) + pixels) + LINE - 1) & -LINE;
  }

  private long startedBytes() {
    return 2L * vectorBytes * STARTED;
  }

  private long blockResults(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    return isPointwise(g) ? blockPixels(c) : (long) blockRows(g) * g.outWidth();
  }

  /// The pixels of a row as windows are read.
  private long columns(ConvGeometry g) {
    return isInPlace(g) ? g.inWidth() : g.windowColumns();
  }

  /// The bytes of the tails of all groups that are completed in working memory.
  private long tailsBytes(ByteConvolution c) {
    return c.isDynamic() ? tailBytes(c.geometry()) * c.geometry().groups() : 0;
  }

  /// Completes the tails of all groups.
  private void complete(ConvGeometry g, long quantization, long packed, long tails) {
    float scale = Memory.getFloat(quantization);
    int zero = ALL.get(Memory.INT, quantization + 4);
    for (int group = 0; group < g.groups(); group++) {
      long from = packed + group * groupBytes(g) + weightBytes(g);
      long to = tails + group * tailBytes(g);
      long numbers = (long) vectorBytes * vectors(g);
      for (long at = 0; at < numbers; at += 4) {
        ALL.set(Memory.INT, to + at, -zero * ALL.get(Memory.INT, from + at));
      }
      for (; numbers < tailBytes(g); numbers += numbersBytes()) {
        for (long at = numbers; at < numbers + vectorBytes; at += 4) {
          Memory.setFloat(to + at, scale * Memory.getFloat(from + at));
          Memory.setFloat(to + at + vectorBytes, Memory.getFloat(from + at + vectorBytes));
        }
      }
    }
  }

  @Override
  public void convolve(
      ByteConvolution c,
      long x,
      long quantization,
      long packed,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    ConvGeometry g = c.geometry();
    long tails = packed + weightBytes(g);
    if (c.isDynamic()) {
      complete(g, quantization, packed, scratch);
      tails = scratch;
    }
    long started = scratch + tailsBytes(c);
    if (isPointwise(g)) {
      pointwise(c, x, packed, tails, y, rowFrom, rowTo, started);
      return;
    }
    int zero = c.isDynamic() ? ALL.get(Memory.INT, quantization + 4) : c.zero();
    long tailStep = c.isDynamic() ? tailBytes(g) : groupBytes(g);
    tabulate(g, started + sumsBytes(c));
    int block = blockRows(g);
    for (int row = rowFrom; row < rowTo; ) {
      int image = row / g.outHeight();
      int rows = Math.min(block, Math.min(rowTo, (image + 1) * g.outHeight()) - row);
      for (int group = 0; group < g.groups(); group++) {
        block(c, zero, x, packed, tails + group * tailStep, y, row, rows, group, started);
      }
      row += rows;
    }
  }

  private void tabulate(ConvGeometry g, long table) {
    int columns = g.dilationWidth() == 1 ? 1 : g.kernelWidth();
    for (int run = 0; run < g.runs(); run++) {
      long row = (long) (run / columns) * g.dilationHeight() * pitch(g);
      long column = (long) (run % columns) * g.dilationWidth() * pixel(g);
      ALL.set(Memory.LONG, table + 8L * run, row + column);
    }
  }

  /// The pixels that are multiplied at a time where windows are pixels.
  private int blockPixels(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    return (int) Math.max(48, WINDOW_BYTES / Math.max(pixel(g), resultBytes(c) * g.outChannels()));
  }

  private void pointwise(
      ByteConvolution c,
      long x,
      long packed,
      long tail,
      long y,
      int rowFrom,
      int rowTo,
      long started) {
    ConvGeometry g = c.geometry();
    long window = started + sumsBytes(c);
    long sums = started + startedBytes();
    long step = resultBytes(c) * g.outChannels();
    int block = blockPixels(c);
    int size = pixel(g);
    long last = (long) rowTo * g.outWidth();
    for (long pixel = (long) rowFrom * g.outWidth(); pixel < last; pixel += block) {
      int count = (int) Math.min(block, last - pixel);
      long from = x + pixel * g.inChannels();
      if (!isInPlace(g)) {
        pixels.copy(g, from, window, count);
        from = window;
      }
      if (c.shift() != 0) {
        addPixels(g, from, count, packed, sums);
        scale(c.shift(), sums, count);
      }
      long to = y + pixel * step;
      multiply(c, count, from, size, Zeros.ADDRESS, 1, packed, tail, started, sums, 0, out(g), to);
    }
  }

  /// Adds up the channels of pixels.
  ///
  /// @param to where the sums go, i32
  private void addPixels(ConvGeometry g, long pixels, long count, long packed, long to) {
    sums.multiply(
        Math.toIntExact(count),
        pixels,
        pixel(g),
        Zeros.ADDRESS,
        1,
        elements(g),
        packed + groupsBytes(g),
        1,
        Zeros.ADDRESS,
        0,
        0,
        0,
        null,
        to,
        4);
  }

  private static void scale(int factor, long numbers, int count) {
    for (int i = 0; i < count; i++) {
      long at = numbers + 4L * i;
      ALL.set(Memory.INT, at, factor * ALL.get(Memory.INT, at));
    }
  }

  /// Adds up the windows of some rows of the result.
  ///
  /// @param pixels the sums of pixels
  /// @param to where the sums go
  private void addWindows(ConvGeometry g, int rows, long pixels, long to) {
    long line = 4 * columns(g);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < g.outWidth(); column++) {
        long window = pixels + (long) row * g.strideHeight() * line + 4L * column * g.strideWidth();
        int sum = 0;
        for (int h = 0; h < g.kernelHeight(); h++) {
          long from = window + (long) h * g.dilationHeight() * line;
          for (int w = 0; w < g.kernelWidth(); w++) {
            sum += ALL.get(Memory.INT, from + 4L * w * g.dilationWidth());
          }
        }
        ALL.set(Memory.INT, to + 4L * (row * g.outWidth() + column), sum);
      }
    }
  }

  private static long resultBytes(ByteConvolution c) {
    return c.rounding() == null ? 4 : 1;
  }

  /// Computes some columns of the result of one group of channels.
  ///
  /// @param started where to put what rows start from
  /// @param sums a number for each row that it starts from, if the weights are shifted
  /// @param to where the first column of the group goes
  private void multiply(
      ByteConvolution c,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      long group,
      long tail,
      long started,
      long sums,
      int column,
      int columns,
      long to) {
    int out = out(c.geometry());
    int whole = endsEarly(c) ? Math.min(columns, out / lanes * lanes - column) : columns;
    if (whole > 0) {
      long at = to + resultBytes(c) * column;
      places(c, rows, a, aStep, taps, runs, group, tail, started, sums, column, whole, at);
    }
    if (whole < columns) {
      long at = to + resultBytes(c) * (out - lanes);
      int last = column + whole;
      places(c, rows, a, aStep, taps, runs, group, tail, started, sums, last, lanes, at);
    }
  }

  /// Computes the columns of some places within the vectors of columns.
  private void places(
      ByteConvolution c,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      long group,
      long tail,
      long started,
      long sums,
      int place,
      int columns,
      long to) {
    if (c.shift() == 0) {
      long start = tail + 4L * place;
      from(start, 0, c, rows, a, aStep, taps, runs, group, tail, place, columns, to);
      return;
    }
    int width;
    for (int done = 0; done < columns; done += width) {
      width = Math.min(2 * lanes, columns - done);
      int vectors = width > lanes ? 2 : 1;
      int at = place + done;
      long target = to + resultBytes(c) * done;
      for (int row = 0; row < rows; row += STARTED) {
        int count = Math.min(STARTED, rows - row);
        long numbers = sums + 4L * row;
        long _ = Code.call(starts.get(vectors), count, numbers, tail + 4L * at, started, 0, 0);
        from(
            started,
            vectors * vectorBytes,
            c,
            count,
            a + row * aStep,
            aStep,
            taps,
            runs,
            group,
            tail,
            at,
            width,
            target + row * resultBytes(c) * c.geometry().outChannels());
      }
    }
  }

  /// The same from given starts.
  ///
  /// @param start what the sums of a row start from
  /// @param startStep bytes from row to row
  private void from(
      long start,
      int startStep,
      ByteConvolution c,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      long group,
      long tail,
      int place,
      int columns,
      long to) {
    ConvGeometry g = c.geometry();
    long numbers = tail + (long) vectorBytes * vectors(g);
    Tiles tiles = c.isSum() ? this.sums : c.rounding() == null ? floats : bytes;
    tiles.multiply(
        rows,
        a,
        aStep,
        taps,
        runs,
        depth(g) / runs,
        group + 4L * place * depth(g),
        columns,
        start,
        startStep,
        c.isSum() ? 0 : numbers + (long) TileCode.COLUMN_NUMBERS * place,
        0,
        g.activation(),
        to,
        resultBytes(c) * g.outChannels());
  }

  /// Computes one group of channels of some rows of one result image, panel by panel.
  private void block(
      ByteConvolution c,
      int zero,
      long x,
      long packed,
      long tail,
      long y,
      int row,
      int rows,
      int group,
      long started) {
    ConvGeometry g = c.geometry();
    long table = started + sumsBytes(c);
    int image = row / g.outHeight();
    int top = (row - image * g.outHeight()) * g.strideHeight() - g.padTop();
    long from = x + (long) image * g.inHeight() * g.inWidth() * g.inChannels();
    if (isInPlace(g)) {
      from += top * pitch(g);
    } else {
      long window = table + tapsBytes(g);
      copy(g, zero, from + (long) group * in(g), top, (int) g.windowRows(rows), window);
      from = window;
    }
    long line = g.strideHeight() * pitch(g);
    long rowBytes = resultBytes(c) * g.outWidth() * g.outChannels();
    long to = y + row * rowBytes + resultBytes(c) * group * out(g);
    long sums = started + startedBytes();
    if (c.shift() != 0) {
      long pixels = sums + 4 * blockResults(c);
      addPixels(g, from, g.windowRows(rows) * columns(g), packed, pixels);
      addWindows(g, rows, pixels, sums);
      scale(c.shift(), sums, rows * g.outWidth());
    }
    long weights = packed + group * groupBytes(g);
    long aStep = (long) g.strideWidth() * pixel(g);
    for (int column = 0; column < out(g); column += 2 * lanes) {
      int columns = Math.min(2 * lanes, out(g) - column);
      for (int i = 0; i < rows; i++) {
        long a = from + i * line;
        long at = to + i * rowBytes;
        long ofRows = sums + 4L * i * g.outWidth();
        multiply(
            c,
            g.outWidth(),
            a,
            aStep,
            table,
            g.runs(),
            weights,
            tail,
            started,
            ofRows,
            column,
            columns,
            at);
      }
    }
  }

  /// Copies rows of one group of an image, with padding.
  private void copy(ConvGeometry g, int zero, long x, int top, int rows, long window) {
    long pitch = pitch(g);
    int pixel = pixel(g);
    int present = Math.clamp(g.windowColumns() - g.padLeft(), 0, g.inWidth());
    long left = Math.min(pitch, (long) g.padLeft() * pixel);
    for (int row = 0; row < rows; row++) {
      long to = window + row * pitch;
      int line = top + row;
      if (line < 0 || line >= g.inHeight() || present == 0) {
        pixels.fill(zero, to, pitch);
        continue;
      }
      pixels.fill(zero, to, left);
      long from = x + (long) line * g.inWidth() * g.inChannels();
      pixels.copy(g, from, to + left, present);
      long end = left + (long) present * pixel;
      pixels.fill(zero, to + end, pitch - end);
    }
  }
}
