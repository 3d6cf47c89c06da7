package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which nodes must run: those whose elements somebody reads and that are not known beforehand.
///
/// Many inputs only steer an operator (the target of a reshape, the bounds of a slice). Lowering
/// reads them from facts or constants, so that the nodes that compute them need not run; where one
/// is not known before the run, it is needed like any other value.
final class Needs {
  private final Graph graph;
  private final Map<String, Node> producers;
  private final Set<String> values = new HashSet<>();
  private final Set<Node> running = Collections.newSetFromMap(new IdentityHashMap<>());

  private Needs(Graph graph, Map<String, Node> producers) {
    this.graph = graph;
    this.producers = producers;
  }

  /// {@return what a graph needs}
  ///
  /// @param graph the graph
  /// @param producers the node that makes each value
  static Needs of(Graph graph, Map<String, Node> producers) {
    Needs needs = new Needs(graph, producers);
    needs.values.addAll(graph.outputs());
    List<Node> nodes = graph.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (needs.makesNeeded(node)) {
        needs.running.add(node);
        for (int input = 0; input < node.inputs().size(); input++) {
          if (node.hasInput(input)
              && (!isParameter(node.op(), input) || !needs.isKnown(node.input(input)))) {
            needs.values.add(node.input(input));
          }
        }
      }
    }
    return needs;
  }

  /// {@return whether a node must run}
  boolean runs(Node node) {
    return running.contains(node);
  }

  private boolean makesNeeded(Node node) {
    for (String output : node.outputs()) {
      if (values.contains(output) && !isKnown(output)) {
        return true;
      }
    }
    return false;
  }

  /// {@return whether a value's elements are known before the run}
  boolean isKnown(String value) {
    return graph.constants().containsKey(value)
        || graph.fact(value).hasConcreteValue()
        || !Columns.joined(graph, producers.get(value)).isEmpty();
  }

  /// Gives a part of the graph a value that is known before the run: as a constant, or by the node
  /// that joins constants.
  ///
  /// @param value the value
  /// @param nodes takes such a node
  /// @param constants takes such constants
  /// @return whether the value is known
  boolean give(String value, List<Node> nodes, Map<String, Tensor> constants) {
    Node producer = producers.get(value);
    if (!isKnown(value)) {
      return false;
    }
    boolean isOne = graph.constants().containsKey(value) || graph.fact(value).hasConcreteValue();
    if (isOne || producer == null) {
      constants.put(value, Lowering.known(graph, value, producer));
    } else if (!nodes.contains(producer)) {
      producer.inputs().forEach(part -> give(part, nodes, constants));
      nodes.add(producer);
    }
    return true;
  }

  /// {@return whether a plan may have a step for a node: it works on tensors of numbers, is no
  /// control flow, and its elements do not decide the shapes of its results}
  boolean isOrdinary(Node node) {
    if (!Bodies.of(node.op()).isEmpty()
        || node.op() instanceof SequenceOp
        || ScalarOps.isSizedByElements(node.op())) {
      return false;
    }
    return areOrdinary(node.inputs()) && areOrdinary(node.outputs());
  }

  private boolean areOrdinary(List<String> values) {
    for (String value : values) {
      Fact fact = value.isEmpty() ? null : graph.fact(value);
      if (fact != null && (!fact.isTensor() || fact.dtype() == DType.STRING)) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether a plan can have a step for a node: it may, all shapes are numbers, and all
  /// that steers it is known}
  boolean isPlanned(Node node) {
    return isOrdinary(node)
        && hasParameters(node)
        && haveShapes(node.inputs())
        && haveShapes(node.outputs());
  }

  private boolean haveShapes(List<String> values) {
    for (String value : values) {
      if (!value.isEmpty() && !graph.fact(value).hasConcreteShape()) {
        return false;
      }
    }
    return true;
  }

  private boolean hasParameters(Node node) {
    for (int input = 0; input < node.inputs().size(); input++) {
      if (node.hasInput(input) && isParameter(node.op(), input) && !isKnown(node.input(input))) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether an input steers the operator instead of flowing through it}
  static boolean isParameter(Op op, int input) {
    return switch (op) {
      case Op.Reshape _, Op.Expand _, Op.Slice _, Op.Tile _, Op.Squeeze _, Op.Unsqueeze _ ->
          input > 0;
      case Op.Split _, ImageOp.Resize _, Op.Reduce _ -> input > 0;
      case Op.Pad _ -> input == 1 || input == 3;
      case Op.ShapeOf _, Op.Size _, Op.ConstantOfShape _, RandomOp _ -> true;
      case SignalOp.Fourier _, ImageOp.Fold _ -> input > 0;
      case SignalOp.ShortTimeFourier _ -> input == 1 || input == 3;
      case SignalOp.MelWeights _ -> true;
      default -> false;
    };
  }
}
