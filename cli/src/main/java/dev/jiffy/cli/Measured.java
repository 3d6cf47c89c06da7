package dev.jiffy.cli;

import dev.jiffy.bench.load.Subject;

/// What is measured, and what it needs open meanwhile.
///
/// @param subject what is measured
/// @param needed is closed after it
record Measured(Subject subject, Runnable needed) implements AutoCloseable {
  @Override
  public void close() {
    subject.close();
    needed.run();
  }
}
