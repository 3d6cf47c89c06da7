package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.x86.ByteDepthwiseCode.Window;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Convolutions of bytes with one filter per channel as machine code, made when it is first needed.
///
/// Channels are computed in groups of as many as a vector has bytes; the last ones in a group of
/// the next power of two, which begins so early that it ends where they do. A packed form has the
/// weights of all groups, then all their tails, as [ByteDepthwiseCode] takes both.
final class X86ByteDepthwise implements ByteKernels {
  /// The fewest channels of a group.
  private static final int LEAST = 16;

  /// The most taps, so that code stays small.
  private static final int MOST_TAPS = 128;

  /// The most pixels of a tile.
  private static final int MOST_PIXELS = 6;

  private static final int LINE = 64;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private final Cpu cpu;
  private final int reach;
  private volatile Form[] forms = {};

  /// A function, and what it was made for.
  private record Form(ByteDepthwiseCode code, MemorySegment function) {
    boolean matches(
        Window window, int rows, int width, boolean rounds, @Nullable Activation activation) {
      Window own = code.window();
      return code.vectorBytes() == width
          && code.rows() == rows
          && code.rounds() == rounds
          && own.height() == window.height()
          && own.width() == window.width()
          && own.strideHeight() == window.strideHeight()
          && own.strideWidth() == window.strideWidth()
          && own.dilationWidth() == window.dilationWidth()
          && Objects.equals(code.activation(), activation);
    }
  }

  X86ByteDepthwise(Cpu cpu) {
    this.cpu = cpu;
    reach = cpu.vnni() ? 4 : 2;
  }

  @Override
  public @Nullable Prepared prepare(ByteConvolution convolution) {
    ConvGeometry g = convolution.geometry();
    Window window = window(g);
    boolean suits =
        convolution.shift() == 0
            && !convolution.isSum()
            && g.groups() == g.inChannels()
            && g.groups() == g.outChannels()
            && g.groups() >= LEAST
            && (long) g.kernelHeight() * g.kernelWidth() <= MOST_TAPS
            && window.rows(window.most()) <= DepthwiseCode.MOST_EXTENT
            && (g.kernelWidth() - 1L) * g.dilationWidth() < DepthwiseCode.MOST_EXTENT
            && FunctionCode.suits(g.activation());
    return suits ? new Convolution(convolution, window) : null;
  }

  private Window window(ConvGeometry g) {
    return Window.of(
        reach,
        g.kernelHeight(),
        g.kernelWidth(),
        g.strideHeight(),
        g.strideWidth(),
        g.dilationHeight(),
        g.dilationWidth());
  }

  /// One convolution.
  private final class Convolution implements Prepared {
    private final ByteConvolution c;
    private final ConvGeometry g;
    private final Window window;
    private final int channels;

    Convolution(ByteConvolution convolution, Window window) {
      c = convolution;
      g = convolution.geometry();
      this.window = window;
      channels = g.inChannels();
    }

    // ---- groups of channels

    /// {@return the channels of the group that has some channel and, but in a last group, begins
    /// with it}
    private int width(int first) {
      int width = LEAST;
      while (width < Math.min(channels - first, cpu.vectorBytes())) {
        width *= 2;
      }
      return width <= channels ? width : width / 2;
    }

    /// {@return the channels that all groups have together}
    private int groupChannels() {
      int sum = 0;
      for (int first = 0; first < channels; ) {
        int width = width(first);
        sum += width;
        first += width;
      }
      return sum;
    }

    private long weightBytes() {
      return (long) groupChannels() * window.weights(reach);
    }

    private long tailBytes() {
      return (long) groupChannels() * ByteDepthwiseCode.TAIL;
    }

    @Override
    public long packedBytes() {
      return Math.addExact(weightBytes(), tailBytes());
    }

    @Override
    public void pack(Filters filters, long scales, long bias, long packed) {
      int taps = g.kernelHeight() * g.kernelWidth();
      long to = packed;
      long tail = packed + weightBytes();
      for (int first = 0; first < channels; ) {
        int width = width(first);
        int from = Math.min(first, channels - width);
        for (int i = 0; i < width; i++) {
          long filter = filters.address() + (from + i) * filters.filterStep();
          packFilter(filter, width, i, to);
          int sum = 0;
          for (int tap = 0; tap < taps; tap++) {
            sum += ALL.get(BYTE, filter + tap);
          }
          long number = tail + place(width, i);
          ALL.set(Memory.INT, number, c.isDynamic() ? sum : -c.zero() * sum);
          long index = 4L * (from + i);
          Memory.setFloat(number + 4L * width, Memory.getFloat(scales + index));
          Memory.setFloat(number + 8L * width, bias == 0 ? 0 : Memory.getFloat(bias + index));
        }
        ByteConvolution.Rounding rounding = c.rounding();
        for (int i = 0; rounding != null && i < width; i += 4) {
          Memory.setFloat(tail + 12L * width + i, rounding.factor());
          ALL.set(Memory.INT, tail + 13L * width + i, rounding.zero() * 0x10001);
        }
        to += (long) width * window.weights(reach);
        tail += (long) width * ByteDepthwiseCode.TAIL;
        first += width;
      }
    }

    /// {@return where a channel's 32 bits are within the four vectors of a group}
    private static int place(int width, int channel) {
      return channel % 16 / 4 * width + 4 * (channel / 16 * 4 + channel % 4);
    }

    /// Packs the taps of a channel of a group, for both rows that are computed together.
    private void packFilter(long filter, int width, int channel, long group) {
      int units = window.units(reach);
      long tapBytes = 4 / reach;
      for (int row = 0; row < window.most(); row++) {
        for (int tapRow = 0; tapRow < g.kernelHeight(); tapRow++) {
          int line = tapRow + row * window.strideHeight();
          for (int tap = 0; tap < g.kernelWidth(); tap++) {
            byte weight = ALL.get(BYTE, filter + (long) tapRow * g.kernelWidth() + tap);
            int index = (row * units + line / reach) * g.kernelWidth() + tap;
            long to = group + 4L * width * index + place(width, channel) + line % reach * tapBytes;
            if (reach == 4) {
              ALL.set(BYTE, to, weight);
            } else {
              ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, to, weight);
            }
          }
        }
      }
    }

    // ---- computing

    /// The bytes of a tile's input that stand for zero.
    private long zeroBytes() {
      int columns = window.columns(MOST_PIXELS);
      return ((long) columns * channels + 2 * LINE - 1) & -LINE;
    }

    @Override
    public long scratchBytes() {
      return zeroBytes() + (c.isDynamic() ? tailBytes() : 0);
    }

    /// Completes the tails of all groups.
    private void complete(long quantization, long from, long to) {
      float scale = Memory.getFloat(quantization);
      int zero = ALL.get(Memory.INT, quantization + 4);
      for (int first = 0; first < channels; ) {
        int width = width(first);
        long tail = (long) first * ByteDepthwiseCode.TAIL;
        for (long at = tail; at < tail + 4L * width; at += 4) {
          ALL.set(Memory.INT, to + at, -zero * ALL.get(Memory.INT, from + at));
          long factor = at + 4L * width;
          Memory.setFloat(to + factor, scale * Memory.getFloat(from + factor));
          long bias = at + 8L * width;
          Memory.setFloat(to + bias, Memory.getFloat(from + bias));
        }
        first += width;
      }
    }

    @Override
    public void convolve(
        long x, long quantization, long packed, long y, int rowFrom, int rowTo, long scratch) {
      long tails = packed + weightBytes();
      int zero = c.zero();
      if (c.isDynamic()) {
        long completed = scratch + zeroBytes();
        complete(quantization, tails, completed);
        tails = completed;
        zero = ALL.get(Memory.INT, quantization + 4);
      }
      ALL.asSlice(scratch, zeroBytes()).fill((byte) zero);
      int most = window.most();
      for (int row = rowFrom; row < rowTo; ) {
        int rows = Math.min(most, Math.min(rowTo - row, g.outHeight() - row % g.outHeight()));
        rows(x, packed, tails, y, row, rows, scratch);
        row += rows;
      }
    }

    /// Computes one or two rows of a result.
    private void rows(long x, long packed, long tails, long y, int row, int rows, long zeros) {
      int resultBytes = c.rounding() == null ? 4 : 1;
      long line = (long) channels * g.inWidth();
      long resultPixel = (long) resultBytes * channels;
      long top = (long) row % g.outHeight() * g.strideHeight() - g.padTop();
      long seen = X86Depthwise.present(top, g.dilationHeight(), window.rows(rows), g.inHeight());
      long origin = (long) row / g.outHeight() * g.inHeight() + top;
      long from = x + origin * line - (long) g.padLeft() * channels;
      long to = y + (long) row * g.outWidth() * resultPixel;
      for (int first = 0; first < channels; ) {
        int width = width(first);
        int at = Math.min(first, channels - width);
        int groups = Math.max(1, width == cpu.vectorBytes() ? (channels - at) / width : 1);
        Code.call(
            function(window, rows, width, c.rounding() != null, g.activation()),
            from + at,
            channels,
            line * g.dilationHeight(),
            seen,
            to + (long) resultBytes * at,
            g.outWidth() * resultPixel,
            resultPixel,
            packed + (long) first * window.weights(reach),
            tails + (long) first * ByteDepthwiseCode.TAIL,
            groups,
            zeros,
            -g.padLeft(),
            g.inWidth(),
            g.outWidth(),
            0,
            0);
        first += groups * width;
      }
    }
  }

  private MemorySegment function(
      Window window, int rows, int width, boolean rounds, @Nullable Activation activation) {
    for (Form form : forms) {
      if (form.matches(window, rows, width, rounds, activation)) {
        return form.function();
      }
    }
    return make(window, rows, width, rounds, activation);
  }

  private synchronized MemorySegment make(
      Window window, int rows, int width, boolean rounds, @Nullable Activation activation) {
    Form[] known = forms;
    for (Form form : known) {
      if (form.matches(window, rows, width, rounds, activation)) {
        return form.function();
      }
    }
    int registers = cpu.vectorBytes() == 64 && (width == 64 || isLimit(activation)) ? 32 : 16;
    ByteDepthwiseCode code =
        new ByteDepthwiseCode(
            width, registers, cpu.byteProduct(), window, rows, rounds, activation);
    String name = "bytes depthwise" + window.height() + "x" + window.width();
    MemorySegment function = Code.load(name, code.emit());
    Form[] more = Arrays.copyOf(known, known.length + 1);
    more[known.length] = new Form(code, function);
    forms = more;
    return function;
  }

  /// Whether an activation has the same code for vectors of every width.
  private static boolean isLimit(@Nullable Activation activation) {
    return activation == null
        || activation.function() == UnaryFunction.RELU
        || activation.function() == UnaryFunction.CLIP;
  }
}
