package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A constant matrix of f32 or f64: one tensor, or several whose columns follow one another.
///
/// @param parts the tensors
/// @param transposed whether they hold the columns as rows
/// @param k the matrix's rows
/// @param n the matrix's columns
record Columns(List<Tensor> parts, boolean transposed, int k, int n) {
  Columns {
    parts = List.copyOf(parts);
  }

  /// {@return the matrix that a value is, or null if it is no constant or no matrix}
  ///
  /// @param value the value
  /// @param transposed whether it holds columns as rows
  /// @param producers the nodes of the graph by what they make
  static @Nullable Columns of(
      Graph graph, String value, boolean transposed, Map<String, Node> producers) {
    Tensor whole = graph.constants().get(value);
    if (whole != null) {
      return of(List.of(whole), transposed);
    }
    Node producer = producers.get(value);
    List<Tensor> parts = joined(graph, producer);
    boolean isJoint =
        producer != null
            && !parts.isEmpty()
            && producer.op() instanceof Op.Concat(long axis)
            && parts.getFirst().shape().rank() == 2
            && (axis < 0 ? axis + 2 : axis) == (transposed ? 0 : 1);
    return isJoint ? of(parts, transposed) : null;
  }

  /// {@return the constants that a node lays end to end; empty for any other node}
  static List<Tensor> joined(Graph graph, @Nullable Node node) {
    if (node == null || !(node.op() instanceof Op.Concat)) {
      return List.of();
    }
    List<Tensor> parts = new ArrayList<>();
    for (String input : node.inputs()) {
      Tensor part = graph.constants().get(input);
      if (part == null) {
        return List.of();
      }
      parts.add(part);
    }
    return parts;
  }

  private static @Nullable Columns of(List<Tensor> parts, boolean transposed) {
    DType dtype = parts.getFirst().dtype();
    if (dtype != DType.F32 && dtype != DType.F64) {
      return null;
    }
    long k = 0;
    long n = 0;
    for (Tensor part : parts) {
      Shape shape = part.shape();
      int rank = shape.rank();
      if (part.dtype() != dtype
          || rank < 2
          || shape.elements() == 0
          || shape.elements() != shape.dim(rank - 1) * shape.dim(rank - 2)) {
        return null;
      }
      k = shape.dim(rank - (transposed ? 1 : 2));
      n += shape.dim(rank - (transposed ? 2 : 1));
    }
    return k <= Integer.MAX_VALUE && n <= Integer.MAX_VALUE
        ? new Columns(parts, transposed, (int) k, (int) n)
        : null;
  }

  /// {@return the type of its elements}
  DType dtype() {
    return parts.getFirst().dtype();
  }

  /// {@return the columns of a part}
  int width(Tensor part) {
    return Math.toIntExact(part.shape().elements() / k);
  }

  /// {@return elements from row to row of a part}
  long rowStride(Tensor part) {
    return transposed ? 1 : width(part);
  }

  /// {@return elements from column to column of a part}
  long columnStride() {
    return transposed ? k : 1;
  }

  /// {@return whether all parts but the last have a multiple of some columns}
  boolean isCutAt(int columns) {
    return parts.stream().limit(parts.size() - 1).allMatch(part -> width(part) % columns == 0);
  }

  /// {@return the same matrix in one part}
  Columns whole() {
    if (parts.size() == 1) {
      return this;
    }
    int bytes = dtype().bytes();
    Tensor whole = Tensor.allocate(dtype(), transposed ? Shape.of(n, k) : Shape.of(k, n));
    long first = 0;
    for (Tensor part : parts) {
      long step = transposed ? part.shape().elements() : width(part);
      long rowStep = transposed ? 0 : n;
      for (long row = 0; row < (transposed ? 1 : k); row++) {
        whole
            .segment()
            .asSlice(bytes * (first + row * rowStep), bytes * step)
            .copyFrom(part.segment().asSlice(bytes * row * step, bytes * step));
      }
      first += step;
    }
    return new Columns(List.of(whole), transposed, k, n);
  }
}
