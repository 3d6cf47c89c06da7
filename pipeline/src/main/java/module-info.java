import org.jspecify.annotations.NullMarked;

/// Raw input to tensors, and tensors to answers.
@NullMarked
module dev.jiffy.pipeline {
  requires transitive dev.jiffy.engine;
  requires static transitive org.jspecify;
  requires ai.djl.tokenizers;
  requires tools.jackson.databind;

  exports dev.jiffy.pipeline;
}
