package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.Recurrence;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers recurrent layers: the input's share of all time steps and directions is one product, what
/// remains is a step of its own.
final class Recurrences {
  private Recurrences() {}

  /// {@return what a recurrent layer computes}
  static Recurrence of(RecurrentOp.Recurrent op) {
    List<Activation> activations = new ArrayList<>();
    for (Op.Unary unary : op.activations()) {
      activations.add(new Activation(unary.function(), unary.alpha(), unary.beta()));
    }
    List<Boolean> reversed =
        switch (op.direction()) {
          case FORWARD -> List.of(false);
          case REVERSE -> List.of(true);
          case BIDIRECTIONAL -> List.of(false, true);
        };
    return new Recurrence(
        op.cell(),
        Math.toIntExact(op.hidden()),
        reversed,
        activations,
        op.clip(),
        op.inputForget(),
        op.linearBeforeReset());
  }

  /// The weights of a layer in the form that kernels read.
  ///
  /// @param input those of the input, of all directions
  /// @param state for each direction those of the state
  /// @param candidate for each direction those of the candidate, where they are apart
  private record Packed(Tensor input, List<Tensor> state, List<Tensor> candidate) {}

  static void pack(Graph graph, Node node, RecurrentOp.Recurrent op, Weights weights) {
    @Nullable Packed _ = packed(graph, node, op, weights);
  }

  /// {@return the packed weights, or null where they are no constants or too large}
  private static @Nullable Packed packed(
      Graph graph, Node node, RecurrentOp.Recurrent op, Weights weights) {
    Tensor w = graph.constants().get(node.input(1));
    Tensor r = graph.constants().get(node.input(2));
    if (w == null
        || r == null
        || w.dtype() != DType.F32
        || w.shape().elements() == 0
        || w.shape().bytes(DType.F32) > Integer.MAX_VALUE
        || r.shape().bytes(DType.F32) > Integer.MAX_VALUE) {
      return null;
    }
    int directions = op.direction().count();
    int hidden = (int) op.hidden();
    int gates = op.cell().gates() * hidden;
    boolean apart = op.cell() == RecurrentCell.GRU && !op.linearBeforeReset();
    List<Tensor> state = new ArrayList<>();
    List<Tensor> candidate = new ArrayList<>();
    for (int d = 0; d < directions; d++) {
      state.add(weights.transposedRows(r, d * gates, hidden, apart ? 2 * hidden : gates));
      if (apart) {
        candidate.add(weights.transposedRows(r, d * gates + 2 * hidden, hidden, hidden));
      }
    }
    int inputs = (int) w.shape().dim(2);
    return new Packed(weights.transposedRows(w, 0, inputs, directions * gates), state, candidate);
  }

  static boolean lower(Node node, RecurrentOp.Recurrent op, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Packed packed = packed(lowering.graph(), node, op, lowering.weights());
    Tensor bias = lowering.graph().constants().get(node.input(3));
    boolean f32 =
        lowering.isF32(node.input(0), node.input(3), node.input(5), node.input(6), node.input(7));
    long rows = x.elements() == 0 ? 0 : x.dim(0) * x.dim(1);
    long gates = op.cell().gates() * op.hidden() * op.direction().count();
    if (packed == null
        || !f32
        || (node.hasInput(3) && bias == null)
        || rows == 0
        || rows > Integer.MAX_VALUE / (4 * gates)) {
      return false;
    }
    Recurrence recurrence = of(op);
    Place sums = lowering.planned(4 * rows * gates);
    sums(node, x, packed.input(), bias(recurrence, bias), sums, (int) gates, lowering);
    boolean reads = node.hasInput(4);
    int batch = (int) x.dim(1);
    RecurrentStep.Places places =
        new RecurrentStep.Places(
            sums,
            fixed(packed.state(), lowering),
            fixed(packed.candidate(), lowering),
            stateBias(recurrence, bias, lowering),
            lowering.place(node.input(4)),
            lowering.place(node.input(5)),
            lowering.place(node.input(6)),
            lowering.place(node.input(7)),
            lowering.result(node, 0),
            lowering.result(node, 1),
            lowering.result(node, 2));
    add(
        node,
        new RecurrentStep.Layer(recurrence, (int) x.dim(0), batch, reads ? 1 : batch),
        places,
        reads ? lowering.dtype(node.input(4)) : DType.I32,
        List.of(),
        lowering);
    return true;
  }

  private static void add(
      Node node,
      RecurrentStep.Layer layer,
      RecurrentStep.Places places,
      DType lengthType,
      List<ByteKernels.@Nullable Prepared> products,
      Lowering lowering) {
    lowering.add(
        new RecurrentStep(
            Lowering.label(node), lowering.target(), layer, places, lengthType, products),
        places.sums(),
        places.lengths(),
        places.h(),
        places.c(),
        places.peepholes(),
        places.y(),
        places.lastH(),
        places.lastC());
  }

  /// The weights of a state that is quantized, in the form that kernels read.
  ///
  /// @param products for each direction its product of bytes, or null where f32 are multiplied
  /// @param weights for each direction its packed weights
  private record Rounded(List<ByteKernels.@Nullable Prepared> products, List<Tensor> weights) {}

  static void pack(Graph graph, Node node, RecurrentOp.DynamicRecurrent op, Weights weights) {
    @Nullable Rounded _ = packed(graph, node, op, weights);
  }

  /// {@return the packed weights, or null where they are no constants}
  private static @Nullable Rounded packed(
      Graph graph, Node node, RecurrentOp.DynamicRecurrent op, Weights weights) {
    Rounded rounded = new Rounded(new ArrayList<>(), new ArrayList<>());
    for (int input = 1; input < op.states(); input += 2) {
      Tensor r = graph.constants().get(node.input(input));
      Tensor scales = graph.constants().get(node.input(input + 1));
      if (r == null || scales == null || r.shape().bytes(DType.F32) > Integer.MAX_VALUE) {
        return null;
      }
      ByteConvolution product =
          new ByteConvolution(
              Bytes.geometry(r, 1, null), ByteConvolution.DYNAMIC, weights.shift(r), null);
      ByteKernels.Prepared prepared = Bytes.prepare(product, weights.target());
      rounded.products().add(prepared);
      rounded
          .weights()
          .add(
              prepared == null
                  ? weights.scaled(r, scales)
                  : weights.bytesConv(prepared, product, r, scales, null));
    }
    return rounded;
  }

  static boolean lower(Node node, RecurrentOp.DynamicRecurrent op, Lowering lowering) {
    Shape sums = lowering.shape(node.input(0));
    Rounded packed = packed(lowering.graph(), node, op, lowering.weights());
    if (packed == null || sums.elements() == 0 || sums.elements() > Integer.MAX_VALUE / 4) {
      return false;
    }
    int first = op.states();
    RecurrentStep.Places places =
        new RecurrentStep.Places(
            lowering.place(node.input(0)),
            fixed(packed.weights(), lowering),
            List.of(),
            Place.ABSENT,
            Place.ABSENT,
            lowering.place(node.input(first)),
            lowering.place(node.input(first + 1)),
            lowering.place(node.input(first + 2)),
            lowering.result(node, 0),
            lowering.result(node, 1),
            lowering.result(node, 2));
    add(
        node,
        new RecurrentStep.Layer(of(op.layer()), (int) sums.dim(0), (int) sums.dim(1), 1),
        places,
        DType.I32,
        packed.products(),
        lowering);
    return true;
  }

  private static List<Place> fixed(List<Tensor> tensors, Lowering lowering) {
    return tensors.stream().map(lowering::fixed).toList();
  }

  /// Adds the product of all inputs with the weights of all directions.
  private static void sums(
      Node node,
      Shape x,
      Tensor packed,
      @Nullable Tensor bias,
      Place sums,
      int width,
      Lowering lowering) {
    int inputs = (int) x.dim(2);
    int rows = (int) (x.dim(0) * x.dim(1));
    Product product = new Product(rows, inputs, width, inputs, width, 0, 1, null);
    Layer layer =
        new Layer(
            lowering.place(node.input(0)),
            lowering.fixed(packed),
            bias == null ? Place.ABSENT : lowering.fixed(bias),
            Place.ABSENT,
            sums);
    lowering.add(
        new MultiplyStep(
            Lowering.label(node) + " inputs",
            lowering.target(),
            lowering.target().matrices(),
            product,
            null,
            layer),
        layer.places());
  }

  /// Whether the state's bias of a gate of all gates is added to the product with the state.
  private static boolean isApart(Recurrence recurrence, int gate) {
    return recurrence.cell() == RecurrentCell.GRU && recurrence.linearBeforeReset() && gate == 2;
  }

  /// {@return what is added to the products with the input: all biases but those that only the
  /// product with the state may have}
  private static @Nullable Tensor bias(Recurrence recurrence, @Nullable Tensor both) {
    if (both == null) {
      return null;
    }
    int hidden = recurrence.hidden();
    int gates = recurrence.cell().gates();
    Tensor bias =
        Tensor.allocate(DType.F32, Shape.of((long) recurrence.directions() * gates * hidden));
    for (int d = 0; d < recurrence.directions(); d++) {
      for (int i = 0; i < gates * hidden; i++) {
        long at = 2L * d * gates * hidden + i;
        double state =
            isApart(recurrence, i / hidden) ? 0 : both.getDouble(at + (long) gates * hidden);
        bias.setDouble((long) d * gates * hidden + i, both.getDouble(at) + state);
      }
    }
    return bias;
  }

  private static Place stateBias(Recurrence recurrence, @Nullable Tensor both, Lowering lowering) {
    int hidden = recurrence.hidden();
    if (both == null || !isApart(recurrence, 2)) {
      return Place.ABSENT;
    }
    Tensor bias = Tensor.allocate(DType.F32, Shape.of(3L * recurrence.directions() * hidden));
    for (int d = 0; d < recurrence.directions(); d++) {
      for (int i = 2 * hidden; i < 3 * hidden; i++) {
        bias.setDouble(3L * d * hidden + i, both.getDouble((6L * d + 3) * hidden + i));
      }
    }
    return lowering.fixed(bias);
  }
}
