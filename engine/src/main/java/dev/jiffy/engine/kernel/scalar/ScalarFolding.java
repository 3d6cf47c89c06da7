package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;

/// Columns put back to the image that they were cut from.
public final class ScalarFolding {
  private ScalarFolding() {}

  /// Adds every tap of every block to the pixel that it lies on.
  ///
  /// @param x the blocks, `[batch, channels · taps, blocks]`
  /// @param block extents of a block
  /// @param windows the number of blocks along each dimension
  /// @param strides steps between blocks
  /// @param begins padding before the first pixel
  /// @param dilations distances between the taps of a block
  /// @param out the image, `[batch, channels, spatial…]`
  public static void fold(
      Tensor x,
      int[] block,
      int[] windows,
      int[] strides,
      int[] begins,
      int[] dilations,
      Tensor out) {
    Shape shape = out.shape();
    int last = block.length - 1;
    long[] steps = Elements.strides(Arrays.copyOfRange(shape.dims(), 2, shape.rank()));
    long[] rows = new long[last];
    long taps = block[last];
    long blocks = windows[last];
    for (int d = 0; d < last; d++) {
      rows[d] = windows[d];
      taps *= block[d];
      blocks *= windows[d];
    }
    long[] first = new long[block.length];
    DType type = x.dtype();
    long address = x.segment().address();
    double[] sums = new double[Elements.count(shape, 2, shape.rank())];
    for (long plane = 0; plane < shape.elements(0, 2); plane++) {
      Arrays.fill(sums, 0);
      long at = plane * taps * blocks;
      for (long tap = 0; tap < taps; tap++) {
        long rest = tap;
        for (int d = last; d >= 0; d--) {
          first[d] = rest % block[d] * dilations[d] - begins[d];
          rest /= block[d];
        }
        int from = Math.clamp(Math.ceilDiv(-first[last], strides[last]), 0, windows[last]);
        long end = Math.ceilDiv(shape.dim(last + 2) - first[last], strides[last]);
        int to = Math.clamp(end, 0, windows[last]);
        Walk walk = new Walk(rows);
        for (long done = 0; done < blocks; done += windows[last], walk.next()) {
          long row = row(walk, strides, first, shape, steps);
          if (row >= 0 && from < to) {
            int pixel = (int) (row + first[last]) + from * strides[last];
            add(type, address + (at + from) * type.bytes(), to - from, sums, pixel, strides[last]);
          }
          at += windows[last];
        }
      }
      store(sums, type, out.segment().address() + plane * sums.length * type.bytes());
    }
  }

  /// Adds adjacent elements to pixels that are some steps apart.
  private static void add(DType type, long x, int count, double[] sums, int pixel, int step) {
    if (type == DType.F32) {
      for (int i = 0; i < count; i++) {
        sums[pixel + i * step] += Memory.getFloat(x + 4L * i);
      }
    } else {
      for (int i = 0; i < count; i++) {
        sums[pixel + i * step] += TypedMemory.getDouble(type, x + (long) i * type.bytes());
      }
    }
  }

  private static void store(double[] sums, DType type, long y) {
    if (type == DType.F32) {
      for (int i = 0; i < sums.length; i++) {
        Memory.setFloat(y + 4L * i, (float) sums[i]);
      }
    } else {
      for (int i = 0; i < sums.length; i++) {
        TypedMemory.setDouble(type, y + (long) i * type.bytes(), sums[i]);
      }
    }
  }

  /// {@return where the row of pixels of a tap begins, or -1 where it lies in the padding}
  private static long row(Walk walk, int[] strides, long[] first, Shape shape, long[] steps) {
    long row = 0;
    for (int d = 0; d < first.length - 1; d++) {
      long i = first[d] + walk.index(d) * strides[d];
      if (i < 0 || i >= shape.dim(d + 2)) {
        return -1;
      }
      row += i * steps[d];
    }
    return row;
  }
}
