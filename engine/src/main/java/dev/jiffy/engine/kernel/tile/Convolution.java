package dev.jiffy.engine.kernel.tile;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;

import dev.jiffy.engine.kernel.ConvGeometry;

/// Convolutions as products in place: a row of the left-hand side is the window of one result
/// pixel, read where it lies as one run per row of taps, so that the input is not unfolded.
///
/// Where windows reach into the padding, the part of the input that some rows of the result need is
/// first copied, with its padding, into the working memory. [PresentTaps] leaves out what lies in
/// the padding where that is much.
final class Convolution {
  /// What a copied part of the input should not exceed, in bytes.
  private static final long WINDOW_BYTES = 192 * 1024;

  /// From how many results of a row on pixels that are apart are read where they lie; before, those
  /// of several rows are brought together, since each product of a row reads all weights.
  private static final int LONG_LINE = 24;

  /// Rows of a tile that lie a multiple of so many bytes apart share too few places of the
  /// first-level cache.
  private static final int ALIASED_BYTES = 2048;

  private final MicroKernels micro;
  private final DepthwiseKernels depthwise;
  private final Winograd winograd;
  private final PresentTaps present;
  private final Panels panels;

  /// Cuts convolutions for some kernels.
  ///
  /// @param micro the kernels of products
  /// @param depthwise the kernels of convolutions with one filter per channel
  /// @param winograd the kernels of Winograd's transforms
  Convolution(MicroKernels micro, DepthwiseKernels depthwise, WinogradKernels winograd) {
    this.micro = micro;
    this.depthwise = depthwise;
    this.winograd = new Winograd(micro, winograd);
    this.present = new PresentTaps(micro);
    this.panels = new Panels(micro);
  }

  boolean transformsWeights(ConvGeometry g) {
    return winograd.suits(g);
  }

  boolean takesNarrowGroups(ConvGeometry g) {
    return depthwise.suits(g);
  }

  long packedBytes(ConvGeometry g) {
    if (depthwise.suits(g)) {
      return depthwise.packedBytes(g);
    }
    if (winograd.suits(g)) {
      return winograd.packedBytes(g);
    }
    return g.groups() * panels.bytes(depth(g), g.outChannels() / g.groups());
  }

  void pack(ConvGeometry g, long weights, long packed) {
    if (depthwise.suits(g)) {
      depthwise.pack(g, weights, packed);
      return;
    }
    if (winograd.suits(g)) {
      winograd.pack(g, weights, packed);
      return;
    }
    int in = g.inChannels() / g.groups();
    int out = g.outChannels() / g.groups();
    int taps = g.kernelHeight() * g.kernelWidth();
    int k = depth(g);
    for (int group = 0; group < g.groups(); group++) {
      long from = weights + 4L * group * out * k;
      long to = packed + group * panels.bytes(k, out);
      for (int tap = 0; tap < taps; tap++) {
        panels.pack(from + 4L * tap, taps, k, in, out, to, tap * in, k);
      }
    }
  }

  long scratchBytes(ConvGeometry g) {
    if (depthwise.suits(g)) {
      return depthwise.scratchBytes(g);
    }
    if (winograd.suits(g)) {
      return winograd.scratchBytes(g);
    }
    if (isPointwise(g)) {
      return 64;
    }
    if (isSampled(g)) {
      return (long) sampledRows(g) * g.outWidth() * 4 * g.inChannels();
    }
    if (PresentTaps.suits(g)) {
      return PresentTaps.scratchBytes(g);
    }
    return tapsBytes(g) + (g.isInterior() ? 0 : g.windowRows(blockRows(g)) * pitch(g)) + 64;
  }

  void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    if (depthwise.suits(g)) {
      depthwise.convolve(g, x, packed, bias, residual, y, rowFrom, rowTo, scratch);
    } else if (winograd.suits(g)) {
      winograd.convolve(g, x, packed, bias, residual, y, rowFrom, rowTo, scratch);
    } else if (isPointwise(g)) {
      pointwise(g, x, packed, bias, residual, y, rowFrom, rowTo);
    } else if (isSampled(g)) {
      int most = sampledRows(g);
      int blocks = Math.ceilDiv(rowTo - rowFrom, most);
      for (int i = 0; i < blocks; i++) {
        int from = rowFrom + (int) ((long) (rowTo - rowFrom) * i / blocks);
        int to = rowFrom + (int) ((long) (rowTo - rowFrom) * (i + 1) / blocks);
        sampled(g, x, packed, bias, residual, y, from, to, scratch);
      }
    } else if (PresentTaps.suits(g)) {
      present.convolve(g, x, packed, bias, residual, y, rowFrom, rowTo, scratch);
    } else {
      boolean copied = !g.isInterior();
      long window = scratch + tapsBytes(g);
      long pitch = copied ? pitch(g) : 4L * g.inWidth() * g.inChannels();
      tabulate(g, pitch, copied ? pixelBytes(g) : 4L * g.inChannels(), scratch);
      int block = blockRows(g);
      int row = rowFrom;
      while (row < rowTo) {
        int image = row / g.outHeight();
        int rows = Math.min(block, Math.min(rowTo, (image + 1) * g.outHeight()) - row);
        block(g, x, packed, bias, residual, y, row, rows, scratch, copied ? window : 0);
        row += rows;
      }
    }
  }

  /// The rows of the packed weights of a group.
  private static int depth(ConvGeometry g) {
    return g.inChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
  }

  private static boolean isPointwise(ConvGeometry g) {
    return g.groups() == 1 && readsEachPixel(g) && g.isInterior();
  }

  /// Whether a result is made of the pixel at its place.
  private static boolean readsEachPixel(ConvGeometry g) {
    return g.kernelHeight() == 1
        && g.kernelWidth() == 1
        && g.strideHeight() == 1
        && g.strideWidth() == 1
        && g.outWidth() == g.inWidth();
  }

  /// Whether a result is made of one pixel, some of which are skipped, and rows are short.
  private static boolean isSampled(ConvGeometry g) {
    return g.groups() == 1
        && g.kernelHeight() == 1
        && g.kernelWidth() == 1
        && g.outHeight() > 1
        && g.outWidth() < LONG_LINE
        && g.isInterior();
  }

  /// The rows of the result whose pixels are brought together at a time.
  private static int sampledRows(ConvGeometry g) {
    long row = 4L * Math.max(1, g.outWidth()) * g.inChannels();
    return Math.clamp(2 * WINDOW_BYTES / row, 1, Math.max(1, g.rows()));
  }

  /// The bytes of a pixel of the copied input.
  private static long pixelBytes(ConvGeometry g) {
    long bytes = 4L * g.inChannels();
    boolean isAliased = g.groups() > 1 && g.strideWidth() * bytes % ALIASED_BYTES == 0;
    return isAliased ? bytes + 64 : bytes;
  }

  /// The bytes of a row of the copied input.
  private static long pitch(ConvGeometry g) {
    return g.windowColumns() * pixelBytes(g);
  }

  /// How many runs of adjacent elements a row of taps has.
  private static int runColumns(ConvGeometry g) {
    return g.groups() == 1 && g.dilationWidth() == 1 ? 1 : g.kernelWidth();
  }

  private static int runs(ConvGeometry g) {
    return g.kernelHeight() * runColumns(g);
  }

  /// The rows of the result that are computed at a time.
  private static int blockRows(ConvGeometry g) {
    long rows = 1;
    long fixed = g.windowRows(1);
    long fit = (g.groups() == 1 ? 1 : 2) * WINDOW_BYTES / Math.max(1, pitch(g));
    if (fit > fixed) {
      rows = 1 + (fit - fixed) / g.strideHeight();
    }
    return (int) Math.min(rows, Math.max(1, g.outHeight()));
  }

  private static long tapsBytes(ConvGeometry g) {
    return (8L * runs(g) + 63) & -64;
  }

  /// Writes the offsets of the runs of a window.
  ///
  /// @param pitch bytes from row to row of the input
  /// @param pixel bytes from pixel to pixel
  private static void tabulate(ConvGeometry g, long pitch, long pixel, long table) {
    int columns = runColumns(g);
    for (int row = 0; row < g.kernelHeight(); row++) {
      for (int column = 0; column < columns; column++) {
        long offset =
            (long) row * g.dilationHeight() * pitch + (long) column * g.dilationWidth() * pixel;
        ALL.set(LONG, table + 8L * (row * columns + column), offset);
      }
    }
  }

  private void pointwise(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo) {
    // A block of pixels whose input and result stay in the second-level cache.
    int channels = Math.max(g.inChannels(), g.outChannels());
    int block = (int) Math.max(48, WINDOW_BYTES / (4L * channels));
    long last = (long) rowTo * g.outWidth();
    for (long pixel = (long) rowFrom * g.outWidth(); pixel < last; pixel += block) {
      int pixels = (int) Math.min(block, last - pixel);
      pixels(g, x + 4 * pixel * g.inChannels(), packed, bias, residual, y, pixel, pixels);
    }
  }

  /// Computes some rows of the result of pixels that are brought together first.
  private void sampled(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    long pixel = 4L * g.inChannels();
    for (int row = rowFrom; row < rowTo; row++) {
      int image = row / g.outHeight();
      long line = (long) image * g.inHeight() + (long) (row % g.outHeight()) * g.strideHeight();
      micro.preset(
          x + line * g.inWidth() * pixel,
          g.strideWidth() * pixel,
          0,
          1,
          scratch + (long) (row - rowFrom) * g.outWidth() * pixel,
          pixel,
          g.outWidth(),
          g.inChannels());
    }
    long first = (long) rowFrom * g.outWidth();
    pixels(g, scratch, packed, bias, residual, y, first, (rowTo - rowFrom) * g.outWidth());
  }

  /// Computes results that are made of one pixel each, which are adjacent.
  ///
  /// @param from the first pixel
  /// @param first the first result
  /// @param count how many
  private void pixels(
      ConvGeometry g,
      long from,
      long packed,
      long bias,
      long residual,
      long y,
      long first,
      int count) {
    int in = g.inChannels();
    long step = 4L * g.outChannels();
    micro.multiply(
        count,
        from,
        4L * in,
        Zeros.ADDRESS,
        1,
        in,
        packed,
        g.outChannels(),
        bias == 0 ? Zeros.ADDRESS : bias,
        0,
        residual == 0 ? 0 : residual + first * step,
        step,
        g.activation(),
        y + first * step,
        step);
  }

  /// Computes some rows of one result image.
  private void block(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int row,
      int rows,
      long taps,
      long window) {
    int in = g.inChannels() / g.groups();
    int out = g.outChannels() / g.groups();
    int image = row / g.outHeight();
    int top = (row - image * g.outHeight()) * g.strideHeight() - g.padTop();
    long images = x + 4L * image * g.inHeight() * g.inWidth() * g.inChannels();
    long step = 4L * g.outChannels();
    long rowBytes = g.outWidth() * step;
    long result = y + row * rowBytes;
    long rest = residual == 0 ? 0 : residual + row * rowBytes;
    long pitch = window == 0 ? 4L * g.inWidth() * g.inChannels() : pitch(g);
    long pixel = window == 0 ? 4L * g.inChannels() : pixelBytes(g);
    boolean isWhole = window == 0 && readsEachPixel(g);
    if (window != 0) {
      copy(g, images, top, (int) g.windowRows(rows), window);
    }
    for (int group = 0; group < g.groups(); group++) {
      long from = (window == 0 ? images + top * pitch : window) + 4L * group * in;
      long start = bias == 0 ? Zeros.ADDRESS : bias + 4L * group * out;
      long to = result + 4L * group * out;
      long b = packed + group * panels.bytes(depth(g), out);
      long added = rest == 0 ? 0 : rest + 4L * group * out;
      if (isWhole) {
        rows(g, 1, rows * g.outWidth(), from, pitch, pixel, taps, b, start, added, to);
      } else {
        rows(g, rows, g.outWidth(), from, pitch, pixel, taps, b, start, added, to);
      }
    }
  }

  /// Computes the channels of one group of some rows, panel by panel.
  ///
  /// @param width the results of a row
  /// @param pitch bytes from row to row of the input
  /// @param pixel bytes from pixel to pixel of the input
  private void rows(
      ConvGeometry g,
      int rows,
      int width,
      long from,
      long pitch,
      long pixel,
      long taps,
      long packed,
      long init,
      long residual,
      long to) {
    int out = g.outChannels() / g.groups();
    int runs = runs(g);
    int k = depth(g) / runs;
    long step = 4L * g.outChannels();
    long aStep = g.strideWidth() * pixel;
    int panel = panels.columns();
    for (int column = 0, columns; column < out; column += columns) {
      // half a vector is computed with the whole panel before it
      int left = out - column;
      columns = left == panel + panel / 4 ? left : Math.min(panel, left);
      long b = packed + 4L * column * depth(g);
      micro.multiplyLines(
          rows,
          g.strideHeight() * pitch,
          width,
          from,
          aStep,
          taps,
          runs,
          k,
          b,
          columns,
          init == Zeros.ADDRESS ? Zeros.ADDRESS : init + 4L * column,
          0,
          residual == 0 ? 0 : residual + 4L * column,
          step,
          g.activation(),
          to + 4L * column,
          step);
    }
  }

  /// Copies rows of an image, with padding.
  ///
  /// @param x the image
  /// @param top the first row, counted from the image's
  /// @param rows how many rows
  /// @param window where to
  private void copy(ConvGeometry g, long x, int top, int rows, long window) {
    int in = g.inChannels();
    long pixel = pixelBytes(g);
    long pitch = pitch(g);
    long present = Math.clamp(g.windowColumns() - g.padLeft(), 0, g.inWidth());
    int first = Math.clamp(-top, 0, rows);
    int last = Math.clamp(g.inHeight() - top, 0, rows);
    if (present == 0 || first >= last) {
      micro.zero(window, rows * pitch);
      return;
    }
    long bytes = present * pixel;
    long to = window + first * pitch + g.padLeft() * pixel;
    long step = 4L * in;
    long rowStep = g.inWidth() * step;
    long from = x + (top + first) * rowStep;
    micro.zero(window, to - window);
    if (pixel == step) {
      int elements = Math.toIntExact(present * in);
      micro.preset(from, rowStep, 0, 1, to, pitch, last - first, elements);
    } else {
      for (int row = first; row < last; row++) {
        long source = from + (row - first) * rowStep;
        long target = to + (row - first) * pitch;
        micro.preset(source, step, 0, 1, target, pixel, present, in);
      }
    }
    long end = to + (last - 1 - first) * pitch + bytes;
    clear(to + bytes, pitch, last - 1 - first, pitch - bytes);
    micro.zero(end, window + rows * pitch - end);
  }

  /// Clears the gaps between rows.
  private void clear(long to, long step, long rows, long bytes) {
    if (bytes > 0 && bytes <= Zeros.BYTES) {
      micro.preset(0, 0, Zeros.ADDRESS, 1, to, step, rows, (int) (bytes / 4));
    } else if (bytes > 0) {
      for (long row = 0; row < rows; row++) {
        micro.zero(to + row * step, bytes);
      }
    }
  }
}
