package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;

/// Sequences of tensors, and values that may be absent.
final class SequenceImports {
  private SequenceImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add(
        "SequenceConstruct",
        11,
        1,
        Operators.MANY,
        n -> n.same(new SequenceOp.SequenceConstruct()));
    table.add("SequenceEmpty", 11, 0, 0, SequenceImports::empty);
    table.add("SequenceInsert", 11, 2, 3, n -> n.same(new SequenceOp.SequenceInsert()));
    table.add("SequenceErase", 11, 1, 2, n -> n.same(new SequenceOp.SequenceErase()));
    table.add("SequenceAt", 11, 2, 2, n -> n.same(new SequenceOp.SequenceAt()));
    table.add("SequenceLength", 11, 1, 1, n -> n.same(new SequenceOp.SequenceLength()));
    table.add(
        "ConcatFromSequence",
        11,
        1,
        1,
        n ->
            n.same(
                new SequenceOp.ConcatFromSequence(n.integer("axis"), n.flag("new_axis", false))));
    table.add(
        "SplitToSequence",
        11,
        1,
        2,
        n ->
            n.same(new SequenceOp.SplitToSequence(n.integer("axis", 0), n.flag("keepdims", true))));
    table.add("Optional", 15, 0, 1, SequenceImports::optional);
    table.add("OptionalGetElement", 15, 1, 1, n -> n.same(new SequenceOp.OptionalGetElement()));
    table.add("OptionalHasElement", 15, 0, 1, n -> n.same(new SequenceOp.OptionalHasElement()));
  }

  private static void empty(NodeScope node) {
    DType dtype = node.hasAttribute("dtype") ? node.elementType("dtype") : DType.F32;
    if (dtype != null) {
      node.result(new SequenceOp.SequenceEmpty(dtype));
    }
  }

  private static void optional(NodeScope node) {
    TypeProto type = node.type("type");
    if (node.has(0)) {
      node.same(new SequenceOp.OptionalOf());
      return;
    }
    if (type == null) {
      throw node.invalid("there is neither an input nor the attribute 'type'");
    }
    TypeProto element = type instanceof TypeProto.OptionalType(TypeProto inner) ? inner : type;
    Value.Kind kind = Value.Kind.TENSOR;
    if (element instanceof TypeProto.SequenceType(TypeProto inner)) {
      kind = Value.Kind.SEQUENCE;
      element = inner;
    }
    DType dtype =
        element instanceof TypeProto.TensorType tensor
            ? ElementTypes.dtype(tensor.elementType())
            : null;
    if (dtype == null) {
      node.unsupported("attribute 'type'");
    } else {
      node.result(new SequenceOp.OptionalNone(kind, dtype));
    }
  }
}
