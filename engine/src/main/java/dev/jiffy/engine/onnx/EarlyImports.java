package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PadMode;
import dev.jiffy.engine.ir.Op.PoolFunction;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What operators meant in the first operator sets, and operators that ONNX has dropped since.
///
/// Before operator set 7 the second operand of a pair was broadcast only where `broadcast` said so,
/// along the dimensions from `axis` on; much that is an input today was an attribute.
final class EarlyImports {
  private EarlyImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Add" -> pair(BinaryFunction.ADD);
      case "Sub" -> pair(BinaryFunction.SUB);
      case "Mul" -> pair(BinaryFunction.MUL);
      case "Div" -> pair(BinaryFunction.DIV);
      case "Pow" -> pair(BinaryFunction.POW);
      case "And" -> pair(BinaryFunction.AND);
      case "Or" -> pair(BinaryFunction.OR);
      case "Xor" -> pair(BinaryFunction.XOR);
      case "Equal" -> pair(BinaryFunction.EQUAL);
      case "Less" -> pair(BinaryFunction.LESS);
      case "Greater" -> pair(BinaryFunction.GREATER);
      case "PRelu" -> Operator.of(1, 2, 2, EarlyImports::slopes);
      case "Cast" -> Operator.of(1, 1, 1, EarlyImports::cast);
      case "Dropout" -> Operator.of(1, 1, 1, 2, EarlyImports::dropout);
      case "BatchNormalization" -> Operator.of(1, 5, 5, 5, EarlyImports::batchNormalization);
      case "Gemm" -> Operator.of(1, 3, 3, EarlyImports::gemm);
      case "LpPool" -> Operator.of(1, 1, 1, EarlyImports::pool);
      case "GlobalLpPool" -> Operator.of(1, 1, 1, EarlyImports::globalPool);
      case "Concat" ->
          Operator.of(1, 1, Operator.MANY, n -> n.same(new Op.Concat(n.integer("axis", 1))));
      case "Reshape" -> Operator.of(1, 1, 1, EarlyImports::reshape);
      case "Pad" -> Operator.of(1, 1, 1, EarlyImports::pad);
      case "Split" -> Operator.of(1, 1, 2, Operator.MANY, EarlyImports::split);
      case "Tile" -> Operator.of(1, 3, 3, EarlyImports::tile);
      case "Upsample" -> Operator.of(1, 1, 1, EarlyImports::upsample);
      case "DFT" -> Operator.of(17, 1, 2, SignalImports::alongAttribute);
      default -> dropped(name);
    };
  }

  private static @Nullable Operator dropped(String name) {
    return switch (name) {
      case "Affine" -> Operator.of(1, 1, 1, n -> linear(n, n.real("alpha", 1), n.real("beta", 0)));
      case "Scale" -> Operator.of(1, 1, 1, n -> linear(n, n.real("scale", 1), 0));
      case "ImageScaler" -> Operator.of(1, 1, 1, EarlyImports::imageScaler);
      case "ScaledTanh" -> Operator.of(1, 1, 1, n -> scaled(n, UnaryFunction.TANH));
      case "ParametricSoftplus" -> Operator.of(1, 1, 1, n -> scaled(n, UnaryFunction.SOFTPLUS));
      case "Crop" -> Operator.of(1, 1, 1, EarlyImports::crop);
      default -> null;
    };
  }

  private static Operator pair(BinaryFunction function) {
    return Operator.of(
        1, 2, 2, n -> n.result(new Binary(function), n.input(0), placed(n, n.integer("axis", -1))));
  }

  /// The second operand with dimensions of extent 1 behind its own where it does not stand at the
  /// end of the first.
  private static String placed(NodeScope node, long axis) {
    boolean broadcast = node.flag("broadcast", false);
    String y = node.input(1);
    if (!broadcast || axis < 0) {
      return y;
    }
    int rank = node.rank(node.input(0));
    int own = node.rank(y);
    if (rank < 0 || own < 0) {
      node.unsupported("broadcasting from axis " + axis + " between tensors of unknown rank");
      return y;
    }
    if (axis + own > rank) {
      throw node.invalid("axis %d: %d dimensions do not fit %d".formatted(axis, own, rank));
    }
    return trailed(node, y, own, (int) (rank - axis - own));
  }

  /// A value with dimensions of extent 1 at the end.
  private static String trailed(NodeScope node, String value, int rank, int trailing) {
    if (trailing == 0) {
      return value;
    }
    long[] axes = new long[trailing];
    for (int i = 0; i < trailing; i++) {
      axes[i] = (long) rank + i;
    }
    return node.make(new Op.Unsqueeze(), value, node.longs(axes));
  }

  /// One slope for each channel.
  private static void slopes(NodeScope node) {
    String slope = node.input(1);
    int rank = node.rank(node.input(0));
    Long count = node.rank(slope) == 1 ? node.extent(slope, 0) : null;
    if (count != null && count != 1 && rank > 2) {
      slope = trailed(node, slope, 1, rank - 2);
    }
    node.result(new Binary(BinaryFunction.PRELU), node.input(0), slope);
  }

  private static void cast(NodeScope node) {
    String to = node.text("to", "");
    @Nullable DType dtype = ElementTypes.named(to);
    if (dtype == null) {
      node.unsupported("attribute 'to' is '" + to + "'");
    } else {
      node.same(new Op.Cast(dtype, true));
    }
  }

  private static void dropout(NodeScope node) {
    boolean isTest = node.flag("is_test", false);
    float ratio = node.real("ratio", 0.5f);
    if (!isTest && ratio != 0) {
      node.unsupported("training mode");
    }
    ElementwiseImports.keepEverything(node);
  }

  /// Without further outputs the given statistics are meant, whatever `is_test` says.
  private static void batchNormalization(NodeScope node) {
    node.ignore("is_test");
    NormalizationImports.batch(node);
  }

  private static void gemm(NodeScope node) {
    node.ignore("broadcast");
    LinearImports.gemm(node);
  }

  private static void pool(NodeScope node) {
    node.same(
        new Op.Pool(
            PoolFunction.LP,
            PoolImports.window(node, false),
            false,
            false,
            exponent(node),
            Layout.CHANNELS_FIRST));
  }

  private static void globalPool(NodeScope node) {
    node.same(new Op.GlobalPool(PoolFunction.LP, exponent(node), Layout.CHANNELS_FIRST));
  }

  private static long exponent(NodeScope node) {
    float p = node.real("p", 2);
    if (p != (long) p) {
      node.unsupported("attribute 'p' is " + p);
    }
    return (long) p;
  }

  private static void reshape(NodeScope node) {
    node.result(new Op.Reshape(false), node.input(0), node.longs(node.integers("shape")));
  }

  private static void pad(NodeScope node) {
    PadMode mode = node.choice("mode", PadMode.CONSTANT);
    String value = node.scalar(node.real("value", 0), node.input(0));
    node.result(new Op.Pad(mode), node.input(0), node.longs(node.integers("paddings")), value);
  }

  private static void split(NodeScope node) {
    List<Long> sizes = new ArrayList<>(node.integers("split"));
    if (node.has(1)) {
      sizes.clear();
      for (long size : known(node, 1).toLongs()) {
        sizes.add(size);
      }
    }
    node.parts(
        new Op.Split(node.integer("axis", 0), 0),
        node.input(0),
        sizes.isEmpty() ? "" : node.longs(sizes));
  }

  private static Tensor known(NodeScope node, int input) {
    Tensor known = node.known(node.input(input));
    if (known == null) {
      node.unsupported("input " + input + " is no constant");
      return Tensor.of(new long[] {0});
    }
    return known;
  }

  private static long number(NodeScope node, int input) {
    Tensor known = known(node, input);
    if (known.dtype() == DType.STRING || known.shape().elements() != 1) {
      throw node.invalid(
          "input %d: expected one number, got %s%s".formatted(input, known.dtype(), known.shape()));
    }
    return known.getLong(0);
  }

  private static void tile(NodeScope node) {
    int rank = node.rank(node.input(0));
    long axis = number(node, 2);
    if (rank < 0) {
      node.unsupported("repeating along one axis of a tensor of unknown rank");
    } else if (axis < 0 || axis >= rank) {
      throw node.invalid("axis %d of rank %d".formatted(axis, rank));
    } else {
      List<Long> repeats = new ArrayList<>(Collections.nCopies(rank, 1L));
      repeats.set((int) axis, number(node, 1));
      node.result(new Op.Tile(), node.input(0), node.longs(repeats));
    }
  }

  private static void upsample(NodeScope node) {
    float[] scales = {1, 1, node.real("height_scale", 1), node.real("width_scale", 1)};
    String factors = node.constant(Tensor.of(scales, scales.length));
    node.result(ResizeImports.old(node), node.input(0), "", factors);
  }

  private static void linear(NodeScope node, float factor, float shift) {
    String x = node.input(0);
    String product = node.make(new Binary(BinaryFunction.MUL), x, node.scalar(factor, x));
    node.result(new Binary(BinaryFunction.ADD), product, node.scalar(shift, x));
  }

  private static void imageScaler(NodeScope node) {
    String x = node.input(0);
    List<Float> bias = node.reals("bias");
    Tensor shifts = Tensor.allocate(DType.F32, Shape.of(bias.size(), 1, 1));
    for (int i = 0; i < bias.size(); i++) {
      shifts.setDouble(i, (double) bias.get(i));
    }
    String scale = node.scalar(node.real("scale", 1), x);
    String product = node.make(new Binary(BinaryFunction.MUL), x, scale);
    node.result(new Binary(BinaryFunction.ADD), product, node.constant(shifts));
  }

  /// `alpha · function(beta · x)`
  private static void scaled(NodeScope node, UnaryFunction function) {
    String x = node.input(0);
    Op multiply = new Binary(BinaryFunction.MUL);
    String inner = node.make(multiply, x, node.scalar(node.real("beta", 1), x));
    String value = node.make(new Unary(function), inner);
    node.result(multiply, value, node.scalar(node.real("alpha", 1), x));
  }

  /// Cuts borders of left, top, right and bottom off, or a part of a given size out.
  private static void crop(NodeScope node) {
    List<Long> border = node.integers("border");
    List<Long> size = node.integers("scale");
    if (border.size() != 4 || !(size.isEmpty() || size.size() == 2)) {
      throw node.invalid("attributes 'border' and 'scale' are " + border + " and " + size);
    }
    long left = border.get(0);
    long top = border.get(1);
    Function<Integer, Long> end =
        i ->
            !size.isEmpty()
                ? (Long) Math.addExact(border.get(1 - i), size.get(i))
                : border.get(3 - i) == 0 ? (Long) Long.MAX_VALUE : (Long) (-border.get(3 - i));
    String ends = node.longs(end.apply(0), end.apply(1));
    node.result(new Op.Slice(), node.input(0), node.longs(top, left), ends, node.longs(2, 3));
  }
}
