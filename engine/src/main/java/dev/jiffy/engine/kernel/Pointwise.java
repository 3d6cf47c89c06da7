package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import java.util.ArrayList;
import java.util.List;

/// A chain of elementwise f32 functions computed in one pass, with broadcasting.
///
/// Operand `i` below `inputStrides.size()` is an input, the others are results of instructions in
/// order. Truth values are 1 and 0 in f32. The iteration space is the shape of the results; inputs
/// have stride 0 where they are broadcast.
///
/// @param dims extents of the iteration space, outermost first, merged as far as all inputs allow;
///   never empty: a scalar is one extent of 1
/// @param inputStrides for each input the elements from step to step of each dimension
/// @param instructions what is computed, in order
/// @param outputs the operands that are stored, each dense in the iteration space
public record Pointwise(
    List<Long> dims,
    List<List<Long>> inputStrides,
    List<Instruction> instructions,
    List<Integer> outputs) {
  /// The period of an input that does not repeat.
  public static final long NEVER = -1;

  /// The period of an input that repeats other than element by element in the same order.
  public static final long IRREGULARLY = -2;

  /// Copies the lists.
  public Pointwise {
    dims = List.copyOf(dims);
    List<List<Long>> strides = new ArrayList<>(inputStrides);
    for (int i = 0; i < strides.size(); i++) {
      strides.set(i, List.copyOf(strides.get(i)));
    }
    inputStrides = List.copyOf(strides);
    instructions = List.copyOf(instructions);
    outputs = List.copyOf(outputs);
  }

  /// One function of the chain.
  public sealed interface Instruction {
    /// A function of one operand.
    ///
    /// @param function the function
    /// @param alpha its first parameter
    /// @param beta its second parameter
    /// @param x the operand
    record Unary(UnaryFunction function, float alpha, float beta, int x) implements Instruction {}

    /// A function of two operands.
    ///
    /// @param function the function
    /// @param x the first operand
    /// @param y the second operand
    record Binary(BinaryFunction function, int x, int y) implements Instruction {}

    /// A function of an operand and a number.
    ///
    /// @param function the function
    /// @param x the operand
    /// @param number the number
    /// @param numberFirst whether the number is the first argument
    record Scalar(BinaryFunction function, int x, float number, boolean numberFirst)
        implements Instruction {}

    /// `condition ≠ 0 ? x : y`.
    ///
    /// @param condition the operand that decides
    /// @param x the operand where it is not 0
    /// @param y the operand where it is 0
    record Select(int condition, int x, int y) implements Instruction {}
  }

  /// {@return the number of elements of a result}
  public long elements() {
    long elements = 1;
    for (long dim : dims) {
      elements *= dim;
    }
    return elements;
  }

  /// {@return after how many elements of the iteration space an input repeats: 0 if it has but one,
  /// [#NEVER], or [#IRREGULARLY]}
  ///
  /// @param input the input
  public long period(int input) {
    List<Long> strides = inputStrides.get(input);
    long dense = 1;
    int d = dims.size() - 1;
    for (; d >= 0 && (dims.get(d) == 1 || strides.get(d) == dense); d--) {
      dense *= dims.get(d);
    }
    boolean never = d < 0;
    for (; d >= 0; d--) {
      if (dims.get(d) != 1 && strides.get(d) != 0) {
        return IRREGULARLY;
      }
    }
    return never ? NEVER : dense == 1 ? 0 : dense;
  }

  /// {@return after how many elements two inputs repeat together}
  ///
  /// @param a the period of one, positive
  /// @param b the period of the other, positive
  public static long leastCommonMultiple(long a, long b) {
    long x = a;
    long y = b;
    while (y != 0) {
      long rest = x % y;
      x = y;
      y = rest;
    }
    return a / x * b;
  }
}
