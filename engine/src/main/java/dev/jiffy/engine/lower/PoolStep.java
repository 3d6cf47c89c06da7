package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.RowKernels;

/// A pooling over channels-last images; over images of one channel also with positions.
final class PoolStep extends Step {
  private final RowKernels kernels;
  private final PoolGeometry geometry;
  private final Place x;
  private final Place y;
  private final Place positions;

  /// @param positions where the positions of the largest elements go, or [Place#ABSENT]
  PoolStep(String name, Target target, PoolGeometry geometry, Place x, Place y, Place positions) {
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
    this.positions = positions;
  }

  @Override
  public void run(Frame frame, int part) {
    int rowFrom = from(geometry.rows(), part);
    int rowTo = from(geometry.rows(), part + 1);
    long found = frame.at(positions);
    if (found == 0) {
      kernels.pool(geometry, frame.at(x), frame.at(y), rowFrom, rowTo);
    } else {
      kernels.poolPositions(geometry, frame.at(x), frame.at(y), found, rowFrom, rowTo);
    }
  }
}
