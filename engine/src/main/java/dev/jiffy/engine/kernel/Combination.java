package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;
import java.util.List;

/// A function of two tensors of one numeric type, element by element, with broadcasting.
///
/// @param function the function, one that [#isSupported] accepts
/// @param in the type of both arguments
/// @param out the type of the result, which is dense: `in`, or bool for a predicate
/// @param dims the extents, outermost first, at least one
/// @param xStrides elements of `x` from step to step of each dimension, 0 where it repeats
/// @param yStrides the same for `y`
public record Combination(
    BinaryFunction function,
    DType in,
    DType out,
    List<Long> dims,
    List<Long> xStrides,
    List<Long> yStrides) {
  /// Copies the lists.
  public Combination {
    dims = List.copyOf(dims);
    xStrides = List.copyOf(xStrides);
    yStrides = List.copyOf(yStrides);
  }

  /// {@return whether there are loops for a function of a type}
  ///
  /// @param function the function
  /// @param in the type of the arguments
  public static boolean isSupported(BinaryFunction function, DType in) {
    return switch (function) {
      case ADD, SUB, MUL, MIN, MAX, EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL ->
          in == DType.BOOL
              ? function == BinaryFunction.EQUAL
              : in != DType.U64 && in != DType.STRING;
      case AND, OR, XOR -> in == DType.BOOL;
      case DIV -> in != DType.BOOL && in != DType.U64 && in != DType.STRING;
      case MOD, FMOD -> in.isInteger() && in != DType.U64;
      case POW, PRELU -> false;
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT -> false;
    };
  }

  /// {@return the extent of the last dimension}
  public long inner() {
    return dims.getLast();
  }

  /// {@return the number of all elements}
  public long elements() {
    long elements = 1;
    for (int i = 0; i < dims.size(); i++) {
      elements *= dims.get(i);
    }
    return elements;
  }

  /// {@return whether an argument is one element}
  ///
  /// @param strides those of the argument
  boolean isSingle(List<Long> strides) {
    for (int i = 0; i < dims.size(); i++) {
      if (dims.get(i) != 1 && strides.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether an argument has all elements of the result, in the same order}
  ///
  /// @param strides those of the argument
  boolean isDense(List<Long> strides) {
    long elements = 1;
    for (int i = dims.size() - 1; i >= 0; i--) {
      if (dims.get(i) != 1 && strides.get(i) != elements) {
        return false;
      }
      elements *= dims.get(i);
    }
    return true;
  }

  /// {@return the element that a row begins with}
  ///
  /// @param row the index of the row, counted over all dimensions but the last
  /// @param strides those of the argument
  public long start(long row, List<Long> strides) {
    long start = 0;
    long rest = row;
    for (int i = dims.size() - 2; i >= 0 && rest != 0; i--) {
      long extent = dims.get(i);
      start += rest % extent * strides.get(i);
      rest /= extent;
    }
    return start;
  }
}
