package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.scalar.ScalarQuantization;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers products with weights of a few bits: on weights that stay packed where there are kernels
/// for that, else on what they stand for in f32.
///
/// @param w the weights, some to a byte
/// @param scales the scales of blocks
/// @param zeros the zero points of blocks, or null
record BlockWeights(Tensor w, Tensor scales, @Nullable Tensor zeros) {

  /// {@return the weights of a node, or null where they are not known or not f32}
  private static @Nullable BlockWeights of(Graph graph, Node node, QuantizedOp.BlockMatMul op) {
    Tensor w = graph.constants().get(node.input(1));
    Tensor scales = graph.constants().get(node.input(2));
    Tensor zeros = graph.constants().get(node.input(3));
    boolean isKnown =
        w != null
            && scales != null
            && (zeros != null || !node.hasInput(3))
            && scales.dtype() == DType.F32
            && op.k() <= Integer.MAX_VALUE / op.columns();
    return isKnown && w != null && scales != null ? new BlockWeights(w, scales, zeros) : null;
  }

  private BlockProduct product(QuantizedOp.BlockMatMul op, int rows) {
    return new BlockProduct(
        rows,
        (int) op.k(),
        (int) op.columns(),
        (int) op.block(),
        op.bits(),
        zeros != null,
        op.bytes(),
        Linear.activation(op.activation()));
  }

  /// {@return kernels for weights that stay packed, or null}
  private static @Nullable BlockKernels kernels(BlockProduct product, Target target) {
    NarrowKernels narrow = target.matrices().narrow();
    return narrow != null && narrow.blocks().suits(product) ? narrow.blocks() : null;
  }

  private Tensor packed(@Nullable BlockKernels kernels, BlockProduct product, Weights weights) {
    if (kernels != null) {
      return weights.blocks(kernels, product, w, scales, zeros);
    }
    int k = product.k();
    int n = product.n();
    List<Tensor> parts = zeros == null ? List.of(w, scales) : List.of(w, scales, zeros);
    return weights.blocks(
        () -> ScalarQuantization.blocks(w, scales, zeros, k, n, product.block(), product.bits()),
        parts,
        k,
        n);
  }

  static void pack(Graph graph, Node node, QuantizedOp.BlockMatMul op, Weights weights) {
    BlockWeights constants = of(graph, node, op);
    if (constants != null) {
      BlockProduct product = constants.product(op, 1);
      BlockKernels kernels = kernels(product, weights.target());
      Tensor _ = constants.packed(kernels, product, weights);
    }
  }

  static boolean lower(Node node, QuantizedOp.BlockMatMul op, Lowering lowering) {
    BlockWeights constants = of(lowering.graph(), node, op);
    Shape x = lowering.shape(node.input(0));
    if (constants == null || x.elements() == 0 || x.elements() / op.k() > Integer.MAX_VALUE) {
      return false;
    }
    BlockProduct product = constants.product(op, (int) (x.elements() / op.k()));
    Target target = lowering.target();
    BlockKernels kernels = kernels(product, target);
    Place packed = lowering.fixed(constants.packed(kernels, product, lowering.weights()));
    Layer layer = Layer.of(node, packed, lowering.place(node.input(4)), node.input(5), lowering);
    String label = Lowering.label(node);
    if (kernels != null) {
      lowering.add(new BlockMultiplyStep(label, target, kernels, product, layer), layer.places());
      return true;
    }
    Place left = layer.x();
    if (op.bytes()) {
      left = lowering.planned(4 * x.elements());
      lowering.add(
          new BlockRoundStep(label, target, product, layer.x(), left), List.of(layer.x(), left));
    }
    Layer rounded = new Layer(left, packed, layer.bias(), layer.residual(), layer.y());
    int k = product.k();
    int n = product.n();
    Product plain =
        new Product(product.m(), k, n, k, n, node.hasInput(5) ? n : 0, 1, product.activation());
    lowering.add(
        new MultiplyStep(label, target, target.matrices(), plain, null, rounded), rounded.places());
    return true;
  }
}
