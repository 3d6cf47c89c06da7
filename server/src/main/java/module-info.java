import org.jspecify.annotations.NullMarked;

/// Models behind HTTP.
@NullMarked
module dev.jiffy.server {
  requires transitive dev.jiffy.pipeline;
  requires transitive dev.jiffy.protocol;
  requires static transitive org.jspecify;
  requires com.github.benmanes.caffeine;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http2;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires io.opentelemetry.api;
  requires io.opentelemetry.context;
  requires io.opentelemetry.exporter.otlp;
  requires io.opentelemetry.sdk.common;
  requires io.opentelemetry.sdk.metrics;
  requires io.opentelemetry.sdk.trace;
  requires io.prometheus.metrics.model;
  requires io.vertx.core;
  requires io.vertx.redis.client;
  requires org.snakeyaml.engine;
  requires java.logging; // the log of the process
  requires java.management; // what is told of the JVM
  requires jdk.jfr;
  requires jdk.management;
  requires micrometer.core;
  requires micrometer.registry.prometheus;
  requires tools.jackson.core;

  exports dev.jiffy.server;
  exports dev.jiffy.server.cache;
  exports dev.jiffy.server.function;
  exports dev.jiffy.server.guard;
  exports dev.jiffy.server.metrics;
  exports dev.jiffy.server.schedule;
  exports dev.jiffy.server.store;
  exports dev.jiffy.server.telemetry;
  exports dev.jiffy.server.watch;

  uses dev.jiffy.server.function.FunctionProvider;
}
