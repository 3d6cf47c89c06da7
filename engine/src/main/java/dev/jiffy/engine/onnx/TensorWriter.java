package dev.jiffy.engine.onnx;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Writes ONNX's `TensorProto`: numbers as raw bytes, strings one by one. Integers of 4 bits share
/// a byte in pairs.
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
    } else if (tensor.dtype().bits() == 4) {
      message.bytes(9, packed(tensor));
    } else {
      message.bytes(9, tensor.segment());
    }
  }

  /// {@return how many elements of the type a file has for a tensor: half as many bytes where they
  /// have 4 bits}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  static long stored(DType dtype, Shape shape) {
    long elements = shape.elements();
    return dtype.bits() == 4 ? elements / 2 + elements % 2 : elements;
  }

  private static MemorySegment packed(Tensor tensor) {
    MemorySegment bytes = Arena.ofAuto().allocate(stored(tensor.dtype(), tensor.shape()));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      int half = (int) (tensor.getLong(i) & 15) << (i % 2 == 0 ? 0 : 4);
      bytes.set(
          ValueLayout.JAVA_BYTE, i / 2, (byte) (bytes.get(ValueLayout.JAVA_BYTE, i / 2) | half));
    }
    return bytes;
  }
}
