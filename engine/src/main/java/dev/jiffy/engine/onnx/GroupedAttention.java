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

/// Attention of the domain `com.microsoft` as language models that generate text have it: groups of
/// heads of queries share heads of keys and values, which are kept from run to run.
final class GroupedAttention {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op RESHAPE = new Op.Reshape(false);
  private static final Op TO_I64 = new Op.Cast(DType.I64, true);

  private GroupedAttention() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "GroupQueryAttention" -> Operator.of(1, 1, Operator.MANY, 4, GroupedAttention::grouped);
      default -> null;
    };
  }

  /// `(q, k?, v?, pastKeys?, pastValues?, ends, length, cosines?, sines?, positions?, bias?)`:
  /// `ends` has the number of the last key of each sequence, `length` how many keys the longest
  /// has.
  private static void grouped(NodeScope node) {
    node.require(5, 6);
    long heads = node.integer("num_heads");
    long keyHeads = node.integer("kv_num_heads");
    if (heads < 1 || keyHeads < 1 || heads % keyHeads != 0) {
      throw node.invalid("%d heads of keys do not go into %d".formatted(keyHeads, heads));
    }
    boolean isPacked = !node.has(1);
    long parts = isPacked ? heads + 2 * keyHeads : heads;
    Long width = node.extent(node.input(0), 2);
    if (width == null || node.has(1) != node.has(2) || node.has(3) != node.has(4)) {
      node.unsupported("queries of unknown width, or keys without values");
      return;
    }
    if (width < parts || width % parts != 0) {
      throw node.invalid("%d heads do not divide a width of %d".formatted(parts, width));
    }
    long size = width / parts;
    if (isRefused(node)) {
      return;
    }
    List<String> apart =
        isPacked
            ? node.makeAll(
                new Op.Split(-1, 0),
                3,
                node.input(0),
                node.longs(heads * size, keyHeads * size, keyHeads * size))
            : List.of(node.input(0), node.input(1), node.input(2));
    String length = node.make(RESHAPE, node.make(TO_I64, node.input(6)), node.longs(1));
    String count = node.make(new Op.ShapeOf(1, 2L), node.input(0));
    String starts = starts(node, length, count);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      rows.add(node.make(RESHAPE, apart.get(i), node.longs(0, 0, i == 0 ? heads : keyHeads, size)));
    }
    if (node.flag("do_rotary", false)) {
      turn(node, rows, size, starts, count);
    }
    List<String> kept = new ArrayList<>();
    for (int i = 1; i < 3; i++) {
      String first = node.make(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), rows.get(i));
      kept.add(append(node, node.input(i + 2), first, starts, length));
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), kept.get(i - 1));
      }
    }
    float scale = node.real("scale", 0);
    node.result(
        new AttentionOp.CausalAttention(
            heads,
            Math.max(0, node.integer("local_window_size", -1)),
            scale == 0 ? (float) (1 / Math.sqrt((double) size)) : scale,
            node.real("softcap", 0)),
        node.make(RESHAPE, rows.getFirst(), node.longs(0, 0, heads * size)),
        kept.get(0),
        kept.get(1),
        starts,
        node.input(10));
  }

  private static boolean isRefused(NodeScope node) {
    boolean isSmooth = node.flag("smooth_softmax", false) || node.has(11);
    boolean isQuantized =
        !node.text("k_quant_type", "NONE").equals("NONE")
            || !node.text("v_quant_type", "NONE").equals("NONE");
    if (isSmooth) {
      node.unsupported("weights of a softmax that do not add up to 1");
    } else if (isQuantized || node.inputs() > 11) {
      node.unsupported("quantized keys and values");
    } else if (node.wants(3)) {
      node.unsupported("scores as a result");
    }
    return isSmooth || isQuantized || node.inputs() > 11 || node.wants(3);
  }

  /// For each sequence how many keys come before the new ones: none where all are new, also in
  /// sequences that are filled up.
  private static String starts(NodeScope node, String length, String count) {
    String last = node.make(RESHAPE, node.make(TO_I64, node.input(5)), node.longs(-1));
    String before = node.make(SUBTRACT, node.make(ADD, last, node.longs(1)), count);
    String isFirst = node.make(new Binary(BinaryFunction.EQUAL), length, count);
    return node.make(new Op.Where(), isFirst, node.longs(0), before);
  }

  private static String append(
      NodeScope node, String past, String rows, String starts, String length) {
    String all = length;
    if (!past.isEmpty()) {
      String room = node.make(new Op.ShapeOf(2, 3L), past);
      all = node.make(new Binary(BinaryFunction.MAX), length, room);
    }
    return node.make(new AttentionOp.AppendRows(false), rows, starts, all, past);
  }

  /// Turns queries and keys by angles that their positions say.
  private static void turn(
      NodeScope node, List<String> rows, long size, String starts, String count) {
    boolean isInterleaved = node.flag("rotary_interleaved", false);
    node.require(7, 8);
    Long half = node.extent(node.input(7), 1);
    if (half == null) {
      node.unsupported("cosines of unknown extents");
      return;
    }
    String positions = node.has(9) ? node.input(9) : positions(node, starts, count);
    String heads = node.longs(-2);
    List<String> tables = new ArrayList<>();
    for (int table = 7; table < 9; table++) {
      String looked = node.make(new Op.Gather(0), node.input(table), positions);
      tables.add(node.make(new Op.Unsqueeze(), looked, heads));
    }
    long turned = 2 * half == size ? 0 : 2 * half;
    for (int i = 0; i < 2; i++) {
      String all =
          RotaryImports.turn(
              node, rows.get(i), turned, half, tables.get(0), tables.get(1), isInterleaved);
      rows.set(i, all);
    }
  }

  private static String positions(NodeScope node, String starts, String count) {
    String none = node.constant(Tensor.allocate(DType.I64, Shape.of(0)));
    String range =
        node.make(
            new Op.Range(),
            node.constant(Tensor.of(new long[] {0})),
            node.make(RESHAPE, count, none),
            node.constant(Tensor.of(new long[] {1})));
    return node.make(ADD, node.make(new Op.Unsqueeze(), starts, node.longs(1)), range);
  }
}
