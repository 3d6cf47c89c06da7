package dev.jiffy.server.watch;

import java.util.Locale;

/// A part of a request's way, in order.
public enum Stage {
  /// Reading its tensors or texts.
  DECODE(0),
  /// Waiting for the model.
  QUEUE(1),
  /// Making tokens of texts.
  TOKENIZE(2),
  /// Running the model, on all requests that were computed together.
  COMPUTE(3),
  /// Making vectors of what the model gave.
  POOL(4),
  /// Writing the answer.
  ENCODE(5);

  /// All stages, without a copy.
  static final Stage[] ALL = values();

  private final String label = name().toLowerCase(Locale.ROOT);
  private final int index;

  Stage(int index) {
    this.index = index;
  }

  /// {@return its place among all stages}
  int index() {
    return index;
  }

  /// {@return the name in labels, headers and logs}
  public String label() {
    return label;
  }
}
