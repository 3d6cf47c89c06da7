package dev.jiffy.engine;

/// What a model may ask for at most; one that asks for more is refused before memory is taken.
/// Immutable.
///
/// Beyond these the JVM has a limit of its own for memory outside the heap,
/// `-XX:MaxDirectMemorySize`, by default as much as the heap may take.
///
/// @param tensorBytes the most bytes of one tensor that is computed where no plan could be made, or
///   of the numbers that a loop collects
/// @param memoryBytes the most bytes of all tensors that a plan needs at the same time, and of its
///   results
/// @param nodes the most nodes of a graph and all graphs within, functions expanded
public record Limits(long tensorBytes, long memoryBytes, int nodes) {
  /// Four GiB for a tensor, 16 for a run, a million nodes.
  public static final Limits DEFAULTS = new Limits(1L << 32, 1L << 34, 1_000_000);

  /// Checks that all are positive.
  public Limits {
    if (tensorBytes < 1 || memoryBytes < 1 || nodes < 1) {
      throw new IllegalArgumentException(
          "limits must be at least 1, got %d, %d and %d"
              .formatted(tensorBytes, memoryBytes, nodes));
    }
  }

  /// {@return these limits with another for tensors}
  ///
  /// @param most the most bytes of one tensor outside of plans
  public Limits tensorBytes(long most) {
    return new Limits(most, memoryBytes, nodes);
  }

  /// {@return these limits with another for runs}
  ///
  /// @param most the most bytes that a plan needs at the same time
  public Limits memoryBytes(long most) {
    return new Limits(tensorBytes, most, nodes);
  }

  /// {@return these limits with another for graphs}
  ///
  /// @param most the most nodes
  public Limits nodes(int most) {
    return new Limits(tensorBytes, memoryBytes, most);
  }
}
