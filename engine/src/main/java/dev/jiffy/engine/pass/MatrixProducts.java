package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.BlockMatMul;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gemm becomes MatMul; transposes of operands, factors and biases go into it.
final class MatrixProducts {
  /// Weights larger than this are not multiplied by factors: they stay where they are, shared with
  /// whoever reads the same file.
  private static final long MAX_SCALED_BYTES = 64 << 20;

  private MatrixProducts() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    if (op instanceof Op.Binary) {
      return factor(draft, node) || bias(draft, node);
    }
    return op instanceof Op.Gemm ? gemm(draft, node) : transposedOperand(draft, node);
  }

  private static boolean gemm(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Gemm gemm)) {
      return false;
    }
    boolean isPlain = gemm.alpha() == 1 && (gemm.beta() == 0 || gemm.beta() == 1);
    if (!isPlain && !draft.fact(node.output()).dtype().isFloat()) {
      return false; // factors of integers are no integers
    }
    Op.MatMul product = new Op.MatMul(gemm.transposeA(), gemm.transposeB(), gemm.alpha(), null);
    if (!node.hasInput(2) || gemm.beta() == 0) {
      return draft.replace(node, product, node.input(0), node.input(1));
    }
    String addend = node.input(2);
    Tensor constant = draft.constant(addend);
    if (gemm.beta() != 1) {
      if (constant != null) {
        addend = draft.constant(addend, Constants.map(constant, x -> x * gemm.beta()));
      } else {
        Tensor beta =
            Constants.of(draft.fact(addend).dtype(), Shape.of(), new double[] {gemm.beta()});
        addend =
            draft.add(
                node,
                new Op.Binary(BinaryFunction.MUL),
                addend,
                draft.constant(addend + "/beta", beta));
      }
    }
    String result = draft.add(node, product, node.input(0), node.input(1));
    return draft.replace(node, new Op.Binary(BinaryFunction.ADD), result, addend);
  }

  /// A transpose of the last two dimensions becomes a flag.
  static boolean transposedOperand(Draft draft, Node node) {
    if (!(node.op() instanceof Op.MatMul product)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node transpose = draft.producer(node.input(side), Op.Transpose.class);
      int rank = draft.fact(node.input(side)).rank();
      if (transpose == null
          || rank < 2
          || !(transpose.op() instanceof Op.Transpose(List<Long> perm))
          || !swapsLastTwo(Axes.perm(perm, rank))) {
        continue;
      }
      Op.MatMul next =
          new Op.MatMul(
              product.transposeA() ^ (side == 0),
              product.transposeB() ^ (side == 1),
              product.alpha(),
              product.activation());
      String[] inputs = node.inputs().toArray(String[]::new);
      inputs[side] = transpose.input(0);
      return draft.replace(node, next, inputs);
    }
    return false;
  }

  private static boolean swapsLastTwo(int[] perm) {
    int rank = perm.length;
    for (int i = 0; i < rank - 2; i++) {
      if (perm[i] != i) {
        return false;
      }
    }
    return perm[rank - 2] == rank - 1 && perm[rank - 1] == rank - 2;
  }

  /// `(x · w) · c` with constant weights and one factor for each column.
  private static boolean factor(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))
        || (function != BinaryFunction.MUL && function != BinaryFunction.DIV)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node before = plainProduct(draft, node.input(side));
      Tensor constant = draft.constant(node.input(1 - side));
      if (before == null
          || constant == null
          || (side == 1 && function == BinaryFunction.DIV)
          || !(before.op() instanceof Op.MatMul product)) {
        continue;
      }
      double[] factors = perColumn(draft, before, constant);
      Tensor weights = draft.constant(before.input(1));
      Tensor bias = draft.constant(before.input(2));
      if (factors == null || weights == null || (before.hasInput(2) && bias == null)) {
        continue;
      }
      if (function == BinaryFunction.DIV) {
        for (int i = 0; i < factors.length; i++) {
          factors[i] = 1 / factors[i];
        }
      }
      String right = before.input(1);
      Op.MatMul next = product;
      if (weights.shape().bytes(weights.dtype()) <= MAX_SCALED_BYTES) {
        int columns = product.transposeB() ? 0 : 1;
        right = draft.constant(right, Constants.scaled(weights, factors, columns));
      } else {
        next = constant.shape().elements() == 1 ? scaled(draft, node, product, factors[0]) : null;
      }
      if (next == null) {
        continue;
      }
      String shift =
          bias == null ? "" : draft.constant(before.input(2), Constants.scaled(bias, factors, 0));
      return draft.replace(node, next, inputs(before.input(0), right, shift));
    }
    return false;
  }

  /// `q · (k · c)ᵀ` becomes `(q · c) · kᵀ` where neither is known before the run and `q` is not
  /// known to be larger: there may be many keys.
  static boolean factorOfKeys(Draft draft, Node node) {
    Node scaled = draft.producer(node.input(1), Op.Binary.class);
    if (scaled == null
        || !(node.op() instanceof Op.MatMul)
        || !(scaled.op() instanceof Op.Binary(BinaryFunction function))
        || !draft.fact(node.output()).dtype().isFloat()
        || !draft.readOnce(node.input(1))
        || draft.constant(node.input(0)) != null
        || isLarger(draft, node.input(0), node.input(1))) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      String keys = scaled.input(side);
      String factor = scaled.input(1 - side);
      boolean isFactor =
          function == BinaryFunction.MUL || (function == BinaryFunction.DIV && side == 0);
      if (isFactor
          && draft.scalar(factor) != null
          && Fusion.sameRank(draft, keys, node.input(1))
          && draft.fact(factor).rank() <= draft.fact(node.input(0)).rank()) {
        String[] inputs = node.inputs().toArray(String[]::new);
        inputs[0] = draft.add(node, scaled.op(), node.input(0), factor);
        inputs[1] = keys;
        return draft.replace(node, node.op(), inputs);
      }
    }
    return false;
  }

  private static boolean isLarger(Draft draft, String a, String b) {
    Shape one = draft.fact(a).concreteShape();
    Shape other = draft.fact(b).concreteShape();
    return one != null && other != null && one.elements() > other.elements();
  }

  /// {@return a product whose own factor takes another, or null where the result is no usual
  /// number}
  private static Op.@Nullable MatMul scaled(
      Draft draft, Node node, Op.MatMul product, double factor) {
    double alpha = product.alpha() * factor;
    boolean isUsual = Math.abs(alpha) >= Float.MIN_NORMAL && Math.abs(alpha) <= Float.MAX_VALUE;
    return isUsual && Fusion.isParameter(draft, node.output(), alpha)
        ? new Op.MatMul(
            product.transposeA(), product.transposeB(), (float) alpha, product.activation())
        : null;
  }

  /// `x · w + b` with one constant for each column.
  private static boolean bias(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function))
        || (function != BinaryFunction.ADD && function != BinaryFunction.SUB)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node before = plainProduct(draft, node.input(side));
      Tensor constant = draft.constant(node.input(1 - side));
      if (before == null || constant == null || (side == 1 && function == BinaryFunction.SUB)) {
        continue;
      }
      int at = Epilogues.biasInput(before.op());
      boolean isAsIs =
          !before.hasInput(at)
              && function == BinaryFunction.ADD
              && isVector(constant, draft.fact(before.output()).shape());
      if (isAsIs) {
        return draft.replace(node, before.op(), withBias(before, at, node.input(1 - side)));
      }
      double[] bias = perColumn(draft, before, constant);
      Tensor old = draft.constant(before.input(at));
      if (bias == null || (before.hasInput(at) && old == null)) {
        continue;
      }
      for (int i = 0; i < bias.length; i++) {
        bias[i] =
            (old == null ? 0 : old.getDouble(i))
                + (function == BinaryFunction.SUB ? -bias[i] : bias[i]);
      }
      String sum =
          draft.constant(
              node.input(1 - side), Constants.of(constant.dtype(), Shape.of(bias.length), bias));
      return draft.replace(node, before.op(), withBias(before, at, sum));
    }
    return false;
  }

  private static String[] withBias(Node product, int at, String bias) {
    String[] inputs = new String[at + 1];
    for (int i = 0; i < at; i++) {
      inputs[i] = product.input(i);
    }
    inputs[at] = bias;
    return inputs;
  }

  /// {@return the product of floating-point numbers that makes a value that nobody else reads, with
  /// a matrix of weights and neither residual nor activation, or null}
  ///
  /// @param draft the graph
  /// @param value the value
  static @Nullable Node plainProduct(Draft draft, String value) {
    Node node = draft.producer(value);
    if (node == null) {
      return null;
    }
    boolean isPlain =
        (node.op() instanceof Op.MatMul product
                && product.activation() == null
                && draft.fact(node.input(1)).rank() == 2)
            || (node.op() instanceof BlockMatMul blocks && blocks.activation() == null);
    return isPlain
            && !node.hasInput(Epilogues.biasInput(node.op()) + 1)
            && draft.readOnce(value)
            && draft.fact(value).dtype().isFloat()
        ? node
        : null;
  }

  /// {@return whether a constant has one element for each column and no other dimension}
  static boolean isVector(Tensor constant, @Nullable List<Dim> product) {
    return constant.dtype().isFloat()
        && constant.shape().rank() == 1
        && product != null
        && !product.isEmpty()
        && product.getLast().is(constant.shape().elements());
  }

  private static double @Nullable [] perColumn(Draft draft, Node product, Tensor constant) {
    List<Dim> shape = draft.fact(product.output()).shape();
    return shape != null && !shape.isEmpty() && shape.getLast() instanceof Dim.Known(long columns)
        ? Constants.perAxis(constant, shape.size(), shape.size() - 1, columns)
        : null;
  }

  /// {@return inputs without absent ones at the end}
  ///
  /// @param inputs the inputs, "" for absent ones
  static String[] inputs(String... inputs) {
    int count = inputs.length;
    while (count > 0 && inputs[count - 1].isEmpty()) {
      count--;
    }
    return Arrays.copyOf(inputs, count);
  }
}
