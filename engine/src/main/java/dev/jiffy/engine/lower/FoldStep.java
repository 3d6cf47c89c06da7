package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// Columns of f32 put back to the images that they were cut from, what overlaps added: blocks begin
/// at each pixel, so that a tap of adjacent blocks is added to adjacent pixels.
final class FoldStep extends Step {
  private final RowKernels kernels;
  private final int planes;
  private final int height;
  private final int width;
  private final WindowGeometry window;
  private final int blocksDown;
  private final int blocksAcross;
  private final Place x;
  private final Place y;

  /// @param planes all channels of all images
  /// @param height rows of an image
  /// @param width columns of an image
  /// @param window how blocks lie, a pixel apart
  /// @param blocksDown the blocks above each other
  /// @param blocksAcross the blocks beside each other
  FoldStep(
      String name,
      Target target,
      int planes,
      int height,
      int width,
      WindowGeometry window,
      int blocksDown,
      int blocksAcross,
      Place x,
      Place y) {
    double added = (double) planes * taps(window) * blocksDown * blocksAcross;
    super(name, Math.min(planes, target.parts(added, 4 * added)));
    this.kernels = target.rows();
    this.planes = planes;
    this.height = height;
    this.width = width;
    this.window = window;
    this.blocksDown = blocksDown;
    this.blocksAcross = blocksAcross;
    this.x = x;
    this.y = y;
  }

  private static int taps(WindowGeometry window) {
    return window.kernel()[0] * window.kernel()[1];
  }

  @Override
  public void run(Frame frame, int part) {
    long pixels = (long) height * width;
    long blocks = (long) blocksDown * blocksAcross;
    int taps = taps(window);
    for (int plane = from(planes, part); plane < from(planes, part + 1); plane++) {
      long image = frame.at(y) + 4L * plane * pixels;
      kernels.fill(0, image, pixels);
      for (int tap = 0; tap < taps; tap++) {
        addTap(frame.at(x) + 4 * (plane * (long) taps + tap) * blocks, tap, image);
      }
    }
  }

  /// Adds one tap of all blocks to the pixels on which it lies.
  private void addTap(long blocks, int tap, long image) {
    int[] kernel = window.kernel();
    int top = tap / kernel[1] * window.dilations()[0] - window.begins()[0];
    int left = tap % kernel[1] * window.dilations()[1] - window.begins()[1];
    int row = Math.max(0, -top);
    int column = Math.max(0, -left);
    int rows = Math.min(blocksDown, height - top) - row;
    int columns = Math.min(blocksAcross, width - left) - column;
    if (rows > 0 && columns > 0) {
      kernels.addRows(
          blocks + 4 * ((long) row * blocksAcross + column),
          4L * blocksAcross,
          image + 4 * ((long) (top + row) * width + left + column),
          4L * width,
          rows,
          columns);
    }
  }
}
