package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;
import org.jspecify.annotations.Nullable;

/// Sequences of tensors, and values that may be absent.
final class SequenceImports {
  private SequenceImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "SequenceConstruct" ->
          Operator.of(11, 1, Operator.MANY, n -> n.same(new SequenceOp.SequenceConstruct()));
      case "SequenceEmpty" -> Operator.of(11, 0, 0, SequenceImports::empty);
      case "SequenceInsert" -> Operator.of(11, 2, 3, n -> n.same(new SequenceOp.SequenceInsert()));
      case "SequenceErase" -> Operator.of(11, 1, 2, n -> n.same(new SequenceOp.SequenceErase()));
      case "SequenceAt" -> Operator.of(11, 2, 2, n -> n.same(new SequenceOp.SequenceAt()));
      case "SequenceLength" -> Operator.of(11, 1, 1, n -> n.same(new SequenceOp.SequenceLength()));
      case "ConcatFromSequence" ->
          Operator.of(
              11,
              1,
              1,
              n ->
                  n.same(
                      new SequenceOp.ConcatFromSequence(
                          n.integer("axis"), n.flag("new_axis", false))));
      case "SplitToSequence" ->
          Operator.of(
              11,
              1,
              2,
              n ->
                  n.same(
                      new SequenceOp.SplitToSequence(
                          n.integer("axis", 0), n.flag("keepdims", true))));
      case "Optional" -> Operator.of(15, 0, 1, SequenceImports::optional);
      case "OptionalGetElement" ->
          Operator.of(15, 1, 1, n -> n.same(new SequenceOp.OptionalGetElement()));
      case "OptionalHasElement" ->
          Operator.of(15, 0, 1, n -> n.same(new SequenceOp.OptionalHasElement()));
      default -> null;
    };
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
