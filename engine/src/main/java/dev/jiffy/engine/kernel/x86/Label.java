package dev.jiffy.engine.kernel.x86;

/// A position in the code, possibly not known yet.
final class Label {
  /// The position; negative until bound.
  int position = -1;

  /// The positions of 32-bit distances that wait for this label.
  final java.util.ArrayList<Integer> waiting = new java.util.ArrayList<>(2);
}
