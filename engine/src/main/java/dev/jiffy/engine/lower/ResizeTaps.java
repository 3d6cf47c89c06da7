package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.kernel.scalar.ScalarResampling.Taps;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What each index of a resized dimension is made of.
///
/// Source: ONNX operator specification, Resize.
final class ResizeTaps {
  private static final double[] NO_WEIGHTS = {};
  private static final int[] NO_INDICES = {};

  private final ImageOp.Resize op;
  private final int in;
  private final int out;
  private final double scale;
  private final double regionStart;
  private final double regionEnd;

  private ResizeTaps(
      ImageOp.Resize op, int in, int out, double scale, double regionStart, double regionEnd) {
    this.op = op;
    this.in = in;
    this.out = out;
    this.scale = scale;
    this.regionStart = regionStart;
    this.regionEnd = regionEnd;
  }

  /// {@return the taps of all dimensions}
  ///
  /// @param op the operator
  /// @param x the input's extents
  /// @param y the result's extents
  /// @param region the region of interest, all starts and then all ends, or null
  /// @param scales the scales, or null
  /// @param sizes the sizes, or null
  static Taps[] of(
      ImageOp.Resize op,
      long[] x,
      long[] y,
      @Nullable Tensor region,
      @Nullable Tensor scales,
      @Nullable Tensor sizes) {
    double[] factors = doubles(scales);
    boolean isRegional = op.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE;
    double[] bounds = isRegional ? doubles(region) : NO_WEIGHTS;
    double common = factors.length > 0 || sizes == null ? 0 : commonScale(op, x, sizes);
    Taps[] taps = new Taps[x.length];
    for (int d = 0; d < x.length; d++) {
      if (x[d] == 0 && y[d] > 0) {
        throw new ModelException("dimension %d is empty and cannot become %d".formatted(d, y[d]));
      }
      int listed = position(op.axes(), d, x.length);
      double scale = x[d] == 0 ? 1 : (double) y[d] / (double) x[d];
      if (factors.length > 0 && listed >= 0) {
        scale = factors[listed];
      } else if (common > 0 && listed >= 0) {
        scale = common;
      }
      int count = op.axes().isEmpty() ? x.length : op.axes().size();
      boolean within = bounds.length > 0 && listed >= 0;
      double start = within ? bounds[listed] : 0;
      double end = within ? bounds[listed + count] : 1;
      ResizeTaps axis = new ResizeTaps(op, extent(x[d]), extent(y[d]), scale, start, end);
      taps[d] = axis.taps();
    }
    return taps;
  }

  private static int extent(long extent) {
    if (extent > Integer.MAX_VALUE) {
      throw new ModelException("an extent of %d is too large to be resized".formatted(extent));
    }
    return (int) extent;
  }

  private static double[] doubles(@Nullable Tensor tensor) {
    return tensor == null ? NO_WEIGHTS : tensor.toDoubles();
  }

  /// Returns the one scale of all axes that keeps the aspect ratio, 0 where it need not be kept.
  private static double commonScale(ImageOp.Resize op, long[] x, Tensor sizes) {
    if (op.aspect() == ImageOp.AspectPolicy.STRETCH) {
      return 0;
    }
    boolean smallest = op.aspect() == ImageOp.AspectPolicy.NOT_LARGER;
    double common = smallest ? Double.POSITIVE_INFINITY : 0;
    for (int d = 0; d < x.length; d++) {
      int listed = position(op.axes(), d, x.length);
      if (listed >= 0) {
        double scale = (double) sizes.getLong(listed) / (double) x[d];
        common = smallest ? Math.min(common, scale) : Math.max(common, scale);
      }
    }
    return common;
  }

  private static int position(List<Long> axes, int axis, int rank) {
    if (axes.isEmpty()) {
      return axis;
    }
    int position = axes.indexOf((long) axis);
    return position >= 0 ? position : axes.indexOf((long) axis - rank);
  }

  private Taps taps() {
    int[][] indices = new int[out][];
    double[][] weights = new double[out][];
    boolean same = in == out && scale == 1 && !isRegional();
    for (int i = 0; i < out; i++) {
      double position = position(i);
      if (same) {
        indices[i] = new int[] {i};
        weights[i] = new double[] {1};
      } else if (isRegional() && (position < 0 || position > in - 1)) {
        indices[i] = NO_INDICES;
        weights[i] = NO_WEIGHTS;
      } else if (op.interpolation() == ImageOp.Interpolation.NEAREST) {
        indices[i] = new int[] {clamp(nearest(position))};
        weights[i] = new double[] {1};
      } else {
        interpolate(position, i, indices, weights);
      }
    }
    return new Taps(indices, weights);
  }

  private boolean isRegional() {
    return op.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE;
  }

  private double position(int i) {
    double width = scale * in;
    return switch (op.coordinates()) {
      case HALF_PIXEL -> (i + 0.5) / scale - 0.5;
      case HALF_PIXEL_SYMMETRIC -> in / 2.0 * (1 - out / width) + (i + 0.5) / scale - 0.5;
      case PYTORCH_HALF_PIXEL -> out == 1 ? 0 : (i + 0.5) / scale - 0.5;
      case ALIGN_CORNERS -> width == 1 || out == 1 ? 0 : i * (in - 1) / (width - 1);
      case ASYMMETRIC -> i / scale;
      case TF_HALF_PIXEL_FOR_NN -> (i + 0.5) / scale;
      case TF_CROP_AND_RESIZE -> {
        double extent = regionEnd - regionStart;
        yield out == 1
            ? (regionStart + regionEnd) / 2 * (in - 1)
            : regionStart * (in - 1) + i * extent * (in - 1) / (width - 1);
      }
    };
  }

  private int nearest(double position) {
    double floor = Math.floor(position);
    return (int)
        switch (op.nearest()) {
          case ROUND_PREFER_FLOOR -> position - floor <= 0.5 ? floor : floor + 1;
          case ROUND_PREFER_CEIL -> position - floor < 0.5 ? floor : floor + 1;
          case FLOOR -> floor;
          case CEIL -> Math.ceil(position);
        };
  }

  private int clamp(int index) {
    return Math.max(0, Math.min(in - 1, index));
  }

  /// Weighs the neighbours by a linear or cubic filter, widened when shrinking with antialiasing.
  private void interpolate(double position, int i, int[][] indices, double[][] weights) {
    boolean cubic = op.interpolation() == ImageOp.Interpolation.CUBIC;
    double width = op.antialias() ? Math.min(scale, 1) : 1;
    double radius = (cubic ? 2 : 1) / width;
    int floor = (int) Math.floor(position);
    int from = floor + (int) Math.floor(-radius) + 1;
    int count = 2 * (floor - from) + 2;
    int[] taps = new int[count];
    double[] factors = new double[count];
    double sum = 0;
    for (int t = 0; t < count; t++) {
      double distance = Math.abs(from + t - position) * width;
      double factor = cubic ? cubic(distance) : Math.max(0, 1 - distance);
      boolean outside = from + t < 0 || from + t >= in;
      factors[t] = outside && op.excludeOutside() ? 0 : factor;
      taps[t] = clamp(from + t);
      sum += factors[t];
    }
    for (int t = 0; t < count; t++) {
      factors[t] /= sum;
    }
    indices[i] = taps;
    weights[i] = factors;
  }

  private double cubic(double x) {
    double a = op.cubicA();
    if (x <= 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
  }
}
