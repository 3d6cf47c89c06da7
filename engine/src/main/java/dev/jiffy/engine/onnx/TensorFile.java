package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Files of one tensor, sequence or optional value: the `.pb` files of ONNX's test cases.
public final class TensorFile {
  private TensorFile() {}

  /// {@return the tensor in a file}
  ///
  /// Its memory lives as long as the tensor.
  ///
  /// @param file a file of one `TensorProto`
  /// @throws ModelException if the file cannot be read, is malformed or has an element type that
  ///   Jiffy does not have
  public static NamedTensor read(Path file) {
    Arena arena = Arena.ofAuto();
    MemorySegment bytes = ExternalFiles.map(file, arena);
    ExternalFiles files = new ExternalFiles(file.toAbsolutePath().getParent(), arena);
    try {
      TensorProto proto = TensorReader.read(WireReader.of(bytes, "TensorProto"), arena, files);
      Tensor tensor = proto.tensor();
      if (tensor == null) {
        throw new ModelException("elements of type " + proto.type() + " are not supported");
      }
      return new NamedTensor(proto.name(), tensor);
    } catch (ModelException e) {
      throw new ModelException(file + ": " + e.getMessage(), e);
    }
  }

  /// {@return the value in a file}
  ///
  /// Its memory lives as long as the value.
  ///
  /// @param file a file of one `TensorProto`, `SequenceProto` or `OptionalProto`
  /// @param kind which of them the file holds: it does not say itself
  /// @param dtype the element type of an empty sequence
  /// @throws ModelException if the file cannot be read, is malformed or holds what Jiffy does not
  ///   have
  public static NamedValue read(Path file, Value.Kind kind, DType dtype) {
    if (kind == Value.Kind.TENSOR) {
      NamedTensor tensor = read(file);
      return new NamedValue(tensor.name(), tensor.tensor());
    }
    Arena arena = Arena.ofAuto();
    MemorySegment bytes = ExternalFiles.map(file, arena);
    ExternalFiles files = new ExternalFiles(file.toAbsolutePath().getParent(), arena);
    try {
      return new ValueReader(arena, files, dtype).read(bytes, kind);
    } catch (ModelException e) {
      throw new ModelException(file + ": " + e.getMessage(), e);
    }
  }

  /// Writes a tensor to a file, replacing it.
  ///
  /// @param file the file
  /// @param name the tensor's name
  /// @param tensor the tensor
  /// @throws IOException if the file cannot be written
  public static void write(Path file, String name, Tensor tensor) throws IOException {
    ProtoWriter message = new ProtoWriter();
    TensorWriter.write(message, name, tensor);
    message.writeTo(file);
  }
}
