package dev.jiffy.engine.onnx;

import java.util.function.Consumer;

/// An operator of a domain, or what one means from an operator set on.
///
/// @param since the operator set that brought it or this meaning
/// @param minInputs the number of inputs that must be there
/// @param maxInputs the number of inputs that may be there
/// @param maxOutputs the number of outputs that may be there
/// @param importer makes the nodes that stand for one
record Operator(
    int since, int minInputs, int maxInputs, int maxOutputs, Consumer<NodeScope> importer) {
  /// As many inputs or outputs as a node likes.
  static final int MANY = Integer.MAX_VALUE;

  /// {@return an operator with one output}
  ///
  /// @param since the operator set that brought it or this meaning
  /// @param minInputs the number of inputs that must be there
  /// @param maxInputs the number of inputs that may be there
  /// @param importer makes the nodes that stand for one
  static Operator of(int since, int minInputs, int maxInputs, Consumer<NodeScope> importer) {
    return new Operator(since, minInputs, maxInputs, 1, importer);
  }

  /// {@return an operator}
  ///
  /// @param since the operator set that brought it or this meaning
  /// @param minInputs the number of inputs that must be there
  /// @param maxInputs the number of inputs that may be there
  /// @param maxOutputs the number of outputs that may be there
  /// @param importer makes the nodes that stand for one
  static Operator of(
      int since, int minInputs, int maxInputs, int maxOutputs, Consumer<NodeScope> importer) {
    return new Operator(since, minInputs, maxInputs, maxOutputs, importer);
  }

  /// Makes the nodes that stand for one.
  ///
  /// @param node the node
  void lift(NodeScope node) {
    for (int i = 0; i < minInputs; i++) {
      if (!node.has(i)) {
        throw node.invalid("input " + i + " is missing");
      }
    }
    if (node.inputs() > maxInputs) {
      throw node.invalid(
          "at most %d inputs are allowed, got %d".formatted(maxInputs, node.inputs()));
    }
    if (node.outputs() > maxOutputs || node.outputs() == 0) {
      throw node.invalid(
          "1 to %d outputs are allowed, got %d".formatted(maxOutputs, node.outputs()));
    }
    importer.accept(node);
  }
}
