package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Operators on signals.
final class SignalImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op DIVIDE = new Binary(BinaryFunction.DIV);

  private SignalImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "DFT" -> Operator.of(20, 1, 3, SignalImports::fourier);
      case "STFT" -> Operator.of(17, 2, 4, SignalImports::shortTime);
      case "MelWeightMatrix" -> Operator.of(17, 5, 5, SignalImports::melWeights);
      case "HannWindow" -> Operator.of(17, 1, 1, n -> window(n, 0.5, -0.5, 0));
      case "HammingWindow" -> Operator.of(17, 1, 1, n -> window(n, 25.0 / 46, -21.0 / 46, 0));
      case "BlackmanWindow" -> Operator.of(17, 1, 1, n -> window(n, 0.42, -0.5, 0.08));
      default -> null;
    };
  }

  private static SignalOp.Fourier op(NodeScope node) {
    return new SignalOp.Fourier(node.flag("inverse", false), node.flag("onesided", false));
  }

  private static void fourier(NodeScope node) {
    node.same(op(node));
  }

  static void alongAttribute(NodeScope node) {
    String axis = node.constant(Tensor.of(new long[] {node.integer("axis", 1)}));
    node.result(op(node), node.input(0), node.input(1), axis);
  }

  private static void shortTime(NodeScope node) {
    node.same(new SignalOp.ShortTimeFourier(node.flag("onesided", true)));
  }

  private static DType dtype(NodeScope node, String attribute) {
    DType dtype = node.elementType(attribute);
    return dtype == null ? DType.F32 : dtype;
  }

  private static void melWeights(NodeScope node) {
    DType dtype = dtype(node, "output_datatype");
    if (dtype.isFloat()) {
      node.same(new SignalOp.MelWeights(dtype));
      return;
    }
    String weights =
        node.make(
            new SignalOp.MelWeights(DType.F64),
            node.input(0),
            node.input(1),
            node.input(2),
            node.input(3),
            node.input(4));
    node.result(new Op.Cast(dtype, true), weights);
  }

  /// `constant + first · cos(2πi / n) + second · cos(4πi / n)`, in f64 before it gets its type.
  private static void window(NodeScope node, double constant, double first, double second) {
    DType dtype = dtype(node, "output_datatype");
    boolean periodic = node.flag("periodic", true);
    String size = node.make(new Op.Cast(DType.F64, true), node.input(0));
    String scalar = node.make(new Op.Reshape(false), size, node.longs());
    String zero = node.scalar(0, scalar);
    String one = node.scalar(1, scalar);
    String steps = node.make(new Op.Range(), zero, scalar, one);
    String period = periodic ? scalar : node.make(ADD, scalar, node.scalar(-1, scalar));
    String turns = node.make(DIVIDE, steps, period);
    String sum =
        node.make(ADD, cosine(node, turns, 2 * Math.PI, first), node.scalar(constant, size));
    if (second != 0) {
      sum = node.make(ADD, sum, cosine(node, turns, 4 * Math.PI, second));
    }
    node.result(new Op.Cast(dtype, true), sum);
  }

  private static String cosine(NodeScope node, String turns, double angle, double factor) {
    String angles = node.make(MULTIPLY, turns, node.scalar(angle, turns));
    String cosines = node.make(new Unary(UnaryFunction.COS), angles);
    return node.make(MULTIPLY, cosines, node.scalar(factor, turns));
  }
}
