import org.jspecify.annotations.NullMarked;

/// Models behind HTTP.
@NullMarked
module dev.jiffy.server {
  requires transitive dev.jiffy.pipeline;
  requires dev.jiffy.protocol;
  requires static transitive org.jspecify;
  requires io.vertx.core;
  requires io.vertx.web;
}
