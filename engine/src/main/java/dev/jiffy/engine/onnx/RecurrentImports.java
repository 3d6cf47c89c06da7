package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Direction;
import dev.jiffy.engine.ir.Op.Unary;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/// Recurrent layers.
///
/// The layout with the batch first becomes the other one between transpositions.
final class RecurrentImports {
  private static final List<Long> SWAPPED = List.of(1L, 0L, 2L);

  private RecurrentImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add("RNN", 1, 3, 6, 2, node -> layer(node, RecurrentCell.RNN));
    table.add("GRU", 1, 3, 6, 2, node -> layer(node, RecurrentCell.GRU));
    table.add("LSTM", 1, 3, 8, 3, node -> layer(node, RecurrentCell.LSTM));
  }

  private static void layer(NodeScope node, RecurrentCell cell) {
    if (node.opset() < 7) {
      node.ignore("output_sequence"); // whether there is a first output tells the same
    }
    Direction direction = node.choice("direction", Direction.FORWARD);
    float clip = node.hasAttribute("clip") ? node.real("clip", 0) : Float.POSITIVE_INFINITY;
    boolean inputForget = cell == RecurrentCell.LSTM && node.flag("input_forget", false);
    boolean linear = cell == RecurrentCell.GRU && node.flag("linear_before_reset", false);
    List<Unary> activations = activations(node, cell, direction.count());
    Op op = new Op.Recurrent(cell, direction, hidden(node), activations, clip, inputForget, linear);
    if (node.integer("layout", 0) == 0) {
      node.same(op);
    } else {
      batchFirst(node, op);
    }
  }

  /// The extent of the state, which the weights of the state tell too.
  private static long hidden(NodeScope node) {
    if (node.hasAttribute("hidden_size")) {
      return node.integer("hidden_size");
    }
    Long extent = node.extent(node.input(2), 2);
    if (extent == null) {
      throw node.invalid("attribute 'hidden_size' is missing");
    }
    return extent;
  }

  private static List<Unary> activations(NodeScope node, RecurrentCell cell, int directions) {
    Deque<Float> alphas = new ArrayDeque<>(node.reals("activation_alpha"));
    Deque<Float> betas = new ArrayDeque<>(node.reals("activation_beta"));
    List<String> names = node.texts("activations");
    List<Unary> activations = new ArrayList<>();
    for (int i = 0; i < directions * cell.functions(); i++) {
      if (names.isEmpty()) {
        boolean gate = cell != RecurrentCell.RNN && i % cell.functions() == 0;
        activations.add(new Unary(gate ? UnaryFunction.SIGMOID : UnaryFunction.TANH));
      } else if (i < names.size()) {
        activations.add(activation(node, names.get(i), alphas, betas));
      }
    }
    if (names.size() > activations.size()) {
      throw node.invalid(
          "attribute 'activations' has %d names, expected %d"
              .formatted(names.size(), activations.size()));
    }
    return activations;
  }

  /// A function by its name, in any case. Those with parameters take the next from the lists, or
  /// ONNX's default.
  private static Unary activation(
      NodeScope node, String name, Deque<Float> alphas, Deque<Float> betas) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "sigmoid" -> new Unary(UnaryFunction.SIGMOID);
      case "tanh" -> new Unary(UnaryFunction.TANH);
      case "relu" -> new Unary(UnaryFunction.RELU);
      case "softsign" -> new Unary(UnaryFunction.SOFTSIGN);
      case "softplus" -> new Unary(UnaryFunction.SOFTPLUS);
      case "leakyrelu" -> new Unary(UnaryFunction.LEAKY_RELU, next(alphas, 0.01f), 0);
      case "elu" -> new Unary(UnaryFunction.ELU, next(alphas, 1), 0);
      case "thresholdedrelu" -> new Unary(UnaryFunction.THRESHOLDED_RELU, next(alphas, 1), 0);
      case "hardsigmoid" ->
          new Unary(UnaryFunction.HARD_SIGMOID, next(alphas, 0.2f), next(betas, 0.5f));
      case "affine", "scaledtanh" -> {
        node.unsupported("activation '" + name + "'");
        yield new Unary(UnaryFunction.TANH);
      }
      default -> throw node.invalid("activation '" + name + "', which ONNX does not define for it");
    };
  }

  private static float next(Deque<Float> parameters, float otherwise) {
    Float next = parameters.poll();
    return next == null ? otherwise : next;
  }

  private static void batchFirst(NodeScope node, Op op) {
    Op swap = new Op.Transpose(SWAPPED);
    String[] inputs = new String[node.inputs()];
    for (int i = 0; i < inputs.length; i++) {
      boolean batched = i == 0 || i == 5 || i == 6;
      inputs[i] = batched && node.has(i) ? node.make(swap, node.input(i)) : node.input(i);
    }
    List<String> made = node.makeAll(op, node.outputs(), inputs);
    for (int i = 0; i < node.outputs(); i++) {
      if (node.wants(i)) {
        Op back = i == 0 ? new Op.Transpose(List.of(2L, 0L, 1L, 3L)) : swap;
        node.result(i, back, made.get(i));
      }
    }
  }
}
