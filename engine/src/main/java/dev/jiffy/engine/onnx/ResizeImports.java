package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.ImageOp.AspectPolicy;
import dev.jiffy.engine.ir.ImageOp.CoordinateMode;
import dev.jiffy.engine.ir.ImageOp.Interpolation;
import dev.jiffy.engine.ir.ImageOp.NearestMode;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Resampling.
final class ResizeImports {
  private static final float CUBIC = -0.75f;

  private ResizeImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Upsample" -> Operator.of(7, 1, 2, ResizeImports::upsample);
      case "Resize" -> Operator.of(10, 1, 4, ResizeImports::resize);
      default -> null;
    };
  }

  private static void upsample(NodeScope node) {
    String scales = node.input(1);
    if (node.opset() < 9) {
      List<Float> factors = node.reals("scales");
      float[] values = new float[factors.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = factors.get(i);
      }
      scales = node.constant(Tensor.of(values, values.length));
    }
    node.result(old(node), node.input(0), "", scales);
  }

  /// Before operator set 11 positions were divided by the scale and rounded down.
  static Op old(NodeScope node) {
    String mode = node.text("mode", "nearest");
    Interpolation interpolation =
        switch (mode) {
          case "nearest" -> Interpolation.NEAREST;
          case "linear", "bilinear" -> Interpolation.LINEAR;
          default -> throw node.invalid("attribute 'mode' is '" + mode + "'");
        };
    return new ImageOp.Resize(
        interpolation,
        CoordinateMode.ASYMMETRIC,
        NearestMode.FLOOR,
        CUBIC,
        false,
        0,
        false,
        List.of(),
        AspectPolicy.STRETCH,
        Layout.CHANNELS_FIRST);
  }

  private static void resize(NodeScope node) {
    if (node.opset() == 10) {
      node.result(old(node), node.input(0), "", node.input(1));
      return;
    }
    Op op =
        new ImageOp.Resize(
            node.choice("mode", Interpolation.NEAREST),
            node.choice("coordinate_transformation_mode", CoordinateMode.HALF_PIXEL),
            node.choice("nearest_mode", NearestMode.ROUND_PREFER_FLOOR),
            node.real("cubic_coeff_a", CUBIC),
            node.flag("exclude_outside", false),
            node.real("extrapolation_value", 0),
            node.flag("antialias", false),
            node.integers("axes"),
            node.choice("keep_aspect_ratio_policy", AspectPolicy.STRETCH),
            Layout.CHANNELS_FIRST);
    String scales = present(node, 2);
    String sizes = present(node, 3);
    if (scales.isEmpty() == sizes.isEmpty()) {
      throw node.invalid("either scales or sizes are needed");
    }
    node.result(op, node.input(0), present(node, 1), scales, sizes);
  }

  /// Operator set 11 says with an empty tensor that an input is absent.
  private static String present(NodeScope node, int index) {
    Long extent = node.extent(node.input(index), 0);
    return extent != null && extent == 0 ? "" : node.input(index);
  }
}
