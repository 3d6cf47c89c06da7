package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model as nobody would export it, and inputs for it.
///
/// @param seed what it was made from: the same number makes the same case
/// @param model the bytes of the file
/// @param inputs tensors by name; not always those that the model wants
/// @param tensors the tensors that the case was made of, the constants of the model among them
/// @param exact whether no sum of its numbers is rounded, however it is formed
@SuppressWarnings("ArrayRecordComponent") // never changed, never compared
record FuzzCase(
    long seed, byte[] model, Map<String, Tensor> inputs, List<Tensor> tensors, boolean exact) {
  FuzzCase {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    tensors = List.copyOf(tensors);
  }

  /// {@return the operators of all graphs and functions, none where the file is damaged}
  List<String> operators() {
    List<String> operators = new ArrayList<>();
    try {
      Proto file = Proto.of(Proto.Kind.MODEL, model);
      file.messages(7).forEach(graph -> collect(graph.messages(1), operators));
      file.messages(25).forEach(function -> collect(function.messages(7), operators));
    } catch (IndexOutOfBoundsException _) {
      return List.of();
    }
    return operators;
  }

  private static void collect(List<Proto> nodes, List<String> operators) {
    for (Proto node : nodes) {
      operators.add(node.text(4));
      for (Proto attribute : node.messages(5)) {
        attribute.messages(6).forEach(graph -> collect(graph.messages(1), operators));
      }
    }
  }
}
