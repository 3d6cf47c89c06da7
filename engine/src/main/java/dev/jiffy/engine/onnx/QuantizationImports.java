package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Quantized operators, expanded into integer arithmetic, which stays exact.
final class QuantizationImports {
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op DIVIDE = new Binary(BinaryFunction.DIV);
  private static final Op ROUND = new Unary(UnaryFunction.ROUND);

  private QuantizationImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add("QuantizeLinear", 10, 2, 3, QuantizationImports::quantize);
    table.add("DequantizeLinear", 10, 2, 3, QuantizationImports::dequantize);
    table.add("DynamicQuantizeLinear", 11, 1, 1, 3, n -> n.same(new Op.DynamicQuantize()));
    table.add("MatMulInteger", 10, 2, 4, QuantizationImports::matMulInteger);
    table.add("ConvInteger", 10, 2, 4, QuantizationImports::convInteger);
    table.add("QLinearMatMul", 10, 8, 8, QuantizationImports::matMulLinear);
    table.add("QLinearConv", 10, 8, 9, QuantizationImports::convLinear);
  }

  private static void quantize(NodeScope node) {
    node.ignore("saturate", "axis");
    DType to = node.elementType("output_dtype");
    if (node.has(2)) {
      to = node.dtype(node.input(2));
    } else if (to == null) {
      to = DType.U8;
    }
    if (to == null || !isSupported(node)) {
      return;
    }
    String scale = alongAxis(node, node.input(1));
    String zero = node.has(2) ? alongAxis(node, node.input(2)) : null;
    DType real = node.dtype(node.input(1));
    String x = cast(node, node.input(0), real == null ? DType.F32 : real);
    saturate(node, 0, node.make(DIVIDE, x, scale), zero, to);
  }

  private static void dequantize(NodeScope node) {
    node.ignore("axis");
    DType real = node.dtype(node.input(1));
    if (real == null || !isSupported(node)) {
      return;
    }
    String x = cast(node, node.input(0), real);
    if (node.has(2)) {
      x = node.make(SUBTRACT, x, cast(node, alongAxis(node, node.input(2)), real));
    }
    node.result(MULTIPLY, x, alongAxis(node, node.input(1)));
  }

  private static boolean isSupported(NodeScope node) {
    if (node.integer("block_size", 0) != 0) {
      node.unsupported("blocks of quantization");
      return false;
    }
    return true;
  }

  /// Shapes one number per index of the quantized axis so that it broadcasts.
  private static String alongAxis(NodeScope node, String value) {
    long axis = node.integer("axis", 1);
    int rank = node.rank(node.input(0));
    if (node.rank(value) != 1 || rank < 2) {
      return value;
    }
    return column(node, value, (int) (rank - 1 - (axis < 0 ? axis + rank : axis)));
  }

  private static String column(NodeScope node, String value, int trailing) {
    List<Long> dims = new ArrayList<>(List.of(-1L));
    dims.addAll(Collections.nCopies(Math.max(0, trailing), 1L));
    return node.make(new Op.Reshape(false), value, node.longs(dims));
  }

  private static String cast(NodeScope node, String value, DType to) {
    return node.dtype(value) == to ? value : node.make(new Op.Cast(to, true), value);
  }

  /// Rounds, shifts, limits and converts to an integer type.
  private static void saturate(
      NodeScope node, int output, String quotient, @Nullable String zero, DType to) {
    String rounded = node.make(ROUND, quotient);
    DType real = node.dtype(rounded);
    if (zero != null && real != null) {
      rounded = node.make(ADD, rounded, cast(node, zero, real));
    }
    int bits = to.bytes() * 8;
    float low = to.isUnsigned() ? 0 : -(1L << (bits - 1));
    float high = (to.isUnsigned() ? 1L << bits : 1L << (bits - 1)) - 1;
    String limited = node.make(new Unary(UnaryFunction.CLIP, low, high), rounded);
    if (output == 0) {
      node.result(new Op.Cast(to, true), limited);
    } else {
      node.result(output, new Op.Cast(to, true), limited);
    }
  }

  /// Returns integers of 32 bits less their zero point.
  private static String centred(NodeScope node, int value, int zero, boolean rows) {
    String wide = cast(node, node.input(value), DType.I32);
    if (!node.has(zero)) {
      return wide;
    }
    String shift = cast(node, node.input(zero), DType.I32);
    return node.make(SUBTRACT, wide, rows ? perRow(node, shift) : shift);
  }

  private static String perRow(NodeScope node, String value) {
    return node.rank(value) == 1 ? column(node, value, 1) : value;
  }

  private static void matMulInteger(NodeScope node) {
    node.result(new Op.MatMul(), centred(node, 0, 2, true), centred(node, 1, 3, false));
  }

  private static void convInteger(NodeScope node) {
    String x = centred(node, 0, 2, false);
    String w = centredWeights(node, 1, 3);
    node.result(convolution(node), x, w);
  }

  private static String centredWeights(NodeScope node, int value, int zero) {
    String wide = cast(node, node.input(value), DType.I32);
    if (!node.has(zero)) {
      return wide;
    }
    String shift = cast(node, node.input(zero), DType.I32);
    return node.make(SUBTRACT, wide, perChannel(node, shift, node.rank(wide) - 1));
  }

  private static String perChannel(NodeScope node, String value, int trailing) {
    return node.rank(value) == 1 ? column(node, value, trailing) : value;
  }

  private static Op convolution(NodeScope node) {
    long groups = node.integer("group", 1);
    return new Op.Conv(PoolImports.window(node, false), groups, Layout.CHANNELS_FIRST, null);
  }

  private static void matMulLinear(NodeScope node) {
    String product =
        node.make(new Op.MatMul(), centred(node, 0, 2, true), centred(node, 3, 5, false));
    requantize(node, product, perRow(node, node.input(1)), node.input(4));
  }

  private static void convLinear(NodeScope node) {
    int trailing = Math.max(0, node.rank(node.input(0)) - 2);
    String x = centred(node, 0, 2, false);
    String w = centredWeights(node, 3, 5);
    Op convolution = convolution(node);
    String product =
        node.has(8) ? node.make(convolution, x, w, node.input(8)) : node.make(convolution, x, w);
    requantize(node, product, node.input(1), perChannel(node, node.input(4), trailing));
  }

  /// Scales an exact product to the type and scale of the output.
  private static void requantize(
      NodeScope node, String product, String leftScale, String rightScale) {
    DType to = node.dtype(node.input(7));
    DType real = node.dtype(node.input(6));
    if (to == null || real == null) {
      return;
    }
    String scales =
        node.make(MULTIPLY, cast(node, leftScale, DType.F32), cast(node, rightScale, DType.F32));
    String factor = node.make(DIVIDE, scales, cast(node, node.input(6), DType.F32));
    String scaled = node.make(MULTIPLY, cast(node, product, DType.F32), factor);
    saturate(node, 0, scaled, node.input(7), to);
  }
}
