package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.RowKernels;

/// An elementwise chain, element by element.
final class ScalarPointwise implements RowKernels.PreparedPointwise {
  private static final long PIECE = 1 << 14;

  private final Pointwise pointwise;
  private final long elements;

  ScalarPointwise(Pointwise pointwise) {
    this.pointwise = pointwise;
    this.elements = pointwise.elements();
  }

  @Override
  public int pieces() {
    return Math.toIntExact((elements + PIECE - 1) / PIECE);
  }

  @Override
  public long first(int piece) {
    return Math.min(elements, piece * PIECE);
  }

  @Override
  public long scratchBytes() {
    return 0;
  }

  @Override
  public void run(long[] addresses, int pieceFrom, int pieceTo, long scratch) {
    int inputs = pointwise.inputStrides().size();
    float[] operands = new float[inputs + pointwise.instructions().size()];
    long to = Math.min(elements, pieceTo * PIECE);
    for (long element = pieceFrom * PIECE; element < to; element++) {
      for (int i = 0; i < inputs; i++) {
        operands[i] = Memory.getFloat(addresses[i] + 4 * offset(i, element));
      }
      int next = inputs;
      for (Pointwise.Instruction instruction : pointwise.instructions()) {
        operands[next++] = (float) value(instruction, operands);
      }
      for (int i = 0; i < pointwise.outputs().size(); i++) {
        float value = operands[pointwise.outputs().get(i)];
        Memory.setFloat(addresses[inputs + i] + 4 * element, value);
      }
    }
  }

  private long offset(int input, long element) {
    long offset = 0;
    long rest = element;
    for (int d = pointwise.dims().size() - 1; d >= 0; d--) {
      long extent = pointwise.dims().get(d);
      offset += rest % extent * pointwise.inputStrides().get(input).get(d);
      rest /= extent;
    }
    return offset;
  }

  private static double value(Pointwise.Instruction instruction, float[] operands) {
    return switch (instruction) {
      case Pointwise.Instruction.Unary(var function, float alpha, float beta, int x) ->
          function.apply(operands[x], alpha, beta);
      case Pointwise.Instruction.Binary(var function, int x, int y) ->
          function.apply((double) operands[x], (double) operands[y]);
      case Pointwise.Instruction.Scalar(var function, int x, float number, boolean first) ->
          first
              ? function.apply((double) number, (double) operands[x])
              : function.apply((double) operands[x], (double) number);
      case Pointwise.Instruction.Select(int condition, int x, int y) ->
          operands[condition] != 0 ? operands[x] : operands[y];
    };
  }
}
