package dev.jiffy.engine.foreign;

import dev.jiffy.engine.LoadOptions;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A runtime other than Jiffy that runs ONNX models.
///
/// A module provides one as a service (`java.util.ServiceLoader`). Making an instance costs
/// nothing: native code is loaded with the first model. Safe for use by several threads.
public interface ForeignRuntime {
  /// {@return the runtime's name, such as `ONNX Runtime`}
  String name();

  /// {@return a model in a file}
  ///
  /// @param file the ONNX file; external data lies beside it
  /// @param options the threads and the device to use
  /// @throws dev.jiffy.engine.ModelException if the runtime cannot load it, or has no such device
  ForeignModel load(Path file, LoadOptions options);

  /// {@return a model in memory, or some nodes of one, written as a model of their own}
  ///
  /// @param onnx the ONNX bytes, off the heap; read during the call only
  /// @param folder where external data lies, null where there is none
  /// @param options the threads and the device to use
  /// @throws dev.jiffy.engine.ModelException if the runtime cannot load it, or has no such device
  ForeignModel load(MemorySegment onnx, @Nullable Path folder, LoadOptions options);
}
