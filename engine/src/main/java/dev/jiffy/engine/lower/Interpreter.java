package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs a graph node by node on the scalar kernels, each shape inferred when its node runs.
///
/// The oracle of every plan, the evaluator of constant folding, and what runs graphs whose shapes
/// depend on elements. Keeps nothing between runs; may be called by several threads.
public final class Interpreter {
  private Interpreter() {}

  /// {@return the graph's outputs in its order}
  ///
  /// An output that is an input or a constant is that very tensor; the others have memory of their
  /// own.
  ///
  /// @param graph the graph
  /// @param inputs a tensor for every input of the graph
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape, or if
  ///   a node cannot compute with what it gets; names the node
  public static Map<String, Tensor> run(Graph graph, Map<String, Tensor> inputs) {
    check(graph, inputs);
    Map<String, Tensor> values = new HashMap<>(inputs);
    List<List<String>> dead = dead(graph);
    for (int i = 0; i < graph.nodes().size(); i++) {
      Node node = graph.nodes().get(i);
      List<@Nullable Tensor> in = new ArrayList<>();
      for (String name : node.inputs()) {
        in.add(name.isEmpty() ? null : value(graph, values, name));
      }
      List<@Nullable Tensor> out = run(node, in);
      for (int k = 0; k < out.size(); k++) {
        Tensor tensor = out.get(k);
        if (tensor != null) {
          values.put(node.outputs().get(k), tensor);
        }
      }
      for (String name : dead.get(i)) {
        values.remove(name);
      }
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (String name : graph.outputs()) {
      outputs.put(name, value(graph, values, name));
    }
    return outputs;
  }

  private static void check(Graph graph, Map<String, Tensor> inputs) {
    for (String name : graph.inputs()) {
      Tensor tensor = inputs.get(name);
      if (tensor == null) {
        throw new ModelException("input '" + name + "' is missing; expected " + graph.inputs());
      }
      Fact fact = graph.fact(name);
      if (tensor.dtype() != fact.dtype()
          || (fact.rank() >= 0 && fact.rank() != tensor.shape().rank())) {
        throw new ModelException(
            "input '%s' must be %s, got %s%s"
                .formatted(name, fact, tensor.dtype(), tensor.shape()));
      }
    }
    for (String name : inputs.keySet()) {
      if (!graph.inputs().contains(name)) {
        throw new ModelException("there is no input '" + name + "'; expected " + graph.inputs());
      }
    }
  }

  private static Tensor value(Graph graph, Map<String, Tensor> values, String name) {
    Tensor tensor = values.get(name);
    if (tensor == null) {
      tensor = graph.constants().get(name);
    }
    if (tensor == null) {
      throw new IllegalStateException("value '" + name + "' is read before it is made");
    }
    return tensor;
  }

  /// Returns for each node the values that nothing after it reads.
  private static List<List<String>> dead(Graph graph) {
    Set<String> alive = new HashSet<>(graph.outputs());
    List<List<String>> dead = new ArrayList<>(Collections.nCopies(graph.nodes().size(), List.of()));
    for (int i = graph.nodes().size() - 1; i >= 0; i--) {
      Node node = graph.nodes().get(i);
      List<String> last = new ArrayList<>();
      for (String name : node.outputs()) {
        if (alive.add(name)) {
          last.add(name);
        }
      }
      for (String name : node.inputs()) {
        if (alive.add(name)) {
          last.add(name);
        }
      }
      dead.set(i, last);
    }
    return dead;
  }

  private static List<@Nullable Tensor> run(Node node, List<@Nullable Tensor> in) {
    boolean[] wanted = new boolean[node.outputs().size()];
    for (int k = 0; k < wanted.length; k++) {
      wanted[k] = !node.outputs().get(k).isEmpty();
    }
    try {
      return compute(node.op(), in, wanted);
    } catch (ModelException e) {
      throw new ModelException(
          "node '%s' (%s): %s"
              .formatted(node.name(), node.op().getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  /// {@return all outputs of an operator, in memory of their own}
  ///
  /// @param op the operator
  /// @param in its inputs; null stands for an absent optional one
  /// @param outputs the number of outputs
  /// @throws ModelException if the operator cannot compute with such inputs
  public static List<Tensor> evaluate(Op op, List<@Nullable Tensor> in, int outputs) {
    boolean[] wanted = new boolean[outputs];
    Arrays.fill(wanted, true);
    List<Tensor> out = new ArrayList<>();
    for (Tensor tensor : compute(op, in, wanted)) {
      if (tensor == null) {
        throw new IllegalStateException(op + " left out an output");
      }
      out.add(tensor);
    }
    return out;
  }

  private static List<@Nullable Tensor> compute(
      Op op, List<@Nullable Tensor> in, boolean[] wanted) {
    if (op instanceof Op.If conditional) {
      return branch(conditional, new Operands(in, List.of()), wanted);
    }
    List<@Nullable Fact> facts = new ArrayList<>();
    for (Tensor tensor : in) {
      facts.add(tensor == null ? null : Fact.of(tensor.dtype(), tensor.shape().dims()));
    }
    List<Fact> made = Inference.infer(op, facts, in, wanted.length, new NameSource());
    if (ScalarOps.isSizedByElements(op)) {
      return new ArrayList<>(ScalarOps.sizedByElements(op, in).subList(0, wanted.length));
    }
    List<@Nullable Tensor> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      out.add(wanted[k] ? allocate(op, made.get(k)) : null);
    }
    ScalarOps.run(op, in, out);
    return out;
  }

  private static List<@Nullable Tensor> branch(Op.If op, Operands o, boolean[] wanted) {
    Tensor condition = o.in(0);
    if (condition.shape().elements() != 1) {
      throw new ModelException("input 0: expected one element, got shape " + condition.shape());
    }
    Graph branch = condition.getLong(0) != 0 ? op.then() : op.otherwise();
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (int i = 0; i < branch.inputs().size(); i++) {
      inputs.put(branch.inputs().get(i), o.in(i + 1));
    }
    Map<String, Tensor> results = run(branch, inputs);
    List<@Nullable Tensor> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      out.add(wanted[k] ? results.get(branch.outputs().get(k)) : null);
    }
    return out;
  }

  private static Tensor allocate(Op op, Fact fact) {
    Shape shape = fact.concreteShape();
    if (shape == null) {
      throw new IllegalStateException("inference left open the shape " + fact + " of " + op);
    }
    return Tensor.allocate(fact.dtype(), shape);
  }
}
