package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.lower.Cut;
import dev.jiffy.engine.lower.Lowering;
import dev.jiffy.engine.lower.MicroBatches;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.lower.Weights;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A graph that is run: a model's, the body of a loop, a branch, or what is left of one of these
/// behind a cut.
///
/// Immutable but for what it remembers of branches; shared between threads.
final class Program {
  private final Graph graph;

  /// Null where no branch is decided before the run.
  private final @Nullable Variants variants;

  private final OpenPlans openPlans = new OpenPlans();

  private Program(Graph graph, @Nullable Variants variants) {
    this.graph = graph;
    this.variants = variants;
  }

  /// {@return a model's program}
  ///
  /// @param graph its graph
  /// @param optimize whether passes run once branches are decided
  static Program of(Graph graph, boolean optimize) {
    return new Program(graph, new Variants(graph, optimize, true));
  }

  /// {@return the program of a graph within a node}
  ///
  /// @param graph the graph
  /// @param optimize whether passes run once branches are decided
  static Program within(Graph graph, boolean optimize) {
    return new Program(graph, new Variants(graph, optimize, false));
  }

  /// {@return the program of what a cut has left}
  ///
  /// @param graph the graph
  static Program rest(Graph graph) {
    return new Program(graph, null);
  }

  /// {@return the graph as it is before its inputs are known}
  Graph graph() {
    return graph;
  }

  /// {@return the graph whose weights are packed before the inputs are known}
  Graph packed() {
    return variants == null ? graph : variants.only();
  }

  /// {@return whether the elements of an argument decide branches}
  ///
  /// @param input which input it is for
  /// @param argument the argument
  boolean isDeciding(int input, Value argument) {
    return variants != null
        && argument instanceof Tensor tensor
        && variants.isDeciding(graph.inputs().get(input), tensor);
  }

  /// What a stage is made for.
  ///
  /// @param program the program
  /// @param shapes a shape for every input that is a tensor, null for others
  /// @param values the elements of the inputs that decide branches
  record Request(Program program, List<@Nullable Shape> shapes, List<List<Long>> values) {}

  /// {@return what a stage for concrete inputs is made for}
  ///
  /// @param arguments a value for every input
  Request request(Value[] arguments) {
    List<@Nullable Shape> shapes = new ArrayList<>(arguments.length);
    List<List<Long>> values = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      shapes.add(arguments[i] instanceof Tensor tensor ? tensor.shape() : null);
      if (isDeciding(i, arguments[i]) && arguments[i] instanceof Tensor tensor) {
        values.add(Arrays.stream(tensor.toLongs()).boxed().toList());
      }
    }
    return new Request(this, shapes, values);
  }

  /// A graph and its inputs.
  ///
  /// @param graph the graph, without the branches that the inputs decide
  /// @param shapes a shape for every input that is a tensor
  /// @param values the inputs whose elements decide branches
  record Given(Graph graph, Map<String, Shape> shapes, Map<String, Tensor> values) {
    /// {@return the graph with what is known of its inputs}
    ///
    /// @throws ModelException if a shape does not fit the graph
    Graph bound() {
      return Inference.bind(graph, shapes, values);
    }

    /// {@return whether both differ in shapes only}
    @SuppressWarnings("ReferenceEquality") // the same decisions give the same graph
    boolean isLike(Given other) {
      return graph == other.graph && elements().equals(other.elements());
    }

    private Map<String, List<Long>> elements() {
      Map<String, List<Long>> elements = new HashMap<>();
      values.forEach(
          (name, tensor) -> elements.put(name, Arrays.stream(tensor.toLongs()).boxed().toList()));
      return elements;
    }
  }

  /// {@return what is given with concrete inputs}
  ///
  /// @param arguments a value for every input
  /// @throws ModelException if a shape does not fit the graph
  Given given(Value[] arguments) {
    Map<String, Shape> shapes = new HashMap<>();
    Map<String, Tensor> values = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String name = graph.inputs().get(i);
      if (arguments[i] instanceof Tensor tensor) {
        shapes.put(name, tensor.shape());
        if (isDeciding(i, tensor)) {
          values.put(name, tensor.copy());
        }
      }
    }
    return new Given(variants == null ? graph : variants.of(shapes, values), shapes, values);
  }

  /// {@return what runs first for concrete inputs}
  ///
  /// @param arguments a value for every input: of tensors the shape matters, and the elements where
  ///   they decide branches
  /// @param given what is given with them
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  /// @throws ModelException if a shape does not fit the graph
  Stage stage(Value[] arguments, Given given, Target target, Weights weights) {
    Plan kept = openPlans.plan(given);
    if (kept != null) {
      return Stage.whole(this, arguments, kept);
    }
    Graph bound = given.bound();
    Plan made =
        given.values().isEmpty() ? MicroBatches.plan(given.graph(), bound, target, weights) : null;
    if (made == null) {
      made = openPlans.plan(given, bound, target, weights);
    }
    return made == null
        ? stageAlone(arguments, bound, target, weights)
        : Stage.whole(this, arguments, made);
  }

  /// {@return what the steps cost of the plan that [#stageAlone] makes, in their order}
  ///
  /// @param arguments a value for every input
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  List<StepCost> costs(Value[] arguments, Target target, Weights weights) {
    Graph bound = given(arguments).bound();
    boolean isWhole = Lowering.plan(bound, target, weights) != null;
    Graph planned = isWhole ? bound : Cut.of(bound).first();
    return isWhole || !planned.nodes().isEmpty()
        ? Lowering.costs(planned, target, weights)
        : List.of();
  }

  /// {@return what runs first for concrete inputs, made for these alone}
  ///
  /// @param arguments a value for every input
  /// @param bound the graph for them
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  Stage stageAlone(Value[] arguments, Graph bound, Target target, Weights weights) {
    Plan whole = Lowering.plan(bound, target, weights);
    if (whole != null) {
      return Stage.whole(this, arguments, whole);
    }
    Cut cut = Cut.of(bound);
    Plan first = null;
    if (!cut.first().nodes().isEmpty()) {
      first = Lowering.plan(cut.first(), target, weights);
      if (first == null) {
        throw new IllegalStateException("what is cut off has no plan: " + cut.first().nodes());
      }
    }
    return Stage.cut(this, arguments, bound, cut, first);
  }
}
