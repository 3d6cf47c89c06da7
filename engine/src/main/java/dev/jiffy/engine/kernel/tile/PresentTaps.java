package dev.jiffy.engine.kernel.tile;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import org.jspecify.annotations.Nullable;

/// Convolutions many of whose taps lie in the padding, such as those with wide gaps between taps
/// over small images. Only taps within the image are multiplied, where they lie.
///
/// A result is a sum of products, one for each row of taps. The pixels of a row whose taps are the
/// same ones are computed together.
final class PresentTaps {
  /// The part of all taps that at most lies within the image.
  private static final double MOST_TAPS = 0.85;

  private final MicroKernels micro;
  private final Panels panels;

  /// Cuts convolutions for some kernels.
  ///
  /// @param micro the kernels of products
  PresentTaps(MicroKernels micro) {
    this.micro = micro;
    this.panels = new Panels(micro);
  }

  /// {@return whether a convolution is computed this way}
  static boolean suits(ConvGeometry g) {
    long down =
        present(
            g.inHeight(),
            g.outHeight(),
            g.kernelHeight(),
            g.strideHeight(),
            g.dilationHeight(),
            g.padTop());
    long across =
        present(
            g.inWidth(),
            g.outWidth(),
            g.kernelWidth(),
            g.strideWidth(),
            g.dilationWidth(),
            g.padLeft());
    double all = (double) g.outHeight() * g.kernelHeight() * g.outWidth() * g.kernelWidth();
    return down > 0 && across > 0 && (double) down * across <= MOST_TAPS * all;
  }

  /// {@return the taps of all results along a dimension that lie within the image; 0 if some result
  /// has none}
  private static long present(int in, int out, int kernel, int stride, int dilation, int pad) {
    long present = 0;
    int reached = 0;
    for (int tap = kernel - 1; tap >= 0; tap--) {
      int from = results(tap, stride, dilation, pad, out);
      int to = results(tap, stride, dilation, pad + in, out);
      if (from < to && from <= reached) {
        present += to - from;
        reached = Math.max(reached, to);
      }
    }
    return reached == out ? present : 0;
  }

  /// {@return how many results have a tap before an element, counted from where padding begins}
  private static int results(int tap, int stride, int dilation, int element, int out) {
    return Math.clamp(Math.ceilDiv(element - (long) tap * dilation, stride), 0, out);
  }

  /// {@return how many taps a result has before an element, counted from where padding begins}
  private static int taps(int result, int stride, int dilation, int element, int kernel) {
    return Math.clamp(Math.ceilDiv(element - (long) result * stride, dilation), 0, kernel);
  }

  private static int tapsBefore(ConvGeometry g, int column, int element) {
    return taps(column, g.strideWidth(), g.dilationWidth(), element, g.kernelWidth());
  }

  /// {@return the end of the results from a column on that have the same taps within the image}
  private static int alike(ConvGeometry g, int first, int end) {
    int gained = first == 0 ? g.outWidth() : results(g, first - 1, g.padLeft());
    return Math.min(gained, results(g, end - 1, g.padLeft() + g.inWidth()));
  }

  private static int results(ConvGeometry g, int tap, int element) {
    return results(tap, g.strideWidth(), g.dilationWidth(), element, g.outWidth());
  }

  static long scratchBytes(ConvGeometry g) {
    return (8L * g.kernelWidth() + 63) & -64;
  }

  /// As [Convolution#convolve].
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
    for (int tap = 0; tap < g.kernelWidth(); tap++) {
      ALL.set(LONG, scratch + 8L * tap, 4L * tap * g.dilationWidth() * g.inChannels());
    }
    int in = g.inChannels() / g.groups();
    int out = g.outChannels() / g.groups();
    int k = in * g.kernelHeight() * g.kernelWidth();
    for (int group = 0; group < g.groups(); group++) {
      long b = packed + group * panels.bytes(k, out);
      for (int column = 0, columns; column < out; column += columns) {
        int width = panels.width(out - column);
        columns = Math.min(width, out - column);
        long offset = 4L * (group * out + column);
        panel(
            g,
            x + 4L * group * in,
            b + 4L * column * k,
            width,
            columns,
            bias == 0 ? Zeros.ADDRESS : bias + offset,
            residual == 0 ? 0 : residual + offset,
            y + offset,
            rowFrom,
            rowTo,
            scratch);
      }
    }
  }

  /// Computes some channels of rows of the result, one row of taps after the other.
  ///
  /// @param x the channels that are read, in the first pixel
  /// @param width the columns of the panel as it is stored
  /// @param columns how many channels
  /// @param init what sums start from
  /// @param residual what is added in the first pixel, or 0
  /// @param y the channels in the first pixel
  private void panel(
      ConvGeometry g,
      long x,
      long b,
      int width,
      int columns,
      long init,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long table) {
    long tapBytes = 4L * width * (g.inChannels() / g.groups());
    for (int tap = 0; tap < g.kernelHeight(); tap++) {
      long taps = b + (long) tap * g.kernelWidth() * tapBytes;
      for (int row = rowFrom; row < rowTo; row++) {
        int image = row / g.outHeight();
        int inImage = row - image * g.outHeight();
        int stride = g.strideHeight();
        int dilation = g.dilationHeight();
        int first = taps(inImage, stride, dilation, g.padTop(), g.kernelHeight());
        int end = taps(inImage, stride, dilation, g.padTop() + g.inHeight(), g.kernelHeight());
        if (tap < first || tap >= end) {
          continue;
        }
        int inputRow = inImage * stride + tap * dilation - g.padTop();
        long line = 4L * ((long) image * g.inHeight() + inputRow) * g.inWidth() * g.inChannels();
        long to = 4L * row * g.outWidth() * g.outChannels();
        long start = tap == first ? init : 0;
        long added = tap == first && residual != 0 ? residual + to : 0;
        Activation last = tap == end - 1 ? g.activation() : null;
        row(g, x + line, taps, tapBytes, columns, start, added, last, y + to, table);
      }
    }
  }

  /// Adds what a row of taps contributes to a row of the result, some pixels with the same taps at
  /// a time.
  ///
  /// @param x the row that the taps meet
  /// @param taps the panel's first tap of the row
  /// @param init what sums start from, or 0 where they go on
  private void row(
      ConvGeometry g,
      long x,
      long taps,
      long tapBytes,
      int columns,
      long init,
      long residual,
      @Nullable Activation activation,
      long y,
      long table) {
    long pixel = 4L * g.inChannels();
    long step = 4L * g.outChannels();
    for (int from = 0, to; from < g.outWidth(); from = to) {
      int first = tapsBefore(g, from, g.padLeft());
      int end = tapsBefore(g, from, g.padLeft() + g.inWidth());
      to = alike(g, first, end);
      int column = from * g.strideWidth() + first * g.dilationWidth() - g.padLeft();
      long c = y + from * step;
      micro.multiply(
          to - from,
          x + column * pixel,
          g.strideWidth() * pixel,
          table,
          end - first,
          g.inChannels() / g.groups(),
          taps + first * tapBytes,
          columns,
          init == 0 ? c : init,
          init == 0 ? step : 0,
          residual == 0 ? 0 : residual + from * step,
          step,
          activation,
          c,
          step);
    }
  }
}
