package dev.jiffy.engine.ir;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a graph costs: arithmetic, weights and memory for what it computes.
///
/// Numbers that depend on extents not known are null; bind the graph to shapes first.
///
/// @param nodes the cost of each node, in the graph's order
/// @param flops the floating-point or integer operations of one run; a multiply-add counts 2, any
///   other function of an element 1, moving elements 0
/// @param parameters the elements of the constants of the graph and of those in it
/// @param parameterBytes their bytes
/// @param activationBytes the bytes of all values that nodes make, as if none shared memory
public record Cost(
    List<NodeCost> nodes,
    @Nullable Long flops,
    long parameters,
    long parameterBytes,
    @Nullable Long activationBytes) {
  /// Copies the list.
  public Cost {
    nodes = List.copyOf(nodes);
  }

  /// What a node costs.
  ///
  /// @param node the node
  /// @param flops its operations, or null
  /// @param parameterBytes the bytes of the constants that it reads
  /// @param activationBytes the bytes of its outputs, or null
  public record NodeCost(
      Node node, @Nullable Long flops, long parameterBytes, @Nullable Long activationBytes) {}

  /// {@return the cost of a graph}
  ///
  /// @param graph a graph with facts for every value
  public static Cost of(Graph graph) {
    List<NodeCost> nodes = new ArrayList<>();
    Long flops = 0L;
    Long activationBytes = 0L;
    for (Node node : graph.nodes()) {
      NodeCost cost = of(graph, node);
      nodes.add(cost);
      flops = sum(flops, cost.flops());
      activationBytes = sum(activationBytes, cost.activationBytes());
    }
    long parameters = 0;
    long bytes = 0;
    for (Tensor tensor : constants(graph)) {
      parameters = Math.addExact(parameters, tensor.shape().elements());
      bytes = Math.addExact(bytes, tensor.shape().bytes(tensor.dtype()));
    }
    return new Cost(nodes, flops, parameters, bytes, activationBytes);
  }

  /// The constants of a graph and of those in it, each once.
  private static Set<Tensor> constants(Graph graph) {
    Set<Tensor> constants = Collections.newSetFromMap(new IdentityHashMap<>());
    constants.addAll(graph.constants().values());
    for (Node node : graph.nodes()) {
      Bodies.of(node.op()).forEach(body -> constants.addAll(constants(body)));
    }
    return constants;
  }

  private static @Nullable Long sum(@Nullable Long a, @Nullable Long b) {
    return a == null || b == null ? null : (Long) Math.addExact(a, b);
  }

  private static NodeCost of(Graph graph, Node node) {
    long parameterBytes = 0;
    Set<String> seen = new HashSet<>();
    for (String input : node.inputs()) {
      Tensor tensor = graph.constants().get(input);
      if (tensor != null && seen.add(input)) {
        parameterBytes = Math.addExact(parameterBytes, tensor.shape().bytes(tensor.dtype()));
      }
    }
    Long activationBytes = 0L;
    for (String output : node.outputs()) {
      if (!output.isEmpty()) {
        Fact fact = graph.fact(output);
        Shape shape = fact.concreteShape();
        activationBytes =
            sum(activationBytes, shape == null ? null : (Long) shape.bytes(fact.dtype()));
      }
    }
    Long flops = new NodeFlops(graph, node).count();
    return new NodeCost(node, flops, parameterBytes, activationBytes);
  }
}
