package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes operators on quantized numbers.
final class QuantizedExports {
  private QuantizedExports() {}

  static void export(ExportScope node, QuantizedOp op) {
    switch (op) {
      case QuantizedOp.Quantize o -> quantize(node, o);
      case QuantizedOp.Dequantize o ->
          node.same("DequantizeLinear", scales(node, o.axis(), o.block(), node.input(0)));
      case QuantizedOp.ByteTable _ -> byteTable(node);
      case QuantizedOp.ByteMatMul o -> {
        String sums = matMul(node, node.input(0), node.constant(zero(o.zero())), 0);
        String y = node.make("Mul", sums, node.input(2));
        if (node.has(3)) {
          y = node.make("Add", y, node.input(3));
        }
        finish(node, y, o.activation(), o.rounding());
      }
      case QuantizedOp.ByteConv o -> {
        String x = CompositeExports.first(node, o.conv().layout(), node.input(0));
        String sums = convInteger(node, o.conv(), x, node.constant(zero(o.zero())));
        finish(node, o.conv(), node.make("Mul", sums, perChannel(node, 2)), o.rounding());
      }
      case QuantizedOp.ByteSums o -> byteSums(node, o);
      case QuantizedOp.DynamicConv o -> {
        String x = CompositeExports.first(node, o.conv().layout(), node.input(0));
        List<String> parts = node.makeAll("DynamicQuantizeLinear", 3, x);
        String sums = convInteger(node, o.conv(), parts.get(0), parts.get(2));
        String scale = node.make("Mul", perChannel(node, 2), parts.get(1));
        finish(node, o.conv(), node.make("Mul", sums, scale), null);
      }
      case QuantizedOp.BlockMatMul o -> blockMatMul(node, o);
    }
  }

  private static void blockMatMul(ExportScope node, QuantizedOp.BlockMatMul op) {
    AttributeSet attributes =
        set()
            .integer("K", op.k())
            .integer("N", op.columns())
            .integer("bits", op.bits())
            .integer("block_size", op.block())
            .integer("accuracy_level", op.bytes() ? 4 : 0);
    String[] inputs = {
      node.input(0), node.input(1), node.input(2), node.input(3), "", node.input(4)
    };
    if (!node.has(5) && op.activation() == null) {
      node.microsoft("MatMulNBits", attributes, inputs);
    } else {
      String product = node.makeMicrosoft("MatMulNBits", attributes, inputs);
      CompositeExports.finish(node, product, "", node.input(5), op.activation());
    }
  }

  /// Signed bytes are numbers of the lower half, or else, from the end, of the upper.
  private static void byteTable(ExportScope node) {
    AttributeSet indices = set().integer("to", ElementTypes.number(DType.I32));
    String bytes = node.make("Cast", indices, node.input(0));
    node.to(node.output(), "Gather", set(), node.input(1), bytes);
  }

  private static AttributeSet set() {
    return new AttributeSet();
  }

  private static AttributeSet scales(ExportScope node, long axis, long block, String x) {
    AttributeSet attributes = set();
    if (axis != 1 && node.rank(x) > 0) {
      node.needs(13, "an axis of scales");
      attributes.integer("axis", axis);
    }
    if (block > 0) {
      node.needs(21, "blocks of scales");
      attributes.integer("block_size", block);
    }
    return attributes;
  }

  private static void quantize(ExportScope node, QuantizedOp.Quantize op) {
    AttributeSet attributes = scales(node, op.axis(), op.block(), node.input(0));
    if (!node.has(2) && op.to() != DType.U8) {
      node.needs(21, op.to() + " without a zero point");
      attributes.integer("output_dtype", ElementTypes.number(op.to()));
    }
    node.same("QuantizeLinear", attributes);
  }

  private static Tensor zero(int zero) {
    return zero(DType.U8, zero);
  }

  private static Tensor zero(DType type, int zero) {
    Tensor tensor = Tensor.allocate(type, Shape.of());
    tensor.setLong(0, zero);
    return tensor;
  }

  private static String cast(ExportScope node, DType to, String integers) {
    return node.make("Cast", set().integer("to", ElementTypes.number(to)), integers);
  }

  /// {@return the product of bytes less their zero point and weights, f32}
  ///
  /// @param shift what each weight stands for more than itself
  static String matMul(ExportScope node, String x, String zero, int shift) {
    if (shift == 0) {
      return sums(node, null, x, zero, DType.F32);
    }
    String zeroOfWeights = node.constant(zero(DType.I8, -shift));
    String sums = node.make("MatMulInteger", set(), x, node.input(1), zero, zeroOfWeights);
    return cast(node, DType.F32, sums);
  }

  private static String convInteger(ExportScope node, Op.Conv conv, String x, String zero) {
    return sums(node, conv, x, zero, DType.F32);
  }

  private static String sums(
      ExportScope node, Op.@Nullable Conv conv, String x, String zero, DType type) {
    String operator = conv == null ? "MatMul" : "Conv";
    AttributeSet attributes =
        conv == null
            ? set()
            : OperatorExports.window(conv.window()).integer("group", conv.groups());
    if (hasBytes(node)) {
      return cast(node, type, node.make(operator + "Integer", attributes, x, node.input(1), zero));
    }
    String centred = node.make("Sub", cast(node, type, x), cast(node, type, zero));
    return node.make(operator, attributes, centred, cast(node, type, node.input(1)));
  }

  private static void byteSums(ExportScope node, QuantizedOp.ByteSums op) {
    Layout layout = op.conv() == null ? Layout.CHANNELS_FIRST : op.conv().layout();
    String x = CompositeExports.first(node, layout, node.input(0));
    DType type = hasBytes(node) ? DType.I32 : DType.F64;
    String sums = sums(node, op.conv(), x, node.constant(zero(op.zero())), type);
    AttributeSet whole = set().integer("to", ElementTypes.number(DType.I32));
    node.to(node.output(), "Cast", whole, CompositeExports.last(node, layout, sums));
  }

  /// Whether the weights are bytes, which products of integers ask for.
  private static boolean hasBytes(ExportScope node) {
    return node.dtype(node.input(1)) == DType.I8;
  }

  /// Adds the bias to scaled sums, channels first, and finishes them.
  private static void finish(
      ExportScope node, Op.Conv conv, String sums, QuantizedOp.@Nullable Rounding rounding) {
    String y = node.has(3) ? node.make("Add", sums, perChannel(node, 3)) : sums;
    finish(node, CompositeExports.last(node, conv.layout(), y), conv.activation(), rounding);
  }

  /// A vector with one number for each channel, as it broadcasts where channels are first.
  private static String perChannel(ExportScope node, int input) {
    List<Long> dims = new ArrayList<>(List.of(-1L));
    dims.addAll(Collections.nCopies(node.rank(node.input(0)) - 2, 1L));
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    return node.make("Reshape", node.input(input), node.longs(shape));
  }

  private static void finish(
      ExportScope node,
      String value,
      @Nullable Unary activation,
      QuantizedOp.@Nullable Rounding rounding) {
    if (rounding == null) {
      CompositeExports.finish(node, value, "", "", activation);
      return;
    }
    String y = value;
    if (activation != null) {
      y = node.fresh("activation");
      UnaryExports.export(node, activation, value, y);
    }
    y = node.make("Mul", y, node.scalar(rounding.factor(), DType.F32));
    y = node.make("Add", node.make("Round", y), node.scalar(rounding.zero(), DType.F32));
    y = node.make("Max", y, node.scalar(0, DType.F32));
    y = node.make("Min", y, node.scalar(255, DType.F32));
    AttributeSet bytes = set().integer("to", ElementTypes.number(DType.U8));
    node.to(node.output(), "Cast", bytes, y);
  }
}
