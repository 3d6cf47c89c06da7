package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Quantized operators: those that name the scale of their result become the operator between
/// [QuantizedOp.Dequantize] and [QuantizedOp.Quantize], those on integers alone become integer
/// arithmetic, which stays exact.
final class QuantizationImports {
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);

  private QuantizationImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "DynamicQuantizeLinear" ->
          Operator.of(11, 1, 1, 3, n -> n.same(new Op.DynamicQuantize()));
      case "MatMulInteger" -> Operator.of(10, 2, 4, QuantizationImports::matMulInteger);
      case "ConvInteger" -> Operator.of(10, 2, 4, QuantizationImports::convInteger);
      case "QLinearMatMul" -> Operator.of(10, 8, 8, QuantizationImports::matMulLinear);
      default -> linear(name, 10);
    };
  }

  /// {@return an operator that both domains have, or null}
  ///
  /// @param name its name
  /// @param since the operator set that brought it
  static @Nullable Operator linear(String name, int since) {
    return switch (name) {
      case "QuantizeLinear" -> Operator.of(since, 2, 3, QuantizationImports::quantize);
      case "DequantizeLinear" -> Operator.of(since, 2, 3, QuantizationImports::dequantize);
      case "QLinearConv" -> Operator.of(since, 8, 9, QuantizationImports::convLinear);
      default -> null;
    };
  }

  private static void quantize(NodeScope node) {
    node.ignore("saturate", "precision");
    DType to = node.elementType("output_dtype");
    if (node.has(2)) {
      to = node.dtype(node.input(2));
    } else if (to == null) {
      to = DType.U8;
    }
    long axis = node.integer("axis", 1);
    long block = node.integer("block_size", 0);
    if (to != null) {
      node.same(new QuantizedOp.Quantize(axis, block, to));
    }
  }

  private static void dequantize(NodeScope node) {
    node.same(new QuantizedOp.Dequantize(node.integer("axis", 1), node.integer("block_size", 0)));
  }

  private static String cast(NodeScope node, String value, DType to) {
    return node.dtype(value) == to ? value : node.make(new Op.Cast(to, true), value);
  }

  /// What an input stands for, whose scale and zero point follow it.
  ///
  /// @param input the input's position
  /// @param axis the dimension that scales go with
  static String dequantized(NodeScope node, int input, long axis) {
    return node.make(
        new QuantizedOp.Dequantize(axis, 0),
        node.input(input),
        node.input(input + 1),
        node.input(input + 2));
  }

  /// Makes the node's result of what it stands for, in the type of its zero point, or of the node's
  /// first input where there is none.
  ///
  /// @param scale the position of the scale, after which the zero point follows
  static void requantize(NodeScope node, String value, int scale, long axis) {
    DType to = node.dtype(node.input(node.has(scale + 1) ? scale + 1 : 0));
    if (to != null) {
      node.result(
          new QuantizedOp.Quantize(axis, 0, to), value, node.input(scale), node.input(scale + 1));
    }
  }

  /// Returns integers of 32 bits less their zero point.
  private static String centred(
      NodeScope node, int value, int zero, Function<String, String> shaped) {
    String wide = cast(node, node.input(value), DType.I32);
    if (!node.has(zero)) {
      return wide;
    }
    return node.make(SUBTRACT, wide, shaped.apply(cast(node, node.input(zero), DType.I32)));
  }

  /// Shapes a vector so that it broadcasts along a dimension that others follow.
  private static String column(NodeScope node, String vector, int trailing) {
    if (node.rank(vector) != 1) {
      return vector;
    }
    List<Long> dims = new ArrayList<>(List.of(-1L));
    dims.addAll(Collections.nCopies(Math.max(0, trailing), 1L));
    return node.make(new Op.Reshape(false), vector, node.longs(dims));
  }

  private static void matMulInteger(NodeScope node) {
    int trailing = node.rank(node.input(0)) == 1 ? 0 : 1;
    String x = centred(node, 0, 2, zero -> column(node, zero, trailing));
    node.result(new Op.MatMul(), x, centred(node, 1, 3, zero -> zero));
  }

  private static void convInteger(NodeScope node) {
    String x = centred(node, 0, 2, zero -> zero);
    int trailing = node.rank(node.input(1)) - 1;
    node.result(
        convolution(node, Layout.CHANNELS_FIRST),
        x,
        centred(node, 1, 3, zero -> column(node, zero, trailing)));
  }

  private static Op convolution(NodeScope node, Layout layout) {
    long groups = node.integer("group", 1);
    return new Op.Conv(PoolImports.window(node, false), groups, layout, null);
  }

  private static void matMulLinear(NodeScope node) {
    String a = dequantized(node, 0, -2);
    String b = dequantized(node, 3, -1);
    requantize(node, node.make(new Op.MatMul(), a, b), 6, -2);
  }

  private static void convLinear(NodeScope node) {
    boolean isLast = node.flag("channels_last", false);
    Layout layout = isLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
    String x = dequantized(node, 0, 0);
    String w = dequantized(node, 3, 0);
    String bias = node.has(8) ? convBias(node) : "";
    requantize(node, node.make(convolution(node, layout), x, w, bias), 6, isLast ? -1 : 1);
  }

  /// The bias has the scales of input and weights, multiplied.
  private static String convBias(NodeScope node) {
    String scale = node.make(new Binary(BinaryFunction.MUL), node.input(1), node.input(4));
    return node.make(new QuantizedOp.Dequantize(0, 0), node.input(8), scale);
  }
}
