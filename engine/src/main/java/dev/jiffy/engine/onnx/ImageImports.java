package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.Border;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.ImageOp.Interpolation;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Window;
import dev.jiffy.tensor.DType;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Operators on images that look where other inputs tell them to, or put pieces together.
final class ImageImports {
  private ImageImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "GridSample" -> Operator.of(16, 2, 2, ImageImports::sampleGrid);
      case "AffineGrid" -> Operator.of(20, 2, 2, AffineGrids::grid);
      case "RoiAlign" -> Operator.of(10, 3, 3, ImageImports::alignRegions);
      case "MaxRoiPool" -> Operator.of(1, 2, 2, ImageImports::poolRegions);
      case "DeformConv" -> Operator.of(19, 3, 5, ImageImports::deformConv);
      case "Col2Im" -> Operator.of(18, 3, 3, ImageImports::fold);
      case "MaxUnpool" -> Operator.of(9, 2, 3, MaxUnpools::unpool);
      case "CenterCropPad" -> Operator.of(18, 2, 2, ImageImports::centre);
      default -> null;
    };
  }

  static void sampleGrid(NodeScope node) {
    String mode = node.text("mode", node.opset() < 20 ? "bilinear" : "linear");
    Interpolation interpolation =
        switch (mode) {
          case "nearest" -> Interpolation.NEAREST;
          case "linear", "bilinear" -> Interpolation.LINEAR;
          case "cubic", "bicubic" -> Interpolation.CUBIC;
          default -> throw node.invalid("attribute 'mode' is '" + mode + "'");
        };
    Border border = node.choice("padding_mode", Border.ZEROS);
    node.same(new ImageOp.SampleGrid(interpolation, border, node.flag("align_corners", false)));
  }

  private static void alignRegions(NodeScope node) {
    String mode = node.text("mode", "avg");
    String positions =
        node.opset() < 16
            ? "output_half_pixel"
            : node.text("coordinate_transformation_mode", "half_pixel");
    boolean isMax = mode.equals("max");
    boolean isHalf = positions.equals("half_pixel");
    if (!isMax && !mode.equals("avg")) {
      throw node.invalid("attribute 'mode' is '" + mode + "'");
    }
    if (!isHalf && !positions.equals("output_half_pixel")) {
      throw node.invalid("attribute 'coordinate_transformation_mode' is '" + positions + "'");
    }
    node.same(
        new ImageOp.AlignRegions(
            isMax,
            node.integer("output_height", 1),
            node.integer("output_width", 1),
            node.integer("sampling_ratio", 0),
            node.real("spatial_scale", 1),
            isHalf));
  }

  private static void poolRegions(NodeScope node) {
    List<Long> bins = node.integers("pooled_shape");
    if (bins.size() != 2) {
      throw node.invalid("attribute 'pooled_shape' is " + bins);
    }
    float scale = node.real("spatial_scale", 1);
    node.same(new ImageOp.PoolRegions(bins.get(0), bins.get(1), scale));
  }

  private static void deformConv(NodeScope node) {
    Window window =
        new Window(
            node.integers("kernel_shape"),
            node.integers("strides"),
            node.integers("pads"),
            node.integers("dilations"),
            AutoPad.NOTSET,
            false);
    node.same(
        new ImageOp.DeformConv(window, node.integer("group", 1), node.integer("offset_group", 1)));
  }

  private static void fold(NodeScope node) {
    node.same(
        new ImageOp.Fold(
            new Window(
                List.of(),
                node.integers("strides"),
                node.integers("pads"),
                node.integers("dilations"),
                AutoPad.NOTSET,
                false)));
  }

  /// What is missing is padded, half of it on each side, then what is too much is cut off.
  private static void centre(NodeScope node) {
    Op add = new Op.Binary(BinaryFunction.ADD);
    Op subtract = new Op.Binary(BinaryFunction.SUB);
    Op half = new Op.Binary(BinaryFunction.DIV);
    String x = node.input(0);
    String wanted = node.make(new Op.Cast(DType.I64, true), node.input(1));
    List<Long> given = node.integers("axes");
    int rank = node.rank(x);
    if (given.isEmpty() && rank < 0) {
      node.unsupported("all axes of an input of unknown rank");
      return;
    }
    String axes = node.longs(given.isEmpty() ? LongStream.range(0, rank).boxed().toList() : given);
    String two = node.longs(2);
    String there = node.make(new Op.Gather(0), node.make(new Op.ShapeOf(0, null), x), axes);
    Op larger = new Op.Binary(BinaryFunction.MAX);
    String missing = node.make(subtract, node.make(larger, there, wanted), there);
    String before = node.make(half, missing, two);
    String after = node.make(subtract, missing, before);
    String pads = node.make(new Op.Concat(0), before, after);
    String padded = node.make(new Op.Pad(Op.PadMode.CONSTANT), x, pads, "", axes);
    String excess = node.make(subtract, node.make(larger, there, wanted), wanted);
    String start = node.make(half, excess, two);
    node.result(new Op.Slice(), padded, start, node.make(add, start, wanted), axes);
  }
}
