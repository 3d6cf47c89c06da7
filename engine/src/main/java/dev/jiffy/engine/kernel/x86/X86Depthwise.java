package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.tile.DepthwiseKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import dev.jiffy.engine.kernel.x86.DepthwiseCode.Window;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Convolutions with one filter per channel, or with groups of few channels, as machine code, made
/// when it is first needed.
public final class X86Depthwise implements DepthwiseKernels {
  /// The most taps of a window; distances in code have 32 bits.
  private static final int MOST_TAPS = 1 << 20;

  private final int vectorBytes;
  private final int lanes;
  private final X86MicroKernels micro;
  private volatile Form[] forms = {};

  /// A function, and what it was made for.
  private record Form(DepthwiseCode code, MemorySegment function) {
    boolean matches(
        ConvGeometry g,
        int height,
        int width,
        int rows,
        boolean cut,
        boolean residual,
        @Nullable Activation activation) {
      Window window = code.window();
      return window.height() == height
          && window.width() == width
          && window.strideWidth() == g.strideWidth()
          && window.dilationWidth() == g.dilationWidth()
          && window.weightRow() == g.kernelWidth()
          && window.weightVector() == weights(g)
          && code.members() == members(g)
          && code.rows() == rows
          && (rows == 1 || window.strideHeight() == g.strideHeight())
          && code.cut() == cut
          && code.residual() == residual
          && Objects.equals(code.activation(), activation);
    }
  }

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86Depthwise() {
    this(Cpu.detect());
  }

  X86Depthwise(Cpu cpu) {
    this.vectorBytes = cpu.vectorBytes();
    this.lanes = vectorBytes / 4;
    this.micro = new X86MicroKernels(cpu);
  }

  @Override
  public boolean suits(ConvGeometry g) {
    // Packed weights serve all convolutions with them, so strides and dilations may not matter.
    int members = members(g);
    return g.groups() > 1
        && g.inChannels() == g.outChannels()
        && g.inChannels() == members * g.groups()
        && Integer.bitCount(members) == 1
        && members <= (lanes == 16 ? 8 : 4)
        && (long) g.kernelHeight() * g.kernelWidth() <= MOST_TAPS;
  }

  private int vectors(ConvGeometry g) {
    return (g.inChannels() + lanes - 1) / lanes;
  }

  private static int taps(ConvGeometry g) {
    return g.kernelHeight() * g.kernelWidth();
  }

  /// The channels of a group.
  private static int members(ConvGeometry g) {
    return g.inChannels() / g.groups();
  }

  /// The weights of a channel.
  private static int weights(ConvGeometry g) {
    return members(g) * taps(g);
  }

  @Override
  public long packedBytes(ConvGeometry g) {
    return Math.multiplyExact((long) vectors(g) * weights(g), (long) vectorBytes) + 63 & -64;
  }

  /// Packs the weights: for each vector of channels a vector for each of their weights, filled up
  /// with zeros.
  @Override
  public void pack(ConvGeometry g, long weights, long packed) {
    long count = weights(g);
    for (int from = 0; from < g.inChannels(); from += lanes) {
      int channels = Math.min(lanes, g.inChannels() - from);
      micro.pack(
          weights + 4 * count * from,
          4,
          4 * count,
          (int) count,
          channels,
          lanes,
          packed + 4 * count * from);
    }
  }

  @Override
  public long scratchBytes(ConvGeometry g) {
    return 0;
  }

  @Override
  public void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    if (g.outWidth() == 0) {
      return;
    }
    Activation activation = g.activation();
    int height = Math.min(g.kernelHeight(), DepthwiseCode.mostTaps(1));
    int width = Math.min(g.kernelWidth(), DepthwiseCode.mostTaps(g.dilationWidth()));
    for (int top = 0; top < g.kernelHeight(); top += height) {
      for (int left = 0; left < g.kernelWidth(); left += width) {
        boolean first = top == 0 && left == 0;
        boolean last = top + height >= g.kernelHeight() && left + width >= g.kernelWidth();
        part(
            g,
            top,
            Math.min(height, g.kernelHeight() - top),
            left,
            Math.min(width, g.kernelWidth() - left),
            x,
            packed + ((long) top * g.kernelWidth() + left) * vectorBytes,
            first ? bias : 0,
            first ? residual : y,
            last ? activation : null,
            y,
            rowFrom,
            rowTo);
      }
    }
  }

  /// Convolves with a part of the windows; all but very large ones have only one.
  private void part(
      ConvGeometry g,
      int tapTop,
      int height,
      int tapLeft,
      int width,
      long x,
      long weights,
      long bias,
      long residual,
      @Nullable Activation activation,
      long y,
      int rowFrom,
      int rowTo) {
    boolean fused = FunctionCode.suits(activation);
    int most =
        g.dilationHeight() == 1
            ? DepthwiseCode.mostRows(vectorBytes, height, width, g.strideHeight())
            : 1;
    long pixel = 4L * g.inChannels();
    long line = pixel * g.inWidth();
    long resultLine = pixel * g.outWidth();
    long left = (long) tapLeft * g.dilationWidth() - g.padLeft();
    int rest = g.inChannels() % lanes;
    int rows;
    for (int row = rowFrom; row < rowTo; row += rows) {
      int inImage = row % g.outHeight();
      int remaining = Math.min(rowTo - row, g.outHeight() - inImage);
      int calls = (remaining + most - 1) / most;
      rows = (remaining + calls - 1) / calls;
      long top =
          (long) inImage * g.strideHeight() - g.padTop() + (long) tapTop * g.dilationHeight();
      int seen = (rows - 1) * g.strideHeight() + height;
      long origin = (long) row / g.outHeight() * g.inHeight() + top;
      Code.call(
          function(g, height, width, rows, rest != 0, residual != 0, fused ? activation : null),
          x + origin * line + left * pixel,
          pixel,
          line * g.dilationHeight(),
          present(top, g.dilationHeight(), seen, g.inHeight()),
          y + row * resultLine,
          resultLine,
          residual - y,
          weights,
          bias == 0 ? Zeros.ADDRESS : bias,
          bias == 0 ? 0 : vectorBytes,
          g.inChannels() / lanes,
          Masks.first(vectorBytes, rest),
          left,
          g.inWidth(),
          g.outWidth(),
          0);
      if (activation != null && !fused) {
        long pixels = (long) rows * g.outWidth();
        activation.apply(y + row * resultLine, pixel, pixels, g.outChannels());
      }
    }
  }

  /// {@return a bit for each of some rows of taps that lies within the image}
  static long present(long top, int dilation, int taps, int height) {
    long present = 0;
    for (int tap = 0; tap < taps; tap++) {
      long row = top + (long) tap * dilation;
      if (row >= 0 && row < height) {
        present |= 1L << tap;
      }
    }
    return present;
  }

  private MemorySegment function(
      ConvGeometry g,
      int height,
      int width,
      int rows,
      boolean cut,
      boolean residual,
      @Nullable Activation activation) {
    Form form = find(g, height, width, rows, cut, residual, activation);
    if (form != null) {
      return form.function();
    }
    synchronized (this) {
      form = find(g, height, width, rows, cut, residual, activation);
      if (form != null) {
        return form.function();
      }
      Window window =
          new Window(
              height,
              width,
              g.strideHeight(),
              g.strideWidth(),
              g.dilationWidth(),
              g.kernelWidth(),
              weights(g));
      int members = members(g);
      int pixels = DepthwiseCode.pixels(vectorBytes, window, rows, members);
      DepthwiseCode code =
          new DepthwiseCode(vectorBytes, window, rows, pixels, members, cut, residual, activation);
      MemorySegment function = Code.load("depthwise" + height + "x" + width, code.emit());
      Form[] more = Arrays.copyOf(forms, forms.length + 1);
      more[forms.length] = new Form(code, function);
      forms = more;
      return function;
    }
  }

  private @Nullable Form find(
      ConvGeometry g,
      int height,
      int width,
      int rows,
      boolean cut,
      boolean residual,
      @Nullable Activation activation) {
    for (Form form : forms) {
      if (form.matches(g, height, width, rows, cut, residual, activation)) {
        return form;
      }
    }
    return null;
  }
}
