package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PoolFunction;
import dev.jiffy.engine.ir.Op.Window;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Pooling.
final class PoolImports {
  private PoolImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "MaxPool" -> Operator.of(1, 1, 1, 2, n -> pool(n, PoolFunction.MAX));
      case "AveragePool" -> Operator.of(1, 1, 1, n -> pool(n, PoolFunction.AVERAGE));
      case "LpPool" -> Operator.of(2, 1, 1, n -> pool(n, PoolFunction.LP));
      case "GlobalMaxPool" -> Operator.of(1, 1, 1, n -> globalPool(n, PoolFunction.MAX));
      case "GlobalAveragePool" -> Operator.of(1, 1, 1, n -> globalPool(n, PoolFunction.AVERAGE));
      case "GlobalLpPool" -> Operator.of(2, 1, 1, n -> globalPool(n, PoolFunction.LP));
      default -> null;
    };
  }

  /// {@return an operator of `com.microsoft`, or null}
  ///
  /// @param name its name
  static @Nullable Operator microsoft(String name) {
    return switch (name) {
      case "NhwcMaxPool" ->
          Operator.of(1, 1, 1, n -> pool(n, PoolFunction.MAX, Layout.CHANNELS_LAST));
      case "MaxpoolWithMask" -> Operator.of(1, 2, 2, MaskedPools::pool);
      default -> null;
    };
  }

  /// {@return the sliding window that a node's attributes describe}
  ///
  /// @param node the node
  /// @param ceilMode whether a partly covered last window counts
  static Window window(NodeScope node, boolean ceilMode) {
    List<Long> kernel = node.integers("kernel_shape", 1, Window.MOST);
    List<Long> strides = node.integers("strides", 1, Window.MOST);
    List<Long> dilations = node.integers("dilations", 1, Window.MOST);
    boolean isSilent = node.text("auto_pad", "").isEmpty();
    AutoPad autoPad = isSilent ? AutoPad.NOTSET : node.choice("auto_pad", AutoPad.NOTSET);
    List<Long> pads = node.integers("pads", 0, Window.MOST);
    return new Window(
        kernel,
        strides,
        autoPad == AutoPad.NOTSET ? pads : List.of(),
        dilations,
        autoPad,
        ceilMode);
  }

  private static void pool(NodeScope node, PoolFunction function) {
    pool(node, function, Layout.CHANNELS_FIRST);
  }

  private static void pool(NodeScope node, PoolFunction function, Layout layout) {
    boolean countPadding =
        function == PoolFunction.AVERAGE && node.flag("count_include_pad", false);
    boolean columnMajor = function == PoolFunction.MAX && node.flag("storage_order", false);
    long p = function == PoolFunction.LP ? node.integer("p", 2) : 0;
    Window window = window(node, node.flag("ceil_mode", false));
    if (window.kernel().isEmpty()) {
      throw node.invalid("attribute 'kernel_shape' is missing");
    }
    node.same(new Op.Pool(function, window, countPadding, columnMajor, p, layout));
  }

  private static void globalPool(NodeScope node, PoolFunction function) {
    long p = function == PoolFunction.LP ? node.integer("p", 2) : 0;
    node.same(new Op.GlobalPool(function, p, Layout.CHANNELS_FIRST));
  }
}
