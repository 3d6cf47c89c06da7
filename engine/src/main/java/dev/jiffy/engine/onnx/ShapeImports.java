package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.PadMode;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operators that change shapes or move whole parts.
final class ShapeImports {
  private ShapeImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Shape" -> Operator.of(1, 1, 1, ShapeImports::shape);
      case "Size" -> Operator.of(1, 1, 1, n -> n.same(new Op.Size()));
      case "Reshape" ->
          Operator.of(5, 2, 2, n -> n.same(new Op.Reshape(n.flag("allowzero", false))));
      case "Flatten" -> Operator.of(1, 1, 1, n -> n.same(new Op.Flatten(n.integer("axis", 1))));
      case "Transpose" -> Operator.of(1, 1, 1, n -> n.same(new Op.Transpose(n.integers("perm"))));
      case "Expand" -> Operator.of(8, 2, 2, n -> n.same(new Op.Expand()));
      case "Concat" ->
          Operator.of(4, 1, Operator.MANY, n -> n.same(new Op.Concat(n.integer("axis"))));
      case "Split" -> Operator.of(2, 1, 2, Operator.MANY, ShapeImports::split);
      case "Slice" -> Operator.of(1, 1, 5, ShapeImports::slice);
      case "Pad" -> Operator.of(2, 1, 4, ShapeImports::pad);
      case "Tile" -> Operator.of(6, 2, 2, n -> n.same(new Op.Tile()));
      case "Squeeze" -> Operator.of(1, 1, 2, ShapeImports::squeeze);
      case "Unsqueeze" -> Operator.of(1, 1, 2, ShapeImports::unsqueeze);
      case "Trilu" -> Operator.of(14, 1, 2, n -> n.same(new Op.Trilu(n.flag("upper", true))));
      case "DepthToSpace" -> Operator.of(1, 1, 1, ShapeImports::depthToSpace);
      case "SpaceToDepth" ->
          Operator.of(1, 1, 1, n -> n.same(new Op.SpaceToDepth(n.integer("blocksize"))));
      case "ReverseSequence" -> Operator.of(10, 2, 2, ShapeImports::reverseSequence);
      default -> null;
    };
  }

  private static void shape(NodeScope node) {
    long start = node.integer("start", 0);
    Long end = node.hasAttribute("end") ? (Long) node.integer("end") : null;
    node.same(new Op.ShapeOf(start, end));
  }

  private static void split(NodeScope node) {
    long axis = node.integer("axis", 0);
    if (node.opset() < 13) {
      List<Long> sizes = node.integers("split");
      node.parts(new Op.Split(axis, 0), node.input(0), sizes.isEmpty() ? "" : node.longs(sizes));
    } else {
      long count = node.has(1) ? 0 : node.integer("num_outputs", 0);
      node.parts(new Op.Split(axis, count), node.input(0), node.input(1));
    }
  }

  private static void slice(NodeScope node) {
    if (node.opset() >= 10) {
      if (!node.has(1) || !node.has(2)) {
        throw node.invalid("starts or ends are missing");
      }
      node.same(new Op.Slice());
      return;
    }
    List<Long> axes = node.integers("axes");
    node.result(
        new Op.Slice(),
        node.input(0),
        node.longs(node.integers("starts")),
        node.longs(node.integers("ends")),
        axes.isEmpty() ? "" : node.longs(axes));
  }

  private static void pad(NodeScope node) {
    PadMode mode = node.choice("mode", PadMode.CONSTANT);
    if (node.opset() >= 11) {
      if (!node.has(1)) {
        throw node.invalid("pads are missing");
      }
      node.same(new Op.Pad(mode));
      return;
    }
    float value = node.real("value", 0);
    node.result(
        new Op.Pad(mode),
        node.input(0),
        node.longs(node.integers("pads")),
        value == 0 ? "" : node.scalar(value, node.input(0)));
  }

  private static void squeeze(NodeScope node) {
    if (node.opset() >= 13) {
      node.same(new Op.Squeeze());
    } else {
      List<Long> axes = node.integers("axes");
      node.result(new Op.Squeeze(), node.input(0), axes.isEmpty() ? "" : node.longs(axes));
    }
  }

  private static void unsqueeze(NodeScope node) {
    if (node.opset() < 13) {
      List<Long> axes = new ArrayList<>(node.integers("axes"));
      node.result(new Op.Unsqueeze(), node.input(0), node.longs(axes));
    } else if (node.has(1)) {
      node.same(new Op.Unsqueeze());
    } else {
      throw node.invalid("axes are missing");
    }
  }

  private static void depthToSpace(NodeScope node) {
    long block = node.integer("blocksize");
    String mode = node.opset() < 11 ? "DCR" : node.text("mode", "DCR");
    switch (mode) {
      case "DCR" -> node.same(new Op.DepthToSpace(block, false));
      case "CRD" -> node.same(new Op.DepthToSpace(block, true));
      default -> throw node.invalid("attribute 'mode' is '" + mode + "'");
    }
  }

  private static void reverseSequence(NodeScope node) {
    DType lengths = node.dtype(node.input(1));
    if (lengths != null && lengths != DType.I64) {
      throw node.invalid("lengths should be I64 but are " + lengths);
    }
    node.same(new Op.ReverseSequence(node.integer("batch_axis", 1), node.integer("time_axis", 0)));
  }
}
