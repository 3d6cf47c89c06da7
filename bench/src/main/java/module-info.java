import org.jspecify.annotations.NullMarked;

/// Measurements of the engine, and comparisons with other runtimes.
@NullMarked
module dev.jiffy.bench {
  requires transitive dev.jiffy.engine;
  requires static transitive org.jspecify;
  requires com.microsoft.onnxruntime;
  requires HdrHistogram;
  requires java.management;
  requires jdk.management;

  exports dev.jiffy.bench;
}
