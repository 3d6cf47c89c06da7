import org.jspecify.annotations.NullMarked;

/// ONNX Runtime for what the engine does not support.
@NullMarked
module dev.jiffy.onnxruntime {
  requires transitive dev.jiffy.engine;
  requires static transitive org.jspecify;
  requires com.microsoft.onnxruntime;

  exports dev.jiffy.onnxruntime;

  provides dev.jiffy.engine.foreign.ForeignRuntime with
      dev.jiffy.onnxruntime.OnnxRuntime;
}
