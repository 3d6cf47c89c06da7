package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rules that every graph obeys between two stages.
///
/// - Inputs, constants and outputs of nodes have names of their own, each only once.
/// - Every value is made before it is read; the graph's outputs are made.
/// - Every value has a fact; that of a constant is its type and shape.
/// - Every node has the inputs and outputs that its operator takes, and the facts of its outputs do
///   not contradict those of its inputs.
public final class Verifier {
  private final Graph graph;
  private final List<String> problems = new ArrayList<>();

  /// Who makes each value that has been made so far: a node, or a text.
  private final Map<String, Object> makers = new HashMap<>();

  private Verifier(Graph graph) {
    this.graph = graph;
  }

  /// Checks a graph.
  ///
  /// @param graph the graph
  /// @throws IllegalStateException if a rule is broken; names every place where one is
  public static void verify(Graph graph) {
    List<String> problems = new Verifier(graph).problems();
    if (!problems.isEmpty()) {
      throw new IllegalStateException(
          "graph '" + graph.name() + "' is not well formed:\n  " + String.join("\n  ", problems));
    }
  }

  private List<String> problems() {
    for (String input : graph.inputs()) {
      make(input, "an input");
    }
    for (Map.Entry<String, Tensor> constant : graph.constants().entrySet()) {
      constant(constant.getKey(), constant.getValue());
    }
    NameSource names = new NameSource(symbols());
    for (Node node : graph.nodes()) {
      if (inputsExist(node)) {
        infer(node, names);
      }
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          make(output, node);
        }
      }
    }
    if (graph.outputs().isEmpty()) {
      problems.add("the graph has no output");
    }
    for (String output : graph.outputs()) {
      if (!makers.containsKey(output)) {
        problems.add("output '" + output + "': nothing makes it");
      }
    }
    return problems;
  }

  private Set<String> symbols() {
    Set<String> symbols = new HashSet<>();
    for (Fact fact : graph.facts().values()) {
      List<Dim> shape = fact.shape();
      if (shape != null) {
        for (Dim dim : shape) {
          if (dim instanceof Dim.Symbol symbol) {
            symbols.add(symbol.name());
          }
        }
      }
    }
    return symbols;
  }

  private void make(String value, Object maker) {
    if (value.isEmpty()) {
      problems.add(text(maker) + " has an empty name");
      return;
    }
    Object other = makers.putIfAbsent(value, maker);
    if (other != null) {
      problems.add("value '" + value + "': made by " + text(other) + " and by " + text(maker));
    } else if (!graph.facts().containsKey(value)) {
      problems.add("value '" + value + "': no fact");
    }
  }

  private void constant(String name, Tensor tensor) {
    make(name, "a constant");
    Fact fact = graph.facts().get(name);
    if (fact == null) {
      return;
    }
    if (fact.dtype() != tensor.dtype() || !Objects.equals(fact.concreteShape(), tensor.shape())) {
      Fact actual = Fact.of(tensor.dtype(), tensor.shape().dims());
      problems.add("constant '" + name + "': the fact says " + fact + ", the tensor is " + actual);
    }
    if (fact.value() != null) {
      List<Dim> value = Constants.value(tensor, Integer.MAX_VALUE);
      if (!fact.value().equals(value)) {
        problems.add("constant '" + name + "': the fact says " + fact + ", the value is " + value);
      }
    }
  }

  private boolean inputsExist(Node node) {
    boolean exist = true;
    for (String input : node.inputs()) {
      if (!input.isEmpty() && !makers.containsKey(input)) {
        problems.add(where(node) + ": input '" + input + "' is made by no earlier node");
        exist = false;
      } else if (!input.isEmpty() && !graph.facts().containsKey(input)) {
        exist = false;
      }
    }
    return exist;
  }

  private void infer(Node node, NameSource names) {
    List<@Nullable Fact> in = new ArrayList<>();
    List<@Nullable Tensor> constants = new ArrayList<>();
    for (String input : node.inputs()) {
      in.add(input.isEmpty() ? null : graph.fact(input));
      constants.add(graph.constants().get(input));
    }
    List<Fact> out;
    try {
      out = Inference.infer(node.op(), in, constants, node.outputs().size(), names);
    } catch (ModelException e) {
      problems.add(where(node) + ": " + e.getMessage());
      return;
    }
    for (int i = 0; i < out.size(); i++) {
      String output = node.outputs().get(i);
      Fact fact = output.isEmpty() ? null : graph.facts().get(output);
      if (fact != null && contradict(fact, out.get(i))) {
        problems.add(
            where(node) + ": '" + output + "' should be " + out.get(i) + ", the fact says " + fact);
      }
    }
  }

  private static boolean contradict(Fact a, Fact b) {
    return a.dtype() != b.dtype()
        || a.kind() != b.kind()
        || contradict(a.shape(), b.shape())
        || contradict(a.value(), b.value());
  }

  private static boolean contradict(@Nullable List<Dim> a, @Nullable List<Dim> b) {
    if (a == null || b == null) {
      return false;
    }
    if (a.size() != b.size()) {
      return true;
    }
    for (int i = 0; i < a.size(); i++) {
      if (Dims.merge(a.get(i), b.get(i)) == null) {
        return true;
      }
    }
    return false;
  }

  private static String text(Object maker) {
    return maker instanceof Node node ? where(node) : maker.toString();
  }

  private static String where(Node node) {
    return "node '" + node.name() + "' (" + node.op().getClass().getSimpleName() + ")";
  }
}
