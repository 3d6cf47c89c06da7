package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import org.jspecify.annotations.Nullable;

/// Convolutions with one filter per channel.
final class DepthwiseGeometry {
  private DepthwiseGeometry() {}

  /// {@return a geometry}
  ///
  /// @param image height and width
  /// @param window height, width, strides and dilations
  /// @param padding 0 for none, 1 for as much as keeps the extents, each above for one more at each
  ///   end
  static ConvGeometry of(
      int batch,
      int[] image,
      int channels,
      int[] window,
      int padding,
      @Nullable Activation activation) {
    int spanHeight = (window[0] - 1) * window[4];
    int spanWidth = (window[1] - 1) * window[5];
    int top = padding == 0 ? 0 : spanHeight / 2 + padding - 1;
    int left = padding == 0 ? 0 : spanWidth / 2 + padding - 1;
    return new ConvGeometry(
        batch,
        image[0],
        image[1],
        channels,
        Math.floorDiv(image[0] + 2 * top - spanHeight - 1, window[2]) + 1,
        Math.floorDiv(image[1] + 2 * left - spanWidth - 1, window[3]) + 1,
        channels,
        window[0],
        window[1],
        window[2],
        window[3],
        window[4],
        window[5],
        top,
        left,
        channels,
        activation);
  }
}
