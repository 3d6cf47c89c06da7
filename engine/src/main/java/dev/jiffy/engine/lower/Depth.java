package dev.jiffy.engine.lower;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The first of three spatial dimensions of a convolution, or of a transposed one: which images of
/// the input each image of the result is made of.
///
/// @param in images of an input
/// @param out images of a result
/// @param kernel images of the window
/// @param stride images between windows
/// @param dilation images between taps
/// @param pad images of padding before the first
/// @param transposed whether a transposed convolution is meant
record Depth(int in, int out, int kernel, int stride, int dilation, int pad, boolean transposed) {
  /// What stands for an image of padding.
  static final int NONE = -1;

  /// {@return the first dimension of a convolution}
  ///
  /// @param window the window in all dimensions
  /// @param x the shape of the input, channels last
  /// @param y the shape of the result
  /// @param transposed whether a transposed convolution is meant
  static Depth of(WindowGeometry window, Shape x, Shape y, boolean transposed) {
    return new Depth(
        (int) x.dim(1),
        (int) y.dim(1),
        window.kernel()[0],
        window.strides()[0],
        window.dilations()[0],
        window.begins()[0],
        transposed);
  }

  /// {@return the image of the input that a tap of the window sees, or [#NONE]}
  ///
  /// @param result the image of the result
  /// @param tap the tap
  int image(int result, int tap) {
    long at =
        transposed
            ? result + pad - (long) tap * dilation
            : (long) result * stride - pad + (long) tap * dilation;
    if (transposed) {
      at = at % stride == 0 ? at / stride : NONE;
    }
    return at >= 0 && at < in ? (int) at : NONE;
  }

  /// {@return how many taps see an image}
  ///
  /// @param result the image of the result
  int taps(int result) {
    int taps = 0;
    for (int tap = 0; tap < kernel; tap++) {
      taps += image(result, tap) == NONE ? 0 : 1;
    }
    return taps;
  }

  /// {@return whether each image of the result is made of one image of the input at least, and of
  /// so many at most}
  ///
  /// @param most how many
  boolean isWithin(int most) {
    for (int result = 0; result < out; result++) {
      int taps = taps(result);
      if (taps == 0 || taps > most) {
        return false;
      }
    }
    return true;
  }

  /// {@return the weights of each tap of a window, those of images as they are}
  ///
  /// @param weights the weights, with two dimensions of channels before those of the window
  static List<Tensor> taps(Tensor weights) {
    Shape shape = weights.shape();
    if (shape.rank() < 5) {
      return List.of(weights);
    }
    long filters = shape.elements(0, 2);
    long taps = shape.dim(2);
    long bytes = 4 * shape.elements(3, 5);
    List<Tensor> parts = new ArrayList<>();
    for (long tap = 0; tap < taps; tap++) {
      Tensor part =
          Tensor.allocate(
              weights.dtype(), Shape.of(shape.dim(0), shape.dim(1), shape.dim(3), shape.dim(4)));
      for (long filter = 0; filter < filters; filter++) {
        long from = (filter * taps + tap) * bytes;
        MemorySegment.copy(weights.segment(), from, part.segment(), filter * bytes, bytes);
      }
      parts.add(part);
    }
    return parts;
  }
}
