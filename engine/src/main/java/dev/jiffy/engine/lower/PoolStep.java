package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.RowKernels;

/// A pooling over channels-last images.
final class PoolStep extends Step {
  private final RowKernels kernels;
  private final PoolGeometry geometry;
  private final Place x;
  private final Place y;

  PoolStep(String name, Target target, PoolGeometry geometry, Place x, Place y) {
    super(
        name,
        Math.min(
            Math.max(1, geometry.rows()),
            target.parts(
                0,
                4.0
                    * geometry.rows()
                    * geometry.outWidth()
                    * geometry.channels()
                    * geometry.kernelHeight()
                    * geometry.kernelWidth())));
    this.kernels = target.rows();
    this.geometry = geometry;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.pool(
        geometry,
        frame.at(x),
        frame.at(y),
        from(geometry.rows(), part),
        from(geometry.rows(), part + 1));
  }
}
