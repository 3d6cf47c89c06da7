package dev.jiffy.engine.ir;

import java.util.List;

/// One application of an operator to values.
///
/// @param name the name for messages and profiles, unique where the model gives unique names
/// @param op the operator
/// @param inputs the names of the values read; "" stands for an absent optional input
/// @param outputs the names of the values made; "" stands for an output that nobody reads
public record Node(String name, Op op, List<String> inputs, List<String> outputs) {
  /// Copies the lists.
  public Node {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /// {@return the name of an input, "" where it is absent}
  ///
  /// @param index the position
  public String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }

  /// {@return whether an optional input is there}
  ///
  /// @param index the position
  public boolean hasInput(int index) {
    return !input(index).isEmpty();
  }

  /// {@return the name of the first output}
  public String output() {
    return outputs.getFirst();
  }
}
