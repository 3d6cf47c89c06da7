package dev.jiffy.engine;

import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a run costs that is more than one plan: for each stage what comes before it, then the steps
/// of its plan and its nodes.
final class StageCosts implements Watch {
  /// What finds a stage's plan and gives it memory.
  static final String STAGE = "[stage]";

  private final Model model;
  private final List<StepCost> costs = new ArrayList<>();
  private int stages;

  StageCosts(Model model) {
    this.model = model;
  }

  /// {@return the costs so far}
  List<StepCost> costs() {
    return costs;
  }

  @Override
  public void begins(Program program, Value[] arguments) {
    stages++;
    costs.add(
        cost(
            "[stage %d]".formatted(stages),
            new StepCost.By.FastKernels(),
            STAGE,
            "a plan for shapes that are known now, and memory for what it makes",
            List.of(),
            0));
    costs.addAll(model.costs(program, arguments));
  }

  @Override
  public void ends(
      Node node, List<? extends @Nullable Value> inputs, List<? extends @Nullable Value> outputs) {
    String operator = node.op().getClass().getSimpleName();
    costs.add(
        cost(
            "%s (%s)".formatted(node.name(), operator),
            node.op() instanceof Foreign foreign
                ? new StepCost.By.Foreign(foreign.model().runtime())
                : new StepCost.By.ScalarKernels(),
            operator,
            "%s → %s".formatted(extents(inputs), extents(outputs)),
            List.of(node.name()),
            bytes(inputs) + bytes(outputs)));
  }

  private static StepCost cost(
      String name,
      StepCost.By by,
      String operator,
      String detail,
      List<String> nodes,
      long activationBytes) {
    return new StepCost(name, by, operator, detail, nodes, Precision.F32, 1, 0, activationBytes, 0);
  }

  private static String extents(List<? extends @Nullable Value> values) {
    List<String> extents = new ArrayList<>();
    for (Value value : values) {
      if (value != null) {
        extents.add(
            value instanceof Tensor tensor
                ? Arrays.stream(tensor.shape().dims())
                    .mapToObj(Long::toString)
                    .collect(Collectors.joining("×", "[", "]"))
                : value.getClass().getSimpleName());
      }
    }
    return String.join(" ", extents);
  }

  private static long bytes(List<? extends @Nullable Value> values) {
    long bytes = 0;
    for (Value value : values) {
      if (value instanceof Tensor tensor && tensor.dtype() != DType.STRING) {
        bytes += tensor.shape().bytes(tensor.dtype());
      }
    }
    return bytes;
  }
}
