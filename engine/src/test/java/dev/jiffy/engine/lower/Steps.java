package dev.jiffy.engine.lower;

import java.util.function.IntConsumer;

/// Steps and frames for tests outside of the package.
public final class Steps {
  private Steps() {}

  /// {@return a step that tells each part}
  ///
  /// @param parts how many
  /// @param body what a part does
  public static Step of(int parts, IntConsumer body) {
    return new Step("test", parts) {
      @Override
      public void run(Frame frame, int part) {
        body.accept(part);
      }
    };
  }

  /// {@return a frame without memory}
  public static Frame frame() {
    return new Frame(new long[0], 0, 0, 1);
  }
}
