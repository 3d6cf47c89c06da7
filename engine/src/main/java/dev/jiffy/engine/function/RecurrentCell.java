package dev.jiffy.engine.function;

/// How a recurrent layer makes its next state of an input and the state before.
///
/// A cell has some gates, each with a block of weights, and some functions that it applies.
public enum RecurrentCell {
  /// `h = f(x · W + h · R + b)`
  RNN(1, 1),
  /// The gated recurrent unit: update, reset and candidate, in this order; functions of the gates
  /// and of the candidate.
  GRU(3, 2),
  /// Long short-term memory: input, output and forget gate and candidate, in this order; functions
  /// of the gates, of the candidate and of the cell's state.
  LSTM(4, 3);

  private final int gates;
  private final int functions;

  RecurrentCell(int gates, int functions) {
    this.gates = gates;
    this.functions = functions;
  }

  /// {@return the number of blocks of weights}
  public int gates() {
    return gates;
  }

  /// {@return the number of functions}
  public int functions() {
    return functions;
  }
}
