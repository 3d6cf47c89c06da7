import org.jspecify.annotations.NullMarked;

/// Models behind HTTP.
@NullMarked
module dev.jiffy.server {
  requires transitive dev.jiffy.pipeline;
  requires transitive dev.jiffy.protocol;
  requires static transitive org.jspecify;
  requires io.vertx.core;

  exports dev.jiffy.server;
  exports dev.jiffy.server.schedule;
  exports dev.jiffy.server.store;
}
