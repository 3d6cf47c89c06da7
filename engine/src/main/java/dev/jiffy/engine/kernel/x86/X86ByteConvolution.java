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
/// filled up to fours, into the working memory.
///
/// A packed form has for each group of channels the weights in panels, as products have them; for
/// each result channel the number its sum starts from, which takes the zero point out; and the
/// numbers that make results of sums. Where the zero point is not known yet, sums of weights stand
/// in place of the former, and both are completed in working memory.
final class X86ByteConvolution implements ByteKernels {
  /// What a copied part of the input should not exceed, in bytes.
  private static final long WINDOW_BYTES = 192 * 1024;

  private static final int LANES = 16;
  private static final int PANEL = 2 * LANES;
  private static final int LINE = 64;

  private final Cpu cpu;
  private final Tiles floats;
  private final Tiles bytes;

  X86ByteConvolution(Cpu cpu) {
    this.cpu = cpu;
    floats = new Tiles(cpu, Format.INT8, TileCode.Result.FLOATS);
    bytes = new Tiles(cpu, Format.INT8, TileCode.Result.BYTES);
  }

  /// Groups of few channels would leave most of a vector empty.
  @Override
  public boolean suits(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    return cpu.vnni()
        && TileCode.fuses(g.activation())
        && (g.groups() == 1 || (in(g) >= 4 && out(g) >= LANES));
  }

  // ---- packing

  private static int in(ConvGeometry g) {
    return g.inChannels() / g.groups();
  }

  private static int out(ConvGeometry g) {
    return g.outChannels() / g.groups();
  }

  /// The fours of channels of a pixel of one group.
  private static int fours(ConvGeometry g) {
    return (in(g) + 3) / 4;
  }

  /// The rows of a packed panel.
  private static int depth(ConvGeometry g) {
    return fours(g) * g.kernelHeight() * g.kernelWidth();
  }

  private static int vectors(ConvGeometry g) {
    return (out(g) + LANES - 1) / LANES;
  }

  private static long weightBytes(ConvGeometry g) {
    return (long) LINE * vectors(g) * depth(g);
  }

  /// The bytes of what follows the weights of a group: what sums start from, and numbers.
  private static long tailBytes(ConvGeometry g) {
    return (long) (LINE + TileCode.COLUMN_NUMBERS) * vectors(g);
  }

  private static long groupBytes(ConvGeometry g) {
    long perVector = Math.addExact((long) LINE * depth(g), LINE + TileCode.COLUMN_NUMBERS);
    return Math.multiplyExact(perVector, (long) vectors(g));
  }

  @Override
  public long packedBytes(ByteConvolution c) {
    return Math.multiplyExact(groupBytes(c.geometry()), (long) c.geometry().groups());
  }

  @Override
  public void pack(ByteConvolution c, long weights, long scales, long bias, long packed) {
    ConvGeometry g = c.geometry();
    int out = out(g);
    long filter = (long) in(g) * g.kernelHeight() * g.kernelWidth();
    for (int channel = 0; channel < g.outChannels(); channel++) {
      long group = packed + channel / out * groupBytes(g);
      int column = channel % out;
      int sum = packFilter(g, weights + channel * filter, column, group);
      long init = group + weightBytes(g);
      ALL.set(Memory.INT, init + 4L * column, c.isDynamic() ? sum : -c.zero() * sum);
      long numbers =
          init + (long) LINE * vectors(g) + column / LANES * (long) TileCode.COLUMN_NUMBERS;
      long lane = numbers + 4L * (column % LANES);
      Memory.setFloat(lane, Memory.getFloat(scales + 4L * channel));
      Memory.setFloat(lane + LINE, bias == 0 ? 0 : Memory.getFloat(bias + 4L * channel));
      ByteConvolution.Rounding rounding = c.rounding();
      if (rounding != null) {
        Memory.setFloat(lane + 2 * LINE, rounding.factor());
        ALL.set(Memory.INT, lane + 3 * LINE, rounding.zero());
      }
    }
  }

  /// Packs the weights of one result channel.
  ///
  /// @return their sum
  private static int packFilter(ConvGeometry g, long filter, int column, long group) {
    int whole = out(g) / PANEL * PANEL;
    boolean isWide = column < whole;
    int width = isWide ? PANEL : LANES;
    int first = column / width * width;
    long panel = group + (long) first * 4 * depth(g) + 4L * (column - first);
    int taps = g.kernelHeight() * g.kernelWidth();
    int sum = 0;
    for (int channel = 0; channel < in(g); channel++) {
      for (int tap = 0; tap < taps; tap++) {
        byte weight = ALL.get(ValueLayout.JAVA_BYTE, filter + (long) channel * taps + tap);
        long row = (long) tap * fours(g) + channel / 4;
        ALL.set(ValueLayout.JAVA_BYTE, panel + 4L * width * row + channel % 4, weight);
        sum += weight;
      }
    }
    return sum;
  }

  // ---- computing

  /// Whether every window lies within the image.
  private static boolean isInterior(ConvGeometry g) {
    return g.padTop() == 0
        && g.padLeft() == 0
        && windowRows(g, g.outHeight()) <= g.inHeight()
        && windowColumns(g) <= g.inWidth();
  }

  /// Whether windows are read where they lie.
  private static boolean isInPlace(ConvGeometry g) {
    return g.groups() == 1 && g.inChannels() % 4 == 0 && isInterior(g);
  }

  private static boolean isPointwise(ConvGeometry g) {
    return isInPlace(g)
        && g.kernelHeight() * g.kernelWidth() == 1
        && g.strideHeight() * g.strideWidth() == 1;
  }

  private static long windowRows(ConvGeometry g, int rows) {
    return (rows - 1L) * g.strideHeight() + (g.kernelHeight() - 1L) * g.dilationHeight() + 1;
  }

  private static long windowColumns(ConvGeometry g) {
    return (g.outWidth() - 1L) * g.strideWidth() + (g.kernelWidth() - 1L) * g.dilationWidth() + 1;
  }

  /// The bytes of a pixel as windows are read.
  private static int pixel(ConvGeometry g) {
    return isInPlace(g) ? g.inChannels() : 4 * fours(g);
  }

  /// The bytes from row to row as windows are read.
  private static long pitch(ConvGeometry g) {
    return (isInPlace(g) ? g.inWidth() : windowColumns(g)) * pixel(g);
  }

  private static int blockRows(ConvGeometry g) {
    long fit = WINDOW_BYTES / Math.max(1, pitch(g)) - windowRows(g, 1);
    long rows = 1 + Math.max(0, fit) / g.strideHeight();
    return (int) Math.min(rows, Math.max(1, g.outHeight()));
  }

  private static int runs(ConvGeometry g) {
    return g.dilationWidth() == 1 ? g.kernelHeight() : g.kernelHeight() * g.kernelWidth();
  }

  private static long tapsBytes(ConvGeometry g) {
    return (8L * runs(g) + LINE - 1) & -LINE;
  }

  @Override
  public long scratchBytes(ByteConvolution c) {
    ConvGeometry g = c.geometry();
    return tailsBytes(c)
        + tapsBytes(g)
        + (isInPlace(g) ? 0 : windowRows(g, blockRows(g)) * pitch(g))
        + LINE;
  }

  /// The bytes of the tails of all groups that are completed in working memory.
  private static long tailsBytes(ByteConvolution c) {
    return c.isDynamic() ? tailBytes(c.geometry()) * c.geometry().groups() : 0;
  }

  /// Completes the tails of all groups.
  private static void complete(ConvGeometry g, long quantization, long packed, long tails) {
    float scale = Memory.getFloat(quantization);
    int zero = ALL.get(Memory.INT, quantization + 4);
    for (int group = 0; group < g.groups(); group++) {
      long from = packed + group * groupBytes(g) + weightBytes(g);
      long to = tails + group * tailBytes(g);
      for (long at = 0; at < 4L * LANES * vectors(g); at += 4) {
        ALL.set(Memory.INT, to + at, -zero * ALL.get(Memory.INT, from + at));
      }
      for (long numbers = (long) LINE * vectors(g); numbers < tailBytes(g); ) {
        for (long at = numbers; at < numbers + LINE; at += 4) {
          Memory.setFloat(to + at, scale * Memory.getFloat(from + at));
          Memory.setFloat(to + at + LINE, Memory.getFloat(from + at + LINE));
        }
        numbers += TileCode.COLUMN_NUMBERS;
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
    if (isPointwise(g)) {
      pointwise(c, x, packed, tails, y, rowFrom, rowTo);
      return;
    }
    int zero = c.isDynamic() ? ALL.get(Memory.INT, quantization + 4) : c.zero();
    long tailStep = c.isDynamic() ? tailBytes(g) : groupBytes(g);
    long table = scratch + tailsBytes(c);
    tabulate(g, table);
    int block = blockRows(g);
    for (int row = rowFrom; row < rowTo; ) {
      int image = row / g.outHeight();
      int rows = Math.min(block, Math.min(rowTo, (image + 1) * g.outHeight()) - row);
      for (int group = 0; group < g.groups(); group++) {
        block(c, zero, x, packed, tails + group * tailStep, y, row, rows, group, table);
      }
      row += rows;
    }
  }

  private static void tabulate(ConvGeometry g, long table) {
    int columns = g.dilationWidth() == 1 ? 1 : g.kernelWidth();
    for (int run = 0; run < runs(g); run++) {
      long row = (long) (run / columns) * g.dilationHeight() * pitch(g);
      long column = (long) (run % columns) * g.dilationWidth() * pixel(g);
      ALL.set(Memory.LONG, table + 8L * run, row + column);
    }
  }

  private void pointwise(
      ByteConvolution c, long x, long packed, long tail, long y, int rowFrom, int rowTo) {
    ConvGeometry g = c.geometry();
    int in = g.inChannels();
    long step = resultBytes(c) * g.outChannels();
    int block = (int) Math.max(48, WINDOW_BYTES / Math.max(in, step));
    long last = (long) rowTo * g.outWidth();
    for (long pixel = (long) rowFrom * g.outWidth(); pixel < last; pixel += block) {
      int pixels = (int) Math.min(block, last - pixel);
      long from = x + pixel * in;
      multiply(c, pixels, from, in, Zeros.ADDRESS, 1, packed, tail, 0, out(g), y + pixel * step);
    }
  }

  private static long resultBytes(ByteConvolution c) {
    return c.rounding() == null ? 4 : 1;
  }

  /// Computes some columns of the result of one group of channels.
  private void multiply(
      ByteConvolution c,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      long group,
      long tail,
      int column,
      int columns,
      long to) {
    ConvGeometry g = c.geometry();
    long numbers = tail + (long) LINE * vectors(g);
    Tiles tiles = c.rounding() == null ? floats : bytes;
    tiles.multiply(
        rows,
        a,
        aStep,
        taps,
        runs,
        depth(g) / runs,
        group + 4L * column * depth(g),
        columns,
        tail + 4L * column,
        0,
        numbers + (long) TileCode.COLUMN_NUMBERS / LANES * column,
        0,
        g.activation(),
        to + resultBytes(c) * column,
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
      long table) {
    ConvGeometry g = c.geometry();
    int image = row / g.outHeight();
    int top = (row - image * g.outHeight()) * g.strideHeight() - g.padTop();
    long from = x + (long) image * g.inHeight() * g.inWidth() * g.inChannels();
    if (isInPlace(g)) {
      from += top * pitch(g);
    } else {
      long window = table + tapsBytes(g);
      copy(g, zero, from + (long) group * in(g), top, (int) windowRows(g, rows), window);
      from = window;
    }
    long line = g.strideHeight() * pitch(g);
    long rowBytes = resultBytes(c) * g.outWidth() * g.outChannels();
    long to = y + row * rowBytes + resultBytes(c) * group * out(g);
    long weights = packed + group * groupBytes(g);
    long aStep = (long) g.strideWidth() * pixel(g);
    for (int column = 0; column < out(g); column += PANEL) {
      int columns = Math.min(PANEL, out(g) - column);
      for (int i = 0; i < rows; i++) {
        long a = from + i * line;
        long at = to + i * rowBytes;
        multiply(c, g.outWidth(), a, aStep, table, runs(g), weights, tail, column, columns, at);
      }
    }
  }

  /// Copies rows of one group of an image, with padding.
  private static void copy(ConvGeometry g, int zero, long x, int top, int rows, long window) {
    long pitch = pitch(g);
    int pixel = pixel(g);
    int present = Math.clamp(windowColumns(g) - g.padLeft(), 0, g.inWidth());
    long left = Math.min(pitch, (long) g.padLeft() * pixel);
    for (int row = 0; row < rows; row++) {
      long to = window + row * pitch;
      int line = top + row;
      if (line < 0 || line >= g.inHeight() || present == 0) {
        fill(zero, to, pitch);
        continue;
      }
      long from = x + (long) line * g.inWidth() * g.inChannels();
      fill(zero, to, left);
      if (g.inChannels() == pixel) {
        Memory.copy(from, to + left, (long) present * pixel);
      } else {
        copyPixels(g, from, to + left, present);
      }
      long end = left + (long) present * pixel;
      fill(zero, to + end, pitch - end);
    }
  }

  /// Copies pixels of one group, each filled up to fours by what follows it, which weights of 0
  /// meet; the last ones, which nothing follows, by zeros.
  private static void copyPixels(ConvGeometry g, long from, long to, int pixels) {
    int fours = fours(g);
    int pixel = 4 * fours;
    long spare = (pixels - 1L) * g.inChannels() + in(g) - pixel;
    long followed = spare < 0 ? 0 : Math.min(pixels, spare / g.inChannels() + 1);
    for (long p = 0; p < followed; p++) {
      long source = from + p * g.inChannels();
      long target = to + p * pixel;
      for (int four = 0; four < fours; four++) {
        ALL.set(Memory.INT, target + 4L * four, ALL.get(Memory.INT, source + 4L * four));
      }
    }
    for (long p = followed; p < pixels; p++) {
      for (int channel = 0; channel < pixel; channel++) {
        boolean exists = channel < in(g);
        long source = from + p * g.inChannels() + channel;
        byte value = exists ? ALL.get(ValueLayout.JAVA_BYTE, source) : 0;
        ALL.set(ValueLayout.JAVA_BYTE, to + p * pixel + channel, value);
      }
    }
  }

  private static void fill(int value, long to, long bytes) {
    long eight = value * 0x0101010101010101L;
    long done = 0;
    for (; done + 8 <= bytes; done += 8) {
      ALL.set(Memory.LONG, to + done, eight);
    }
    for (; done < bytes; done++) {
      ALL.set(ValueLayout.JAVA_BYTE, to + done, (byte) value);
    }
  }
}
