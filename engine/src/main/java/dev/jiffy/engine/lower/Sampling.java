package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.Arrays;

/// Lowers what looks at images where other inputs tell it to: sums of weighted pixels, all channels
/// of which lie side by side for that time; and what puts their pieces together.
final class Sampling {
  private Sampling() {}

  static boolean lower(Node node, ImageOp.SampleGrid op, Lowering lowering) {
    Shape grid = lowering.shape(node.input(1));
    if (!suits(node, lowering) || !lowering.isF32(node.input(1))) {
      return false;
    }
    Place positions = lowering.place(node.input(1));
    Place x = pixels(node, lowering);
    Place y = sums(node, lowering);
    lowering.add(
        new GridStep(node, lowering, op, lowering.shape(node.input(0)), grid, x, positions, y),
        x,
        positions,
        y);
    finish(node, y, lowering);
    return true;
  }

  static boolean lower(Node node, ImageOp.AlignRegions op, Lowering lowering) {
    DType images = lowering.dtype(node.input(2));
    if (op.max()
        || !suits(node, lowering)
        || !RegionStep.suits(op, lowering.shape(node.input(0)))
        || !lowering.isF32(node.input(1))
        || (images != DType.I64 && images != DType.I32)) {
      return false;
    }
    Place regions = lowering.place(node.input(1));
    Place indices = lowering.place(node.input(2));
    Place x = pixels(node, lowering);
    Place y = sums(node, lowering);
    lowering.add(
        new RegionStep(node, lowering, op, x, regions, indices, y), x, regions, indices, y);
    finish(node, y, lowering);
    return true;
  }

  /// Blocks that begin at each pixel, of images of up to two dimensions.
  static boolean lower(Node node, ImageOp.Fold op, Lowering lowering) {
    Shape y = lowering.shape(node.output());
    int rank = y.rank() - 2;
    long[] block = Rows.longs(node.input(2), lowering);
    if (rank > 2
        || block == null
        || !suits(node, lowering)
        || op.window().strides().stream().anyMatch(stride -> stride != 1)) {
      return false;
    }
    int[] extents = Arrays.stream(block).mapToInt(Math::toIntExact).toArray();
    WindowGeometry window = WindowGeometry.given(op.window(), extents).planar();
    int height = rank == 1 ? 1 : (int) y.dim(2);
    int width = (int) y.dim(rank + 1);
    Place x = lowering.place(node.input(0));
    Place image = lowering.result(node.output());
    lowering.add(
        new FoldStep(
            Lowering.label(node),
            lowering.target(),
            (int) y.elements(0, 2),
            height,
            width,
            window,
            window.count(0, height),
            window.count(1, width),
            x,
            image),
        x,
        image);
    return true;
  }

  private static boolean suits(Node node, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    return lowering.isF32(node.input(0))
        && x.elements() > 0
        && y.elements() > 0
        && Math.max(x.elements(), y.elements()) <= Integer.MAX_VALUE;
  }

  /// {@return where the images lie, channels last}
  private static Place pixels(Node node, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Place from = lowering.place(node.input(0));
    if (isAlike(x)) {
      return from;
    }
    Place to = lowering.planned(4 * x.elements());
    copy(node, x, from, true, to, lowering);
    return to;
  }

  private static boolean isAlike(Shape shape) {
    return shape.dim(1) == 1 || shape.elements(2, shape.rank()) == 1;
  }

  /// {@return where the result goes, channels last}
  private static Place sums(Node node, Lowering lowering) {
    Shape y = lowering.shape(node.output());
    return isAlike(y) ? lowering.result(node.output()) : lowering.planned(4 * y.elements());
  }

  private static void finish(Node node, Place sums, Lowering lowering) {
    Shape y = lowering.shape(node.output());
    if (!isAlike(y)) {
      copy(node, y, sums, false, lowering.result(node.output()), lowering);
    }
  }

  /// Moves the channels of images to the end, or from there to where they belong.
  private static void copy(
      Node node, Shape shape, Place from, boolean last, Place to, Lowering lowering) {
    long channels = shape.dim(1);
    long pixels = shape.elements(2, shape.rank());
    long outer = 4 * channels * pixels;
    long[] dims = {shape.dim(0), last ? pixels : channels, last ? channels : pixels};
    long[] source = {outer, 4, 4 * dims[1]};
    long[] target = {outer, 4 * dims[2], 4};
    Movement.copy(Lowering.label(node), dims, from, source, to, target, 4, lowering);
  }
}
