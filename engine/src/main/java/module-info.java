import org.jspecify.annotations.NullMarked;

/// The inference engine: an ONNX file in, answers out.
@NullMarked
@SuppressWarnings("module") // modules that depend on this one are not known yet
module dev.jiffy.engine {
  requires transitive dev.jiffy.tensor;
  requires static transitive org.jspecify;
  requires static jdk.incubator.vector;

  uses dev.jiffy.engine.foreign.ForeignRuntime;

  exports dev.jiffy.engine;
  exports dev.jiffy.engine.foreign;
  exports dev.jiffy.engine.function;
  exports dev.jiffy.engine.ir;
  exports dev.jiffy.engine.onnx;
  exports dev.jiffy.engine.system to
      dev.jiffy.cli;
}
