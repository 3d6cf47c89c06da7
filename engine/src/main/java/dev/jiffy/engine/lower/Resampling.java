package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Lowers nearest and linear resizing of channels-last images to tables of taps.
final class Resampling {
  /// How far a scaled extent may be off a whole number by rounding.
  private static final double WHOLE = 1e-6;

  private Resampling() {}

  /// For each result position the two input positions and the weight of the second.
  @SuppressWarnings("ArrayRecordComponent")
  private record Taps(int[] low, int[] high, float[] weights) {}

  static boolean lower(Node node, Op.Resize resize, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    int rank = x.rank();
    double[] scales = scales(node, resize, x, y, lowering);
    if (scales == null
        || resize.layout() != Op.Layout.CHANNELS_LAST
        || (rank != 3 && rank != 4)
        || !lowering.isF32(node.input(0))
        || x.elements() == 0
        || y.elements() == 0
        || y.elements() > Integer.MAX_VALUE
        || x.elements() > Integer.MAX_VALUE
        || x.dim(0) != y.dim(0)
        || x.dim(rank - 1) != y.dim(rank - 1)
        || resize.antialias()
        || resize.aspect() != Op.AspectPolicy.STRETCH
        || resize.interpolation() == Op.Interpolation.CUBIC
        || resize.coordinates() == Op.CoordinateMode.TF_CROP_AND_RESIZE) {
      return false;
    }
    Taps rows =
        rank == 3
            ? new Taps(new int[1], new int[1], new float[1])
            : taps(resize, x.dim(1), y.dim(1), scales[1]);
    Taps columns = taps(resize, x.dim(rank - 2), y.dim(rank - 2), scales[rank - 2]);
    ResizeGeometry geometry =
        new ResizeGeometry(
            (int) x.dim(0),
            rank == 3 ? 1 : (int) x.dim(1),
            (int) x.dim(rank - 2),
            (int) x.dim(rank - 1),
            rows.low,
            rows.high,
            rows.weights,
            columns.low,
            columns.high,
            columns.weights,
            resize.interpolation() == Op.Interpolation.NEAREST);
    Place from = lowering.place(node.input(0));
    Place to = lowering.result(node.output());
    lowering.add(
        new ResizeStep(Lowering.label(node), lowering.target(), geometry, from, to), from, to);
    return true;
  }

  /// {@return for each axis the factor from input to result, or null where it is not known}
  private static double @Nullable [] scales(
      Node node, Op.Resize resize, Shape x, Shape y, Lowering lowering) {
    double[] scales = new double[x.rank()];
    for (int axis = 0; axis < scales.length; axis++) {
      scales[axis] = (double) y.dim(axis) / (double) x.dim(axis);
    }
    if (!node.hasInput(2)) {
      return scales;
    }
    Tensor given = lowering.graph().constants().get(node.input(2));
    if (given == null) {
      return null;
    }
    for (int i = 0; i < given.shape().elements(); i++) {
      long axis = resize.axes().isEmpty() ? i : resize.axes().get(i);
      scales[(int) (axis < 0 ? axis + scales.length : axis)] = given.getDouble(i);
    }
    return scales;
  }

  private static Taps taps(Op.Resize resize, long in, long out, double scale) {
    int[] low = new int[(int) out];
    int[] high = new int[(int) out];
    float[] weights = new float[(int) out];
    for (int i = 0; i < out; i++) {
      double position = position(resize.coordinates(), i, in, out, scale);
      if (resize.interpolation() == Op.Interpolation.NEAREST) {
        low[i] = (int) Math.clamp(nearest(resize.nearest(), position), 0, (double) (in - 1));
        high[i] = low[i];
      } else {
        double inside = Math.clamp(position, 0, (double) (in - 1));
        low[i] = (int) inside;
        high[i] = (int) Math.min(low[i] + 1L, in - 1);
        weights[i] = (float) (inside - low[i]);
      }
    }
    return new Taps(low, high, weights);
  }

  private static double position(Op.CoordinateMode mode, int i, long in, long out, double scale) {
    return switch (mode) {
      case HALF_PIXEL -> (i + 0.5) / scale - 0.5;
      case HALF_PIXEL_SYMMETRIC -> {
        double adjustment = (double) out / ((double) in * scale);
        yield (double) in / 2 * (1 - adjustment) + (i + 0.5) / scale - 0.5;
      }
      case PYTORCH_HALF_PIXEL -> out > 1 ? (i + 0.5) / scale - 0.5 : 0;
      case ALIGN_CORNERS -> {
        double whole = (double) in * scale;
        double extent = Math.abs(whole - (double) out) < WHOLE ? (double) out : whole;
        yield out > 1 && extent != 1 ? i * (double) (in - 1) / (extent - 1) : 0;
      }
      case ASYMMETRIC -> i / scale;
      case TF_HALF_PIXEL_FOR_NN -> (i + 0.5) / scale;
      case TF_CROP_AND_RESIZE -> throw new IllegalStateException("needs a region of interest");
    };
  }

  private static double nearest(Op.NearestMode mode, double position) {
    return switch (mode) {
      case ROUND_PREFER_FLOOR -> Math.ceil(position - 0.5);
      case ROUND_PREFER_CEIL -> Math.floor(position + 0.5);
      case FLOOR -> Math.floor(position);
      case CEIL -> Math.ceil(position);
    };
  }
}
