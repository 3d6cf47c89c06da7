import org.jspecify.annotations.NullMarked;

/// Tensors: typed, shaped, aligned memory outside the Java heap.
@NullMarked
module dev.jiffy.tensor {
  requires static transitive org.jspecify;

  exports dev.jiffy.tensor;
}
