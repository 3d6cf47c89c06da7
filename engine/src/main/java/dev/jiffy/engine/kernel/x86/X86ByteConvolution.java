package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import org.jspecify.annotations.Nullable;

/// Convolutions of bytes as products in place, with `vpdpbusd`: a row of the left-hand side is the
/// window of one result pixel, read in fours of channels where it lies, one run per row of taps.
///
/// Where windows reach into the padding, channels are grouped or are no multiple of four, the part
/// of the input that some rows of the result need is first copied, with its padding and each pixel
/// filled up to fours, into the working memory. Without `vpdpbusd` it always is, and widened to
/// words, which are multiplied in twos of channels.
final class X86ByteConvolution implements ByteKernels, CodeTable.Emitter {
  /// What a copied part of the input should not exceed, in bytes.
  private static final int WINDOW_BYTES = 192 * 1024;

  private static final int LINE = 64;

  private final int vectorBytes;
  private final int lanes;

  /// The channels that 32 bits hold.
  private final int reach;

  /// Packs fours of rows of a matrix; null without AVX-512.
  private final @Nullable CodeTable packing;

  private final BytePixels pixels;
  private final Tiles floats;
  private final Tiles bytes;
  private final Tiles sums;
  private final WindowSums.Functions windowCode;

  X86ByteConvolution(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    reach = cpu.vnni() ? 4 : 2;
    packing = cpu.vnni() && vectorBytes == LINE ? new CodeTable("pack-bytes", 1, this) : null;
    pixels = new BytePixels(reach);
    floats = new Tiles(cpu, Factors.bytes(cpu), TileCode.Result.FLOATS);
    bytes = new Tiles(cpu, Factors.bytes(cpu), TileCode.Result.BYTES);
    sums = new Tiles(cpu, Factors.bytes(cpu));
    windowCode = new WindowSums.Functions(cpu, sums);
  }

  @Override
  public byte[] emit(String table, int form) {
    return NarrowingCode.pack();
  }

  /// Groups of few channels would leave most of a vector empty.
  @Override
  public @Nullable Prepared prepare(ByteConvolution convolution) {
    ConvGeometry g = convolution.geometry();
    BytePanels panels = new BytePanels(convolution, vectorBytes, reach, packing);
    boolean suits =
        convolution.fits()
            && FunctionCode.suits(g.activation())
            && (g.groups() == 1 || (panels.in() >= 4 && panels.out() >= lanes))
            && (!panels.endsEarly() || panels.out() >= lanes);
    return suits ? new Convolution(convolution, panels) : null;
  }

  /// One convolution. Its working memory has the tails that are completed, what window sums need, a
  /// table of where the runs of a window begin, and what is copied.
  private final class Convolution implements Prepared {
    private final ConvGeometry geometry;
    private final int zero;
    private final boolean isDynamic;
    private final boolean isSum;
    private final BytePanels panels;
    private final Tiles tiles;

    /// What the sums of rows start from where that differs.
    private final @Nullable WindowSums windowSums;

    private final long sumsBytes;

    /// Whether windows are read where they lie.
    private final boolean isInPlace;

    /// Whether windows are pixels one behind the other.
    private final boolean isPointwise;

    /// The bytes of a pixel as windows are read.
    private final int pixel;

    /// The pixels of a row as windows are read.
    private final long columns;

    /// The bytes of an element of the result.
    private final int resultBytes;

    /// The pixels, or else the rows, that are computed at a time.
    private final int block;

    Convolution(ByteConvolution convolution, BytePanels panels) {
      ConvGeometry g = convolution.geometry();
      geometry = g;
      zero = convolution.zero();
      isDynamic = convolution.isDynamic();
      this.panels = panels;
      boolean isWhole = g.groups() == 1 && g.isInterior();
      isInPlace = reach == 4 && isWhole && g.inChannels() % 4 == 0;
      isPointwise =
          (isInPlace || (reach == 2 && isWhole))
              && g.kernelHeight() * g.kernelWidth() == 1
              && g.strideHeight() * g.strideWidth() == 1;
      pixel = isInPlace ? g.inChannels() : 4 * panels.elements();
      columns = isInPlace ? g.inWidth() : g.windowColumns();
      resultBytes = convolution.rounding() == null ? 4 : 1;
      isSum = convolution.isSum();
      tiles = isSum ? sums : convolution.rounding() == null ? floats : bytes;
      block = isPointwise ? blockPixels() : blockRows();
      long windows = isPointwise ? block : (long) block * g.outWidth();
      long seen = isPointwise ? 0 : g.windowRows(block) * columns;
      windowSums =
          convolution.shift() == 0
              ? null
              : new WindowSums(windowCode, convolution, panels, pixel, columns, windows, seen);
      sumsBytes = windowSums == null ? 0 : windowSums.scratchBytes();
    }

    private int blockPixels() {
      long most = Math.max(pixel, (long) resultBytes * geometry.outChannels());
      return (int) Math.max(48, WINDOW_BYTES / Math.max(1, most));
    }

    private int blockRows() {
      long fit = WINDOW_BYTES / Math.max(1, pitch()) - geometry.windowRows(1);
      long rows = 1 + Math.max(0, fit) / geometry.strideHeight();
      return (int) Math.min(rows, Math.max(1, geometry.outHeight()));
    }

    /// The bytes from row to row as windows are read.
    private long pitch() {
      return columns * pixel;
    }

    private long tableBytes() {
      return (8L * geometry.runs() + LINE - 1) & -LINE;
    }

    @Override
    public long packedBytes() {
      return Math.addExact(panels.bytes(), windowSums == null ? 0 : windowSums.packedBytes());
    }

    @Override
    public void pack(Filters filters, long scales, long bias, long packed) {
      panels.pack(filters, scales, bias, packed);
      if (windowSums != null) {
        windowSums.pack(packed + panels.bytes());
      }
    }

    @Override
    public long scratchBytes() {
      long copied =
          isInPlace ? 0 : isPointwise ? (long) block * pixel : geometry.windowRows(block) * pitch();
      return panels.completedBytes() + sumsBytes + tableBytes() + copied + LINE;
    }

    @Override
    public void convolve(
        long x, long quantization, long packed, long y, int rowFrom, int rowTo, long scratch) {
      long tails = panels.tails(quantization, packed, scratch);
      long memory = scratch + panels.completedBytes();
      tabulate(memory + sumsBytes);
      if (isPointwise) {
        pointwise(x, packed, tails, y, rowFrom, rowTo, memory);
        return;
      }
      int padding = isDynamic ? ALL.get(Memory.INT, quantization + 4) : zero;
      for (int row = rowFrom; row < rowTo; ) {
        int image = row / geometry.outHeight();
        int rows = Math.min(block, Math.min(rowTo, (image + 1) * geometry.outHeight()) - row);
        for (int group = 0; group < geometry.groups(); group++) {
          rows(padding, x, packed, tails, y, row, rows, group, memory);
        }
        row += rows;
      }
    }

    private void tabulate(long table) {
      int taps = geometry.dilationWidth() == 1 ? 1 : geometry.kernelWidth();
      for (int run = 0; run < geometry.runs(); run++) {
        long row = (long) (run / taps) * geometry.dilationHeight() * pitch();
        long column = (long) (run % taps) * geometry.dilationWidth() * pixel;
        ALL.set(Memory.LONG, table + 8L * run, row + column);
      }
    }

    private void pointwise(
        long x, long packed, long tail, long y, int rowFrom, int rowTo, long memory) {
      long window = memory + sumsBytes + tableBytes();
      long step = (long) resultBytes * geometry.outChannels();
      long last = (long) rowTo * geometry.outWidth();
      for (long at = (long) rowFrom * geometry.outWidth(); at < last; at += block) {
        int count = (int) Math.min(block, last - at);
        long from = x + at * geometry.inChannels();
        if (!isInPlace) {
          pixels.copy(geometry, from, window, count);
          from = window;
        }
        if (windowSums != null) {
          windowSums.addPixels(from, count, packed + panels.bytes(), memory);
        }
        multiply(0, count, from, packed, tail, 0, panels.out(), y + at * step, memory);
      }
    }

    /// Computes one group of channels of some rows of one result image, panel by panel.
    private void rows(
        int padding,
        long x,
        long packed,
        long tails,
        long y,
        int row,
        int rows,
        int group,
        long memory) {
      ConvGeometry g = geometry;
      int image = row / g.outHeight();
      int top = (row - image * g.outHeight()) * g.strideHeight() - g.padTop();
      long from = x + (long) image * g.inHeight() * g.inWidth() * g.inChannels();
      if (isInPlace) {
        from += top * pitch();
      } else {
        long window = memory + sumsBytes + tableBytes();
        copy(padding, from + (long) group * panels.in(), top, (int) g.windowRows(rows), window);
        from = window;
      }
      long line = g.strideHeight() * pitch();
      long rowBytes = (long) resultBytes * g.outWidth() * g.outChannels();
      long to = y + row * rowBytes + (long) resultBytes * group * panels.out();
      if (windowSums != null) {
        windowSums.addWindows(from, rows, packed + panels.bytes(), memory);
      }
      long weights = panels.weights(packed, group);
      long tail = tails + group * panels.tailStep();
      for (int column = 0; column < panels.out(); column += 2 * lanes) {
        int some = Math.min(2 * lanes, panels.out() - column);
        for (int i = 0; i < rows; i++) {
          int first = i * g.outWidth();
          long a = from + i * line;
          multiply(first, g.outWidth(), a, weights, tail, column, some, to + i * rowBytes, memory);
        }
      }
    }

    /// Copies rows of one group of an image, with padding.
    private void copy(int padding, long x, int top, int rows, long window) {
      ConvGeometry g = geometry;
      int present = Math.clamp(g.windowColumns() - g.padLeft(), 0, g.inWidth());
      long left = Math.min(pitch(), (long) g.padLeft() * pixel);
      for (int row = 0; row < rows; row++) {
        long to = window + row * pitch();
        int line = top + row;
        if (line < 0 || line >= g.inHeight() || present == 0) {
          pixels.fill(padding, to, pitch());
          continue;
        }
        pixels.fill(padding, to, left);
        long from = x + (long) line * g.inWidth() * g.inChannels();
        pixels.copy(g, from, to + left, present);
        long end = left + (long) present * pixel;
        pixels.fill(padding, to + end, pitch() - end);
      }
    }

    // ---- products

    /// Computes some columns of the result of one group of channels.
    ///
    /// @param window the first of the windows that have been added up
    /// @param rows how many windows
    /// @param a where the first lies
    /// @param to where the first column of the group goes
    private void multiply(
        int window,
        int rows,
        long a,
        long weights,
        long tail,
        int column,
        int some,
        long to,
        long memory) {
      int out = panels.out();
      int whole = panels.endsEarly() ? Math.min(some, out / lanes * lanes - column) : some;
      if (whole > 0) {
        long at = to + (long) resultBytes * column;
        places(window, rows, a, weights, tail, column, whole, at, memory);
      }
      if (whole < some) {
        long at = to + (long) resultBytes * (out - lanes);
        places(window, rows, a, weights, tail, column + whole, lanes, at, memory);
      }
    }

    /// Computes the columns of some places within the vectors of columns.
    private void places(
        int window,
        int rows,
        long a,
        long weights,
        long tail,
        int place,
        int some,
        long to,
        long memory) {
      if (windowSums == null) {
        long start = panels.start(tail, place);
        from(start, 0, rows, a, weights, tail, place, some, to, memory);
        return;
      }
      int width;
      for (int done = 0; done < some; done += width) {
        width = Math.min(2 * lanes, some - done);
        int vectors = width > lanes ? 2 : 1;
        int at = place + done;
        for (int row = 0; row < rows; row += WindowSums.STARTED) {
          int count = Math.min(WindowSums.STARTED, rows - row);
          windowSums.start(vectors, window + row, count, panels.start(tail, at), memory);
          from(
              memory,
              vectors * vectorBytes,
              count,
              a + (long) row * geometry.strideWidth() * pixel,
              weights,
              tail,
              at,
              width,
              to + (long) resultBytes * (done + (long) row * geometry.outChannels()),
              memory);
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
        int rows,
        long a,
        long weights,
        long tail,
        int place,
        int some,
        long to,
        long memory) {
      tiles.multiply(
          rows,
          a,
          (long) geometry.strideWidth() * pixel,
          memory + sumsBytes,
          geometry.runs(),
          panels.depth() / geometry.runs(),
          panels.panel(weights, place),
          some,
          start,
          startStep,
          isSum ? 0 : panels.numbers(tail, place),
          0,
          geometry.activation(),
          to,
          (long) resultBytes * geometry.outChannels());
    }
  }
}
