package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Lowers matrix products and attention.
final class Linear {
  private Linear() {}

  static @Nullable Activation activation(Op.@Nullable Unary unary) {
    return unary == null ? null : new Activation(unary.function(), unary.alpha(), unary.beta());
  }

  static void pack(
      Graph graph, Node node, Op.MatMul matMul, Map<String, Node> producers, Weights weights) {
    Columns matrix = Columns.of(graph, node.input(1), matMul.transposeB(), producers);
    if (matrix != null
        && !matMul.transposeA()
        && weights.target().products(matrix.dtype()) != null
        && suits(matMul, matrix.dtype())) {
      weights.matrix(matrix, activation(matMul.activation()));
    }
  }

  /// {@return whether kernels do all of a product of some type of numbers}
  private static boolean suits(Op.MatMul matMul, DType dtype) {
    return dtype == DType.F32 || (matMul.alpha() == 1 && matMul.activation() == null);
  }

  static boolean lower(Node node, Op.MatMul matMul, Lowering lowering) {
    DType dtype = lowering.dtype(node.output());
    if (lowering.target().products(dtype) == null
        || !suits(matMul, dtype)
        || !lowering.are(dtype, node.inputs())
        || lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape w = lowering.shape(node.input(1));
    if (x.rank() == 0 || w.rank() == 0 || x.elements() == 0) {
      return false;
    }
    Columns constant = lowering.columns(node.input(1), matMul.transposeB());
    if (constant != null && w.rank() == 2 && !matMul.transposeA()) {
      return lowerPacked(node, matMul, x, constant, lowering);
    }
    return lowerBatch(node, matMul, x, w, lowering);
  }

  private static boolean lowerPacked(
      Node node, Op.MatMul matMul, Shape x, Columns matrix, Lowering lowering) {
    long k = x.dim(x.rank() - 1);
    int n = matrix.n();
    long m = x.elements() / k;
    if (m > Integer.MAX_VALUE) {
      return false;
    }
    Product product =
        new Product(
            (int) m,
            (int) k,
            n,
            k,
            n,
            node.hasInput(3) ? n : 0,
            matMul.alpha(),
            activation(matMul.activation()));
    lower(node, product, matrix, lowering);
    return true;
  }

  /// Adds a product of a node's first input and a constant matrix, with the bias and the residual
  /// that the node has behind these.
  static void lower(Node node, Product product, Columns matrix, Lowering lowering) {
    Weights.Matrix form = lowering.weights().matrix(matrix, product.activation());
    NarrowKernels.Prepared prepared = form.prepare(lowering.target(), product);
    lower(node, product, prepared, form.tensor(), 2, lowering);
  }

  /// @param bias the index of the bias among the inputs, which the residual follows
  private static void lower(
      Node node,
      Product product,
      NarrowKernels.@Nullable Prepared prepared,
      Tensor packed,
      int bias,
      Lowering lowering) {
    Layer layer =
        Layer.of(
            node,
            lowering.fixed(packed),
            lowering.place(node.input(bias)),
            node.input(bias + 1),
            lowering);
    lowering.add(
        new MultiplyStep(
            Lowering.label(node),
            lowering.target(),
            Objects.requireNonNull(lowering.target().products(lowering.dtype(node.output()))),
            product,
            prepared,
            layer),
        layer.places());
  }

  static void pack(Graph graph, Node node, Op.QuantizedMatMul matMul, Weights weights) {
    Tensor matrix = graph.constants().get(node.input(1));
    Tensor scales = graph.constants().get(node.input(2));
    if (matrix != null && scales != null) {
      Activation activation = activation(matMul.activation());
      Tensor bias = graph.constants().get(node.input(3));
      if (bytes(matMul, matrix, scales, weights) == null
          && matrix.shape().elements() > 0
          && (!node.hasInput(3) || bias != null)) {
        DynamicBytes.pack(
            Bytes.geometry(matrix, 1, activation),
            matMul.shift(),
            matrix,
            scales,
            bias,
            node.input(4),
            weights);
      }
    }
  }

  /// {@return packed weights of a product by a range for each row, or null where there is none}
  private static @Nullable Tensor bytes(
      Op.QuantizedMatMul matMul, Tensor matrix, Tensor scales, Weights weights) {
    return matMul.shift() == 0
        ? weights.bytes(matrix, scales, activation(matMul.activation()))
        : null;
  }

  static boolean lower(Node node, Op.QuantizedMatMul matMul, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Tensor matrix = lowering.graph().constants().get(node.input(1));
    Tensor scales = lowering.graph().constants().get(node.input(2));
    if (matrix == null
        || scales == null
        || x.elements() == 0
        || x.elements() > Integer.MAX_VALUE
        || matrix.shape().elements() == 0) {
      return false;
    }
    Activation activation = activation(matMul.activation());
    int m = (int) (x.elements() / matrix.shape().dim(0));
    NarrowKernels narrow = lowering.target().matrices().narrow();
    Tensor bytes = bytes(matMul, matrix, scales, lowering.weights());
    if (narrow == null || bytes == null) {
      ConvGeometry geometry = Bytes.geometry(matrix, m, activation);
      Tensor bias = lowering.graph().constants().get(node.input(3));
      if (node.hasInput(3) && bias == null) {
        return false;
      }
      DynamicBytes.lower(
          node, geometry, matMul.shift(), matrix, scales, bias, node.input(4), lowering);
      return true;
    }
    long k = matrix.shape().dim(0);
    long n = matrix.shape().dim(1);
    Product product =
        new Product(m, (int) k, (int) n, k, n, node.hasInput(4) ? n : 0, 1, activation);
    lower(node, product, narrow.prepareQuantized(product), bytes, 3, lowering);
    return true;
  }

  private static boolean lowerBatch(
      Node node, Op.MatMul matMul, Shape x, Shape w, Lowering lowering) {
    Shape left = x.rank() == 1 ? Shape.of(1, x.dim(0)) : x;
    Shape right = w.rank() == 1 ? Shape.of(w.dim(0), 1) : w;
    boolean transposeA = matMul.transposeA() && x.rank() > 1;
    boolean transposeB = matMul.transposeB() && w.rank() > 1;
    long rowsA = left.dim(left.rank() - 2);
    long columnsA = left.dim(left.rank() - 1);
    long k = transposeA ? rowsA : columnsA;
    long n = right.dim(right.rank() - (transposeB ? 2 : 1));
    if (!transposeA && right.elements() == k * n) { // one matrix for all rows
      left = Shape.of(left.elements() / k, k);
      right = transposeB ? Shape.of(n, k) : Shape.of(k, n);
      rowsA = left.dim(0);
    }
    long m = transposeA ? columnsA : rowsA;
    DType dtype = lowering.dtype(node.output());
    int bytes = dtype.bytes();
    if (m > Integer.MAX_VALUE || k > Integer.MAX_VALUE || n > Integer.MAX_VALUE / bytes) {
      return false;
    }
    Shape batch = batch(left, right);
    Product product =
        new Product(
            (int) m,
            (int) k,
            (int) n,
            k,
            n,
            node.hasInput(3) ? n : 0,
            matMul.alpha(),
            activation(matMul.activation()));
    Place a = lowering.place(node.input(0));
    Place b = lowering.place(node.input(1));
    Place bias = lowering.place(node.input(2));
    Place residual = lowering.place(node.input(3));
    Place c = lowering.result(node.output());
    lowering.add(
        new BatchMultiplyStep(
            Lowering.label(node),
            lowering.target(),
            dtype,
            product,
            transposeA,
            transposeB,
            offsets(batch, left, bytes * m * k),
            offsets(batch, right, bytes * k * n),
            a,
            b,
            bias,
            residual,
            c),
        a,
        b,
        bias,
        residual,
        c);
    return true;
  }

  private static Shape batch(Shape left, Shape right) {
    int rank = Math.max(left.rank(), right.rank()) - 2;
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      int l = i - rank + left.rank() - 2;
      int r = i - rank + right.rank() - 2;
      dims[i] = Math.max(l < 0 ? 1 : left.dim(l), r < 0 ? 1 : right.dim(r));
    }
    return Shape.of(dims);
  }

  /// {@return for each matrix of a batch the bytes from the first one's begin, with broadcasting}
  private static long[] offsets(Shape batch, Shape matrices, long matrixBytes) {
    long[] dims = matrices.dims();
    Shape own = Shape.of(java.util.Arrays.copyOf(dims, dims.length - 2));
    long[] strides = Broadcast.strides(batch, own);
    long[] offsets = new long[Math.toIntExact(batch.elements())];
    for (int i = 0; i < offsets.length; i++) {
      long rest = i;
      for (int axis = batch.rank() - 1; axis >= 0; axis--) {
        offsets[i] += rest % batch.dim(axis) * strides[axis] * matrixBytes;
        rest /= batch.dim(axis);
      }
    }
    return offsets;
  }

  /// A matrix whose rows lie apart, such as a third of a joint product.
  private record Strided(Place place, long rowStride) {}

  private static Strided strided(String value, Lowering lowering) {
    Place part = Movement.lastAxisPart(value, lowering);
    Node producer = lowering.producer(value);
    if (part != null && producer != null) {
      Shape whole = lowering.shape(producer.input(0));
      return new Strided(part, whole.dim(whole.rank() - 1));
    }
    Shape shape = lowering.shape(value);
    return new Strided(lowering.place(value), shape.dim(shape.rank() - 1));
  }

  /// {@return whether there are kernels for an attention; they take queries, keys and values where
  /// these lie within a larger tensor}
  static boolean suits(Node node, AttentionOp.Attention attention, Lowering lowering) {
    Shape q = lowering.shape(node.input(0));
    Shape k = lowering.shape(node.input(1));
    return lowering.areF32(node.inputs())
        && q.equals(lowering.shape(node.output()))
        && k.equals(lowering.shape(node.input(2)))
        && q.dim(2) == k.dim(2)
        && q.elements() > 0
        && k.elements() > 0
        && (!node.hasInput(3) || k.dim(1) == 1 || maskStrides(node, attention, lowering)[3] == 1);
  }

  /// {@return by how many elements the mask moves with batch, head, query and key}
  private static long[] maskStrides(Node node, AttentionOp.Attention attention, Lowering lowering) {
    long keys = lowering.shape(node.input(1)).dim(1);
    return maskStrides(
        node.input(3), lowering.shape(node.input(0)), attention.heads(), keys, lowering);
  }

  private static long[] maskStrides(
      String mask, Shape q, long heads, long keys, Lowering lowering) {
    return mask.isEmpty()
        ? new long[4]
        : Broadcast.strides(Shape.of(q.dim(0), heads, q.dim(1), keys), lowering.shape(mask));
  }

  static boolean lower(Node node, AttentionOp.Attention attention, Lowering lowering) {
    if (!suits(node, attention, lowering)) {
      return false;
    }
    Shape shape = lowering.shape(node.input(0));
    long queries = shape.dim(1);
    long keys = lowering.shape(node.input(1)).dim(1);
    long size = shape.dim(2) / attention.heads();
    Strided q = strided(node.input(0), lowering);
    Strided k = strided(node.input(1), lowering);
    Strided v = strided(node.input(2), lowering);
    Strided out = new Strided(lowering.result(node.output()), shape.dim(2));
    long[] mask = maskStrides(node, attention, lowering);
    AttentionGeometry geometry =
        new AttentionGeometry(
            Math.toIntExact(queries),
            Math.toIntExact(keys),
            Math.toIntExact(size),
            q.rowStride(),
            k.rowStride(),
            v.rowStride(),
            out.rowStride(),
            mask[2],
            attention.scale(),
            0,
            false,
            0);
    AttentionStep.Heads heads =
        new AttentionStep.Heads(
            Math.toIntExact(shape.dim(0)), Math.toIntExact(attention.heads()), 1);
    add(
        node,
        geometry,
        heads,
        headed(q, queries, size),
        headed(k, keys, size),
        headed(v, keys, size),
        new AttentionStep.Operand(lowering.place(node.input(3)), 4 * mask[0], 4 * mask[1]),
        Place.ABSENT,
        headed(out, queries, size),
        lowering);
    return true;
  }

  /// Heads that lie beside each other in each row.
  private static AttentionStep.Operand headed(Strided rows, long count, long size) {
    return new AttentionStep.Operand(rows.place(), 4 * count * rows.rowStride(), 4 * size);
  }

  private static void add(
      Node node,
      AttentionGeometry geometry,
      AttentionStep.Heads heads,
      AttentionStep.Operand q,
      AttentionStep.Operand k,
      AttentionStep.Operand v,
      AttentionStep.Operand mask,
      Place starts,
      AttentionStep.Operand out,
      Lowering lowering) {
    lowering.add(
        new AttentionStep(
            Lowering.label(node), lowering.target(), geometry, heads, q, k, v, mask, starts, out),
        q.place(),
        k.place(),
        v.place(),
        mask.place(),
        starts,
        out.place());
  }

  /// The heads of queries that share keys are the queries of one head where each is one row.
  static boolean lower(Node node, AttentionOp.CausalAttention attention, Lowering lowering) {
    Shape q = lowering.shape(node.input(0));
    Shape k = lowering.shape(node.input(1));
    String mask = node.input(4);
    long[] maskStrides = maskStrides(mask, q, attention.heads(), k.dim(2), lowering);
    List<String> numbers = new ArrayList<>(node.inputs());
    numbers.remove(3);
    if (!lowering.areF32(numbers)
        || q.elements() == 0
        || k.elements() == 0
        || (!mask.isEmpty() && maskStrides[3] != 1 && k.dim(2) != 1)) {
      return false;
    }
    long queries = q.dim(1);
    long keyHeads = k.dim(1);
    long keys = k.dim(2);
    long size = k.dim(3);
    long shared = attention.heads() / keyHeads;
    boolean isRow = queries == 1;
    long together = isRow ? shared : 1;
    AttentionGeometry geometry =
        new AttentionGeometry(
            Math.toIntExact(isRow ? shared : queries),
            Math.toIntExact(keys),
            Math.toIntExact(size),
            isRow ? size : q.dim(2),
            size,
            size,
            isRow ? size : q.dim(2),
            maskStrides[isRow ? 1 : 2],
            attention.scale(),
            attention.cap(),
            !isRow,
            Math.toIntExact(Math.min(attention.window(), keys)));
    AttentionStep.Heads heads =
        new AttentionStep.Heads(
            Math.toIntExact(q.dim(0)),
            Math.toIntExact(attention.heads() / together),
            Math.toIntExact(shared / together));
    long sequenceBytes = 4 * queries * q.dim(2);
    long headBytes = 4 * together * size;
    long keyBytes = 4 * keys * size;
    add(
        node,
        geometry,
        heads,
        new AttentionStep.Operand(lowering.place(node.input(0)), sequenceBytes, headBytes),
        new AttentionStep.Operand(lowering.place(node.input(1)), keyHeads * keyBytes, keyBytes),
        new AttentionStep.Operand(lowering.place(node.input(2)), keyHeads * keyBytes, keyBytes),
        new AttentionStep.Operand(
            lowering.place(mask), 4 * maskStrides[0], 4 * together * maskStrides[1]),
        lowering.place(node.input(3)),
        new AttentionStep.Operand(lowering.result(node.output()), sequenceBytes, headBytes),
        lowering);
    return true;
  }
}
