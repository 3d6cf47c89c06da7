package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.kernel.scalar.ScalarFolding;
import dev.jiffy.engine.kernel.scalar.ScalarRegions;
import dev.jiffy.engine.kernel.scalar.ScalarResampling;
import dev.jiffy.engine.kernel.scalar.ScalarSampling;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Operators on images that look where other inputs tell them to, on the scalar kernels.
final class ScalarImageOps {
  private ScalarImageOps() {}

  static void run(ImageOp op, Operands o) {
    switch (op) {
      case ImageOp.SampleGrid g ->
          ScalarSampling.grid(
              o.in(0), o.in(1), taps(g.interpolation()), g.border(), g.alignCorners(), o.out());
      case ImageOp.AlignRegions a ->
          ScalarRegions.align(
              o.in(0),
              o.in(1),
              o.in(2),
              a.max(),
              Math.toIntExact(a.samples()),
              (double) a.scale(),
              a.halfPixel(),
              o.out());
      case ImageOp.PoolRegions p ->
          ScalarRegions.pool(o.in(0), o.in(1), (double) p.scale(), o.out());
      case ImageOp.DeformConv d -> deformConv(d, o);
      case ImageOp.Fold f -> fold(f, o);
      case ImageOp.Resize r -> resize(r, o);
    }
  }

  /// {@return the pixels along one dimension that an interpolation looks at}
  static int taps(ImageOp.Interpolation interpolation) {
    return switch (interpolation) {
      case NEAREST -> 1;
      case LINEAR -> 2;
      case CUBIC -> 4;
    };
  }

  private static void deformConv(ImageOp.DeformConv op, Operands o) {
    WindowGeometry geometry =
        WindowGeometry.of(op.window(), spatial(o.in(1)), spatial(o.in(0)), spatial(o.out()));
    ScalarSampling.deformed(
        o.in(0),
        o.in(1),
        o.in(2),
        o.optional(3),
        o.optional(4),
        geometry.sliding(),
        Math.toIntExact(op.groups()),
        Math.toIntExact(op.offsetGroups()),
        o.out());
  }

  private static int[] spatial(Tensor tensor) {
    Shape shape = tensor.shape();
    int[] spatial = new int[shape.rank() - 2];
    for (int d = 0; d < spatial.length; d++) {
      spatial[d] = Math.toIntExact(shape.dim(d + 2));
    }
    return spatial;
  }

  private static void fold(ImageOp.Fold op, Operands o) {
    int[] image = spatial(o.out());
    int[] block = new int[image.length];
    for (int d = 0; d < image.length; d++) {
      block[d] = Math.toIntExact(o.in(2).getLong(d));
    }
    WindowGeometry window = WindowGeometry.given(op.window(), block);
    int[] windows = new int[image.length];
    for (int d = 0; d < image.length; d++) {
      windows[d] = window.count(d, image[d]);
    }
    ScalarFolding.fold(
        o.in(0), block, windows, window.strides(), window.begins(), window.dilations(), o.out());
  }

  private static void resize(ImageOp.Resize op, Operands o) {
    ScalarResampling.Taps[] taps =
        ResizeTaps.of(
            op,
            o.in(0).shape().dims(),
            o.out().shape().dims(),
            o.optional(1),
            o.optional(2),
            o.optional(3));
    ScalarResampling.resample(o.in(0), taps, (double) op.extrapolation(), o.out());
  }
}
