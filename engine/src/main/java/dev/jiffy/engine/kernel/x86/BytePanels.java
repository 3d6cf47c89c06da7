package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels.Filters;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// The packed weights of a convolution of bytes.
///
/// They have for each group of channels the weights in panels, as products have them, and a tail:
/// for each result channel the number its sum starts from, which takes the zero point out, and the
/// numbers that make results of sums. Where the zero point is not known yet, sums of weights stand
/// in place of the former, and both are completed in working memory.
///
/// Without AVX-512 bytes cannot be stored under a mask: where results are rounded, the last vector
/// of columns begins so early that it ends where they do.
final class BytePanels {
  private static final int LINE = 64;

  /// In place of the address of a column that there is not.
  private static final long NONE = 0;

  /// The bytes of a vector without AVX-512.
  private static final int NARROW = 32;

  private final ByteConvolution convolution;
  private final ConvGeometry geometry;
  private final int vectorBytes;
  private final int reach;
  private final @Nullable CodeTable code;
  private final int lanes;
  private final int in;
  private final int out;
  private final int elements;
  private final int depth;
  private final int vectors;

  /// The weights of a convolution.
  ///
  /// @param vectorBytes the width of vectors
  /// @param reach the channels that 32 bits hold
  /// @param code packs fours of rows of a matrix, as [NarrowingCode#pack], or null
  BytePanels(ByteConvolution convolution, int vectorBytes, int reach, @Nullable CodeTable code) {
    this.code = code;
    this.convolution = convolution;
    this.geometry = convolution.geometry();
    this.vectorBytes = vectorBytes;
    this.reach = reach;
    lanes = vectorBytes / 4;
    in = geometry.inChannels() / geometry.groups();
    out = geometry.outChannels() / geometry.groups();
    elements = (in + reach - 1) / reach;
    depth = elements * geometry.kernelHeight() * geometry.kernelWidth();
    vectors = (out + lanes - 1) / lanes;
  }

  /// {@return the input channels of a group}
  int in() {
    return in;
  }

  /// {@return the result channels of a group}
  int out() {
    return out;
  }

  /// {@return the fours or twos of channels of a pixel of one group}
  int elements() {
    return elements;
  }

  /// {@return the rows of a panel}
  int depth() {
    return depth;
  }

  /// {@return whether the last vector of columns begins earlier than where the one before ends}
  boolean endsEarly() {
    return vectorBytes == NARROW && convolution.rounding() != null && out % lanes != 0;
  }

  /// {@return the column of a place within the vectors of columns}
  private int column(int place) {
    int end = vectors * lanes;
    return endsEarly() && place >= end - lanes ? place - end + out : place;
  }

  // ---- where things are

  private long weightBytes() {
    return (long) vectorBytes * vectors * depth;
  }

  private long tailBytes() {
    return (long) (vectorBytes + numbersBytes()) * vectors;
  }

  /// The bytes of the numbers of a vector of columns.
  private int numbersBytes() {
    return ByteSums.COLUMN_NUMBERS * lanes;
  }

  private long groupBytes() {
    long perVector = Math.addExact((long) vectorBytes * depth, vectorBytes + numbersBytes());
    return Math.addExact(Math.multiplyExact(perVector, (long) vectors), LINE - 1L) & -LINE;
  }

  /// {@return the bytes of all groups}
  long bytes() {
    return Math.multiplyExact(groupBytes(), (long) geometry.groups());
  }

  /// {@return where the weights of a group are}
  long weights(long packed, int group) {
    return packed + group * groupBytes();
  }

  /// {@return where the weights of a place within the vectors of columns are}
  long panel(long weights, int place) {
    return weights + 4L * place * depth;
  }

  /// {@return where the numbers are that sums of a place within the vectors of columns start from}
  long start(long tail, int place) {
    return tail + 4L * place;
  }

  /// {@return where the numbers are that make results of sums}
  long numbers(long tail, int place) {
    return tail + (long) vectorBytes * vectors + (long) ByteSums.COLUMN_NUMBERS * place;
  }

  // ---- packing

  /// As [dev.jiffy.engine.kernel.ByteKernels.Prepared#pack].
  void pack(Filters filters, long scales, long bias, long packed) {
    int places = vectors * lanes;
    for (int group = 0; group < geometry.groups(); group++) {
      long weights = weights(packed, group);
      long[] columns = new long[places];
      for (int place = 0; place < places; place++) {
        int column = column(place);
        long filter = group * (long) out + column;
        columns[place] = column < out ? filters.address() + filter * filters.filterStep() : NONE;
      }
      int[] sums = new int[places];
      int wide = out / (2 * lanes) * (2 * lanes);
      for (int first = 0; first < places; first += first < wide ? 2 * lanes : lanes) {
        int end = first + (first < wide ? 2 * lanes : lanes);
        long panel = panel(weights, first);
        for (int from = first; from < end; from += lanes) {
          long to = panel + 4L * (from - first);
          packVector(columns, filters, from, to, 4L * (end - first), sums, weights + weightBytes());
        }
      }
      for (int place = 0; place < places; place++) {
        if (columns[place] != NONE) {
          int channel = group * out + column(place);
          packNumbers(scales, bias, channel, place, sums[place], weights + weightBytes());
        }
      }
    }
  }

  /// Packs the weights of a vector of places, and adds them up.
  ///
  /// @param step bytes from row to row of the panel
  private void packVector(
      long[] columns, Filters filters, int first, long to, long step, int[] sums, long tail) {
    int taps = geometry.kernelHeight() * geometry.kernelWidth();
    int done = packFours(columns, filters, first, to, step, sums, tail);
    for (int channel = done; channel < in; channel += reach) {
      int present = Math.min(reach, in - channel);
      for (int tap = 0; tap < taps; tap++) {
        long row = to + step * ((long) tap * elements + channel / reach);
        long offset = channel * filters.channelStep() + tap;
        for (int place = first; place < first + lanes; place++) {
          long from = columns[place];
          if (from != NONE) {
            int element = element(from + offset, filters.channelStep(), present);
            ALL.set(Memory.INT, row + 4L * (place - first), element);
            sums[place] += reach == 4 ? sum(element) : (short) element + (element >> 16);
          }
        }
      }
    }
  }

  /// Packs fours of rows where the weights are a matrix; its sums pass through the tail.
  ///
  /// @return the rows that are packed
  private int packFours(
      long[] columns, Filters filters, int first, long to, long step, int[] sums, long tail) {
    boolean isMatrix =
        filters.filterStep() == 1 && geometry.kernelHeight() * geometry.kernelWidth() == 1;
    if (code == null || !isMatrix || in < 4 || first + lanes > out) {
      return 0;
    }
    long rowStep = filters.channelStep();
    long _ = Code.call(code.get(0), columns[first], rowStep, to, step, in / 4, start(tail, first));
    for (int place = first; place < first + lanes; place++) {
      sums[place] = ALL.get(Memory.INT, start(tail, place));
    }
    return in & -4;
  }

  /// The weights of a four or two of channels.
  private int element(long from, long channelStep, int present) {
    if (present == 4) {
      return channelStep == 1
          ? ALL.get(Memory.INT, from)
          : (weight(from) & 0xff)
              | (weight(from + channelStep) & 0xff) << 8
              | (weight(from + 2 * channelStep) & 0xff) << 16
              | weight(from + 3 * channelStep) << 24;
    }
    int bits = Integer.SIZE / reach;
    int element = 0;
    for (int i = present - 1; i >= 0; i--) {
      element = element << bits | (weight(from + i * channelStep) & (1 << bits) - 1);
    }
    return element;
  }

  private static byte weight(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  private static int sum(int bytes) {
    return (byte) bytes + (byte) (bytes >> 8) + (byte) (bytes >> 16) + (bytes >> 24);
  }

  /// Packs what else is known of a result channel.
  ///
  /// @param sum the sum of its weights' bytes
  private void packNumbers(long scales, long bias, int channel, int place, int sum, long tail) {
    int taps = geometry.kernelHeight() * geometry.kernelWidth();
    int whole = sum + convolution.shift() * in * taps;
    int start = convolution.isDynamic() ? whole : -convolution.zero() * whole;
    ALL.set(Memory.INT, start(tail, place), start);
    long lane = numbers(tail, place / lanes * lanes) + 4L * (place % lanes);
    Memory.setFloat(lane, Memory.getFloat(scales + 4L * channel));
    Memory.setFloat(lane + vectorBytes, bias == 0 ? 0 : Memory.getFloat(bias + 4L * channel));
    ByteConvolution.Rounding rounding = convolution.rounding();
    if (rounding != null) {
      Memory.setFloat(lane + 2L * vectorBytes, rounding.factor());
      ALL.set(Memory.INT, lane + 3L * vectorBytes, rounding.zero());
    }
  }

  // ---- tails

  /// {@return the bytes of the tails of all groups that are completed in working memory}
  long completedBytes() {
    return convolution.isDynamic() ? tailBytes() * geometry.groups() : 0;
  }

  /// {@return the bytes from tail to tail}
  long tailStep() {
    return convolution.isDynamic() ? tailBytes() : groupBytes();
  }

  /// {@return the tail of the first group, after all tails have been completed}
  ///
  /// @param completed working memory
  long tails(long quantization, long packed, long completed) {
    if (!convolution.isDynamic()) {
      return packed + weightBytes();
    }
    float scale = Memory.getFloat(quantization);
    int zero = ALL.get(Memory.INT, quantization + 4);
    for (int group = 0; group < geometry.groups(); group++) {
      long from = weights(packed, group) + weightBytes();
      long to = completed + group * tailBytes();
      long numbers = (long) vectorBytes * vectors;
      for (long at = 0; at < numbers; at += 4) {
        ALL.set(Memory.INT, to + at, -zero * ALL.get(Memory.INT, from + at));
      }
      for (; numbers < tailBytes(); numbers += numbersBytes()) {
        for (long at = numbers; at < numbers + vectorBytes; at += 4) {
          Memory.setFloat(to + at, scale * Memory.getFloat(from + at));
          Memory.setFloat(to + at + vectorBytes, Memory.getFloat(from + at + vectorBytes));
        }
      }
    }
    return completed;
  }
}
