package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Inference over a whole graph.
final class GraphInference {
  private GraphInference() {}

  /// The graph with facts inferred from the given facts of its inputs.
  static Graph infer(Graph graph, Map<String, Fact> inputs) {
    Set<String> symbols = new HashSet<>();
    for (Fact fact : inputs.values()) {
      collectSymbols(fact, symbols);
    }
    return infer(graph, inputs, new NameSource(symbols));
  }

  /// The graph with facts inferred from the given facts of its inputs.
  ///
  /// @param names names for dimensions that depend on data
  static Graph infer(Graph graph, Map<String, Fact> inputs, NameSource names) {
    Map<String, Fact> facts = LinkedHashMap.newLinkedHashMap(graph.facts().size() + 16);
    facts.putAll(inputs);
    Map<String, Tensor> constants = graph.constants();
    for (Map.Entry<String, Tensor> constant : constants.entrySet()) {
      String name = constant.getKey();
      facts.put(name, constantFact(graph, name, constant.getValue()));
    }
    for (Node node : graph.nodes()) {
      infer(node, constants, facts, names);
    }
    return new Graph(
        graph.name(), graph.inputs(), graph.outputs(), graph.nodes(), constants, facts);
  }

  /// The fact of a constant; one that an earlier inference left is still true.
  private static Fact constantFact(Graph graph, String name, Tensor tensor) {
    Fact before = graph.facts().get(name);
    if (before != null && before.dtype() == tensor.dtype() && isShape(before, tensor.shape())) {
      boolean tracked =
          before.value() != null || Constants.value(tensor, Operands.MAX_VALUE) == null;
      if (tracked) {
        return before;
      }
    }
    return Constants.fact(tensor);
  }

  private static boolean isShape(Fact fact, Shape shape) {
    List<Dim> dims = fact.shape();
    if (dims == null || dims.size() != shape.rank()) {
      return false;
    }
    for (int i = 0; i < dims.size(); i++) {
      if (!dims.get(i).is(shape.dim(i))) {
        return false;
      }
    }
    return true;
  }

  private static void collectSymbols(Fact fact, Set<String> symbols) {
    List<Dim> shape = fact.shape();
    if (shape != null) {
      for (Dim dim : shape) {
        if (dim instanceof Dim.Symbol symbol) {
          symbols.add(symbol.name());
        }
      }
    }
  }

  private static void infer(
      Node node, Map<String, Tensor> constants, Map<String, Fact> facts, NameSource names) {
    List<String> inputs = node.inputs();
    @Nullable Fact[] in = new @Nullable Fact[inputs.size()];
    @Nullable Tensor[] known = new @Nullable Tensor[in.length];
    for (int i = 0; i < in.length; i++) {
      String input = inputs.get(i);
      if (input.isEmpty()) {
        continue;
      }
      in[i] = facts.get(input);
      known[i] = constants.get(input);
      if (in[i] == null) {
        throw failure(node, "input " + i + " '" + input + "' is made by no earlier node", null);
      }
    }
    List<Fact> out;
    try {
      out =
          Inference.infer(
              node.op(), Arrays.asList(in), Arrays.asList(known), node.outputs().size(), names);
    } catch (ModelException e) {
      throw failure(node, String.valueOf(e.getMessage()), e);
    }
    for (int i = 0; i < out.size(); i++) {
      String output = node.outputs().get(i);
      if (!output.isEmpty()) {
        facts.put(output, out.get(i));
      }
    }
  }

  private static ModelException failure(Node node, String what, @Nullable ModelException cause) {
    String message =
        "node '" + node.name() + "' (" + node.op().getClass().getSimpleName() + "): " + what;
    return cause == null ? new ModelException(message) : new ModelException(message, cause);
  }

  /// The given facts of a graph's inputs.
  static Map<String, Fact> inputs(Graph graph) {
    Map<String, Fact> inputs = new LinkedHashMap<>();
    for (String input : graph.inputs()) {
      inputs.put(input, graph.fact(input));
    }
    return inputs;
  }

  /// The facts of a graph's inputs with concrete shapes, checked against what is known of them.
  static Map<String, Fact> bound(Graph graph, Map<String, Shape> shapes) {
    Map<String, Fact> inputs = LinkedHashMap.newLinkedHashMap(shapes.size());
    Map<String, Long> symbols = new HashMap<>();
    for (String input : graph.inputs()) {
      Fact fact = graph.fact(input);
      Shape shape = shapes.get(input);
      if (!fact.isTensor() && shape == null) {
        inputs.put(input, fact);
        continue;
      }
      if (shape == null) {
        throw new ModelException("input '" + input + "': expected a shape, got none");
      }
      inputs.put(input, bound(input, fact, shape, symbols));
    }
    for (String name : shapes.keySet()) {
      if (!inputs.containsKey(name)) {
        throw new ModelException(
            "input '" + name + "': the model has no such input, expected " + graph.inputs());
      }
    }
    return inputs;
  }

  private static Fact bound(String input, Fact fact, Shape shape, Map<String, Long> symbols) {
    List<Dim> expected = fact.shape();
    if (expected != null && expected.size() != shape.rank()) {
      throw new ModelException(
          "input '"
              + input
              + "': expected rank "
              + expected.size()
              + ", "
              + Dims.text(expected)
              + ", got "
              + shape);
    }
    Dim[] dims = new Dim[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      long got = shape.dim(i);
      dims[i] = Dim.of(got);
      Dim wanted = expected == null ? dims[i] : expected.get(i);
      if (wanted instanceof Dim.Symbol symbol) {
        Long before = symbols.putIfAbsent(symbol.name(), got);
        if (before != null && before != got) {
          throw mismatch(input, i, symbol + " = " + before, shape);
        }
      } else if (wanted instanceof Dim.Known known && known.value() != got) {
        throw mismatch(input, i, wanted.toString(), shape);
      }
    }
    return Fact.of(fact.dtype(), List.of(dims));
  }

  private static ModelException mismatch(String input, int dim, String expected, Shape got) {
    return new ModelException(
        "input '"
            + input
            + "', dimension "
            + dim
            + ": expected "
            + expected
            + ", got "
            + got.dim(dim)
            + " in shape "
            + got);
  }
}
