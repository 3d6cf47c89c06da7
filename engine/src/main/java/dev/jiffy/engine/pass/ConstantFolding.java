package dev.jiffy.engine.pass;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Nodes whose inputs are all constants become constants.
///
/// A result much larger than what it is made from, such as a broadcast, stays a node, as computing
/// it is cheaper than keeping it, but for weights, which are packed at load. Loops are left for the
/// run, where they can be stopped, and branches, which may hold anything, are decided elsewhere.
final class ConstantFolding {
  /// What results may take whatever they are made of, so that they are kept.
  private static final long KEPT_BYTES = 256 << 10;

  /// What a result may take whatever it is made of, so that it is computed: weights, and what is
  /// not known before.
  private static final long COMPUTED_BYTES = 512 << 20;

  /// How many times what it is made of a result may take: as much as bytes that become f64.
  private static final long GROWTH = 8;

  /// The most values between constants and weights that are made of them that are looked at: more
  /// than undo a quantization and turn the result.
  private static final int MOST_BETWEEN = 8;

  private ConstantFolding() {}

  /// {@return the most bytes of a result of constants that is computed at load}
  ///
  /// @param inputs the constants, null where one is absent
  static long most(List<@Nullable Tensor> inputs) {
    return COMPUTED_BYTES + GROWTH * bytes(inputs);
  }

  private static long bytes(List<@Nullable Tensor> tensors) {
    long bytes = 0;
    for (Tensor tensor : tensors) {
      bytes += tensor == null ? 0 : tensor.shape().bytes(tensor.dtype());
    }
    return bytes;
  }

  static boolean apply(Draft draft, Node node) {
    boolean isKnown = !node.hasInput(0) || draft.constant(node.input(0)) != null;
    if (!isKnown || ByteProducts.keeps(draft, node)) {
      return false;
    }
    List<@Nullable Fact> made = new ArrayList<>();
    for (String output : node.outputs()) {
      made.add(output.isEmpty() ? null : draft.fact(output));
    }
    boolean isLarge = resultBytes(made) > KEPT_BYTES;
    long most = isLarge && areWeights(draft, node) ? Long.MAX_VALUE : KEPT_BYTES;
    List<Tensor> results = computed(draft, node.op(), node.inputs(), made, most);
    if (results == null) {
      return false;
    }
    List<String> values = new ArrayList<>();
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      values.add(output.isEmpty() ? "" : draft.constant(output, results.get(i)));
    }
    return draft.replace(node, values);
  }

  /// Whether results of a node are weights of those behind it, or become weights by no more than
  /// constants. Integers stay as narrow as they are for products of integers.
  private static boolean areWeights(Draft draft, Node node) {
    List<String> values = new ArrayList<>(node.outputs());
    for (int i = 0; i < values.size() && i < MOST_BETWEEN; i++) {
      String value = values.get(i);
      for (Node reader : draft.readersAhead(value)) {
        if (readsWeights(reader) && !reader.input(0).equals(value)) {
          return true;
        } else if (makesFloats(draft, reader) && readsConstantsBeside(draft, reader, value)) {
          values.addAll(reader.outputs());
        }
      }
    }
    return false;
  }

  private static boolean makesFloats(Draft draft, Node node) {
    return node.outputs().stream()
        .allMatch(output -> !output.isEmpty() && draft.fact(output).dtype().isFloat());
  }

  private static boolean readsConstantsBeside(Draft draft, Node node, String value) {
    return node.inputs().stream()
        .allMatch(input -> input.isEmpty() || input.equals(value) || draft.constant(input) != null);
  }

  private static boolean readsWeights(Node node) {
    return switch (node.op()) {
      case Op.Conv _, Op.ConvTranspose _, Op.MatMul _, Op.Gemm _, RecurrentOp.Recurrent _ -> true;
      default -> false;
    };
  }

  /// {@return what an operator makes of constants, or null where it reads others, makes too much,
  /// or cannot be computed}
  ///
  /// @param draft the graph
  /// @param op the operator
  /// @param values the values it reads, "" for absent ones
  /// @param made what is known of what it makes, null for absent outputs
  static @Nullable List<Tensor> computed(
      Draft draft, Op op, List<String> values, List<? extends @Nullable Fact> made) {
    return computed(draft, op, values, made, KEPT_BYTES);
  }

  private static @Nullable List<Tensor> computed(
      Draft draft, Op op, List<String> values, List<? extends @Nullable Fact> made, long most) {
    if (op instanceof Foreign
        || op instanceof LoopOp
        || op instanceof SequenceOp
        || op instanceof Op.If
        || op instanceof RandomOp) {
      return null;
    }
    List<@Nullable Tensor> inputs = new ArrayList<>();
    for (String input : values) {
      Tensor tensor = input.isEmpty() ? null : draft.constant(input);
      if (tensor == null && !input.isEmpty()) {
        return null;
      }
      inputs.add(tensor);
    }
    if (resultBytes(made) > Math.max(most, bytes(inputs))) {
      return null;
    }
    try {
      return results(draft, op, inputs, made.size());
    } catch (ModelException _) {
      return null; // the run says so, if it comes to this node
    }
  }

  private static List<Tensor> results(
      Draft draft, Op op, List<@Nullable Tensor> inputs, int outputs) {
    Tensor data = inputs.isEmpty() ? null : inputs.getFirst();
    return data != null
            && data.dtype() != DType.STRING
            && op instanceof Op.Transpose(List<Long> perm)
        ? List.of(Constants.permute(data, Axes.perm(perm, data.shape().rank())))
        : draft.evaluate(op, inputs, outputs);
  }

  private static long resultBytes(List<? extends @Nullable Fact> made) {
    long bytes = 0;
    for (Fact fact : made) {
      Shape shape = fact == null ? null : fact.concreteShape();
      bytes += fact == null || shape == null ? 0 : shape.bytes(fact.dtype());
    }
    return bytes;
  }
}
