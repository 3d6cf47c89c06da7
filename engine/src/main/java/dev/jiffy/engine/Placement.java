package dev.jiffy.engine;

import dev.jiffy.engine.ir.Cost;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphText;
import dev.jiffy.engine.ir.StepCost;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where a piece of a model runs, and what it costs.
///
/// @param engine which engine computes it: `Jiffy`, or a foreign runtime with its version
/// @param by what computes it there: a family of kernels; `node by node` outside of any plan; plans
///   that are made when what comes before has run; null where that is not known
/// @param name the step's name
/// @param operator the operator, or what stands for a chain of elementwise ones
/// @param detail what is computed, and of which extents
/// @param nodes the names of the nodes that it computes
/// @param flops its operations, or null where they are not known
/// @param activationBytes the bytes of the values that a step reads and writes, or that a node
///   outside of any plan writes; null where they are not known
/// @param weightBytes the bytes of the constants that it reads
public record Placement(
    String engine,
    @Nullable String by,
    String name,
    String operator,
    String detail,
    List<String> nodes,
    @Nullable Long flops,
    @Nullable Long activationBytes,
    long weightBytes) {
  /// The name of this engine.
  public static final String JIFFY = "Jiffy";

  /// Copies the list.
  public Placement {
    nodes = List.copyOf(nodes);
  }

  /// {@return the place of a plan's step}
  ///
  /// @param step the step
  /// @param kernels the family of kernels that the plan is made for
  static Placement of(StepCost step, KernelPath kernels) {
    boolean isForeign = step.by() instanceof StepCost.By.Foreign;
    return new Placement(
        step.by() instanceof StepCost.By.Foreign(String runtime) ? runtime : JIFFY,
        switch (step.by()) {
          case StepCost.By.FastKernels _ -> kernels(kernels);
          case StepCost.By.ScalarKernels _ -> kernels(KernelPath.SCALAR);
          case StepCost.By.Foreign _ -> null;
        },
        step.name(),
        step.operator(),
        step.detail(),
        step.nodes(),
        isForeign ? null : (Long) step.flops(),
        step.activationBytes(),
        step.weightBytes());
  }

  private static String kernels(KernelPath path) {
    return path.name().toLowerCase(Locale.ROOT) + " kernels";
  }

  /// {@return the places of a graph's nodes, one by one}
  ///
  /// @param graph the graph
  /// @param by what computes those that Jiffy does
  static List<Placement> of(Graph graph, @Nullable String by) {
    List<Placement> places = new ArrayList<>();
    for (Cost.NodeCost cost : Cost.of(graph).nodes()) {
      boolean isForeign = cost.node().op() instanceof Foreign;
      places.add(
          new Placement(
              cost.node().op() instanceof Foreign op ? op.model().runtime() : JIFFY,
              isForeign ? null : by,
              cost.node().name(),
              cost.node().op().getClass().getSimpleName(),
              cost.node().op() instanceof Foreign op
                  ? op.names()
                  : GraphText.of(graph, cost.node()),
              List.of(cost.node().name()),
              cost.flops(),
              cost.activationBytes(),
              cost.parameterBytes()));
    }
    return places;
  }
}
