package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRegions;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;

/// Means of samples of regions of channels-last images. Working memory holds the taps of all
/// columns of bins and where they begin, those of a row of bins, and those of their pairs.
final class RegionStep extends Step {
  /// The most bytes of working memory.
  private static final long MOST_BYTES = 1 << 24;

  private final RowKernels kernels;
  private final ImageOp.AlignRegions op;
  private final boolean isLong;
  private final int images;
  private final int channels;
  private final int height;
  private final int width;
  private final long regions;
  private final int rows;
  private final int columns;
  private final Place x;
  private final Place corners;
  private final Place indices;
  private final Place y;

  RegionStep(
      Node node,
      Lowering lowering,
      ImageOp.AlignRegions op,
      Place x,
      Place corners,
      Place indices,
      Place y) {
    Shape bins = lowering.shape(node.output());
    super(
        Lowering.label(node),
        (int) Math.min(bins.dim(0), lowering.target().parts(0, 64 * (double) bins.elements())));
    Shape shape = lowering.shape(node.input(0));
    this.kernels = lowering.target().rows();
    this.op = op;
    this.isLong = lowering.dtype(node.input(2)) == DType.I64;
    this.images = (int) shape.dim(0);
    this.channels = (int) shape.dim(1);
    this.height = (int) shape.dim(2);
    this.width = (int) shape.dim(3);
    this.regions = bins.dim(0);
    this.rows = (int) bins.dim(2);
    this.columns = (int) bins.dim(3);
    this.x = x;
    this.corners = corners;
    this.indices = indices;
    this.y = y;
  }

  /// {@return whether the taps of regions have place}
  static boolean suits(ImageOp.AlignRegions op, Shape x) {
    return x.rank() == 4 && pairs(op, x.dim(2), x.dim(3)) * Mixtures.TAP_BYTES <= MOST_BYTES;
  }

  /// {@return the taps of bins along one dimension, at most: without a number of samples they are a
  /// pixel apart at most}
  private static double taps(ImageOp.AlignRegions op, long bins, long extent) {
    double along = op.samples() > 0 ? 2.0 * (double) op.samples() : 4;
    return along * (double) bins + (op.samples() > 0 ? 0 : (double) extent + 8);
  }

  private static double pairs(ImageOp.AlignRegions op, long height, long width) {
    return taps(op, 1, height) * taps(op, op.width(), width);
  }

  private long columnBytes() {
    return Mixtures.TAP_BYTES * (long) taps(op, columns, width);
  }

  private long rowBytes() {
    return Mixtures.TAP_BYTES * (long) taps(op, 1, height);
  }

  @Override
  long scratchBytes() {
    long pairs = Mixtures.TAP_BYTES * (long) pairs(op, height, width);
    return 8 * (columns + 1L) + columnBytes() + rowBytes() + pairs;
  }

  @Override
  public void run(Frame frame, int part) {
    long to = from(regions, part + 1);
    for (long region = from(regions, part); region < to; region++) {
      try {
        align(frame, region, frame.scratch(part));
      } catch (ModelException e) {
        throw new ModelException(name() + ": " + e.getMessage(), e);
      }
    }
  }

  private long index(long address, long region) {
    return isLong
        ? Memory.ALL.get(Memory.LONG, address + 8 * region)
        : Memory.ALL.get(Memory.INT, address + 4 * region);
  }

  private double corner(Frame frame, long region, int side) {
    double coordinate = Memory.getFloat(frame.at(corners) + 16 * region + 4L * side);
    return ScalarRegions.start(coordinate, op.scale(), op.halfPixel());
  }

  private void align(Frame frame, long region, long scratch) {
    long image = ScalarRegions.image(index(frame.at(indices), region), images);
    double left = corner(frame, region, 0);
    double top = corner(frame, region, 1);
    double w = ScalarRegions.size(left, corner(frame, region, 2), columns, op.halfPixel());
    double h = ScalarRegions.size(top, corner(frame, region, 3), rows, op.halfPixel());
    int samples = (int) op.samples();
    int down = ScalarRegions.samples(samples, h);
    int across = ScalarRegions.samples(samples, w);
    ScalarRegions.check(rows, down, columns, across);
    long columnBegins = scratch + 4 * (columns + 1L);
    long columnTaps = scratch + 8 * (columns + 1L);
    long rowTaps = columnTaps + columnBytes();
    long pairs = rowTaps + rowBytes();
    long end = columnTaps;
    for (int j = 0; j < columns; j++) {
      setBegin(columnBegins, j, end - columnTaps);
      end = ScalarRegions.taps(left + j * w, w, across, width, channels, end);
    }
    setBegin(columnBegins, columns, end - columnTaps);
    for (int i = 0; i < rows; i++) {
      long rowEnd = ScalarRegions.taps(top + i * h, h, down, height, width * channels, rowTaps);
      long pair = pairs;
      for (int j = 0; j < columns; j++) {
        setBegin(scratch, j, pair - pairs);
        long from = columnTaps + begin(columnBegins, j);
        pair = Mixtures.pairs(rowTaps, rowEnd, from, columnTaps + begin(columnBegins, j + 1), pair);
      }
      setBegin(scratch, columns, pair - pairs);
      kernels.mix(
          scratch,
          pairs,
          frame.at(x) + 4 * image * height * width * channels,
          frame.at(y) + 4 * ((region * rows + i) * columns * channels),
          columns,
          channels);
    }
  }

  private static void setBegin(long begins, int bin, long bytes) {
    Memory.ALL.set(Memory.INT, begins + 4L * bin, (int) (bytes / Mixtures.TAP_BYTES));
  }

  private static long begin(long begins, int bin) {
    return Mixtures.TAP_BYTES * (long) Memory.ALL.get(Memory.INT, begins + 4L * bin);
  }
}
