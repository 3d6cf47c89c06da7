package dev.jiffy.engine.lower;

import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
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
  /// @param graph the graph, whose outputs are tensors
  /// @param inputs a tensor for every input of the graph
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape, or if
  ///   a node cannot compute with what it gets; names the node
  public static Map<String, Tensor> run(Graph graph, Map<String, Tensor> inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    run(graph, inputs, new Context(LoadOptions.ITERATIONS, Limits.DEFAULTS.tensorBytes()))
        .forEach(
            (name, value) -> outputs.put(name, Evaluation.tensor(value, "output '" + name + "'")));
    return outputs;
  }

  /// {@return the graph's outputs in its order, of any kind}
  ///
  /// @param graph the graph
  /// @param inputs a value for every input of the graph
  /// @param options which iterations and tensors there may be at most
  /// @throws ModelException as the other
  public static Map<String, Value> values(
      Graph graph, Map<String, ? extends Value> inputs, LoadOptions options) {
    return run(graph, inputs, new Context(options.iterations(), options.limits().tensorBytes()));
  }

  /// Runs graphs within operators node by node.
  private static final class Context implements Evaluation.Context {
    private final Allowance allowance;
    private final long tensorBytes;

    Context(long iterations, long tensorBytes) {
      this.allowance = new Allowance(iterations);
      this.tensorBytes = tensorBytes;
    }

    @Override
    public long tensorBytes() {
      return tensorBytes;
    }

    @Override
    public Evaluation.Body body(Graph body) {
      return inputs -> {
        allowance.take();
        Map<String, Value> values = new LinkedHashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
          values.put(body.inputs().get(i), inputs.get(i));
        }
        return List.copyOf(run(body, values, this).values());
      };
    }
  }

  private static Map<String, Value> run(
      Graph graph, Map<String, ? extends Value> inputs, Context context) {
    check(graph, inputs);
    Map<String, Value> values = new HashMap<>(inputs);
    List<List<String>> dead = dead(graph);
    for (int i = 0; i < graph.nodes().size(); i++) {
      Node node = graph.nodes().get(i);
      List<@Nullable Value> in = new ArrayList<>();
      for (String name : node.inputs()) {
        in.add(name.isEmpty() ? null : value(graph, values, name));
      }
      List<@Nullable Value> out = Evaluation.run(node, in, context);
      for (int k = 0; k < out.size(); k++) {
        Value value = out.get(k);
        if (value != null) {
          values.put(node.outputs().get(k), value);
        }
      }
      for (String name : dead.get(i)) {
        values.remove(name);
      }
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    for (String name : graph.outputs()) {
      outputs.put(name, value(graph, values, name));
    }
    return outputs;
  }

  private static void check(Graph graph, Map<String, ? extends Value> inputs) {
    for (String name : graph.inputs()) {
      Value value = inputs.get(name);
      if (value == null) {
        throw new ModelException("input '" + name + "' is missing; expected " + graph.inputs());
      }
      Fact fact = graph.fact(name);
      if (!fact.kind().accepts(value)
          || (value instanceof Tensor tensor
              && (tensor.dtype() != fact.dtype()
                  || (fact.rank() >= 0 && fact.rank() != tensor.shape().rank())))) {
        throw new ModelException(
            "input '%s' must be %s, got %s".formatted(name, fact, Evaluation.describe(value)));
      }
    }
    for (String name : inputs.keySet()) {
      if (!graph.inputs().contains(name)) {
        throw new ModelException("there is no input '" + name + "'; expected " + graph.inputs());
      }
    }
  }

  private static Value value(Graph graph, Map<String, Value> values, String name) {
    Value value = values.get(name);
    if (value == null) {
      value = graph.constants().get(name);
    }
    if (value == null) {
      throw new IllegalStateException("value '" + name + "' is read before it is made");
    }
    return value;
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

  /// {@return all outputs of an operator, in memory of their own}
  ///
  /// @param op the operator
  /// @param in its inputs; null stands for an absent optional one
  /// @param outputs the number of outputs
  /// @param most the most bytes of an output
  /// @throws ModelException if the operator cannot compute with such inputs, or makes more
  public static List<Tensor> evaluate(Op op, List<@Nullable Tensor> in, int outputs, long most) {
    boolean[] wanted = new boolean[outputs];
    Arrays.fill(wanted, true);
    List<Tensor> out = new ArrayList<>();
    for (Value value :
        Evaluation.run(
            op, new ArrayList<>(in), wanted, new Context(LoadOptions.ITERATIONS, most))) {
      if (!(value instanceof Tensor tensor)) {
        throw new IllegalStateException(op + " left out an output or made no tensor");
      }
      out.add(tensor);
    }
    return out;
  }
}
