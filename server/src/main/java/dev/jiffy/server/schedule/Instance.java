package dev.jiffy.server.schedule;

/// The working memory with which one thread at a time computes batches of one model.
interface Instance extends AutoCloseable {
  /// How a batch went.
  ///
  /// @param nanos how long the model ran on it as a whole, negative where it did not
  /// @param isExact whether the answers had the bits of single runs, where that was looked at
  record Computed(long nanos, boolean isExact) {}

  /// Computes a batch and hands every request its outcome. Does not throw.
  Computed run(Batch batch);

  /// {@return the bytes of the working memory, 0 where it has none; any thread may ask}
  default long memoryBytes() {
    return 0;
  }

  @Override
  void close();
}
