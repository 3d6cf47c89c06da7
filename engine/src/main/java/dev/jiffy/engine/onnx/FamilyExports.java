package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.SignalOp;
import java.util.List;

/// Operators on images and signals, those that pick by elements and those that are random, as ONNX
/// has them.
final class FamilyExports {
  private FamilyExports() {}

  private static AttributeSet set() {
    return new AttributeSet();
  }

  /// Writes an operator on images.
  static void export(ExportScope node, ImageOp op) {
    switch (op) {
      case ImageOp.SampleGrid o -> sampleGrid(node, o);
      case ImageOp.AlignRegions o ->
          node.same(
              "RoiAlign",
              set()
                  .text("mode", o.max() ? "max" : "avg")
                  .integer("output_height", o.height())
                  .integer("output_width", o.width())
                  .integer("sampling_ratio", o.samples())
                  .real("spatial_scale", o.scale())
                  .text(
                      "coordinate_transformation_mode",
                      o.halfPixel() ? "half_pixel" : "output_half_pixel"));
      case ImageOp.PoolRegions o ->
          node.same(
              "MaxRoiPool",
              set()
                  .integers("pooled_shape", List.of(o.height(), o.width()))
                  .real("spatial_scale", o.scale()));
      case ImageOp.DeformConv o -> {
        node.needs(19, "DeformConv");
        AttributeSet attributes = OperatorExports.window(o.window());
        attributes.integer("group", o.groups()).integer("offset_group", o.offsetGroups());
        node.same("DeformConv", attributes);
      }
      case ImageOp.Fold o -> {
        node.needs(18, "Col2Im");
        node.same("Col2Im", OperatorExports.window(o.window()));
      }
      case ImageOp.Resize o -> CompositeExports.resize(node, o);
    }
  }

  private static void sampleGrid(ExportScope node, ImageOp.SampleGrid op) {
    boolean isImage = node.rank(node.input(0)) == 4;
    if (!isImage) {
      node.needs(20, "sampling of other than two dimensions");
    }
    boolean isOld = node.opset() < 20;
    String mode =
        switch (op.interpolation()) {
          case NEAREST -> "nearest";
          case LINEAR -> isOld ? "bilinear" : "linear";
          case CUBIC -> isOld ? "bicubic" : "cubic";
        };
    node.same(
        "GridSample",
        set()
            .text("mode", mode)
            .text("padding_mode", OperatorExports.lower(op.border()))
            .flag("align_corners", op.alignCorners()));
  }

  /// Writes an operator on signals.
  static void export(ExportScope node, SignalOp op) {
    switch (op) {
      case SignalOp.Fourier o -> {
        node.needs(20, "DFT along an axis that is an input");
        node.same("DFT", set().flag("inverse", o.inverse()).flag("onesided", o.oneSided()));
      }
      case SignalOp.ShortTimeFourier o -> node.same("STFT", set().flag("onesided", o.oneSided()));
      case SignalOp.MelWeights o ->
          node.same(
              "MelWeightMatrix", set().integer("output_datatype", ElementTypes.number(o.dtype())));
    }
  }

  /// Writes an operator that picks by elements.
  static void export(ExportScope node, SelectionOp op) {
    switch (op) {
      case SelectionOp.SuppressOverlaps o ->
          node.same("NonMaxSuppression", set().flag("center_point_box", o.centred()));
      case SelectionOp.Unique o -> {
        AttributeSet attributes = set().flag("sorted", o.sorted());
        Long axis = o.axis();
        node.same("Unique", axis == null ? attributes : attributes.integer("axis", axis));
      }
    }
  }

  /// Writes an operator whose results are random: like a tensor of the shape, which is an attribute
  /// of the others.
  static void export(ExportScope node, RandomOp op) {
    AttributeSet attributes = set();
    Float seed = op.seed();
    if (seed != null) {
      attributes.real("seed", seed);
    }
    String like = node.make("ConstantOfShape", node.input(0));
    switch (op) {
      case RandomOp.Uniform o ->
          node.results(
              "RandomUniformLike",
              attributes
                  .integer("dtype", ElementTypes.number(o.dtype()))
                  .real("low", o.low())
                  .real("high", o.high()),
              like);
      case RandomOp.Normal o ->
          node.results(
              "RandomNormalLike",
              attributes
                  .integer("dtype", ElementTypes.number(o.dtype()))
                  .real("mean", o.mean())
                  .real("scale", o.deviation()),
              like);
    }
  }
}
