package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rule of resampling.
final class ResizeRule {
  private ResizeRule() {}

  static Fact resize(ImageOp.Resize op, Operands in) {
    in.expect(1, 4, 1);
    in.numericOrBool(0);
    boolean scaled = isGiven(2, in);
    boolean sized = isGiven(3, in);
    if (scaled == sized) {
      throw new ModelException(
          "expected either scales or sizes, got " + (scaled ? "both" : "neither"));
    }
    if (op.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE && !isGiven(1, in)) {
      throw new ModelException("roi: expected one with TF_CROP_AND_RESIZE, got none");
    }
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    int rank = shape.size();
    long[] axes = new long[op.axes().isEmpty() ? rank : op.axes().size()];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = op.axes().isEmpty() ? i : op.axes().get(i);
    }
    Operands.axes(axes, rank);
    int given = in.length(scaled ? 2 : 3);
    if (given >= 0 && given != axes.length) {
      throw new ModelException(
          (scaled ? "scales" : "sizes") + ": expected " + axes.length + " numbers, got " + given);
    }
    checkRegion(op.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE, axes.length, in);
    Dim[] dims = shape.toArray(Dim[]::new);
    if (scaled) {
      scale(dims, axes, in);
    } else {
      size(op, dims, axes, in);
    }
    return Fact.of(in.dtype(0), List.of(dims));
  }

  private static void checkRegion(boolean isRegional, int axes, Operands in) {
    if (isRegional) {
      in.floating(1);
      int bounds = in.length(1);
      if (bounds >= 0 && bounds != 2 * axes) {
        throw new ModelException("roi: expected " + 2 * axes + " numbers, got " + bounds);
      }
    }
  }

  /// Whether an input is there and not the empty tensor that older exporters pass instead.
  private static boolean isGiven(int input, Operands in) {
    return in.has(input) && in.length(input) != 0;
  }

  private static void scale(Dim[] dims, long[] axes, Operands in) {
    in.floating(2);
    Tensor scales = in.constant(2);
    for (int i = 0; i < axes.length; i++) {
      int axis = Operands.axis(axes[i], dims.length);
      dims[axis] =
          scales == null ? in.fresh("resized") : scaled(dims[axis], (float) scales.getDouble(i));
    }
  }

  private static Dim scaled(Dim dim, float scale) {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new ModelException("scales: expected positive numbers, got " + scale);
    }
    if (dim instanceof Dim.Known known) {
      // the product in float, as ONNX infers it
      double extent = Math.floor((double) ((float) known.value() * scale));
      if (extent >= 0x1p62) {
        throw new ModelException("scales: extent " + known + " times " + scale + " is too large");
      }
      return Dim.of((long) extent);
    }
    if (scale == Math.rint(scale) && scale < 0x1p20) {
      return Dims.multiply(dim, (long) scale);
    }
    float inverse = 1 / scale;
    boolean powerOfTwo = (Float.floatToRawIntBits(inverse) & 0x7f_ffff) == 0;
    if (powerOfTwo && inverse > 1 && inverse < 0x1p20) {
      return Dims.floorDivide(dim, Dim.of((long) inverse));
    }
    String bits = Integer.toHexString(Float.floatToRawIntBits(scale));
    return Polynomial.atom("scaled(" + dim + ",0x" + bits + ")").dim();
  }

  private static void size(ImageOp.Resize op, Dim[] dims, long[] axes, Operands in) {
    in.index(3);
    List<Dim> value = in.value(3);
    if (value != null) {
      ShapeRules.extents("sizes", value);
    }
    boolean stretch = op.aspect() == ImageOp.AspectPolicy.STRETCH;
    double factor = stretch ? 1 : factor(op.aspect(), dims, axes, value);
    for (int i = 0; i < axes.length; i++) {
      int axis = Operands.axis(axes[i], dims.length);
      if (stretch && value != null) {
        dims[axis] = value.get(i);
      } else if (!stretch && factor >= 0 && dims[axis] instanceof Dim.Known known) {
        dims[axis] = Dim.of(roundHalfUp((double) known.value() * factor));
      } else {
        dims[axis] = in.fresh("resized");
      }
    }
  }

  private static long roundHalfUp(double number) {
    return (long) Math.floor(number + 0.5);
  }

  /// The common factor that keeps the aspect ratio, or -1 where it is not known.
  private static double factor(
      ImageOp.AspectPolicy policy, Dim[] dims, long[] axes, @Nullable List<Dim> sizes) {
    double factor = -1;
    for (int i = 0; i < axes.length; i++) {
      if (sizes == null
          || !(sizes.get(i) instanceof Dim.Known size)
          || !(dims[Operands.axis(axes[i], dims.length)] instanceof Dim.Known extent)) {
        return -1;
      }
      if (extent.value() == 0) {
        throw new ModelException("an empty dimension has no aspect ratio");
      }
      double ratio = (double) size.value() / (double) extent.value();
      boolean better = policy == ImageOp.AspectPolicy.NOT_LARGER ? ratio < factor : ratio > factor;
      factor = i == 0 || better ? ratio : factor;
    }
    return factor;
  }
}
