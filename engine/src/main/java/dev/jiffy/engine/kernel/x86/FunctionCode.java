package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates elementwise functions over registers.
final class FunctionCode {
  private FunctionCode() {}

  /// {@return whether there is code for a function}
  static boolean suits(UnaryFunction function) {
    return switch (function) {
      case RELU, CLIP -> true;
      default -> false;
    };
  }

  /// Replaces registers by a function of them.
  ///
  /// @param code where to
  /// @param function a function that [#suits]
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param values the registers: a row of numbers from 0 on; those from the first number above
  ///   them up to `until` are free
  /// @param until the first number that may not be used
  static void emit(
      Assembler code, UnaryFunction function, float alpha, float beta, Vector[] values, int until) {
    int bytes = values[0].bytes();
    Vector free = new Vector(values[values.length - 1].number() + 1, bytes);
    switch (function) {
      case RELU -> {
        code.op(VectorOp.XORPS, free, free, free);
        for (Vector value : values) {
          code.op(VectorOp.MAXPS, value, free, value);
        }
      }
      case CLIP -> {
        code.op(VectorOp.BROADCASTSS, free, code.constant(alpha, 4));
        for (Vector value : values) {
          code.op(VectorOp.MAXPS, value, free, value);
        }
        code.op(VectorOp.BROADCASTSS, free, code.constant(beta, 4));
        for (Vector value : values) {
          code.op(VectorOp.MINPS, value, free, value);
        }
      }
      default -> throw new IllegalStateException("no code for " + function);
    }
  }
}
