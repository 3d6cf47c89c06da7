package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

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
    int rank = block.length;
    long taps = 1;
    long blocks = 1;
    for (int d = 0; d < rank; d++) {
      taps *= block[d];
      blocks *= windows[d];
    }
    long size = shape.elements(2, shape.rank());
    double[] sums = new double[Math.toIntExact(size)];
    for (long plane = 0; plane < shape.elements(0, 2); plane++) {
      java.util.Arrays.fill(sums, 0);
      for (long tap = 0; tap < taps; tap++) {
        for (long b = 0; b < blocks; b++) {
          long at = pixel(tap, b, shape, block, windows, strides, begins, dilations);
          if (at >= 0) {
            sums[(int) at] += x.getDouble((plane * taps + tap) * blocks + b);
          }
        }
      }
      for (int i = 0; i < size; i++) {
        out.setDouble(plane * size + i, sums[i]);
      }
    }
  }

  /// {@return the pixel of a tap of a block, or -1 where it lies in the padding}
  private static long pixel(
      long tap,
      long at,
      Shape shape,
      int[] block,
      int[] windows,
      int[] strides,
      int[] begins,
      int[] dilations) {
    long pixel = 0;
    long step = 1;
    long t = tap;
    long b = at;
    for (int d = block.length - 1; d >= 0; d--) {
      long extent = shape.dim(d + 2);
      long i = b % windows[d] * strides[d] - begins[d] + t % block[d] * dilations[d];
      if (i < 0 || i >= extent) {
        return -1;
      }
      pixel += i * step;
      step *= extent;
      t /= block[d];
      b /= windows[d];
    }
    return pixel;
  }
}
