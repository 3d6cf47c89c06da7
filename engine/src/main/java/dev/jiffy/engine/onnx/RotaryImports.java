package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Rotary position embedding of the domain `com.microsoft`: pairs of elements of each head are
/// turned by angles that grow with the position, as two tables of cosines and sines say (Su et al.,
/// RoFormer, 2021).
final class RotaryImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op RESHAPE = new Op.Reshape(false);

  private RotaryImports() {}

  /// Adds the operator to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add("RotaryEmbedding", 1, 4, 4, 1, RotaryImports::rotary);
  }

  /// `(x, positions, cosines, sines)`: `x` is `[batch, length, heads · size]` or `[batch, heads,
  /// length, size]`, positions are `[batch, length]`, or one element: the first of them.
  private static void rotary(NodeScope node) {
    long heads = node.integer("num_heads", 0);
    long turned = node.integer("rotary_embedding_dim", 0);
    boolean isInterleaved = node.flag("interleaved", false);
    int rank = node.rank(node.input(0));
    Long half = node.extent(node.input(2), 1);
    if (node.flag("is_packed_batching", false) || node.real("scale", 1) != 1) {
      node.unsupported("packed batches, or a scale");
      return;
    }
    if ((rank != 3 && rank != 4) || half == null || node.rank(node.input(1)) < 1) {
      node.unsupported("operands of unknown extents");
      return;
    }
    if (rank == 3 && turned > 0 && heads < 1) {
      throw node.invalid("rotary_embedding_dim %d without num_heads".formatted(turned));
    }
    String x = node.input(0);
    if (rank == 3) {
      String apart = heads > 0 ? node.longs(0, 0, heads, -1) : node.longs(0, 0, -1, 2 * half);
      x = node.make(RESHAPE, x, apart);
    }
    String positions = positions(node, rank == 3 ? 1 : 2);
    String axis = node.longs(rank == 3 ? -2 : -3);
    String cosines = node.make(new Op.Unsqueeze(), table(node, 2, positions), axis);
    String sines = node.make(new Op.Unsqueeze(), table(node, 3, positions), axis);
    String y = turn(node, x, turned, cosines, sines, isInterleaved);
    node.result(RESHAPE, y, rank == 3 ? node.longs(0, 0, -1) : node.longs(0, 0, 0, -1));
  }

  /// Turns the first elements of each head.
  ///
  /// @param x elements whose last dimension is that of a head
  /// @param turned how many elements of a head are turned; 0 for all
  /// @param cosines the cosine for each pair, as they broadcast to those of `x`
  /// @param sines the sines
  /// @param isInterleaved whether pairs are adjacent
  /// @return the elements, turned, `x` reshaped at most
  static String turn(
      NodeScope node, String x, long turned, String cosines, String sines, boolean isInterleaved) {
    if (turned > 0) {
      String rest = part(node, x, turned, Long.MAX_VALUE, 1);
      String first = part(node, x, 0, turned, 1);
      return node.make(
          new Op.Concat(-1), turn(node, first, 0, cosines, sines, isInterleaved), rest);
    }
    return isInterleaved ? pairs(node, x, cosines, sines) : halves(node, x, cosines, sines);
  }

  private static String table(NodeScope node, int input, String positions) {
    return node.make(new Op.Gather(0), node.input(input), positions);
  }

  /// The position of each element of the length.
  private static String positions(NodeScope node, long axis) {
    if (node.rank(node.input(1)) > 1) {
      return node.input(1);
    }
    String none = node.longs(0);
    String length = node.make(new Op.ShapeOf(axis, axis + 1), node.input(0));
    String first = node.make(new Op.Squeeze(), node.input(1), none);
    String last = node.make(ADD, node.make(new Op.Squeeze(), length, none), first);
    return node.make(new Op.Range(), first, last, node.constant(Tensor.of(new long[] {1})));
  }

  private static String part(NodeScope node, String x, long from, long to, long step) {
    return node.make(
        new Op.Slice(), x, node.longs(from), node.longs(to), node.longs(-1), node.longs(step));
  }

  /// The first half of the elements is turned with the second.
  private static String halves(NodeScope node, String x, String cosines, String sines) {
    List<String> parts = node.makeAll(new Op.Split(-1, 2), 2, x);
    List<String> turned = turned(node, parts.get(0), parts.get(1), cosines, sines);
    return node.make(new Op.Concat(-1), turned.get(0), turned.get(1));
  }

  /// Each element at an even place is turned with the next.
  private static String pairs(NodeScope node, String x, String cosines, String sines) {
    String even = part(node, x, 0, Long.MAX_VALUE, 2);
    String odd = part(node, x, 1, Long.MAX_VALUE, 2);
    List<String> turned = turned(node, even, odd, cosines, sines);
    String last = node.longs(-1);
    String pairs =
        node.make(
            new Op.Concat(-1),
            node.make(new Op.Unsqueeze(), turned.get(0), last),
            node.make(new Op.Unsqueeze(), turned.get(1), last));
    return node.make(RESHAPE, pairs, node.longs(0, 0, 0, -1));
  }

  private static List<String> turned(
      NodeScope node, String a, String b, String cosines, String sines) {
    String real =
        node.make(SUBTRACT, node.make(MULTIPLY, a, cosines), node.make(MULTIPLY, b, sines));
    String imaginary =
        node.make(ADD, node.make(MULTIPLY, a, sines), node.make(MULTIPLY, b, cosines));
    return List.of(real, imaginary);
  }
}
