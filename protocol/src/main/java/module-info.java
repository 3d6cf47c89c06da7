import org.jspecify.annotations.NullMarked;

/// The Open Inference Protocol, version 2: JSON and binary tensors to records and back.
@NullMarked
module dev.jiffy.protocol {
  requires transitive dev.jiffy.tensor;
  requires static transitive org.jspecify;
  requires tools.jackson.core;

  exports dev.jiffy.protocol;
}
