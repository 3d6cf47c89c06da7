package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.MatrixOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Matrix products and convolutions.
final class LinearImports {
  private LinearImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "MatMul" -> Operator.of(1, 2, 2, n -> n.same(new Op.MatMul()));
      case "Gemm" -> Operator.of(7, 2, 3, LinearImports::gemm);
      case "Det" -> Operator.of(11, 1, 1, n -> n.same(new MatrixOp.Determinant()));
      case "Einsum" -> Operator.of(12, 1, Operator.MANY, LinearImports::einsum);
      case "Conv" -> Operator.of(1, 2, 3, LinearImports::conv);
      case "ConvTranspose" -> Operator.of(1, 2, 3, LinearImports::convTranspose);
      default -> null;
    };
  }

  /// Makes a product of matrices with a sum.
  ///
  /// @param node the node
  static void gemm(NodeScope node) {
    float alpha = node.real("alpha", 1);
    float beta = node.real("beta", 1);
    node.same(new Op.Gemm(alpha, beta, node.flag("transA", false), node.flag("transB", false)));
  }

  private static void einsum(NodeScope node) {
    if (!node.hasAttribute("equation")) {
      throw node.invalid("attribute 'equation' is missing");
    }
    node.same(new Op.Einsum(node.text("equation", "")));
  }

  private static void conv(NodeScope node) {
    long groups = node.integer("group", 1);
    node.same(new Op.Conv(PoolImports.window(node, false), groups, Layout.CHANNELS_FIRST, null));
  }

  private static void convTranspose(NodeScope node) {
    node.same(convTranspose(node, PoolImports.window(node, false)));
  }

  private static Op convTranspose(NodeScope node, Op.Window window) {
    return new Op.ConvTranspose(
        window,
        node.integer("group", 1),
        node.integers("output_padding", 0, Op.Window.MOST),
        node.integers("output_shape", 1, Op.Window.MOST),
        Layout.CHANNELS_FIRST,
        null);
  }

  /// Makes a transposed convolution whose pads are an input: `(x, w, pads?, bias?)`.
  ///
  /// @param node the node
  static void paddedConvTranspose(NodeScope node) {
    Op.Window given = PoolImports.window(node, false);
    Tensor pads = node.known(node.input(2));
    if (node.has(2) && pads == null) {
      node.unsupported("pads that are no constant");
      return;
    }
    List<Long> own = new ArrayList<>();
    for (long i = 0; pads != null && i < pads.shape().elements(); i++) {
      own.add(pads.getLong(i));
    }
    if (own.stream().anyMatch(pad -> pad < 0 || pad > Op.Window.MOST)) {
      throw node.invalid("pads " + own);
    }
    boolean isAutomatic = given.autoPad() != Op.AutoPad.NOTSET;
    Op.Window window =
        new Op.Window(
            given.kernel(),
            given.strides(),
            isAutomatic ? List.of() : own,
            given.dilations(),
            given.autoPad(),
            false);
    node.result(convTranspose(node, window), node.input(0), node.input(1), node.input(3));
  }
}
