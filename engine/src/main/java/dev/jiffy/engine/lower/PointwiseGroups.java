package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Chains of elementwise f32 nodes that become one step each.
///
/// A node joins the chain of its readers when all of them are in one chain and have its shape, so
/// that a chain has one result, made at the place of its last node. A chain may read bytes that
/// stand for numbers, and end with numbers that become bytes.
final class PointwiseGroups {
  /// The operands up to which numbers join a chain; truth values join any.
  private static final int MAX_OPERANDS = 16;

  private static final Affine TRUTHS = new Affine(DType.U8, 1, 0);

  private final Graph graph;
  private final Map<String, Node> producers;
  private final Map<String, List<Node>> consumers;
  private final IdentityHashMap<Node, Group> groups = new IdentityHashMap<>();

  /// Where bytes that are repeated lie as f32.
  private final Map<String, Place> numbers = new HashMap<>();

  private static final class Group {
    private final Node root;
    private final List<Node> members = new ArrayList<>();
    private final Set<String> operands = new LinkedHashSet<>();

    Group(Node root) {
      this.root = root;
    }

    void add(Node node) {
      members.add(node);
      operands.remove(node.output());
      for (String input : node.inputs()) {
        operands.add(input);
      }
    }
  }

  private PointwiseGroups(
      Graph graph, Map<String, Node> producers, Map<String, List<Node>> consumers) {
    this.graph = graph;
    this.producers = producers;
    this.consumers = consumers;
  }

  /// {@return the chains of a graph}
  ///
  /// @param graph the graph
  /// @param needs what it needs
  /// @param producers the node that makes each value
  /// @param consumers the nodes that read each value
  static PointwiseGroups of(
      Graph graph, Needs needs, Map<String, Node> producers, Map<String, List<Node>> consumers) {
    PointwiseGroups groups = new PointwiseGroups(graph, producers, consumers);
    Set<String> outputs = new LinkedHashSet<>(graph.outputs());
    List<Node> nodes = graph.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (!needs.runs(node) || !groups.isPointwise(node)) {
        continue;
      }
      Group group = outputs.contains(node.output()) ? null : groups.commonGroup(node);
      if (group == null) {
        group = new Group(node);
      }
      group.add(node);
      groups.groups.put(node, group);
    }
    return groups;
  }

  private @Nullable Group commonGroup(Node node) {
    Group common = null;
    for (Node reader : consumers.getOrDefault(node.output(), List.of())) {
      Group group = groups.get(reader);
      if (group == null || (common != null && common != group)) {
        return null;
      }
      common = group;
    }
    if (common == null
        || (isFloat(node.output())
            && common.operands.size() + node.inputs().size() > MAX_OPERANDS)) {
      return null;
    }
    Shape shape = graph.fact(node.output()).concreteShape();
    Shape whole = graph.fact(common.root.output()).concreteShape();
    return shape != null && whole != null && shape.equals(whole) ? common : null;
  }

  /// Truth values are f32 within a chain but bytes in memory. What combines only such bytes is no
  /// part of a chain: bytes are combined eight at a time.
  private boolean isPointwise(Node node) {
    return switch (node.op()) {
      case Op.Unary _, Op.Where _ -> isOfNumbersAndTruths(node);
      case Op.Binary binary ->
          isOfNumbersAndTruths(node)
              && (binary.function() != BinaryFunction.EQUAL || !isTruth(node.input(0)));
      case Op.Cast cast -> cast.to() == DType.F32 && isInnerTruth(node.input(0), node);
      case QuantizedOp.Quantize _ -> isFloat(node.input(0)) && Bytes.affine(graph, node) != null;
      default -> false;
    };
  }

  private boolean isOfNumbersAndTruths(Node node) {
    boolean fits = isFloat(node.output()) || isTruth(node.output());
    boolean hasNumbers = isFloat(node.output());
    for (String input : node.inputs()) {
      fits &= isFloat(input) || isTruth(input);
      hasNumbers |= isFloat(input);
    }
    for (int i = 0; i < node.inputs().size() && fits && !hasNumbers; i++) {
      hasNumbers = isInnerTruth(node.input(i), node);
    }
    return fits && hasNumbers;
  }

  private boolean isTruth(String value) {
    return graph.fact(value).dtype() == DType.BOOL;
  }

  private boolean isFloat(String value) {
    return graph.fact(value).dtype() == DType.F32;
  }

  /// {@return whether a truth value may be f32, as the node that makes it may join the chain of its
  /// only reader}
  @SuppressWarnings("ReferenceEquality") // nodes of one graph
  private boolean isInnerTruth(String value, Node reader) {
    Node producer = producers.get(value);
    return isTruth(value)
        && producer != null
        && !graph.outputs().contains(value)
        && consumers.getOrDefault(value, List.of()).stream().allMatch(node -> node == reader)
        && Objects.equals(
            graph.fact(value).concreteShape(), graph.fact(reader.output()).concreteShape())
        && isPointwise(producer);
  }

  @SuppressWarnings("ReferenceEquality") // nodes of one graph
  boolean isRoot(Node node) {
    Group group = groups.get(node);
    return group != null && group.root == node && !isQuantizing(group.members);
  }

  @SuppressWarnings("ReferenceEquality") // nodes of one graph
  boolean isInner(Node node) {
    Group group = groups.get(node);
    return group != null && group.root != node;
  }

  /// Whether a chain does no more than to make bytes.
  private static boolean isQuantizing(List<Node> members) {
    return members.size() == 1 && members.getFirst().op() instanceof QuantizedOp.Quantize;
  }

  List<Node> members(Node root) {
    Group group = groups.get(root);
    return group == null ? List.of() : group.members;
  }

  void lower(Node root, Lowering lowering) {
    List<Node> members = members(root).reversed();
    Chain chain = new Chain(lowering, root);
    for (Node node : members) {
      chain.collect(node);
    }
    for (Node node : members) {
      chain.compile(node);
    }
    chain.emit();
  }

  /// One chain on its way to a step.
  private final class Chain {
    private final Lowering lowering;
    private final Node root;
    private final Map<String, Integer> inputs = new LinkedHashMap<>();
    private final Map<String, Integer> results = new HashMap<>();
    private final List<Instruction> instructions = new ArrayList<>();

    Chain(Lowering lowering, Node root) {
      this.lowering = lowering;
      this.root = root;
    }

    /// Numbers the inputs: values made outside, save numbers that instructions hold themselves.
    void collect(Node node) {
      Group group = groups.get(root);
      for (int i = 0; i < inputs(node); i++) {
        String input = node.input(i);
        Node producer = lowering.producer(input);
        boolean inside = producer != null && group != null && groups.get(producer) == group;
        if (!inside && !isNumber(node, i)) {
          inputs.putIfAbsent(input, inputs.size());
        }
      }
    }

    /// {@return how many inputs of a node are operands}
    private static int inputs(Node node) {
      return node.op() instanceof QuantizedOp.Quantize ? 1 : node.inputs().size();
    }

    private boolean isNumber(Node node, int input) {
      return node.op() instanceof Op.Binary
          && number(node.input(input)) != null
          && (input == 1 || number(node.input(1)) == null);
    }

    private @Nullable Float number(String value) {
      Tensor constant = graph.constants().get(value);
      return constant != null && constant.shape().elements() == 1
          ? (Float) (float) constant.getDouble(0)
          : null;
    }

    void compile(Node node) {
      if (node.op() instanceof QuantizedOp.Quantize) {
        return;
      }
      instructions.add(
          switch (node.op()) {
            case Op.Unary unary ->
                new Instruction.Unary(
                    unary.function(), unary.alpha(), unary.beta(), operand(node.input(0)));
            case Op.Binary binary -> {
              if (isNumber(node, 1)) {
                yield new Instruction.Scalar(
                    binary.function(), operand(node.input(0)), known(node.input(1)), false);
              }
              if (isNumber(node, 0)) {
                yield new Instruction.Scalar(
                    binary.function(), operand(node.input(1)), known(node.input(0)), true);
              }
              yield new Instruction.Binary(
                  binary.function(), operand(node.input(0)), operand(node.input(1)));
            }
            case Op.Where _ ->
                new Instruction.Select(
                    operand(node.input(0)), operand(node.input(1)), operand(node.input(2)));
            case Op.Cast _ ->
                new Instruction.Scalar(BinaryFunction.MIN, operand(node.input(0)), 1, false);
            default -> throw new IllegalStateException("not elementwise: " + node);
          });
      results.put(node.output(), inputs.size() + instructions.size() - 1);
    }

    private float known(String value) {
      Float number = number(value);
      if (number == null) {
        throw new IllegalStateException("'" + value + "' is not a number");
      }
      return number;
    }

    private int operand(String value) {
      Integer result = results.get(value);
      Integer operand = result == null ? inputs.get(value) : result;
      if (operand == null) {
        throw new IllegalStateException("no operand '" + value + "'");
      }
      return operand;
    }

    void emit() {
      Affine made = made();
      Shape whole = lowering.shape(root.output());
      String result = root.op() instanceof QuantizedOp.Quantize ? root.input(0) : root.output();
      List<Shape> shapes = new ArrayList<>();
      for (String input : inputs.keySet()) {
        shapes.add(lowering.shape(input));
      }
      Pointwise pointwise =
          Broadcast.merge(whole, shapes).pointwise(instructions, List.of(operand(result)));
      List<Reals> operands = new ArrayList<>();
      for (String input : inputs.keySet()) {
        Reals reals = lowering.reals(input);
        boolean isRead = reals.bytes() == null || lowering.shape(input).equals(whole);
        operands.add(isRead ? reals : Reals.floats(numbers(input)));
      }
      operands.add(new Reals(lowering.result(root.output()), made));
      lowering.add(
          PointwiseStep.of(Lowering.label(root), lowering.target(), pointwise, operands),
          Reals.places(operands));
    }

    /// {@return what the bytes that the chain makes stand for, or null where it makes f32}
    private @Nullable Affine made() {
      return root.op() instanceof QuantizedOp.Quantize
          ? Bytes.affine(graph, root)
          : isTruth(root.output()) ? TRUTHS : null;
    }

    /// {@return where the bytes of a value lie as f32}
    private Place numbers(String value) {
      Place place = numbers.get(value);
      if (place == null) {
        place = lowering.floats(Lowering.label(root), value);
        numbers.put(value, place);
      }
      return place;
    }
  }
}
