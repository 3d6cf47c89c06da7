package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.tensor.Value;

/// Sequences and optional values.
final class SequenceExports {
  private SequenceExports() {}

  /// Writes an operator.
  static void export(ExportScope node, SequenceOp op) {
    switch (op) {
      case SequenceOp.SequenceConstruct _ -> node.same("SequenceConstruct");
      case SequenceOp.SequenceEmpty empty ->
          node.same(
              "SequenceEmpty",
              new AttributeSet().integer("dtype", ElementTypes.number(empty.dtype())));
      case SequenceOp.SequenceInsert _ -> node.same("SequenceInsert");
      case SequenceOp.SequenceErase _ -> node.same("SequenceErase");
      case SequenceOp.SequenceAt _ -> node.same("SequenceAt");
      case SequenceOp.SequenceLength _ -> node.same("SequenceLength");
      case SequenceOp.ConcatFromSequence concat ->
          node.same(
              "ConcatFromSequence",
              new AttributeSet()
                  .integer("axis", concat.axis())
                  .flagIfTrue("new_axis", concat.isNew()));
      case SequenceOp.SplitToSequence split ->
          node.same(
              "SplitToSequence",
              new AttributeSet().integer("axis", split.axis()).flag("keepdims", split.keepDims()));
      case SequenceOp.OptionalOf _ -> node.same("Optional");
      case SequenceOp.OptionalNone none -> node.same("Optional", type(none));
      case SequenceOp.OptionalGetElement _ -> node.same("OptionalGetElement");
      case SequenceOp.OptionalHasElement _ -> node.same("OptionalHasElement");
    }
  }

  private static AttributeSet type(SequenceOp.OptionalNone none) {
    TypeProto tensor = new TypeProto.TensorType(ElementTypes.number(none.dtype()), null);
    return new AttributeSet()
        .type(
            "type",
            none.kind().present() == Value.Kind.SEQUENCE
                ? new TypeProto.SequenceType(tensor)
                : tensor);
  }
}
