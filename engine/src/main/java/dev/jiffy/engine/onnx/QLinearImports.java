package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Quantized operators of the domain `com.microsoft`.
///
/// Those that name the scales of operands and result become the operator between
/// [QuantizedOp.Dequantize] and [QuantizedOp.Quantize], which passes take into integer arithmetic.
final class QLinearImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);

  private QLinearImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "QLinearAdd" -> Operator.of(1, 1, 8, n -> pair(n, ADD));
      case "QLinearMul" -> Operator.of(1, 1, 8, n -> pair(n, MULTIPLY));
      case "QLinearSigmoid" -> Operator.of(1, 1, 5, n -> one(n, new Unary(UnaryFunction.SIGMOID)));
      case "QLinearLeakyRelu" -> Operator.of(1, 1, 5, QLinearImports::leakyRelu);
      case "QLinearSoftmax" -> Operator.of(1, 1, 5, QLinearImports::softmax);
      case "QLinearWhere" -> Operator.of(1, 9, 9, QLinearImports::where);
      case "GatherBlockQuantized" -> Operator.of(1, 3, 4, QLinearImports::gather);
      case "QLinearGlobalAveragePool" -> Operator.of(1, 5, 5, QLinearImports::globalAverage);
      case "QLinearAveragePool" -> Operator.of(1, 1, 5, QLinearImports::average);
      case "QLinearConcat" -> Operator.of(1, 5, Operator.MANY, QLinearImports::concat);
      case "QGemm" -> Operator.of(1, 6, 9, QLinearImports::gemm);
      case "DynamicQuantizeMatMul" -> Operator.of(1, 3, 5, QLinearImports::dynamicProduct);
      case "MatMulIntegerToFloat" -> Operator.of(1, 4, 7, QLinearImports::integerProduct);
      case "MatMulNBits" -> Operator.of(1, 3, 6, QLinearImports::blockProduct);
      case "MatMulBnb4" -> Operator.of(1, 3, 3, FourBitFloats::product);
      default -> null;
    };
  }

  private static void pair(NodeScope node, Op op) {
    node.require(1, 3, 4, 6);
    String a = QuantizationImports.dequantized(node, 0, 0);
    String b = QuantizationImports.dequantized(node, 3, 0);
    QuantizationImports.requantize(node, node.make(op, a, b), 6, 0);
  }

  private static void one(NodeScope node, Op op) {
    node.require(1, 3);
    String x = QuantizationImports.dequantized(node, 0, 0);
    QuantizationImports.requantize(node, node.make(op, x), 3, 0);
  }

  private static void leakyRelu(NodeScope node) {
    one(node, new Unary(UnaryFunction.LEAKY_RELU, node.real("alpha", 0.01f), 0));
  }

  /// Before operator set 13 all dimensions from the axis on count together.
  private static void softmax(NodeScope node) {
    node.require(1, 3, 4);
    long axis = node.integer("axis", -1);
    if (node.integer("opset", 13) >= 13) {
      one(node, new Op.Softmax(axis, false));
      return;
    }
    String x = QuantizationImports.dequantized(node, 0, 0);
    String flat = node.make(new Op.Softmax(1, false), node.make(new Op.Flatten(axis), x));
    String shape = node.make(new Op.ShapeOf(0, null), x);
    QuantizationImports.requantize(node, node.make(new Op.Reshape(true), flat, shape), 3, 0);
  }

  /// `(condition, x, scale, zero, y, scale, zero, scale, zero)`
  private static void where(NodeScope node) {
    String x = QuantizationImports.dequantized(node, 1, 0);
    String y = QuantizationImports.dequantized(node, 4, 0);
    QuantizationImports.requantize(node, node.make(new Op.Where(), node.input(0), x, y), 7, 0);
  }

  /// Rows, or others, of numbers of a few bits with scales of blocks: `(x, indices, scales,
  /// zeros?)`.
  private static void gather(NodeScope node) {
    int rank = node.rank(node.input(0));
    int indices = node.rank(node.input(1));
    if (rank < 1 || indices < 0) {
      node.unsupported("operands of unknown rank");
      return;
    }
    long bits = node.integer("bits", 4);
    long picked = Math.floorMod(node.integer("gather_axis", 0), (long) rank);
    long scaled = Math.floorMod(node.integer("quantize_axis", 1), (long) rank);
    if (picked == scaled) {
      throw node.invalid("axis %d is both picked from and scaled".formatted(picked));
    }
    Op look = new Op.Gather(picked);
    long axis = scaled < picked ? scaled : scaled + indices - 1;
    String x = node.make(look, node.input(0), node.input(1));
    String scales = node.make(look, node.input(2), node.input(1));
    String zeros = node.has(3) ? node.make(look, node.input(3), node.input(1)) : "";
    long block = node.integer("block_size", 128);
    if (node.dtype(node.input(0)) == DType.U8) {
      Long width = node.extent(node.input(0), rank - 1);
      if ((bits != 4 && bits != 8) || scaled != rank - 1 || width == null || block < 1) {
        node.unsupported("packed numbers of " + bits + " bits, or not of the last dimension");
      } else {
        ofBytes(node, x, scales, zeros, width * 8 / bits, bits, block);
      }
    } else {
      node.result(new QuantizedOp.Dequantize(axis, block), x, scales, zeros);
    }
  }

  /// What rows of unsigned numbers of 4 or 8 bits stand for.
  ///
  /// @param width how many numbers a row has
  private static void ofBytes(
      NodeScope node, String x, String scales, String zeros, long width, long bits, long block) {
    if (width % block != 0) {
      node.unsupported("blocks that are not full");
      return;
    }
    List<Long> leading = Collections.nCopies(node.rank(x) - 1, 0L);
    DType dtype = node.dtype(scales);
    Op wide = new Op.Cast(dtype == null ? DType.F32 : dtype, true);
    String numbers = node.make(wide, bits == 4 ? halves(node, x, width) : x);
    String middle = node.scalar(1 << (bits - 1), scales);
    if (!zeros.isEmpty()) {
      String each = bits == 4 ? halves(node, zeros, width / block) : zeros;
      middle = node.make(new Op.Unsqueeze(), node.make(wide, each), node.longs(-1));
    }
    List<Long> apart = new ArrayList<>(leading);
    apart.addAll(List.of(width / block, block));
    String blocks = node.make(new Op.Reshape(false), numbers, node.longs(apart));
    String centred = node.make(SUBTRACT, blocks, middle);
    String factors = node.make(new Op.Unsqueeze(), scales, node.longs(-1));
    List<Long> flat = new ArrayList<>(leading);
    flat.add(width);
    node.result(new Op.Reshape(false), node.make(MULTIPLY, centred, factors), node.longs(flat));
  }

  /// The first halves of bytes, the lower one of each before the upper, along the last dimension.
  private static String halves(NodeScope node, String bytes, long count) {
    Tensor low = Tensor.allocate(DType.U8, Shape.of(256));
    Tensor high = Tensor.allocate(DType.U8, Shape.of(256));
    for (int i = 0; i < 256; i++) {
      low.setLong(i, i % 16);
      high.setLong(i, i / 16);
    }
    List<String> halves = new ArrayList<>();
    for (Tensor table : List.of(low, high)) {
      String half = node.make(new QuantizedOp.ByteTable(), bytes, node.constant(table));
      halves.add(node.make(new Op.Unsqueeze(), half, node.longs(-1)));
    }
    List<Long> flat = new ArrayList<>(Collections.nCopies(node.rank(bytes) - 1, 0L));
    flat.add(count + count % 2);
    String pairs = node.make(new Op.Concat(-1), halves.get(0), halves.get(1));
    String all = node.make(new Op.Reshape(false), pairs, node.longs(flat));
    return count % 2 == 0
        ? all
        : node.make(new Op.Slice(), all, node.longs(0), node.longs(count), node.longs(-1));
  }

  private static Layout layout(NodeScope node) {
    return node.flag("channels_last", false) ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
  }

  private static void globalAverage(NodeScope node) {
    one(node, new Op.GlobalPool(Op.PoolFunction.AVERAGE, 1, layout(node)));
  }

  private static void average(NodeScope node) {
    Op.Window window = PoolImports.window(node, node.flag("ceil_mode", false));
    boolean countPadding = node.flag("count_include_pad", false);
    Op pool = new Op.Pool(Op.PoolFunction.AVERAGE, window, countPadding, false, 1, layout(node));
    one(node, pool);
  }

  private static void concat(NodeScope node) {
    List<String> parts = new ArrayList<>();
    for (int input = 2; input < node.inputs(); input += 3) {
      parts.add(QuantizationImports.dequantized(node, input, 0));
    }
    DType to = node.dtype(node.input(1));
    if (to != null) {
      String whole = node.make(new Op.Concat(node.integer("axis")), parts.toArray(String[]::new));
      node.result(new QuantizedOp.Quantize(0, 0, to), whole, node.input(0), node.input(1));
    }
  }

  private static void gemm(NodeScope node) {
    float alpha = node.real("alpha", 1);
    boolean left = node.flag("transA", false);
    boolean right = node.flag("transB", false);
    String a = QuantizationImports.dequantized(node, 0, 0);
    String b = QuantizationImports.dequantized(node, 3, right ? 0 : 1);
    String c = "";
    if (node.has(6)) {
      String scale = node.make(MULTIPLY, node.input(1), node.input(4));
      c = node.make(new QuantizedOp.Dequantize(-1, 0), node.input(6), scale);
      if (alpha != 1) {
        c = node.make(MULTIPLY, c, node.scalar(alpha, node.input(1)));
      }
    }
    Op product = new Op.Gemm(alpha, 1, left, right);
    if (node.has(7)) {
      QuantizationImports.requantize(node, node.make(product, a, b, c), 7, 0);
    } else {
      node.result(product, a, b, c);
    }
  }

  private static void dynamicProduct(NodeScope node) {
    List<String> quantized = node.makeAll(new Op.DynamicQuantize(), 3, node.input(0));
    scaled(
        node,
        quantized.get(0),
        quantized.get(2),
        quantized.get(1),
        node.input(1),
        node.input(3),
        node.input(2),
        node.input(4));
  }

  /// Operands whose scales are known are dequantized, so that passes see what they stand for.
  private static void integerProduct(NodeScope node) {
    if (node.known(node.input(2)) == null) {
      scaled(
          node,
          node.input(0),
          node.input(4),
          node.input(2),
          node.input(1),
          node.input(5),
          node.input(3),
          node.input(6));
      return;
    }
    String a =
        node.make(new QuantizedOp.Dequantize(0, 0), node.input(0), node.input(2), node.input(4));
    String b =
        node.make(new QuantizedOp.Dequantize(-1, 0), node.input(1), node.input(3), node.input(5));
    if (node.has(6)) {
      node.result(ADD, node.make(new Op.MatMul(), a, b), node.input(6));
    } else {
      node.result(new Op.MatMul(), a, b);
    }
  }

  private static void scaled(
      NodeScope node,
      String a,
      String aZero,
      String aScale,
      String b,
      String bZero,
      String bScale,
      String bias) {
    String product = product(node, a, aScale, aZero, b, bScale, bZero);
    if (bias.isEmpty()) {
      node.result(new Op.Identity(), product);
    } else {
      node.result(ADD, product, bias);
    }
  }

  /// `f32((a - aZero) · (b - bZero)) · (aScale · bScale)`
  static String product(
      NodeScope node,
      String a,
      String aScale,
      String aZero,
      String b,
      String bScale,
      String bZero) {
    BiFunction<String, String, String> centred =
        (value, zero) -> {
          String wide = node.make(new Op.Cast(DType.I32, true), value);
          return zero.isEmpty()
              ? wide
              : node.make(SUBTRACT, wide, node.make(new Op.Cast(DType.I32, true), zero));
        };
    String sums = node.make(new Op.MatMul(), centred.apply(a, aZero), centred.apply(b, bZero));
    String real = node.make(new Op.Cast(DType.F32, true), sums);
    return node.make(MULTIPLY, real, node.make(MULTIPLY, aScale, bScale));
  }

  private static void blockProduct(NodeScope node) {
    @Nullable String refusal = null;
    long bits = node.integer("bits", 4);
    long k = node.integer("K");
    long columns = node.integer("N");
    long block = node.integer("block_size");
    boolean isPacked = !node.has(3) || node.dtype(node.input(3)) == DType.U8;
    if (bits != 2 && bits != 4 && bits != 8) {
      refusal = "weights of " + bits + " bits";
    } else if (node.has(4) && !isInOrder(node.known(node.input(4)), block)) {
      refusal = "rows that are not grouped in order";
    } else if (!isPacked && (block < 1 || k % block != 0)) {
      refusal = "zero points that are not packed, and blocks that are not full";
    }
    boolean isRounded = node.integer("accuracy_level", 0) == 4;
    if (refusal != null) {
      node.unsupported(refusal);
      return;
    }
    Op product =
        new QuantizedOp.BlockMatMul(k, columns, block, (int) bits, isPacked && isRounded, null);
    String zeros = isPacked ? node.input(3) : "";
    String[] inputs = {node.input(0), node.input(1), node.input(2), zeros, node.input(5)};
    if (isPacked) {
      node.result(product, inputs);
    } else {
      String rest = centres(node, k / block, block, columns, 1 << (bits - 1));
      node.result(ADD, node.make(product, inputs), rest);
    }
  }

  /// Whether each row is in the group of its block.
  private static boolean isInOrder(@Nullable Tensor groups, long block) {
    if (groups == null) {
      return false;
    }
    boolean isInOrder = block > 0;
    for (long i = 0; isInOrder && i < groups.shape().elements(); i++) {
      isInOrder = groups.getLong(i) == i / block;
    }
    return isInOrder;
  }

  /// What zero points that are numbers add to a product with those in the middle of the range: the
  /// sum of each block of a row, times what weights stand for more.
  private static String centres(
      NodeScope node, long blocks, long block, long columns, double middle) {
    String x = node.input(0);
    Op reshape = new Op.Reshape(false);
    List<Long> apart = new ArrayList<>(Collections.nCopies(Math.max(0, node.rank(x) - 1), 0L));
    apart.addAll(List.of(blocks, block));
    Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
    String sums = node.make(sum, node.make(reshape, x, node.longs(apart)), node.longs(-1));
    String shape = node.longs(columns, blocks);
    String zeros = node.make(reshape, node.input(3), shape);
    String more = node.make(SUBTRACT, node.scalar(middle, zeros), zeros);
    String scaled = node.make(MULTIPLY, more, node.make(reshape, node.input(2), shape));
    return node.make(new Op.MatMul(false, true, 1, null), sums, scaled);
  }
}
