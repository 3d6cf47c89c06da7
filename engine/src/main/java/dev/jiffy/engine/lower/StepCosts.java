package dev.jiffy.engine.lower;

import dev.jiffy.engine.Precision;
import dev.jiffy.engine.ir.Cost;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the steps of a plan cost, from the nodes that they compute.
final class StepCosts {
  private final Graph graph;
  private final Weights weights;
  private final PointwiseGroups groups;
  private final IdentityHashMap<Node, Long> flops = new IdentityHashMap<>();

  StepCosts(Graph graph, Weights weights, PointwiseGroups groups) {
    this.graph = graph;
    this.weights = weights;
    this.groups = groups;
    for (Cost.NodeCost cost : Cost.of(graph).nodes()) {
      Long count = cost.flops();
      flops.put(cost.node(), count == null ? 0 : count);
    }
  }

  /// {@return the cost of a step}
  ///
  /// @param step the step
  /// @param origin the node that it was made for, or null where it copies an output
  /// @param shares all steps that were made for that node
  StepCost of(Step step, @Nullable Node origin, List<Step> shares) {
    if (origin == null) {
      return cost(step, new StepCost.By.FastKernels(), "Copy", "an output", List.of(), 0, 0, 0);
    }
    List<Node> members = members(origin);
    Set<String> made = new LinkedHashSet<>();
    Set<String> read = new LinkedHashSet<>();
    long operations = 0;
    for (Node member : members) {
      read.addAll(member.inputs());
      made.addAll(member.outputs());
      operations += flops.getOrDefault(member, 0L);
    }
    read.removeAll(made);
    read.remove("");
    long written = origin.outputs().stream().mapToLong(this::bytes).sum();
    long activations = written;
    long constants = 0;
    for (String value : read) {
      Tensor constant = graph.constants().get(value);
      long size = constant == null ? bytes(value) : weights.bytes(constant);
      long touched = picks(origin.op()) ? Math.min(size, written) : size;
      activations += constant == null ? touched : 0;
      constants += constant == null ? 0 : touched;
    }
    return cost(
        step,
        by(step, origin),
        operator(origin),
        detail(step, origin, members),
        members.stream().map(Node::name).toList(),
        share(step, shares, operations),
        activations,
        constants);
  }

  /// The operations of a step of those of its node. What no step claims is shared out to those that
  /// make no claim.
  private static long share(Step step, List<Step> shares, long operations) {
    if (shares.size() == 1) {
      return operations;
    }
    if (step.flops() >= 0) {
      return step.flops();
    }
    long claimed = 0;
    int without = 0;
    for (Step share : shares) {
      claimed += Math.max(0, share.flops());
      without += share.flops() < 0 ? 1 : 0;
    }
    return Math.max(0, operations - claimed) / without;
  }

  private static StepCost.By by(Step step, Node origin) {
    if (origin.op() instanceof Foreign foreign) {
      return new StepCost.By.Foreign(foreign.model().runtime());
    }
    return step instanceof ScalarStep
        ? new StepCost.By.ScalarKernels()
        : new StepCost.By.FastKernels();
  }

  private List<Node> members(Node origin) {
    List<Node> members = new ArrayList<>(groups.members(origin));
    return members.isEmpty() ? List.of(origin) : members.reversed();
  }

  private static StepCost cost(
      Step step,
      StepCost.By by,
      String operator,
      String detail,
      List<String> nodes,
      long flops,
      long activations,
      long constants) {
    long moved = step.movedBytes();
    return new StepCost(
        step.name(),
        by,
        operator,
        detail,
        nodes,
        precision(step.format()),
        step.parts(),
        flops,
        moved < 0 ? activations : moved,
        moved < 0 ? constants : 0);
  }

  private static Precision precision(Format format) {
    return switch (format) {
      case F32 -> Precision.F32;
      case BF16 -> Precision.BF16;
      case INT8 -> Precision.INT8;
    };
  }

  /// Whether an operator reads no more of its inputs than it writes.
  private static boolean picks(Op op) {
    return switch (op) {
      case Op.Gather _, Op.GatherElements _, Op.GatherNd _, Op.Slice _, Op.Split _ -> true;
      default -> false;
    };
  }

  private static String operator(Node node) {
    return switch (node.op()) {
      case Op.Unary _, Op.Binary _, Op.Where _ -> "Elementwise";
      default -> node.op().getClass().getSimpleName();
    };
  }

  private String detail(Step step, Node origin, List<Node> members) {
    List<String> words = new ArrayList<>();
    words.add(extents(origin.input(0)) + " → " + extents(origin.output()));
    if (by(step, origin) instanceof StepCost.By.ScalarKernels) {
      words.add("scalar kernel");
    }
    switch (origin.op()) {
      case Foreign op -> words.add(op.names());
      case Op.Unary _, Op.Binary _, Op.Where _ -> words.add(functions(members));
      case QuantizedOp.Quantize _ when members.size() > 1 -> words.add(functions(members));
      case Op.MatMul op -> extras(words, origin, 2, op.activation());
      case Op.QuantizedMatMul op -> extras(words, origin, 3, op.activation());
      case QuantizedOp.BlockMatMul op -> extras(words, origin, 4, op.activation());
      case Op.Conv op -> {
        words.add("window " + extents(origin.input(1)));
        extras(words, origin, 2, op.activation());
      }
      case Op.ConvTranspose op -> extras(words, origin, 2, op.activation());
      default -> {}
    }
    return String.join(", ", words);
  }

  private static void extras(
      List<String> words, Node node, int bias, Op.@Nullable Unary activation) {
    if (node.hasInput(bias)) {
      words.add("bias");
    }
    if (node.hasInput(bias + 1)) {
      words.add("residual");
    }
    if (activation != null) {
      words.add(name(activation.function()));
    }
  }

  private static String functions(List<Node> members) {
    return members.stream().map(StepCosts::function).collect(Collectors.joining(" → "));
  }

  private static String function(Node node) {
    return switch (node.op()) {
      case Op.Unary unary -> name(unary.function());
      case Op.Binary binary -> name(binary.function());
      default -> node.op().getClass().getSimpleName();
    };
  }

  private String extents(String value) {
    Shape shape = value.isEmpty() ? null : graph.fact(value).concreteShape();
    return shape == null
        ? "[]"
        : Arrays.stream(shape.dims())
            .mapToObj(Long::toString)
            .collect(Collectors.joining("×", "[", "]"));
  }

  /// A constant's name as operators are written, such as `HardSwish`.
  private static String name(Enum<?> function) {
    return Arrays.stream(function.name().split("_", -1))
        .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
        .collect(Collectors.joining());
  }

  private long bytes(String value) {
    if (value.isEmpty()) {
      return 0;
    }
    Fact fact = graph.fact(value);
    Shape shape = fact.concreteShape();
    return shape == null ? 0 : shape.bytes(fact.dtype());
  }
}
