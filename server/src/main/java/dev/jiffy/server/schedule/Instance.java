package dev.jiffy.server.schedule;

/// The working memory with which one thread at a time computes batches of one model.
interface Instance extends AutoCloseable {
  /// How the answers of a batch compare with those of single runs.
  enum Bits {
    /// That was not looked at.
    UNKNOWN,
    /// All bits are the same, of inputs that all are the same too: what depends on the neighbours
    /// would not have shown.
    SAME_OF_EQUAL,
    /// All bits are the same.
    SAME,
    /// Some differ, or the answers cannot be told apart.
    OTHER,
    /// One way failed, and the other did not.
    FAILED
  }

  /// How a batch went.
  ///
  /// @param nanos how long the model ran on it as a whole, negative where it did not
  /// @param busyNanos how long until all were answered as well, which those behind it wait for;
  ///   negative where that tells nothing of batches as large
  /// @param bits how its answers compare
  record Computed(long nanos, long busyNanos, Bits bits) {
    /// Nothing ran as a whole, for reasons that are not the batch's.
    static Computed none(Bits bits) {
      return new Computed(-1, -1, bits);
    }
  }

  /// Computes a batch and hands every request its outcome. Does not throw.
  Computed run(Batch batch);

  /// {@return the bytes of the working memory, 0 where it has none; any thread may ask}
  default long memoryBytes() {
    return 0;
  }

  @Override
  void close();
}
