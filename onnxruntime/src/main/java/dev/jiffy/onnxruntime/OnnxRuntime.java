package dev.jiffy.onnxruntime;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignRuntime;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime as the engine's foreign runtime. Its native library is loaded with the first model.
public final class OnnxRuntime implements ForeignRuntime {
  /// The provider, as `java.util.ServiceLoader` makes it.
  public OnnxRuntime() {}

  @Override
  public String name() {
    return "ONNX Runtime";
  }

  @Override
  public ForeignModel load(Path file, LoadOptions options) {
    return OnnxRuntimeModel.load(file, options);
  }

  @Override
  public ForeignModel load(MemorySegment onnx, @Nullable Path folder, LoadOptions options) {
    return OnnxRuntimeModel.load(onnx, folder, options);
  }
}
