package dev.jiffy.cli;

/// Tells now and then how many requests are issued.
final class Progress {
  private static final long EVERY_NANOS = 2_000_000_000;

  private final Output output;
  private long last = System.nanoTime();

  Progress(Output output) {
    this.output = output;
  }

  /// Takes the number of requests that are issued. Called by the thread that issues them.
  void issued(int count) {
    long now = System.nanoTime();
    if (count > 0 && now - last > EVERY_NANOS) {
      last = now;
      output.progress("  %,d requests issued".formatted(count));
    }
  }
}
