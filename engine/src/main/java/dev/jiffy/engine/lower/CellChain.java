package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.Recurrence;
import java.util.ArrayList;
import java.util.List;

/// What a recurrent cell does with the sums of its gates, as elementwise chains over the rows of a
/// step.
///
/// Sums are rows of all gates, one gate beside the other; states are dense.
final class CellChain {
  private final Recurrence recurrence;
  private final int direction;
  private final int rows;
  private final List<List<Long>> strides = new ArrayList<>();
  private final List<Instruction> instructions = new ArrayList<>();

  private CellChain(Recurrence recurrence, int direction, int rows) {
    this.recurrence = recurrence;
    this.direction = direction;
    this.rows = rows;
  }

  /// {@return the chain of the simplest cell: `(sum) → (h)`}
  static Pointwise rnn(Recurrence recurrence, int direction, int rows) {
    CellChain chain = new CellChain(recurrence, direction, rows);
    int sum = chain.input(recurrence.hidden());
    return chain.outputs(chain.activated(0, sum));
  }

  /// {@return the chain of long short-term memory: `(input, output, forget, candidate, c, peepholes
  /// of input, output and forget gate?) → (h, c)`}
  ///
  /// @param apart whether sums of the state and of the input are apart: the former of all gates,
  ///   then the latter, come first
  static Pointwise lstm(
      Recurrence recurrence, int direction, int rows, boolean peepholes, boolean apart) {
    CellChain chain = new CellChain(recurrence, direction, rows);
    long gates = 4L * recurrence.hidden();
    int input = chain.input(gates);
    int output = chain.input(gates);
    int forget = chain.input(gates);
    int candidate = chain.input(gates);
    int fromX = chain.strides.size();
    for (int i = 0; apart && i < 4; i++) {
      int _ = chain.input(recurrence.directions() * gates);
    }
    int c = chain.input(recurrence.hidden());
    int peeping = peepholes ? chain.input(0) : 0;
    if (peepholes) {
      int _ = chain.input(0);
      int _ = chain.input(0);
    }
    if (apart) {
      input = chain.add(input, fromX);
      output = chain.add(output, fromX + 1);
      forget = chain.add(forget, fromX + 2);
      candidate = chain.add(candidate, fromX + 3);
    }
    if (peepholes) {
      input = chain.add(input, chain.multiply(peeping, c));
      forget = chain.add(forget, chain.multiply(peeping + 2, c));
    }
    int i = chain.activated(0, input);
    int f =
        recurrence.inputForget()
            ? chain.apply(new Instruction.Scalar(BinaryFunction.SUB, i, 1, true))
            : chain.activated(0, forget);
    int g = chain.activated(1, candidate);
    int next = chain.add(chain.multiply(f, c), chain.multiply(i, g));
    if (peepholes) {
      output = chain.add(output, chain.multiply(peeping + 1, next));
    }
    int o = chain.activated(0, output);
    int h = chain.multiply(o, chain.activated(2, next));
    return chain.outputs(h, next);
  }

  /// {@return the chain of the gated recurrent unit whose candidate is reset after the product:
  /// `(sums of the input's update, reset and candidate, the same of the state, h) → (h)`}
  ///
  /// @param inputStride elements from row to row of the sums of the input
  static Pointwise gru(Recurrence recurrence, int direction, int rows, long inputStride) {
    CellChain chain = new CellChain(recurrence, direction, rows);
    int fromX = chain.input(inputStride);
    int _ = chain.input(inputStride);
    int _ = chain.input(inputStride);
    int fromH = chain.input(3L * recurrence.hidden());
    int _ = chain.input(3L * recurrence.hidden());
    int _ = chain.input(3L * recurrence.hidden());
    int h = chain.input(recurrence.hidden());
    int update = chain.activated(0, chain.add(fromX, fromH));
    int reset = chain.activated(0, chain.add(fromX + 1, fromH + 1));
    int candidate = chain.add(fromX + 2, chain.multiply(reset, fromH + 2));
    return chain.outputs(chain.mixed(update, chain.activated(1, candidate), h));
  }

  /// {@return what resets the state: `(reset, h) → (reset · h)`, of sums of two gates}
  static Pointwise reset(Recurrence recurrence, int direction, int rows) {
    CellChain chain = new CellChain(recurrence, direction, rows);
    int sum = chain.input(2L * recurrence.hidden());
    int h = chain.input(recurrence.hidden());
    return chain.outputs(chain.multiply(chain.activated(0, sum), h));
  }

  /// {@return what updates a state after its reset: `(update, candidate, h) → (h)`, of sums of two
  /// gates and a dense sum}
  static Pointwise update(Recurrence recurrence, int direction, int rows) {
    CellChain chain = new CellChain(recurrence, direction, rows);
    int update = chain.input(2L * recurrence.hidden());
    int candidate = chain.input(recurrence.hidden());
    int h = chain.input(recurrence.hidden());
    return chain.outputs(chain.mixed(chain.activated(0, update), chain.activated(1, candidate), h));
  }

  private int input(long rowStride) {
    strides.add(rows == 1 ? List.of(1L) : List.of(rowStride, 1L));
    return strides.size() - 1;
  }

  private int apply(Instruction instruction) {
    instructions.add(instruction);
    return strides.size() + instructions.size() - 1;
  }

  private int add(int x, int y) {
    return apply(new Instruction.Binary(BinaryFunction.ADD, x, y));
  }

  private int multiply(int x, int y) {
    return apply(new Instruction.Binary(BinaryFunction.MUL, x, y));
  }

  /// `(1 - update) · candidate + update · h`
  private int mixed(int update, int candidate, int h) {
    int rest = apply(new Instruction.Scalar(BinaryFunction.SUB, update, 1, true));
    return add(multiply(rest, candidate), multiply(update, h));
  }

  private int activated(int function, int x) {
    float clip = recurrence.clip();
    int bounded =
        Float.isInfinite(clip)
            ? x
            : apply(new Instruction.Unary(UnaryFunction.CLIP, -clip, clip, x));
    Activation activation = recurrence.activation(direction, function);
    return apply(
        new Instruction.Unary(
            activation.function(), activation.alpha(), activation.beta(), bounded));
  }

  private Pointwise outputs(Integer... outputs) {
    long hidden = recurrence.hidden();
    List<Long> dims = rows == 1 ? List.of(hidden) : List.of((long) rows, hidden);
    return new Pointwise(dims, strides, instructions, List.of(outputs));
  }
}
