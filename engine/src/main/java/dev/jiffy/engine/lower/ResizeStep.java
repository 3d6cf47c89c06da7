package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;

/// A two-tap resampling of channels-last images.
final class ResizeStep extends Step {
  private final RowKernels kernels;
  private final ResizeGeometry geometry;
  private final Place x;
  private final Place y;

  ResizeStep(String name, Target target, ResizeGeometry geometry, Place x, Place y) {
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
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.resize(
        geometry,
        frame.at(x),
        frame.at(y),
        from(geometry.rows(), part),
        from(geometry.rows(), part + 1));
  }
}
