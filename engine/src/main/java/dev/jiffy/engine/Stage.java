package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.lower.Cut;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a program does for concrete inputs: it runs a plan, then computes nodes that no plan has,
/// then goes on with a program for the rest. Nearly every model is one plan and nothing else.
///
/// Values lie in registers: first the arguments, then what is known beforehand, then what the plan
/// makes, then what the nodes make.
///
/// Immutable, shared by all sessions of a model.
final class Stage {
  /// A node, and the registers of what it reads and makes; -1 where there is nothing.
  static final class Own {
    final Node node;
    final int[] inputs;
    final int[] outputs;

    Own(Node node, int[] inputs, int[] outputs) {
      this.node = node;
      this.inputs = inputs;
      this.outputs = outputs;
    }
  }

  private final @Nullable Shape[] shapes;
  private final long[][] values;

  /// The plan, or null where there is nothing for one.
  final @Nullable Plan plan;

  /// The arguments that the plan reads, in the order of its inputs.
  final int[] planInputs;

  final List<Own> nodes;

  /// The registers as they are before a run.
  final @Nullable Value[] registers;

  /// The register of the first value that the plan makes.
  final int planOutputs;

  /// The program for the rest, or null where nothing is left.
  final @Nullable Program rest;

  /// The registers of the arguments of the rest.
  final int[] restInputs;

  /// For each output of the program its register, or -1 where the rest makes it.
  final int[] results;

  private Stage(
      Program program,
      Value[] arguments,
      @Nullable Plan plan,
      int[] planInputs,
      List<Own> nodes,
      @Nullable Value[] registers,
      int planOutputs,
      @Nullable Program rest,
      int[] restInputs,
      int[] results) {
    this.shapes = new @Nullable Shape[arguments.length];
    this.values = new long[arguments.length][];
    for (int i = 0; i < arguments.length; i++) {
      boolean isTensor = arguments[i] instanceof Tensor;
      shapes[i] = isTensor ? ((Tensor) arguments[i]).shape() : null;
      values[i] =
          isTensor && program.isDeciding(i, arguments[i])
              ? ((Tensor) arguments[i]).toLongs()
              : new long[0];
    }
    this.plan = plan;
    this.planInputs = planInputs;
    this.nodes = nodes;
    this.registers = registers;
    this.planOutputs = planOutputs;
    this.rest = rest;
    this.restInputs = restInputs;
    this.results = results;
  }

  /// {@return the stage of a program that is one plan}
  static Stage whole(Program program, Value[] arguments, Plan plan) {
    int inputs = plan.inputs().size();
    int outputs = plan.outputs().size();
    int[] results = new int[outputs];
    for (int i = 0; i < outputs; i++) {
      results[i] = inputs + i;
    }
    int[] planInputs = new int[inputs];
    for (int i = 0; i < inputs; i++) {
      planInputs[i] = i;
    }
    @Nullable Value[] registers = new @Nullable Value[inputs + outputs];
    return new Stage(
        program,
        arguments,
        plan,
        planInputs,
        List.of(),
        registers,
        inputs,
        null,
        new int[0],
        results);
  }

  /// {@return the stage of a program that is cut}
  static Stage cut(Program program, Value[] arguments, Graph bound, Cut cut, @Nullable Plan plan) {
    Map<String, Integer> places = new HashMap<>();
    List<@Nullable Value> registers = new ArrayList<>();
    for (String input : bound.inputs()) {
      places.put(input, registers.size());
      registers.add(null);
    }
    cut.constants()
        .forEach((name, tensor) -> {
          places.put(name, registers.size());
          registers.add(tensor);
        });
    int planOutputs = registers.size();
    int[] planInputs = new int[0];
    if (plan != null) {
      planInputs = plan.inputs().stream().mapToInt(port -> place(places, port.name())).toArray();
      for (Plan.Port port : plan.outputs()) {
        places.put(port.name(), registers.size());
        registers.add(null);
      }
    }
    List<Own> nodes = new ArrayList<>();
    for (Node node : cut.nodes()) {
      int[] inputs = places(places, node.inputs());
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          places.put(output, registers.size());
          registers.add(null);
        }
      }
      nodes.add(new Own(node, inputs, places(places, node.outputs())));
    }
    Graph rest = cut.rest();
    boolean isDone = rest.outputs().isEmpty();
    int[] results =
        bound.outputs().stream()
            .mapToInt(output -> rest.outputs().contains(output) ? -1 : place(places, output))
            .toArray();
    return new Stage(
        program,
        arguments,
        plan,
        planInputs,
        List.copyOf(nodes),
        registers.toArray(new @Nullable Value[0]),
        planOutputs,
        isDone ? null : Program.rest(rest),
        isDone ? new int[0] : places(places, rest.inputs()),
        results);
  }

  private static int[] places(Map<String, Integer> places, List<String> names) {
    return names.stream().mapToInt(name -> name.isEmpty() ? -1 : place(places, name)).toArray();
  }

  private static int place(Map<String, Integer> places, String name) {
    return Objects.requireNonNull(places.get(name), name);
  }

  /// {@return whether a plan is all there is}
  boolean isWhole() {
    return plan != null && nodes.isEmpty() && rest == null && planOutputs == planInputs.length;
  }

  /// {@return whether a register is a result of the program}
  boolean isResult(int register) {
    for (int result : results) {
      if (result == register) {
        return true;
      }
    }
    return false;
  }

  /// {@return whether this stage is for such inputs}
  ///
  /// @param arguments a value for every input of the program
  boolean fits(Value[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      Shape shape = shapes[i];
      if (!(arguments[i] instanceof Tensor tensor)) {
        if (shape != null) {
          return false;
        }
        continue;
      }
      if (shape == null || !shape.equals(tensor.shape())) {
        return false;
      }
      long[] expected = values[i];
      for (int k = 0; k < expected.length; k++) {
        if (tensor.getLong(k) != expected[k]) {
          return false;
        }
      }
    }
    return true;
  }
}
