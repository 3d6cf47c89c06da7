package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.ValueLayout;

/// What weights that stand for more than their bytes add to a convolution: as many times the sum of
/// the bytes in each window, from which the sums of a row of the result start.
///
/// The sums of pixels are products with ones, which are packed; those of windows are made of them.
/// Working memory has what some rows start from, a sum for each window, and one for each pixel.
final class WindowSums {
  /// The rows for which sums are started at a time.
  static final int STARTED = 96;

  private static final int LINE = 64;

  private final Functions functions;
  private final ConvGeometry geometry;
  private final int shift;
  private final BytePanels panels;
  private final int pixelBytes;
  private final long columns;
  private final long windows;
  private final long pixels;

  /// The machine code of all sums, made when it is first needed.
  static final class Functions implements CodeTable.Emitter {
    private final int vectorBytes;
    private final int reach;
    private final Tiles tiles;
    private final CodeTable starts;

    /// @param tiles products of bytes whose results are sums
    Functions(Cpu cpu, Tiles tiles) {
      vectorBytes = cpu.vectorBytes();
      reach = cpu.vnni() ? 4 : 2;
      this.tiles = tiles;
      starts = new CodeTable("starts", 3, this);
    }

    @Override
    public byte[] emit(String table, int vectors) {
      return new StartCode(vectorBytes, vectors).emit();
    }
  }

  /// The sums of a convolution.
  ///
  /// @param pixelBytes the bytes of a pixel as windows are read
  /// @param columns the pixels of a row of these
  /// @param windows how many windows are added up at a time
  /// @param pixels how many pixels they are made of, or 0 where windows are pixels
  WindowSums(
      Functions functions,
      ByteConvolution convolution,
      BytePanels panels,
      int pixelBytes,
      long columns,
      long windows,
      long pixels) {
    this.functions = functions;
    this.geometry = convolution.geometry();
    this.shift = convolution.shift();
    this.panels = panels;
    this.pixelBytes = pixelBytes;
    this.columns = columns;
    this.windows = windows;
    this.pixels = pixels;
  }

  /// {@return the bytes of ones for each channel of a pixel}
  long packedBytes() {
    return ((long) functions.vectorBytes * panels.elements() + LINE - 1) & -LINE;
  }

  /// Packs the ones.
  void pack(long ones) {
    for (int channel = 0; channel < panels.in(); channel++) {
      long lane = ones + (long) channel / functions.reach * functions.vectorBytes;
      ALL.set(
          ValueLayout.JAVA_BYTE,
          lane + channel % functions.reach * (4L / functions.reach),
          (byte) 1);
    }
  }

  /// {@return the bytes of working memory}
  long scratchBytes() {
    return (startedBytes() + 4 * (windows + pixels) + LINE - 1) & -LINE;
  }

  private long startedBytes() {
    return 2L * functions.vectorBytes * STARTED;
  }

  /// Adds up windows that are pixels.
  ///
  /// @param from the first pixel
  /// @param ones the packed ones
  /// @param scratch working memory
  void addPixels(long from, int count, long ones, long scratch) {
    long to = scratch + startedBytes();
    add(from, count, ones, to);
    for (long at = to; at < to + 4L * count; at += 4) {
      ALL.set(Memory.INT, at, shift * ALL.get(Memory.INT, at));
    }
  }

  /// Adds up the windows of some rows of the result.
  ///
  /// @param from the first pixel of the first window
  /// @param ones the packed ones
  /// @param scratch working memory
  void addWindows(long from, int rows, long ones, long scratch) {
    long to = scratch + startedBytes();
    long sums = to + 4 * windows;
    add(from, Math.toIntExact(geometry.windowRows(rows) * columns), ones, sums);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < geometry.outWidth(); column++) {
        long line = (long) row * geometry.strideHeight() * columns;
        long first = sums + 4 * (line + (long) column * geometry.strideWidth());
        ALL.set(Memory.INT, to, shift * window(first));
        to += 4;
      }
    }
  }

  /// Adds up a window.
  ///
  /// @param first the sum of its first pixel
  private int window(long first) {
    int sum = 0;
    for (int h = 0; h < geometry.kernelHeight(); h++) {
      long line = first + 4 * columns * h * geometry.dilationHeight();
      for (int w = 0; w < geometry.kernelWidth(); w++) {
        sum += ALL.get(Memory.INT, line + 4L * w * geometry.dilationWidth());
      }
    }
    return sum;
  }

  /// Adds up the channels of pixels.
  private void add(long from, int count, long ones, long to) {
    functions.tiles.multiply(
        count,
        from,
        pixelBytes,
        Zeros.ADDRESS,
        1,
        panels.elements(),
        ones,
        1,
        Zeros.ADDRESS,
        0,
        0,
        0,
        null,
        to,
        4);
  }

  /// Makes what the sums of some rows of the result start from, for up to two vectors of columns.
  ///
  /// @param vectors how many vectors
  /// @param window the window of the first row
  /// @param rows how many rows, up to [#STARTED]
  /// @param ofColumns a number for each column
  /// @param scratch working memory, which begins with the result
  void start(int vectors, int window, int rows, long ofColumns, long scratch) {
    long ofRows = scratch + startedBytes() + 4L * window;
    long _ = Code.call(functions.starts.get(vectors), rows, ofRows, ofColumns, scratch, 0, 0);
  }
}
