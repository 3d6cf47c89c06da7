package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.tensor.Tensor;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Rotary position embedding of the domain `com.microsoft`: pairs of elements of each head are
/// turned by angles that grow with the position, as two tables of cosines and sines say (Su et al.,
/// RoFormer, 2021).
final class RotaryImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op RESHAPE = new Op.Reshape(false);

  private RotaryImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "RotaryEmbedding" -> Operator.of(1, 4, 4, 1, RotaryImports::rotary);
      default -> null;
    };
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
    String y = turn(node, x, turned, half, cosines, sines, isInterleaved);
    node.result(RESHAPE, y, rank == 3 ? node.longs(0, 0, -1) : node.longs(0, 0, 0, -1));
  }

  /// Turns the first elements of each head: the cosine's share of each, plus the sine's of the
  /// other one of its pair.
  ///
  /// @param x `[batch, length, heads, size]`, or with heads before the length
  /// @param turned how many elements of a head are turned; 0 for all
  /// @param half half as many
  /// @param cosines the cosine for each pair, as they broadcast to those of `x`
  /// @param sines the sines
  /// @param isInterleaved whether pairs are adjacent, else halves are turned with each other
  /// @return the elements, turned
  static String turn(
      NodeScope node,
      String x,
      long turned,
      long half,
      String cosines,
      String sines,
      boolean isInterleaved) {
    if (turned > 0) {
      String rest = part(node, x, turned, Long.MAX_VALUE, -1, 1);
      String first = part(node, x, 0, turned, -1, 1);
      String y = turn(node, first, 0, half, cosines, sines, isInterleaved);
      return node.make(new Op.Concat(-1), y, rest);
    }
    String negative = node.make(new Op.Unary(UnaryFunction.NEG), sines);
    String own = node.make(MULTIPLY, x, spread(node, cosines, cosines, half, isInterleaved));
    String others =
        node.make(
            MULTIPLY,
            partners(node, x, half, isInterleaved),
            spread(node, negative, sines, half, isInterleaved));
    return node.make(ADD, own, others);
  }

  /// A factor for each element: that of the first and that of the second of each pair.
  private static String spread(
      NodeScope node, String first, String second, long half, boolean isInterleaved) {
    String factors = node.make(new Op.Concat(-1), first, second);
    if (!isInterleaved) {
      return factors;
    }
    long[] order = LongStream.range(0, 2 * half).map(i -> i / 2 + i % 2 * half).toArray();
    return node.make(new Op.Gather(-1), factors, node.longs(order));
  }

  /// In the place of each element the other one of its pair.
  private static String partners(NodeScope node, String x, long half, boolean isInterleaved) {
    String pairs = isInterleaved ? node.longs(0, 0, 0, half, 2) : node.longs(0, 0, 0, 2, half);
    String exchanged =
        part(node, node.make(RESHAPE, x, pairs), -1, Long.MIN_VALUE, isInterleaved ? -1 : -2, -1);
    return node.make(RESHAPE, exchanged, node.longs(0, 0, 0, 2 * half));
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

  private static String part(NodeScope node, String x, long from, long to, long axis, long step) {
    return node.make(
        new Op.Slice(), x, node.longs(from), node.longs(to), node.longs(axis), node.longs(step));
  }
}
