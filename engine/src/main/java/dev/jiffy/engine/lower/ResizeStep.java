package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;

/// A two-tap resampling of channels-last images. Of bytes, some rows at a time are made as numbers.
final class ResizeStep extends Step {
  /// The numbers of which bytes are made at a time.
  private static final long BLOCK = 1 << 14;

  private final RowKernels kernels;
  private final ResizeGeometry geometry;
  private final Place x;
  private final Reals y;

  /// The elements of a row of the result.
  private final long row;

  /// A step.
  ///
  /// @param x f32
  /// @param y the result, rounded where it is bytes
  ResizeStep(String name, Target target, ResizeGeometry geometry, Place x, Reals y) {
    super(
        name,
        Math.min(
            Math.max(1, geometry.rows()),
            target.parts(
                0, 12.0 * geometry.rows() * geometry.columnLow().length * geometry.channels())));
    this.kernels = target.rows();
    this.geometry = geometry;
    this.x = x;
    this.y = y;
    this.row = (long) geometry.columnLow().length * geometry.channels();
  }

  /// The rows of which bytes are made at a time.
  private int together() {
    return (int) Math.max(1, BLOCK / row);
  }

  @Override
  long scratchBytes() {
    return y.bytes() == null ? 0 : 4 * row * together();
  }

  @Override
  public void run(Frame frame, int part) {
    int from = from(geometry.rows(), part);
    int to = from(geometry.rows(), part + 1);
    long at = frame.at(y.place());
    if (y.bytes() == null) {
      kernels.resize(geometry, frame.at(x), at, from, to);
      return;
    }
    long numbers = frame.scratch(part);
    for (int rows; from < to; from += rows) {
      rows = Math.min(together(), to - from);
      kernels.resize(geometry, frame.at(x), numbers - 4L * from * row, from, from + rows);
      kernels.quantize(y.bytes(), numbers, at + (long) from * row, rows * row);
    }
  }
}
