package dev.jiffy.engine.ir;

import dev.jiffy.engine.Precision;
import java.util.List;

/// What one step of a plan does, in numbers that do not depend on the machine.
///
/// @param name the step's name: a node and, in parentheses, its operator
/// @param by who computes it
/// @param operator the operator, or what stands for a chain of elementwise ones
/// @param detail what is computed along with it, and the extents of its operands
/// @param nodes the names of the nodes that it computes, the one that it is named after last
/// @param precision the numbers that it multiplies
/// @param threads how many threads it is cut for
/// @param flops its operations, counted as by [Cost]: a convolution is counted as its definition
///   computes it, also where a cheaper algorithm runs
/// @param activationBytes the bytes of the values that it reads and writes
/// @param weightBytes the bytes of the constants that it reads, in the form that kernels read
public record StepCost(
    String name,
    By by,
    String operator,
    String detail,
    List<String> nodes,
    Precision precision,
    int threads,
    long flops,
    long activationBytes,
    long weightBytes) {
  /// Who computes a step.
  public sealed interface By {
    /// Fast kernels.
    record FastKernels() implements By {}

    /// The scalar kernels.
    record ScalarKernels() implements By {}

    /// A foreign runtime.
    ///
    /// @param runtime its name and version
    record Foreign(String runtime) implements By {}
  }

  /// Copies the list.
  public StepCost {
    nodes = List.copyOf(nodes);
  }
}
