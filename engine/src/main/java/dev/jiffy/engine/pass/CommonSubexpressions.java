package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What is computed twice is computed once: equal constants, equal nodes, and extents that shape
/// arithmetic shows to be equal.
final class CommonSubexpressions {
  /// Larger constants are compared by place only.
  private static final long MAX_COMPARED_BYTES = 64 << 10;

  /// So many bytes, spread evenly, decide the bucket of a constant.
  private static final long MAX_HASHED_BYTES = 61;

  private record Expression(Op op, List<String> inputs, int outputs) {}

  private record Extents(DType dtype, int rank, List<Dim> value) {}

  private CommonSubexpressions() {}

  /// {@return the graph without repetitions}
  ///
  /// @param graph a graph with facts for every value
  static Graph apply(Graph graph) {
    return Draft.rewrite(shareConstants(graph), List.of(new ShareNodes()));
  }

  private static Graph shareConstants(Graph graph) {
    Map<Object, List<String>> buckets = new HashMap<>();
    Map<String, String> aliases = new HashMap<>();
    graph
        .constants()
        .forEach((name, tensor) -> {
          List<String> bucket = buckets.computeIfAbsent(key(tensor), _ -> new ArrayList<>());
          for (String other : bucket) {
            if (same(Objects.requireNonNull(graph.constants().get(other)), tensor)) {
              aliases.put(name, other);
              return;
            }
          }
          bucket.add(name);
        });
    graph.outputs().forEach(aliases::remove);
    if (aliases.isEmpty()) {
      return graph;
    }
    List<Node> nodes =
        graph.nodes().stream()
            .map(node ->
                new Node(
                    node.name(),
                    node.op(),
                    node.inputs().stream()
                        .map(input -> aliases.getOrDefault(input, input))
                        .toList(),
                    node.outputs()))
            .toList();
    Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
    Map<String, Fact> facts = new LinkedHashMap<>(graph.facts());
    constants.keySet().removeAll(aliases.keySet());
    facts.keySet().removeAll(aliases.keySet());
    return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, constants, facts);
  }

  private static Object key(Tensor tensor) {
    if (tensor.dtype() == DType.STRING) {
      return List.of(tensor.shape(), tensor.strings());
    }
    long bytes = tensor.segment().byteSize();
    if (bytes > MAX_COMPARED_BYTES) {
      return List.of(tensor.dtype(), tensor.shape(), tensor.segment().address());
    }
    int hash = 1;
    long step = Math.max(1, bytes / MAX_HASHED_BYTES);
    for (long i = 0; i < bytes; i += step) {
      hash = 31 * hash + tensor.segment().get(ValueLayout.JAVA_BYTE, i);
    }
    return List.of(tensor.dtype(), tensor.shape(), hash);
  }

  private static boolean same(Tensor a, Tensor b) {
    boolean isLarge = a.dtype() != DType.STRING && a.segment().byteSize() > MAX_COMPARED_BYTES;
    return isLarge ? a.segment().address() == b.segment().address() : Constants.same(a, b);
  }

  /// Remembers what a sweep has seen.
  private static final class ShareNodes implements Rule {
    private final Map<Expression, List<String>> seen = new HashMap<>();
    private final Map<Extents, String> extents = new HashMap<>();

    @Override
    public boolean apply(Draft draft, Node node) {
      Expression expression = new Expression(node.op(), node.inputs(), node.outputs().size());
      List<String> before = seen.get(expression);
      if (before != null && covers(draft, before, node.outputs())) {
        return draft.replace(node, before);
      }
      seen.put(expression, node.outputs());
      Extents key = node.outputs().size() == 1 ? extents(draft.fact(node.output())) : null;
      if (key == null) {
        return false;
      }
      String equal = extents.putIfAbsent(key, node.output());
      return equal != null
          && !equal.equals(node.output())
          && isAlive(draft, equal)
          && draft.replace(node, equal);
    }

    private static boolean covers(Draft draft, List<String> before, List<String> outputs) {
      if (before.equals(outputs)) {
        return false;
      }
      for (int i = 0; i < outputs.size(); i++) {
        boolean missing = before.get(i).isEmpty() && !outputs.get(i).isEmpty();
        if (missing || (!before.get(i).isEmpty() && !isAlive(draft, before.get(i)))) {
          return false;
        }
      }
      return true;
    }

    private static boolean isAlive(Draft draft, String value) {
      return draft.producer(value) != null;
    }

    private static @Nullable Extents extents(Fact fact) {
      List<Dim> value = fact.value();
      return value == null || fact.concreteValue() != null
          ? null
          : new Extents(fact.dtype(), fact.rank(), value);
    }
  }
}
