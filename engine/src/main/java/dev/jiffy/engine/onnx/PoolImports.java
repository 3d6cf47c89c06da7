package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PoolFunction;
import dev.jiffy.engine.ir.Op.Window;
import java.util.List;

/// Pooling.
final class PoolImports {
  private PoolImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add("MaxPool", 1, 1, 1, 2, n -> pool(n, PoolFunction.MAX));
    table.add("AveragePool", 1, 1, 1, n -> pool(n, PoolFunction.AVERAGE));
    table.add("LpPool", 2, 1, 1, n -> pool(n, PoolFunction.LP));
    table.add("GlobalMaxPool", 1, 1, 1, n -> globalPool(n, PoolFunction.MAX));
    table.add("GlobalAveragePool", 1, 1, 1, n -> globalPool(n, PoolFunction.AVERAGE));
    table.add("GlobalLpPool", 2, 1, 1, n -> globalPool(n, PoolFunction.LP));
  }

  /// Adds what the domain `com.microsoft` has of it.
  ///
  /// @param table the table
  static void registerLast(Operators table) {
    table.add("NhwcMaxPool", 1, 1, 1, n -> pool(n, PoolFunction.MAX, Layout.CHANNELS_LAST));
  }

  /// {@return the sliding window that a node's attributes describe}
  ///
  /// @param node the node
  /// @param ceilMode whether a partly covered last window counts
  static Window window(NodeScope node, boolean ceilMode) {
    List<Long> kernel = node.integers("kernel_shape", 1, Window.MOST);
    List<Long> strides = node.integers("strides", 1, Window.MOST);
    List<Long> dilations = node.integers("dilations", 1, Window.MOST);
    AutoPad autoPad = node.choice("auto_pad", AutoPad.NOTSET);
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
