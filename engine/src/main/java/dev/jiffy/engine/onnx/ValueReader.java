package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Reads ONNX's `SequenceProto` and `OptionalProto`.
final class ValueReader {
  private final Arena arena;
  private final ExternalFiles files;
  private final DType dtype;

  /// A reader.
  ///
  /// @param arena where decoded elements go
  /// @param files the files beside this one
  /// @param dtype the element type of an empty sequence
  ValueReader(Arena arena, ExternalFiles files, DType dtype) {
    this.arena = arena;
    this.files = files;
    this.dtype = dtype;
  }

  /// {@return the value that a file's bytes stand for}
  NamedValue read(MemorySegment bytes, Value.Kind kind) {
    return switch (kind) {
      case TENSOR -> tensor(WireReader.of(bytes, "TensorProto"));
      case SEQUENCE -> sequence(WireReader.of(bytes, "SequenceProto"));
      case OPTIONAL_TENSOR, OPTIONAL_SEQUENCE -> optional(WireReader.of(bytes, "OptionalProto"));
    };
  }

  private NamedValue tensor(WireReader fields) {
    TensorProto proto = TensorReader.read(fields, arena, files);
    Tensor tensor = proto.tensor();
    if (tensor == null) {
      throw new ModelException("elements of type " + proto.type() + " are not supported");
    }
    return new NamedValue(proto.name(), tensor);
  }

  private NamedValue sequence(WireReader fields) {
    String name = "";
    List<Tensor> tensors = new ArrayList<>();
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> name = fields.string();
        case 3 -> {
          if (tensor(fields.message("TensorProto")).value() instanceof Tensor tensor) {
            tensors.add(tensor);
          }
        }
        case 4, 5, 6, 7 ->
            throw new ModelException("a sequence of anything but tensors is not supported");
        default -> fields.skip();
      }
    }
    DType type = tensors.isEmpty() ? dtype : tensors.getFirst().dtype();
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != type) {
        throw new ModelException(
            "a sequence of %s holds a tensor of %s".formatted(type, tensor.dtype()));
      }
    }
    return new NamedValue(name, new TensorSequence(type, tensors));
  }

  private NamedValue optional(WireReader fields) {
    String name = "";
    OptionalValue value = OptionalValue.EMPTY;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> name = fields.string();
        case 3 -> value = new OptionalValue(tensor(fields.message("TensorProto")).value());
        case 5 -> value = new OptionalValue(sequence(fields.message("SequenceProto")).value());
        case 4, 6, 7 ->
            throw new ModelException(
                "an optional value that is neither a tensor nor a sequence is not supported");
        default -> fields.skip();
      }
    }
    return new NamedValue(name, value);
  }
}
