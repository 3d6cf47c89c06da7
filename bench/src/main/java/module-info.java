import org.jspecify.annotations.NullMarked;

/// Measurements of models and servers, and comparisons with other runtimes.
@NullMarked
module dev.jiffy.bench {
  requires transitive dev.jiffy.engine;
  requires transitive dev.jiffy.protocol;
  requires static transitive org.jspecify;
  requires dev.jiffy.onnxruntime;
  requires HdrHistogram;
  requires io.vertx.core;
  requires java.management;
  requires java.net.http;
  requires jdk.jfr;
  requires jdk.management;
  requires org.apache.commons.numbers.gamma;
  requires org.apache.commons.statistics.distribution;
  requires org.apache.commons.statistics.inference;
  requires tools.jackson.databind;

  exports dev.jiffy.bench;
  exports dev.jiffy.bench.load;
  exports dev.jiffy.bench.record;
  exports dev.jiffy.bench.serving;
}
