package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The products that make queries, keys and values of the same input become one product, cut into
/// three.
final class Projections {
  static final List<Rule> RULES = List.of(Projections::merge, Projections::cut);

  private Projections() {}

  private static boolean merge(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Attention)) {
      return false;
    }
    List<Node> products = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Node product = MatrixProducts.plainProduct(draft, node.input(i));
      if (product == null
          || draft.constant(product.input(1)) == null
          || (product.hasInput(2) && draft.constant(product.input(2)) == null)) {
        return false;
      }
      products.add(product);
    }
    Node first = products.getFirst();
    for (Node product : products) {
      if (!product.op().equals(first.op())
          || !product.input(0).equals(first.input(0))
          || product.hasInput(2) != first.hasInput(2)) {
        return false;
      }
    }
    List<String> parts = merged(draft, node, products);
    if (parts == null) {
      return false;
    }
    return draft.replace(
        node,
        node.op(),
        MatrixProducts.inputs(parts.get(0), parts.get(1), parts.get(2), node.input(3)));
  }

  private static @Nullable List<String> merged(Draft draft, Node node, List<Node> products) {
    Node first = products.getFirst();
    if (!(first.op() instanceof Op.MatMul product)) {
      return null;
    }
    List<Tensor> weights = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    long[] sizes = new long[products.size()];
    int axis = product.transposeB() ? 0 : 1;
    for (int i = 0; i < sizes.length; i++) {
      Tensor weight = draft.constant(products.get(i).input(1));
      Tensor bias = draft.constant(products.get(i).input(2));
      if (weight == null) {
        return null;
      }
      weights.add(weight);
      sizes[i] = weight.shape().dim(axis);
      if (bias != null) {
        biases.add(bias);
      }
    }
    String weight = draft.constant(first.input(1) + "/qkv", Constants.concat(weights, axis));
    String bias =
        biases.isEmpty()
            ? ""
            : draft.constant(first.input(2) + "/qkv", Constants.concat(biases, 0));
    String all = draft.add(first, product, MatrixProducts.inputs(first.input(0), weight, bias));
    return split(draft, node, all, sizes);
  }

  /// Queries, keys and values that are slices of one value become its parts.
  private static boolean cut(Draft draft, Node node) {
    if (!(node.op() instanceof Op.Attention)) {
      return false;
    }
    String whole = "";
    long[] sizes = new long[3];
    long start = 0;
    for (int i = 0; i < 3; i++) {
      Node slice = draft.producer(node.input(i), Op.Slice.class);
      long[] starts = slice == null ? null : draft.integers(slice.input(1));
      long[] ends = slice == null ? null : draft.integers(slice.input(2));
      long[] axes = slice == null ? null : draft.integers(slice.input(3));
      boolean isNext =
          slice != null
              && starts != null
              && ends != null
              && axes != null
              && axes.length == 1
              && Axes.normal(axes[0], 3) == 2
              && starts[0] == start
              && ends[0] > start
              && !slice.hasInput(4)
              && (i == 0 || slice.input(0).equals(whole));
      if (slice == null || ends == null || !isNext) {
        return false;
      }
      whole = slice.input(0);
      sizes[i] = ends[0] - start;
      start = ends[0];
    }
    List<Dim> shape = draft.fact(whole).shape();
    if (shape == null || !shape.getLast().is(start)) {
      return false;
    }
    List<String> parts = split(draft, node, whole, sizes);
    return draft.replace(
        node,
        node.op(),
        MatrixProducts.inputs(parts.get(0), parts.get(1), parts.get(2), node.input(3)));
  }

  private static List<String> split(Draft draft, Node node, String whole, long[] sizes) {
    boolean isEven = sizes[0] == sizes[1] && sizes[1] == sizes[2];
    return isEven
        ? draft.add(node, new Op.Split(-1, sizes.length), List.of(whole), sizes.length)
        : draft.add(
            node,
            new Op.Split(-1, 0),
            List.of(whole, draft.vector(whole + "/sizes", sizes)),
            sizes.length);
  }
}
