package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operators that change nothing go, and operators with a simpler equivalent become it.
final class Identities {
  private static final long MAX_DIVISORS = 1 << 16;

  /// So many operators in a row are looked at for what becomes of a quotient.
  private static final int MAX_DEPTH = 4;

  /// The bits of an f32 that are zero in a power of two.
  private static final int FRACTION = (1 << 23) - 1;

  private Identities() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    if (node.op() instanceof Op.Binary) {
      return neutralNumber(draft, node) || power(draft, node) || limit(draft, node);
    }
    return node.op() instanceof Op.Unary ? limitOfLimit(draft, node) : unchanged(draft, node);
  }

  /// The result is the input.
  private static boolean unchanged(Draft draft, Node node) {
    Op op = node.op();
    boolean mayKeepShape =
        op instanceof Op.Reshape
            || op instanceof Op.Flatten
            || op instanceof Op.Squeeze
            || op instanceof Op.Unsqueeze
            || op instanceof Op.Expand
            || (op instanceof Op.Slice && stepsForward(draft, node));
    boolean isUnchanged =
        op instanceof Op.Identity
            || (mayKeepShape && keepsShape(draft, node))
            || (op instanceof Op.Cast cast && draft.fact(node.input(0)).dtype() == cast.to())
            || (op instanceof Op.Tile && all(draft.integers(node.input(1)), 1))
            || (op instanceof Op.Pad && all(draft.integers(node.input(1)), 0))
            || (op instanceof Op.Concat && node.inputs().size() == 1)
            || (op instanceof Op.Split && node.outputs().size() == 1);
    return isUnchanged && standIn(draft, node, node.input(0));
  }

  /// Replaces a node by its input, unless the graph needs the node to hand an input or another
  /// output to the caller.
  private static boolean standIn(Draft draft, Node node, String value) {
    boolean isHandedOut =
        draft.isOutput(node.output()) && (draft.producer(value) == null || draft.isOutput(value));
    if (!isHandedOut) {
      return draft.replace(node, value);
    }
    return !(node.op() instanceof Op.Identity) && draft.replace(node, new Op.Identity(), value);
  }

  private static boolean keepsShape(Draft draft, Node node) {
    List<Dim> before = draft.fact(node.input(0)).shape();
    return before != null && before.equals(draft.fact(node.output()).shape());
  }

  private static boolean stepsForward(Draft draft, Node node) {
    if (!node.hasInput(4)) {
      return true;
    }
    long[] steps = draft.integers(node.input(4));
    return steps != null && Arrays.stream(steps).allMatch(step -> step > 0);
  }

  private static boolean all(long @Nullable [] values, long value) {
    return values != null && Arrays.stream(values).allMatch(v -> v == value);
  }

  /// `x + 0`, `x - 0`, `x · 1`, `x / 1`, `x^1`.
  private static boolean neutralNumber(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Double number = draft.scalar(node.input(1 - side));
      if (number == null || (side == 1 && !function.isCommutative())) {
        continue;
      }
      boolean isNeutral =
          switch (function) {
            case ADD, SUB -> number == 0;
            case MUL, DIV, POW -> number == 1;
            default -> false;
          };
      Fact kept = draft.fact(node.input(side));
      Fact result = draft.fact(node.output());
      if (isNeutral
          && kept.dtype() == result.dtype()
          && kept.shape() != null
          && kept.shape().equals(result.shape())) {
        return standIn(draft, node, node.input(side));
      }
    }
    return false;
  }

  /// `x²` is `x · x`, `x³` is `x · x · x`, `√x` is `x^½`.
  private static boolean power(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))
        || function != BinaryFunction.POW
        || !draft.fact(node.input(0)).dtype().isFloat()
        || !Fusion.sameRank(draft, node.input(0), node.output())) {
      return false;
    }
    Double exponent = draft.scalar(node.input(1));
    String x = node.input(0);
    if (exponent == null) {
      return false;
    } else if (exponent == 2) {
      return draft.replace(node, new Op.Binary(BinaryFunction.MUL), x, x);
    } else if (exponent == 3) {
      String square = draft.add(node, new Op.Binary(BinaryFunction.MUL), x, x);
      return draft.replace(node, new Op.Binary(BinaryFunction.MUL), square, x);
    } else if (exponent == 0.5) {
      return draft.replace(node, new Op.Unary(UnaryFunction.SQRT), x);
    } else if (exponent == -1) {
      return draft.replace(node, new Op.Unary(UnaryFunction.RECIPROCAL), x);
    } else if (exponent == -0.5) {
      String root = draft.add(node, new Op.Unary(UnaryFunction.SQRT), x);
      return draft.replace(node, new Op.Unary(UnaryFunction.RECIPROCAL), root);
    }
    return false;
  }

  /// `max(x, c)` and `min(x, c)` are Clip; `max(x, 0)` is Relu.
  private static boolean limit(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))
        || (function != BinaryFunction.MAX && function != BinaryFunction.MIN)
        || draft.fact(node.output()).dtype() != DType.F32) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Double number = draft.scalar(node.input(1 - side));
      if (number == null
          || number.isNaN()
          || !Fusion.sameRank(draft, node.input(side), node.output())) {
        continue;
      }
      Op.Unary limit =
          function == BinaryFunction.MIN
              ? new Op.Unary(UnaryFunction.CLIP, Float.NEGATIVE_INFINITY, number.floatValue())
              : number == 0
                  ? new Op.Unary(UnaryFunction.RELU)
                  : new Op.Unary(UnaryFunction.CLIP, number.floatValue(), Float.POSITIVE_INFINITY);
      return draft.replace(node, limit, node.input(side));
    }
    return false;
  }

  /// Clip of Clip or Relu is one Clip; Clip from 0 is Relu.
  private static boolean limitOfLimit(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Unary outer) || !isLimit(outer)) {
      return false;
    }
    float low = low(outer);
    float high = high(outer);
    if (outer.function() == UnaryFunction.CLIP && low == 0 && high >= Float.MAX_VALUE) {
      return draft.replace(node, new Op.Unary(UnaryFunction.RELU), node.input(0));
    }
    Node before = draft.producer(node.input(0), Op.Unary.class);
    if (before == null
        || !(before.op() instanceof Op.Unary inner)
        || !isLimit(inner)
        || !draft.readOnce(before.output())) {
      return false;
    }
    // limits in turn: both bounds of the inner one are limited by the outer one
    float bottom = Math.min(Math.max(low(inner), low), high);
    float top = Math.min(Math.max(high(inner), low), high);
    return draft.replace(node, new Op.Unary(UnaryFunction.CLIP, bottom, top), before.input(0));
  }

  private static boolean isLimit(Op.Unary op) {
    return op.function() == UnaryFunction.RELU
        || (op.function() == UnaryFunction.CLIP && op.alpha() <= op.beta());
  }

  private static float low(Op.Unary op) {
    return op.function() == UnaryFunction.RELU ? 0 : op.alpha();
  }

  private static float high(Op.Unary op) {
    return op.function() == UnaryFunction.RELU ? Float.POSITIVE_INFINITY : op.beta();
  }

  /// `x / c` is `x · (1 / c)`, exactly so for powers of two. Others are rounded twice, which is
  /// left alone where a whole quotient may have to stay whole. Runs after the formulas have been
  /// found, which may divide.
  static boolean reciprocal(Draft draft, Node node) {
    Tensor divisor = node.inputs().size() == 2 ? draft.constant(node.input(1)) : null;
    if (divisor == null
        || !(node.op() instanceof Op.Binary(BinaryFunction function))
        || function != BinaryFunction.DIV
        || divisor.dtype() != DType.F32
        || divisor.shape().elements() > MAX_DIVISORS) {
      return false;
    }
    if (!arePowersOfTwo(divisor) && !takesRounding(draft, node.output(), MAX_DEPTH)) {
      return false;
    }
    Tensor factor = Constants.map(divisor, c -> 1 / c);
    for (float c : factor.toFloats()) {
      if (!(Math.abs(c) >= Float.MIN_NORMAL && Math.abs(c) <= Float.MAX_VALUE)) {
        return false;
      }
    }
    return draft.replace(
        node,
        new Op.Binary(BinaryFunction.MUL),
        node.input(0),
        draft.constant(node.input(1), factor));
  }

  private static boolean arePowersOfTwo(Tensor numbers) {
    for (float number : numbers.toFloats()) {
      if ((Float.floatToRawIntBits(number) & FRACTION) != 0) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether all that is made of a value goes into sums of many products before anything
  /// cuts, compares or hands out}
  private static boolean takesRounding(Draft draft, String value, int depth) {
    if (depth == 0 || draft.isOutput(value)) {
      return false;
    }
    for (Node reader : draft.readersAhead(value)) {
      boolean takesRounding =
          switch (reader.op()) {
            case Op.MatMul _,
                Op.Conv _,
                Op.ConvTranspose _,
                AttentionOp.Attention _,
                AttentionOp.CausalAttention _,
                RecurrentOp.Recurrent _,
                Op.Softmax _,
                Op.LayerNorm _,
                Op.InstanceNorm _ ->
                true;
            default ->
                isContinuous(reader.op()) && takesRounding(draft, reader.output(), depth - 1);
          };
      if (!takesRounding) {
        return false;
      }
    }
    return true;
  }

  private static boolean isContinuous(Op op) {
    return switch (op) {
      case Op.Unary unary -> Epilogues.isActivation(unary.function());
      case Op.Binary(BinaryFunction function) ->
          switch (function) {
            case ADD, SUB, MUL, MIN, MAX -> true;
            default -> false;
          };
      case Op.Where _,
          Op.Transpose _,
          Op.Reshape _,
          Op.Flatten _,
          Op.Squeeze _,
          Op.Unsqueeze _,
          Op.Expand _,
          Op.Concat _,
          Op.Pad _,
          Op.Slice _ ->
          true;
      default -> false;
    };
  }
}
