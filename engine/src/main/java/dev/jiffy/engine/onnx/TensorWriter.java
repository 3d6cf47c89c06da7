package dev.jiffy.engine.onnx;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Writes ONNX's `TensorProto`: numbers as raw bytes, strings one by one.
final class TensorWriter {
  private TensorWriter() {}

  /// Writes a tensor's fields.
  ///
  /// @param message the message that is the tensor
  /// @param name the tensor's name
  /// @param tensor the tensor; its memory is referred to until the message is written
  static void write(ProtoWriter message, String name, Tensor tensor) {
    List<Long> dims = new ArrayList<>();
    for (long dim : tensor.shape().dims()) {
      dims.add(dim);
    }
    if (!dims.isEmpty()) {
      message.packedIntegers(1, dims);
    }
    message.integer(2, ElementTypes.number(tensor.dtype()));
    if (!name.isEmpty()) {
      message.string(8, name);
    }
    if (tensor.dtype() == DType.STRING) {
      for (String element : tensor.strings()) {
        message.string(6, element);
      }
    } else {
      message.bytes(9, tensor.segment());
    }
  }
}
