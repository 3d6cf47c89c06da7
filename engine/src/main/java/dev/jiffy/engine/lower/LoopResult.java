package dev.jiffy.engine.lower;

import dev.jiffy.tensor.Value;

/// An output of a loop, while iterations make it.
interface LoopResult {
  /// Takes what the next iteration has made for it.
  void add(Value made);

  /// {@return the output, once the last iteration has ended}
  Value value();
}
