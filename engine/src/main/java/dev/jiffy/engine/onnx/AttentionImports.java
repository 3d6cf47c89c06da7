package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention of the domain `com.microsoft`, as ONNX Runtime's optimizers and exporters write it.
///
/// Its masks, in all their forms, become what is added to the scores.
final class AttentionImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op RESHAPE = new Op.Reshape(false);
  private static final Op TO_I64 = new Op.Cast(DType.I64, true);
  private static final Op TO_F32 = new Op.Cast(DType.F32, true);

  private AttentionImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Attention" -> Operator.of(1, 2, 7, 2, AttentionImports::joint);
      case "QAttention" -> Operator.of(1, 5, 9, 2, AttentionImports::quantized);
      case "MultiHeadAttention" -> Operator.of(1, 1, 8, 3, n -> apart(n, 3, 4, 5, 6));
      case "DecoderMaskedMultiHeadAttention" -> Operator.of(1, 1, 11, 4, AttentionImports::shared);
      default -> null;
    };
  }

  // ---- queries, keys and values of one product

  private static void joint(NodeScope node) {
    if (node.has(6)) {
      node.unsupported("a shared buffer of keys");
      return;
    }
    String product = node.make(new Op.MatMul(), node.input(0), node.input(1));
    if (node.has(2)) {
      product = node.make(ADD, product, node.input(2));
    }
    attendJoint(node, product, node.extent(node.input(1), 1), 3, 4, 5);
  }

  private static void quantized(NodeScope node) {
    String product =
        QLinearImports.product(
            node,
            node.input(0),
            node.input(3),
            node.input(6),
            node.input(1),
            node.input(4),
            node.input(7));
    product = node.make(ADD, product, node.input(2));
    attendJoint(node, product, node.extent(node.input(1), 1), 5, 8, node.inputs());
  }

  private static void attendJoint(
      NodeScope node, String product, @Nullable Long width, int mask, int past, int added) {
    node.ignore("past_present_share_buffer", "rotary_embedding_dim");
    List<Long> sizes = node.integers("qkv_hidden_sizes");
    if (node.flag("do_rotary", false)) {
      node.unsupported("rotary embedding");
      return;
    }
    if (sizes.isEmpty() && width == null) {
      node.unsupported("weights of unknown extents");
      return;
    }
    String parts = node.longs(sizes.isEmpty() && width != null ? third(width) : sizes);
    List<String> cut = new ArrayList<>(node.makeAll(new Op.Split(-1, 0), 3, product, parts));
    long heads = node.integer("num_heads");
    long query = sizes.isEmpty() && width != null ? width / 3 : sizes.getFirst();
    if (node.has(past) || node.wants(1)) {
      List<String> before =
          node.has(past) ? node.makeAll(new Op.Split(0, 2), 2, node.input(past)) : List.of("", "");
      String pair = node.longs(0);
      List<String> all = new ArrayList<>();
      for (int i = 1; i < 3; i++) {
        String earlier = before.get(i - 1);
        String flat = earlier.isEmpty() ? "" : node.make(new Op.Squeeze(), earlier, pair);
        all.add(node.make(new Op.Unsqueeze(), append(node, cut, i, heads, flat), pair));
      }
      if (node.wants(1)) {
        node.result(1, new Op.Concat(0), all.get(0), all.get(1));
      }
    }
    boolean isCausal = node.flag("unidirectional", false);
    attend(node, cut, heads, query, mask(node, mask, cut, added, isCausal));
  }

  private static List<Long> third(long width) {
    return List.of(width / 3, width / 3, width / 3);
  }

  // ---- queries, keys and values apart

  /// One query for each sequence: as [#apart], or with keys and values in memory that has room for
  /// those to come, `past` of which are there.
  private static void shared(NodeScope node) {
    boolean hasRoom = node.flag("past_present_share_buffer", false) && node.has(5);
    node.flag("output_qk", false);
    if (node.has(9) || node.wants(3) || (hasRoom && (node.has(3) || node.has(4)))) {
      node.unsupported("beams, scores as a result, or masks of a shared buffer");
    } else if (hasRoom) {
      node.require(1, 2, 6, 7);
      String past = node.make(RESHAPE, node.make(TO_I64, node.input(7)), node.longs(1));
      String batch = node.make(new Op.ShapeOf(0, 1L), node.input(0));
      ofRoom(node, node.make(new Op.Expand(), past, batch));
    } else {
      apart(node, 10, 3, 4, 5);
    }
  }

  private static void ofRoom(NodeScope node, String starts) {
    long heads = node.integer("num_heads");
    Long width = node.extent(node.input(0), 2);
    if (width == null || !width.equals(node.extent(node.input(2), 2))) {
      node.unsupported("queries and values of different or unknown widths");
      return;
    }
    List<String> parts = new ArrayList<>(List.of(node.input(0), node.input(1), node.input(2)));
    addBiases(node, parts, 10, width, width);
    List<String> all = new ArrayList<>();
    for (int i = 1; i < 3; i++) {
      String past = node.input(i + 4);
      String length = node.make(new Op.ShapeOf(2, 3L), past);
      String rows = headsFirst(node, parts.get(i), heads);
      all.add(node.make(new AttentionOp.AppendRows(true), rows, starts, length, past));
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), all.getLast());
      }
    }
    attendFirst(node, parts.getFirst(), all, heads, width, starts, "");
  }

  /// @param bias the input that is added to queries, keys and values
  /// @param mask the one that says which keys count
  /// @param added the one that is added to the scores
  /// @param past the one that has earlier keys; earlier values follow
  private static void apart(NodeScope node, int bias, int mask, int added, int past) {
    long heads = node.integer("num_heads");
    String query = node.input(0);
    Long width = node.extent(query, 2);
    boolean isCross = node.rank(node.input(1)) == 4 && node.rank(node.input(2)) == 4;
    boolean isPlain =
        node.has(1)
            && node.has(2)
            && node.rank(query) == 3
            && (isCross || (node.rank(node.input(1)) == 3 && node.rank(node.input(2)) == 3));
    if (!isPlain || width == null) {
      node.unsupported("packed queries, keys or values");
      return;
    }
    List<String> parts = new ArrayList<>(List.of(query, node.input(1), node.input(2)));
    List<String> first = new ArrayList<>();
    if (isCross) {
      first.addAll(parts.subList(1, 3));
      parts.set(1, headsLast(node, parts.get(1)));
      parts.set(2, headsLast(node, parts.get(2)));
    }
    Long values = node.extent(parts.get(2), 2);
    addBiases(node, parts, bias, width, values == null ? width : values);
    for (int i = 1; i < 3; i++) {
      String earlier = node.input(past + i - 1);
      if (earlier.isEmpty() && !node.wants(i)) {
        continue;
      }
      String all = append(node, parts, i, heads, earlier);
      if (!earlier.isEmpty()) {
        first.add(all);
      }
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), all);
      }
    }
    boolean isCausal = node.flag("unidirectional", false);
    if (first.size() == 2 && width.equals(values)) {
      String starts = lastSeen(node, query, first.getFirst(), isCausal);
      String sum = mask(node, mask, parts, added, false);
      attendFirst(node, parts.getFirst(), first, heads, width, starts, sum);
    } else {
      attend(node, parts, heads, width, mask(node, mask, parts, added, isCausal));
    }
  }

  /// Adds its part of a bias to each of queries, keys and values whose heads are not apart.
  private static void addBiases(
      NodeScope node, List<String> parts, int bias, long width, long values) {
    if (node.has(bias)) {
      String sizes = node.longs(width, width, values);
      List<String> biases = node.makeAll(new Op.Split(0, 0), 3, node.input(bias), sizes);
      for (int i = 0; i < 3; i++) {
        if (i == 0 || node.rank(node.input(i)) == 3) {
          parts.set(i, node.make(ADD, parts.get(i), biases.get(i)));
        }
      }
    }
  }

  /// The number of a key that the first query sees, for each sequence: the last that it sees, or
  /// one behind all.
  private static String lastSeen(NodeScope node, String query, String keys, boolean isCausal) {
    String seen = node.make(new Op.ShapeOf(2, 3L), keys);
    if (isCausal) {
      String queries = node.make(new Op.ShapeOf(1, 2L), query);
      seen = node.make(new Binary(BinaryFunction.SUB), seen, queries);
    }
    return node.make(new Op.Expand(), seen, node.make(new Op.ShapeOf(0, 1L), query));
  }

  /// Puts earlier keys or values in front of a part.
  ///
  /// @param part 1 for keys, 2 for values
  /// @param past the earlier ones, heads first, or ""
  /// @return all of them, heads first
  private static String append(
      NodeScope node, List<String> parts, int part, long heads, String past) {
    String all = headsFirst(node, parts.get(part), heads);
    if (!past.isEmpty()) {
      all = node.make(new Op.Concat(2), past, all);
      parts.set(part, headsLast(node, all));
    }
    return all;
  }

  /// `[batch, heads, length, size]` as `[batch, length, heads · size]`.
  private static String headsLast(NodeScope node, String x) {
    String back = node.make(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), x);
    return node.make(RESHAPE, back, node.longs(0, 0, -1));
  }

  /// `[batch, length, heads · size]` as `[batch, heads, length, size]`.
  private static String headsFirst(NodeScope node, String x, long heads) {
    String apart = node.make(RESHAPE, x, node.longs(0, 0, heads, -1));
    return node.make(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), apart);
  }

  private static void attend(
      NodeScope node, List<String> parts, long heads, long width, String mask) {
    float scale = scale(node, heads, width);
    node.result(
        new AttentionOp.Attention(heads, scale), parts.get(0), parts.get(1), parts.get(2), mask);
  }

  /// Attends to keys and values whose heads come first.
  private static void attendFirst(
      NodeScope node,
      String query,
      List<String> all,
      long heads,
      long width,
      String starts,
      String mask) {
    Op attention = new AttentionOp.CausalAttention(heads, 0, scale(node, heads, width), 0);
    node.result(attention, query, all.get(0), all.get(1), starts, mask);
  }

  private static float scale(NodeScope node, long heads, long width) {
    if (heads < 1 || width % heads != 0) {
      throw node.invalid("%d heads do not divide a width of %d".formatted(heads, width));
    }
    float scale = node.real("scale", 0);
    return scale == 0 ? (float) (1 / Math.sqrt((double) width / heads)) : scale;
  }

  // ---- masks

  /// {@return what is added to the scores, "" where nothing is}
  ///
  /// @param mask the input that says which keys count
  /// @param parts queries, keys, values
  /// @param added the input that is added as it is
  /// @param isCausal whether queries do not see later keys
  private static String mask(
      NodeScope node, int mask, List<String> parts, int added, boolean isCausal) {
    String query = parts.getFirst();
    double least = least(node.dtype(query));
    double filter = Math.max(least, node.real("mask_filter_value", -10000));
    String zero = node.scalar(0, query);
    String sum = "";
    if (node.has(mask)) {
      String counted = counted(node, node.input(mask), parts);
      sum = node.make(new Op.Where(), counted, zero, node.scalar(filter, query));
    }
    if (isCausal) {
      String earlier =
          node.make(
              new Binary(BinaryFunction.LESS_OR_EQUAL),
              positions(node, parts.get(1)),
              laterPositions(node, parts));
      String causal = node.make(new Op.Where(), earlier, zero, node.scalar(least, query));
      sum = sum.isEmpty() ? causal : node.make(new Binary(BinaryFunction.MIN), sum, causal);
    }
    if (node.has(added)) {
      sum = sum.isEmpty() ? node.input(added) : node.make(ADD, sum, node.input(added));
    }
    return sum;
  }

  /// The least finite number of a type, f32 where it is wider or not known.
  private static double least(@Nullable DType dtype) {
    return switch (dtype) {
      case F16 -> -65504;
      case BF16 -> -0x1.fep127;
      case null, default -> -Float.MAX_VALUE;
    };
  }

  /// Which keys count, as truth values that broadcast to `[batch, heads, queries, keys]`.
  private static String counted(NodeScope node, String mask, List<String> parts) {
    String numbers = node.make(TO_F32, mask);
    return switch (node.rank(mask)) {
      case 1 -> within(node, mask, numbers, parts);
      case 2 -> positive(node, numbers, 1, 2);
      case 3 -> positive(node, numbers, 1);
      default -> {
        node.unsupported("a mask of rank " + node.rank(mask));
        yield numbers;
      }
    };
  }

  private static String positive(NodeScope node, String numbers, long... axes) {
    String rows = node.make(new Op.Unsqueeze(), numbers, node.longs(axes));
    return node.make(new Binary(BinaryFunction.GREATER), rows, node.scalar(0, numbers));
  }

  /// Of each sequence the keys before an end, and where there are twice as many numbers also from a
  /// start on.
  private static String within(NodeScope node, String mask, String numbers, List<String> parts) {
    Long count = node.extent(mask, 0);
    Long batch = node.extent(parts.getFirst(), 0);
    String at = positions(node, parts.get(1));
    String column = node.longs(-1, 1, 1, 1);
    if (count == null || batch == null || !count.equals(2 * batch)) {
      if (count != null && batch != null && !count.equals(batch)) {
        node.unsupported("a mask of " + count + " numbers for " + batch + " sequences");
      }
      String ends = node.make(RESHAPE, numbers, column);
      return node.make(new Binary(BinaryFunction.LESS), at, ends);
    }
    List<String> bounds = node.makeAll(new Op.Split(0, 0), 2, numbers, node.longs(batch, batch));
    String ends = node.make(RESHAPE, bounds.get(0), column);
    String starts = node.make(RESHAPE, bounds.get(1), column);
    String before = node.make(new Binary(BinaryFunction.LESS), at, ends);
    String after = node.make(new Binary(BinaryFunction.GREATER_OR_EQUAL), at, starts);
    return node.make(new Binary(BinaryFunction.AND), before, after);
  }

  /// The numbers 0, 1, … of the rows of a sequence, as f32.
  private static String positions(NodeScope node, String sequence) {
    return node.make(TO_F32, range(node, length(node, sequence)));
  }

  /// For each query the last key that it may see, as f32 `[queries, 1]`.
  private static String laterPositions(NodeScope node, List<String> parts) {
    String queries = length(node, parts.get(0));
    String keys = length(node, parts.get(1));
    String first = node.make(new Binary(BinaryFunction.SUB), keys, queries);
    String last = node.make(ADD, range(node, queries), first);
    return node.make(TO_F32, node.make(RESHAPE, last, node.longs(-1, 1)));
  }

  private static String length(NodeScope node, String sequence) {
    String extent = node.make(new Op.ShapeOf(1, 2L), sequence);
    return node.make(RESHAPE, extent, node.constant(Tensor.allocate(DType.I64, Shape.of(0))));
  }

  private static String range(NodeScope node, String limit) {
    return node.make(
        new Op.Range(),
        node.constant(Tensor.of(new long[] {0})),
        limit,
        node.constant(Tensor.of(new long[] {1})));
  }
}
