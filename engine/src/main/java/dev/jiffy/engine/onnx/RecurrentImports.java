package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.RecurrentOp.Direction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Recurrent layers.
///
/// The layout with the batch first becomes the other one between transpositions.
final class RecurrentImports {
  private static final List<Long> SWAPPED = List.of(1L, 0L, 2L);

  private RecurrentImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "RNN" -> Operator.of(1, 3, 6, 2, node -> layer(node, RecurrentCell.RNN));
      case "GRU" -> Operator.of(1, 3, 6, 2, node -> layer(node, RecurrentCell.GRU));
      case "LSTM" -> Operator.of(1, 3, 8, 3, node -> layer(node, RecurrentCell.LSTM));
      default -> null;
    };
  }

  /// {@return an operator of `com.microsoft` that takes bytes, or null}
  ///
  /// @param name its name
  static @Nullable Operator quantized(String name) {
    return switch (name) {
      case "DynamicQuantizeLSTM" -> Operator.of(1, 3, 12, 3, RecurrentImports::dynamic);
      default -> null;
    };
  }

  private static void layer(NodeScope node, RecurrentCell cell) {
    if (node.opset() < 7) {
      node.ignore("output_sequence"); // whether there is a first output tells the same
    }
    Op op = layer(node, cell, hidden(node, 2));
    if (node.integer("layout", 0) == 0) {
      node.same(op);
    } else {
      batchFirst(node, op);
    }
  }

  private static RecurrentOp.Recurrent layer(NodeScope node, RecurrentCell cell, long hidden) {
    Direction direction = node.choice("direction", Direction.FORWARD);
    float clip = node.hasAttribute("clip") ? node.real("clip", 0) : Float.POSITIVE_INFINITY;
    boolean inputForget = cell == RecurrentCell.LSTM && node.flag("input_forget", false);
    boolean linear = cell == RecurrentCell.GRU && node.flag("linear_before_reset", false);
    List<Unary> activations = activations(node, cell, direction.count());
    return new RecurrentOp.Recurrent(
        cell, direction, hidden, activations, clip, inputForget, linear);
  }

  /// The extent of the state, which the weights of the state tell too.
  ///
  /// @param axis the dimension of these that has it
  private static long hidden(NodeScope node, int axis) {
    if (node.hasAttribute("hidden_size")) {
      return node.integer("hidden_size");
    }
    Long extent = node.extent(node.input(2), axis);
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

  /// `(x, w, r, bias?, lengths?, h?, c?, peepholes?, wScale, wZero, rScale, rZero)` with weights
  /// `[directions, inputs, gates · hidden]` and `[directions, hidden, gates · hidden]`; scales and
  /// zero points are one for each direction, or for each of its columns.
  private static void dynamic(NodeScope node) {
    node.require(8, 9, 10, 11);
    RecurrentOp.Recurrent layer = layer(node, RecurrentCell.LSTM, hidden(node, 1));
    Tensor r = node.known(node.input(2));
    Tensor scales = node.known(node.input(10));
    Tensor zeros = node.known(node.input(11));
    int directions = layer.direction().count();
    long hidden = layer.hidden();
    long gates = Math.multiplyExact(4, hidden);
    if (node.has(4) || r == null || scales == null || zeros == null) {
      node.unsupported(node.has(4) ? "lengths of sequences" : "weights that are no constants");
      return;
    }
    if (!r.shape().equals(Shape.of(directions, hidden, gates))
        || !isForColumns(scales, directions, gates)
        || !isForColumns(zeros, directions, gates)) {
      throw node.invalid(
          "weights of the state %s, scales %s, zero points %s: expected %s, and scales and zero"
                  .formatted(
                      r.shape(), scales.shape(), zeros.shape(), List.of(directions, hidden, gates))
              + " points of each direction, or each of its columns");
    }
    List<String> inputs = new ArrayList<>(List.of(sums(node, directions, gates)));
    for (int d = 0; d < directions; d++) {
      inputs.add(node.constant(centred(r, zeros, d)));
      inputs.add(node.constant(scales(scales, d, directions, gates)));
    }
    inputs.addAll(List.of(node.input(5), node.input(6), node.input(7)));
    node.results(new RecurrentOp.DynamicRecurrent(layer), inputs.toArray(String[]::new));
  }

  private static boolean isForColumns(Tensor tensor, int directions, long gates) {
    Shape shape = tensor.shape();
    return shape.equals(Shape.of(directions)) || shape.equals(Shape.of(directions, gates));
  }

  /// The products of the input, quantized by its range, and all biases.
  private static String sums(NodeScope node, int directions, long gates) {
    Op reshape = new Op.Reshape(false);
    List<String> x = node.makeAll(new Op.DynamicQuantize(), 3, node.input(0));
    String w = node.make(new Op.Transpose(SWAPPED), node.input(1));
    String sums =
        QLinearImports.product(
            node,
            x.get(0),
            x.get(1),
            x.get(2),
            node.make(reshape, w, node.longs(0, directions * gates)),
            columns(node, node.input(8), directions, gates),
            columns(node, node.input(9), directions, gates));
    if (!node.has(3)) {
      return sums;
    }
    String both = node.make(reshape, node.input(3), node.longs(directions, 2, gates));
    Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
    String bias = node.make(reshape, node.make(sum, both, node.longs(1)), node.longs(-1));
    return node.make(new Op.Binary(BinaryFunction.ADD), sums, bias);
  }

  /// What each direction or each of its columns has, for all columns.
  private static String columns(NodeScope node, String value, int directions, long gates) {
    Op reshape = new Op.Reshape(false);
    String rows = node.make(reshape, value, node.longs(directions, -1));
    String all = node.make(new Op.Expand(), rows, node.longs(directions, gates));
    return node.make(reshape, all, node.longs(-1));
  }

  /// The scales of a direction.
  private static Tensor scales(Tensor scales, int d, int directions, long gates) {
    Tensor columns = Tensor.allocate(DType.F32, Shape.of(gates));
    for (long i = 0; i < gates; i++) {
      columns.setDouble(i, scales.getDouble(at(scales, d, i, directions)));
    }
    return columns;
  }

  /// The weights of a direction less their zero points, i8 where they fit.
  private static Tensor centred(Tensor r, Tensor zeros, int d) {
    long hidden = r.shape().dim(1);
    long gates = r.shape().dim(2);
    Tensor wide = Tensor.allocate(DType.I16, Shape.of(hidden, gates));
    boolean fits = true;
    for (long i = 0; i < hidden * gates; i++) {
      long zero = zeros.getLong(at(zeros, d, i % gates, (int) r.shape().dim(0)));
      long weight = r.getLong(d * hidden * gates + i) - zero;
      fits &= weight == (byte) weight;
      wide.setLong(i, weight);
    }
    if (!fits) {
      return wide;
    }
    Tensor bytes = Tensor.allocate(DType.I8, wide.shape());
    for (long i = 0; i < hidden * gates; i++) {
      bytes.setLong(i, wide.getLong(i));
    }
    return bytes;
  }

  private static long at(Tensor columns, int d, long column, int directions) {
    long each = columns.shape().elements() / directions;
    return d * each + (each == 1 ? 0 : column);
  }
}
