package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.BlockMatMul;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The products that make queries, keys and values of the same input become one product, cut into
/// three.
final class Projections {
  private Projections() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return merge(draft, node) || cut(draft, node);
  }

  private static boolean merge(Draft draft, Node node) {
    List<Node> products = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Node product = product(draft, node.input(i));
      if (product == null) {
        return false;
      }
      products.add(product);
    }
    Node first = products.getFirst();
    for (Node product : products) {
      if (!areAlike(product, first)) {
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

  /// {@return the product that makes a value that nobody else reads, whose inputs but the first are
  /// constants, with neither residual nor activation, or null}
  private static @Nullable Node product(Draft draft, String value) {
    Node product = MatrixProducts.plainProduct(draft, value);
    if (product == null && draft.readOnce(value)) {
      product = draft.producer(value, Op.QuantizedMatMul.class);
      if (product != null
          && (!product.op().equals(new Op.QuantizedMatMul(null))
              || draft.fact(product.input(1)).dtype() != DType.I8
              || product.hasInput(4))) {
        return null;
      }
    }
    for (int i = 1; product != null && i < product.inputs().size(); i++) {
      if (product.hasInput(i) && draft.constant(product.input(i)) == null) {
        return null;
      }
    }
    return product;
  }

  /// {@return whether two products differ in nothing but constants and, where weights lie by
  /// columns, in how many these are}
  private static boolean areAlike(Node a, Node b) {
    boolean areAlike =
        ofColumns(a.op(), 1).equals(ofColumns(b.op(), 1))
            && a.input(0).equals(b.input(0))
            && a.inputs().size() == b.inputs().size();
    for (int i = 1; areAlike && i < a.inputs().size(); i++) {
      areAlike = a.hasInput(i) == b.hasInput(i);
    }
    return areAlike;
  }

  private static Op ofColumns(Op op, long columns) {
    return op instanceof BlockMatMul blocks ? blocks.with(columns) : op;
  }

  /// {@return the dimension of the weights that columns of the result go with}
  private static int columnsAxis(Op op) {
    boolean areRows = op instanceof Op.MatMul product && product.transposeB();
    return areRows || op instanceof BlockMatMul ? 0 : 1;
  }

  private static @Nullable List<String> merged(Draft draft, Node node, List<Node> products) {
    Node first = products.getFirst();
    int axis = columnsAxis(first.op());
    String[] inputs = new String[first.inputs().size()];
    inputs[0] = first.input(0);
    long[] sizes = new long[products.size()];
    for (int i = 1; i < inputs.length; i++) {
      inputs[i] = "";
      if (!first.hasInput(i)) {
        continue;
      }
      List<Tensor> parts = new ArrayList<>();
      List<String> names = new ArrayList<>();
      for (int p = 0; p < sizes.length; p++) {
        Tensor part = draft.constant(products.get(p).input(i));
        if (part == null) {
          return null;
        }
        parts.add(i == 1 ? part : part.reshape(part.shape().elements()));
        names.add(products.get(p).input(i));
        if (i == 1) {
          sizes[p] = part.shape().dim(axis);
        }
      }
      inputs[i] =
          i == 1 && first.op() instanceof Op.MatMul
              ? draft.add(node, new Op.Concat(axis), names.toArray(String[]::new))
              : draft.constant(first.input(i) + "/qkv", Constants.concat(parts, i == 1 ? axis : 0));
    }
    Op op = ofColumns(first.op(), Arrays.stream(sizes).sum());
    return split(draft, node, draft.add(first, op, inputs), sizes);
  }

  /// Queries, keys and values that are slices of one value become its parts.
  private static boolean cut(Draft draft, Node node) {
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

  /// {@return the parts that a value is cut into along its last dimension}
  ///
  /// @param draft the graph
  /// @param node the node in whose place the cut stands
  /// @param whole the value
  /// @param sizes the extent of each part
  static List<String> split(Draft draft, Node node, String whole, long[] sizes) {
    boolean isEven = true;
    for (long size : sizes) {
      isEven &= size == sizes[0];
    }
    return isEven
        ? draft.add(node, new Op.Split(-1, sizes.length), List.of(whole), sizes.length)
        : draft.add(
            node,
            new Op.Split(-1, 0),
            List.of(whole, draft.vector(whole + "/sizes", sizes)),
            sizes.length);
  }
}
