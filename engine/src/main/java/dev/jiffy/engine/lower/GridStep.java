package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarSampling;
import dev.jiffy.tensor.Shape;

/// Channels-last images sampled at the positions of a grid. Some positions at a time become taps in
/// working memory: those along each dimension, then those of their pairs.
final class GridStep extends Step {
  private static final int TOGETHER = 64;

  /// As many bytes are moved in the time that a position takes to become taps.
  private static final double POINT_BYTES = 500;

  private final RowKernels kernels;
  private final ImageOp.SampleGrid op;
  private final int channels;

  /// The extents of an image.
  private final int[] extents;

  /// Along each dimension.
  private final int taps;

  /// The bytes of the taps of a position, at most.
  private final long tapBytes;

  private final long points;
  private final long all;
  private final Place x;
  private final Place grid;
  private final Place y;

  GridStep(
      Node node,
      Lowering lowering,
      ImageOp.SampleGrid op,
      Shape x,
      Shape grid,
      Place from,
      Place positions,
      Place to) {
    long points = grid.elements(1, grid.rank() - 1);
    long all = x.dim(0) * points;
    double bytes = (POINT_BYTES + 16.0 * (double) x.dim(1)) * (double) all;
    super(Lowering.label(node), (int) Math.min(all, lowering.target().parts(0, bytes)));
    this.kernels = lowering.target().rows();
    this.op = op;
    this.channels = (int) x.dim(1);
    this.extents = new int[x.rank() - 2];
    for (int d = 0; d < extents.length; d++) {
      extents[d] = (int) x.dim(d + 2);
    }
    this.taps = ScalarImageOps.taps(op.interpolation());
    this.tapBytes = Mixtures.TAP_BYTES * (long) Math.pow(taps, extents.length);
    this.points = points;
    this.all = all;
    this.x = from;
    this.grid = positions;
    this.y = to;
  }

  @Override
  long scratchBytes() {
    return 4 * (TOGETHER + 1L) + tapBytes * (TOGETHER + 2L);
  }

  @Override
  public void run(Frame frame, int part) {
    long begins = frame.scratch(part);
    long work = begins + 4 * (TOGETHER + 1L);
    long first = work + 2 * tapBytes;
    long image = 4L * channels;
    for (int extent : extents) {
      image *= extent;
    }
    long to = from(all, part + 1);
    for (long point = from(all, part); point < to; ) {
      long count = Math.min(Math.min(TOGETHER, to - point), points - point % points);
      long tap = first;
      for (int i = 0; i < count; i++) {
        Memory.ALL.set(Memory.INT, begins + 4L * i, (int) ((tap - first) / Mixtures.TAP_BYTES));
        tap = taps(frame.at(grid) + 4L * extents.length * (point + i), work, tap);
      }
      Memory.ALL.set(Memory.INT, begins + 4 * count, (int) ((tap - first) / Mixtures.TAP_BYTES));
      kernels.mix(
          begins,
          first,
          frame.at(x) + point / points * image,
          frame.at(y) + 4 * point * channels,
          count,
          channels);
      point += count;
    }
  }

  /// Writes the taps of a position.
  ///
  /// @param position its address, the last dimension first
  /// @param work where other taps may lie
  /// @param to where the taps go
  /// @return behind the last
  private long taps(long position, long work, long to) {
    int last = extents.length - 1;
    int step = channels;
    long end = along(position, last, step, to);
    for (int d = last - 1; d >= 0; d--) {
      step *= extents[d + 1];
      long inner = work + tapBytes;
      Memory.copy(to, inner, end - to);
      long outer = along(position + 4L * (last - d), d, step, work);
      end = Mixtures.pairs(work, outer, inner, inner + (end - to), to);
    }
    return end;
  }

  private long along(long position, int dimension, int step, long to) {
    return ScalarSampling.taps(
        (double) Memory.getFloat(position),
        extents[dimension],
        step,
        taps,
        op.border(),
        op.alignCorners(),
        to);
  }
}
