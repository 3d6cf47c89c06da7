package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.Tensor;
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
@SuppressWarnings("ArrayRecordComponent") // never changed, never compared
record FuzzCase(long seed, byte[] model, Map<String, Tensor> inputs, List<Tensor> tensors) {
  FuzzCase {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    tensors = List.copyOf(tensors);
  }

  /// {@return the operators of the graph in its order, none where the file is damaged}
  List<String> operators() {
    try {
      Proto graph = Proto.of(Proto.Kind.MODEL, model).message(7);
      return graph == null
          ? List.of()
          : graph.messages(1).stream().map(node -> node.text(4)).toList();
    } catch (IndexOutOfBoundsException _) {
      return List.of();
    }
  }
}
