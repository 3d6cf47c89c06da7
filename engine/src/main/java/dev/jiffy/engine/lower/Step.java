package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Format;

/// One piece of a plan: a kernel with its geometry and the places it reads and writes.
///
/// Immutable and shared by all sessions. Runs in parts that different threads may compute at the
/// same time; no step starts before all parts of the one before have ended.
public abstract class Step {
  private final String name;
  private final int parts;

  /// A step.
  ///
  /// @param name the node's name and the kernel, for profiles and messages
  /// @param parts how many threads it is cut for, at least 1
  Step(String name, int parts) {
    this.name = name;
    this.parts = parts;
  }

  /// {@return the node's name and the kernel}
  public final String name() {
    return name;
  }

  /// {@return how many parts there are, at least 1}
  public final int parts() {
    return parts;
  }

  /// {@return the bytes of working memory that each part needs}
  long scratchBytes() {
    return 0;
  }

  /// {@return the numbers that are multiplied}
  Format format() {
    return Format.F32;
  }

  /// {@return the operations where the step may be one of several that compute a node, otherwise
  /// -1: what the others leave of the node's}
  long flops() {
    return -1;
  }

  /// {@return the bytes that are read and written where the step is one of several that compute a
  /// node, otherwise -1}
  long movedBytes() {
    return -1;
  }

  /// Computes one part.
  ///
  /// @param frame the memory
  /// @param part the part, 0 to [#parts] - 1
  public abstract void run(Frame frame, int part);

  /// {@return where a part begins when `units` are cut into all parts}
  final int from(int units, int part) {
    return (int) ((long) units * part / parts);
  }

  /// {@return where a part begins when `units` are cut into all parts}
  final long from(long units, int part) {
    return units * part / parts;
  }

  /// {@return where a part begins when `units` are cut into all parts at multiples of `grain`}
  final int from(int units, int grain, int part) {
    return (int) Math.min(units, from((units + grain - 1L) / grain, part) * grain);
  }
}
