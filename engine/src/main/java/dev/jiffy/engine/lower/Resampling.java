package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.scalar.ScalarResampling;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers nearest and linear resizing of channels-last images to tables of taps. With three spatial
/// dimensions, depth comes first: its pixels are whole images. Resizing of any other kind is one of
/// sums of weighted rows.
final class Resampling {
  /// How far a scaled extent may be off a whole number by rounding.
  private static final double WHOLE = 1e-6;

  /// What is taken from mixtures so that to round them is to cut them.
  private static final float CUT = 0.5f - (float) ScalarResampling.SLACK;

  private static final Taps SAME = new Taps(new int[1], new int[1], new float[1]);

  private Resampling() {}

  /// For each result position the two input positions and the weight of the second.
  @SuppressWarnings("ArrayRecordComponent")
  private record Taps(int[] low, int[] high, float[] weights) {}

  static boolean lower(Node node, ImageOp.Resize resize, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    int rank = x.rank();
    double[] scales = scales(node, resize, x, y, lowering);
    if (scales == null
        || resize.layout() != Op.Layout.CHANNELS_LAST
        || rank < 3
        || rank > 5
        || !suits(resize, lowering.dtype(node.input(0)))
        || x.elements() == 0
        || y.elements() == 0
        || y.elements() > Integer.MAX_VALUE
        || x.elements() > Integer.MAX_VALUE
        || (rank == 5 && x.elements() / x.dim(1) * y.dim(1) > Integer.MAX_VALUE)
        || scales[0] != 1
        || scales[rank - 1] != 1
        || resize.antialias()
        || resize.aspect() != ImageOp.AspectPolicy.STRETCH
        || resize.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE) {
      return mix(node, resize, lowering);
    }
    int channels = (int) x.dim(rank - 1);
    boolean isNearest = resize.interpolation() == ImageOp.Interpolation.NEAREST;
    Taps[] taps = new Taps[3];
    long[] in = new long[3];
    for (int d = 0; d < 3; d++) {
      int axis = rank - 4 + d;
      in[d] = axis < 1 ? 1 : x.dim(axis);
      taps[d] = axis < 1 ? SAME : taps(resize, x.dim(axis), y.dim(axis), scales[axis]);
    }
    int height = (int) in[1];
    int width = (int) in[2];
    int images = (int) x.dim(0);
    DType type = lowering.dtype(node.input(0));
    Place from = numbers(node, isNearest, lowering);
    Reals to = new Reals(lowering.result(node.output()), type == DType.F32 ? null : whole(type));
    if (rank == 5) {
      int pixels = height * width * channels;
      Place between = lowering.planned(4 * y.dim(0) * y.dim(1) * pixels);
      ResizeGeometry depth = geometry(images, (int) in[0], 1, pixels, taps[0], SAME, isNearest);
      add(node, depth, from, Reals.floats(between), lowering);
      images *= (int) y.dim(1);
      from = between;
    }
    ResizeGeometry image = geometry(images, height, width, channels, taps[1], taps[2], isNearest);
    add(node, image, from, to, lowering);
    return true;
  }

  /// Lowers resizing of any dimensions to a step for each: sums of weighted rows, which are what
  /// lies behind an index of the dimension.
  private static boolean mix(Node node, ImageOp.Resize resize, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    Tensor scales = given(node, 2, lowering);
    Tensor sizes = given(node, 3, lowering);
    if (!lowering.isF32(node.input(0))
        || (scales == null && node.hasInput(2))
        || (sizes == null && node.hasInput(3) && resize.aspect() != ImageOp.AspectPolicy.STRETCH)
        || x.elements() == 0
        || y.elements() == 0
        || resize.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE) {
      return false;
    }
    ScalarResampling.Taps[] taps = ResizeTaps.of(resize, x.dims(), y.dims(), null, scales, sizes);
    long[] dims = x.dims();
    long most = x.elements();
    int last = -1;
    for (int axis = 0; axis < dims.length; axis++) {
      last = taps[axis].isIdentity((int) dims[axis]) ? last : axis;
      dims[axis] = y.dim(axis);
      most = Math.max(most, Shape.of(dims).elements());
    }
    if (last < 0 || most > Integer.MAX_VALUE) {
      return false;
    }
    dims = x.dims();
    Place from = lowering.place(node.input(0));
    for (int axis = 0; axis <= last; axis++) {
      if (!taps[axis].isIdentity((int) dims[axis])) {
        Shape mixed = Shape.of(dims);
        long inner = mixed.elements(axis + 1, dims.length);
        dims[axis] = y.dim(axis);
        Place to =
            axis == last
                ? lowering.result(node.output())
                : lowering.planned(4 * Shape.of(dims).elements());
        lowering.add(
            MixStep.of(
                node,
                taps[axis],
                mixed.elements(0, axis),
                mixed.dim(axis),
                inner,
                from,
                to,
                lowering),
            from,
            to);
        from = to;
      }
    }
    return true;
  }

  private static @Nullable Tensor given(Node node, int input, Lowering lowering) {
    return node.hasInput(input) ? lowering.graph().constants().get(node.input(input)) : null;
  }

  private static void add(Node node, ResizeGeometry geometry, Place x, Reals y, Lowering lowering) {
    lowering.add(
        new ResizeStep(Lowering.label(node), lowering.target(), geometry, x, y), x, y.place());
  }

  /// Linear mixtures of bytes are cut, not rounded, which would take two kinds of steps where they
  /// may be negative.
  private static boolean suits(ImageOp.Resize resize, DType type) {
    return switch (resize.interpolation()) {
      case NEAREST -> type == DType.F32 || Affine.isSupported(type);
      case LINEAR -> type == DType.F32 || type == DType.U8;
      case CUBIC -> false;
    };
  }

  private static Affine whole(DType type) {
    return new Affine(type, 1, 0);
  }

  /// {@return where numbers lie whose mixtures, rounded, are the results}
  private static Place numbers(Node node, boolean isNearest, Lowering lowering) {
    String x = node.input(0);
    String label = Lowering.label(node);
    if (isNearest || lowering.isF32(x)) {
      return lowering.floats(label, x);
    }
    Shape shape = lowering.shape(x);
    Pointwise less =
        Broadcast.merge(shape, List.of(shape))
            .pointwise(
                List.of(new Instruction.Scalar(BinaryFunction.SUB, 0, CUT, false)), List.of(1));
    Reals bytes = lowering.reals(x);
    Reals numbers = Reals.floats(lowering.planned(4 * shape.elements()));
    List<Reals> operands = List.of(bytes, numbers);
    lowering.add(
        PointwiseStep.of(label, lowering.target(), less, operands), Reals.places(operands));
    return numbers.place();
  }

  private static ResizeGeometry geometry(
      int batch, int height, int width, int channels, Taps rows, Taps columns, boolean isNearest) {
    return new ResizeGeometry(
        batch,
        height,
        width,
        channels,
        rows.low,
        rows.high,
        rows.weights,
        columns.low,
        columns.high,
        columns.weights,
        isNearest);
  }

  /// {@return for each axis the factor from input to result, or null where it is not known}
  private static double @Nullable [] scales(
      Node node, ImageOp.Resize resize, Shape x, Shape y, Lowering lowering) {
    double[] scales = new double[x.rank()];
    for (int axis = 0; axis < scales.length; axis++) {
      scales[axis] = (double) y.dim(axis) / (double) x.dim(axis);
    }
    if (!node.hasInput(2)) {
      return scales;
    }
    Tensor given = given(node, 2, lowering);
    if (given == null) {
      return null;
    }
    for (int i = 0; i < given.shape().elements(); i++) {
      long axis = resize.axes().isEmpty() ? i : resize.axes().get(i);
      scales[(int) (axis < 0 ? axis + scales.length : axis)] = given.getDouble(i);
    }
    return scales;
  }

  private static Taps taps(ImageOp.Resize resize, long in, long out, double scale) {
    int[] low = new int[(int) out];
    int[] high = new int[(int) out];
    float[] weights = new float[(int) out];
    for (int i = 0; i < out; i++) {
      double position = position(resize.coordinates(), i, in, out, scale);
      if (resize.interpolation() == ImageOp.Interpolation.NEAREST) {
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

  private static double position(
      ImageOp.CoordinateMode mode, int i, long in, long out, double scale) {
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

  private static double nearest(ImageOp.NearestMode mode, double position) {
    return switch (mode) {
      case ROUND_PREFER_FLOOR -> Math.ceil(position - 0.5);
      case ROUND_PREFER_CEIL -> Math.floor(position + 0.5);
      case FLOOR -> Math.floor(position);
      case CEIL -> Math.ceil(position);
    };
  }
}
