package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What follows a convolution or a matrix product is computed with it: a residual, then an
/// activation.
final class Epilogues {
  private Epilogues() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return node.op() instanceof Op.Unary ? activation(draft, node) : residual(draft, node);
  }

  /// {@return whether a function is computed with what comes before it}
  static boolean isActivation(UnaryFunction function) {
    return switch (function) {
      case RELU,
          CLIP,
          LEAKY_RELU,
          ELU,
          SIGMOID,
          TANH,
          HARD_SIGMOID,
          HARD_SWISH,
          SILU,
          MISH,
          GELU,
          GELU_TANH ->
          true;
      default -> false;
    };
  }

  private static boolean residual(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))
        || function != BinaryFunction.ADD) {
      return false;
    }
    // the product made last is taken: what it adds to is there by then
    for (int side = 1; side >= 0; side--) {
      Node product = draft.producer(node.input(side));
      String residual = node.input(1 - side);
      if (product == null
          || !takesResidual(draft, product)
          || !isFloat(draft, product)
          || product.hasInput(biasInput(product.op()) + 1)
          || draft.constant(residual) != null
          || !draft.readOnce(product.output())
          || !sameShape(draft, product.output(), residual)) {
        continue;
      }
      int at = biasInput(product.op()) + 1;
      String[] inputs = new String[at + 1];
      for (int i = 0; i < at; i++) {
        inputs[i] = product.input(i);
      }
      inputs[at] = residual;
      return draft.replace(node, product.op(), inputs);
    }
    return false;
  }

  /// {@return whether a product is of floating-point numbers: others have no epilogues}
  private static boolean isFloat(Draft draft, Node product) {
    return draft.fact(product.output()).dtype().isFloat();
  }

  /// {@return which input of a product or convolution is the bias, which the residual follows}
  ///
  /// @param op its operator
  static int biasInput(Op op) {
    return op instanceof QuantizedOp.BlockMatMul ? 4 : op instanceof Op.QuantizedMatMul ? 3 : 2;
  }

  private static boolean takesResidual(Draft draft, Node product) {
    Op op = product.op();
    return (op instanceof Op.Conv conv && conv.activation() == null)
        || (op instanceof Op.MatMul matMul
            && matMul.activation() == null
            && draft.fact(product.input(1)).rank() == 2)
        || (op instanceof Op.QuantizedMatMul matMul && matMul.activation() == null)
        || (op instanceof QuantizedOp.BlockMatMul matMul && matMul.activation() == null);
  }

  private static boolean sameShape(Draft draft, String a, String b) {
    List<Dim> shape = draft.fact(a).shape();
    return shape != null
        && shape.equals(draft.fact(b).shape())
        && draft.fact(a).dtype() == draft.fact(b).dtype();
  }

  /// A product of f64 leaves activations to others.
  private static boolean activation(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Unary unary)
        || !isActivation(unary.function())
        || draft.fact(node.output()).dtype() == DType.F64) {
      return false;
    }
    Node product = draft.producer(node.input(0));
    Op next = product == null ? null : activated(draft, product, unary);
    return product != null
        && next != null
        && isFloat(draft, product)
        && draft.readOnce(product.output())
        && draft.replace(node, next, product.inputs().toArray(String[]::new));
  }

  private static @Nullable Op activated(Draft draft, Node product, Op.Unary unary) {
    return switch (product.op()) {
      case Op.Conv conv ->
          conv.activation() == null
              ? new Op.Conv(conv.window(), conv.groups(), conv.layout(), unary)
              : null;
      case Op.ConvTranspose conv ->
          conv.activation() == null
              ? new Op.ConvTranspose(
                  conv.window(),
                  conv.groups(),
                  conv.outputPadding(),
                  conv.outputShape(),
                  conv.layout(),
                  unary)
              : null;
      case Op.MatMul matMul ->
          matMul.activation() == null && draft.fact(product.input(1)).rank() == 2
              ? new Op.MatMul(matMul.transposeA(), matMul.transposeB(), matMul.alpha(), unary)
              : null;
      case Op.QuantizedMatMul matMul ->
          matMul.activation() == null ? new Op.QuantizedMatMul(matMul.shift(), unary) : null;
      case QuantizedOp.BlockMatMul matMul ->
          matMul.activation() == null ? matMul.with(unary) : null;
      case QuantizedOp.DynamicConv(Op.Conv conv) ->
          conv.activation() == null
              ? new QuantizedOp.DynamicConv(
                  new Op.Conv(conv.window(), conv.groups(), conv.layout(), unary))
              : null;
      default -> null;
    };
  }
}
