package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What is computed twice is computed once: equal constants, equal nodes, and extents that shape
/// arithmetic shows to be equal.
///
/// Remembers what it has seen in one pass over one graph.
final class CommonSubexpressions {
  /// Larger constants are compared by place only.
  private static final long MAX_COMPARED_BYTES = 64 << 10;

  /// The nodes seen by what they read: fewer share that than share the operator.
  private final Map<List<String>, List<Node>> readers = new HashMap<>();

  private final Map<Fact, String> extents = new HashMap<>();

  /// Nodes that an earlier sweep has found to equal no other, and no other has been seen since that
  /// reads the same.
  private final Set<Node> settled = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Map<Integer, List<String>> buckets = new HashMap<>();

  /// The constant that stands for each.
  private final Map<String, String> representatives = new HashMap<>();

  /// As [Rule#apply].
  @SuppressWarnings("ReferenceEquality") // a node seen in an earlier sweep
  boolean apply(Draft draft, Node node) {
    if (settled.contains(node) || mayDiffer(node.op())) {
      return false;
    }
    List<String> inputs = represented(draft, node.inputs());
    List<Node> others = readers.get(inputs);
    if (others == null) {
      others = new ArrayList<>();
      readers.put(inputs, others);
    }
    boolean isNew = true;
    for (Node other : others) {
      if (other == node) {
        isNew = false;
      } else if (computesSame(other, node) && covers(draft, other.outputs(), node.outputs())) {
        return draft.replace(node, other.outputs());
      }
    }
    if (isNew) {
      if (!others.isEmpty()) {
        settled.clear();
      }
      others.add(node);
    }
    if (!inputs.equals(node.inputs())) {
      return draft.replace(node, node.op(), inputs.toArray(String[]::new));
    }
    Fact key = node.outputs().size() == 1 ? draft.fact(node.output()) : null;
    if (key == null || key.value() == null || key.concreteValue() != null) {
      settled.add(node);
      return false;
    }
    String equal = extents.get(key);
    if (equal == null || !isAlive(draft, equal)) {
      extents.put(key, node.output());
      return false;
    }
    return !equal.equals(node.output()) && draft.replace(node, equal);
  }

  /// {@return whether an operator may give other results each time it is computed}
  private static boolean mayDiffer(Op op) {
    if (op instanceof RandomOp || op instanceof Foreign) {
      return true;
    }
    for (Graph body : Bodies.of(op)) {
      for (Node node : body.nodes()) {
        if (mayDiffer(node.op())) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean computesSame(Node a, Node b) {
    return a.outputs().size() == b.outputs().size()
        && a.op().getClass() == b.op().getClass()
        && a.op().equals(b.op());
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

  /// {@return the values with each constant replaced by the first that equals it}
  private List<String> represented(Draft draft, List<String> values) {
    List<String> result = null;
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      Tensor tensor = value.isEmpty() ? null : draft.constant(value);
      String first = tensor == null ? value : representative(draft, value, tensor);
      if (!first.equals(value)) {
        result = result == null ? new ArrayList<>(values) : result;
        result.set(i, first);
      }
    }
    return result == null ? values : result;
  }

  private String representative(Draft draft, String name, Tensor tensor) {
    String known = representatives.get(name);
    if (known != null) {
      return known;
    }
    int hash = hash(tensor);
    List<String> bucket = buckets.get(hash);
    if (bucket == null) {
      bucket = new ArrayList<>();
      buckets.put(hash, bucket);
    }
    String first = name;
    for (String other : bucket) {
      Tensor candidate = draft.constant(other);
      if (candidate != null && same(candidate, tensor)) {
        first = other;
        break;
      }
    }
    if (first.equals(name)) {
      bucket.add(name);
    }
    representatives.put(name, first);
    return first;
  }

  /// A hash of type, shape and the first and last element.
  private static int hash(Tensor tensor) {
    int hash = 31 * tensor.shape().hashCode() + tensor.dtype().hashCode();
    long elements = tensor.shape().elements();
    if (tensor.dtype() == DType.STRING || elements == 0) {
      return hash;
    }
    int first = Double.hashCode(tensor.getDouble(0));
    return 31 * (31 * hash + first) + Double.hashCode(tensor.getDouble(elements - 1));
  }

  private static boolean same(Tensor a, Tensor b) {
    if (a.dtype() == DType.STRING || a.segment().byteSize() <= MAX_COMPARED_BYTES) {
      return Constants.same(a, b);
    }
    return a.dtype() == b.dtype()
        && a.shape().equals(b.shape())
        && a.segment().address() == b.segment().address();
  }
}
