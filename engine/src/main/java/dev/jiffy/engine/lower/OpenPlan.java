package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A plan but for the steps that depend on what changes from run to run, as the extents of keys and
/// values do that grow with every token of a text.
///
/// Nodes of which all facts stay are lowered once, the others whenever the shapes are told. Each
/// part is a graph of its own in which nothing of the other is seen, so that no step that is kept
/// can depend on what changes; whether what open nodes make for the others stays as it was is asked
/// each time.
///
/// Immutable, shared by all sessions of a model.
public final class OpenPlan {
  private final OpenGraph parts;
  private final Target target;
  private final Weights weights;

  /// The kept steps, with a gap for each open node.
  private final Plan kept;

  private final List<Integer> inputs;
  private final List<Integer> outputs;
  private final Map<String, Place> reads;
  private final Map<String, Place> makes;

  private OpenPlan(OpenGraph parts, Target target, Weights weights, Layout layout) {
    this.parts = parts;
    this.target = target;
    this.weights = weights;
    this.kept = layout.builder.build(List.of(), List.of());
    this.inputs = List.copyOf(layout.inputs);
    this.outputs = List.copyOf(layout.outputs);
    this.reads = Map.copyOf(layout.reads);
    this.makes = Map.copyOf(layout.makes);
  }

  /// {@return the plan as far as it stays, or null where that is less than a half, or where there
  /// is no plan}
  ///
  /// @param graph the graph with what is known of all runs
  /// @param now the same with the facts of one run
  /// @param before the same with those of another
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  public static @Nullable OpenPlan of(
      Graph graph, Graph now, Graph before, Target target, Weights weights) {
    OpenGraph parts = OpenGraph.of(graph, now, before);
    if (parts.open().nodes().size() > parts.kept().nodes().size()) {
      return null;
    }
    Layout layout = new Layout(parts, target, weights);
    return layout.isMade() ? new OpenPlan(parts, target, weights, layout) : null;
  }

  /// {@return whether shapes differ from those of the plan in inputs only that are open}
  ///
  /// @param shapes a shape for every input, by name
  public boolean fits(Map<String, Shape> shapes) {
    for (String input : parts.whole().inputs()) {
      if (!parts.isOpenInput(input) && !Objects.equals(parts.shape(input), shapes.get(input))) {
        return false;
      }
    }
    return true;
  }

  /// {@return the plan for concrete shapes, or null where it needs other steps than those kept}
  ///
  /// @param shapes a shape for every input, by name, that [#fits]
  /// @throws dev.jiffy.engine.ModelException if a node does not accept such shapes
  public @Nullable Plan plan(Map<String, Shape> shapes) {
    Map<String, Shape> told = new HashMap<>();
    for (String input : parts.open().inputs()) {
      Shape shape = shapes.get(input);
      told.put(input, shape == null ? parts.shape(input) : shape);
    }
    Graph bound = Inference.bind(parts.open(), told);
    PlanBuilder builder = PlanBuilder.behind(kept);
    Lowering lowering = new Lowering(bound, target, weights, builder);
    if (!lowering.isConcrete() || !parts.isKept(bound)) {
      return null;
    }
    reads.forEach(lowering::view);
    makes.forEach(lowering::aim);
    List<Integer> ends = new ArrayList<>();
    for (Node node : bound.nodes()) {
      lowering.add(node);
      settle(lowering, node.outputs());
      ends.add(builder.size());
    }
    settle(lowering, bound.inputs());
    Map<String, Fact> facts = bound.facts();
    Graph whole = parts.whole();
    return joined(
        builder.build(ports(whole.inputs(), inputs, facts), ports(whole.outputs(), outputs, facts)),
        ends);
  }

  private void settle(Lowering lowering, List<String> values) {
    for (String value : values) {
      Place place = makes.get(value);
      if (place != null) {
        lowering.settle(value, place);
      }
    }
  }

  private List<Plan.Port> ports(List<String> names, List<Integer> slots, Map<String, Fact> facts) {
    List<Plan.Port> ports = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Fact fact = facts.get(name);
      ports.add(Plan.Port.of(name, fact == null ? parts.whole().fact(name) : fact, slots.get(i)));
    }
    return ports;
  }

  /// The kept steps, with those of the open nodes in their gaps.
  private Plan joined(Plan part, List<Integer> ends) {
    List<Step> steps = new ArrayList<>(kept.steps().size() + part.steps().size());
    int done = 0;
    for (Step step : kept.steps()) {
      if (step instanceof Gap gap) {
        steps.addAll(part.steps().subList(done, ends.get(gap.node)));
        done = ends.get(gap.node);
      } else {
        steps.add(step);
      }
    }
    steps.addAll(part.steps().subList(done, part.steps().size()));
    List<Plan.Slot> slots = new ArrayList<>(kept.slots());
    for (Plan.Slot slot : part.slots()) {
      slots.add(
          slot instanceof Plan.Slot.Planned(long offset)
              ? new Plan.Slot.Planned(Math.addExact(kept.arenaBytes(), offset))
              : slot);
    }
    return new Plan(
        steps,
        part.inputs(),
        part.outputs(),
        slots,
        Math.addExact(kept.arenaBytes(), part.arenaBytes()),
        Math.max(kept.scratchBytes(), part.scratchBytes()),
        Math.max(kept.parts(), part.parts()));
  }

  /// Stands for the steps of an open node.
  private static final class Gap extends Step {
    private final int node;

    Gap(Node node, int number) {
      super(Lowering.label(node), 1);
      this.node = number;
    }

    @Override
    public void run(Frame frame, int part) {
      throw new IllegalStateException("the steps are not known: " + name());
    }
  }

  /// The part that is kept, on its way to steps.
  private static final class Layout {
    private final OpenGraph parts;
    private final PlanBuilder builder = new PlanBuilder();
    private final Lowering lowering;
    private final List<Integer> inputs = new ArrayList<>();
    private final List<Integer> outputs = new ArrayList<>();

    /// Where the values lie that open nodes read.
    private final Map<String, Place> reads = new HashMap<>();

    /// Where the values are to lie that open nodes make for others.
    private final Map<String, Place> makes = new HashMap<>();

    Layout(OpenGraph parts, Target target, Weights weights) {
      this.parts = parts;
      this.lowering = new Lowering(parts.kept(), target, weights, builder);
    }

    /// {@return whether there is a plan}
    boolean isMade() {
      Graph whole = parts.whole();
      boolean areTensors = whole.inputs().stream().allMatch(in -> whole.fact(in).isTensor());
      if (!areTensors || !lowering.isConcrete()) {
        return false;
      }
      for (String input : whole.inputs()) {
        Place place = callers(inputs);
        lowering.view(input, place);
        reads.put(input, place);
      }
      Map<String, Place> results = new HashMap<>();
      for (String output : whole.outputs()) {
        Place place = callers(outputs);
        if (parts.open().outputs().contains(output)) {
          makes.put(output, place);
        } else {
          lowering.want(output, place);
          results.put(output, place);
        }
      }
      for (String made : parts.open().outputs()) {
        if (!makes.containsKey(made) && !lowering.isKnown(made)) {
          Shape shape = whole.fact(made).concreteShape();
          if (shape == null) {
            return false; // no tensor, which nothing that runs reads
          }
          makes.put(made, lowering.planned(shape.bytes(lowering.dtype(made))));
        }
      }
      makes.forEach(lowering::view);
      for (Node node : whole.nodes()) {
        int open = parts.number(node);
        if (open < 0) {
          lowering.add(node);
        } else {
          gap(node, open);
        }
      }
      results.forEach(lowering::settle);
      return true;
    }

    private Place callers(List<Integer> slots) {
      int slot = builder.callers();
      slots.add(slot);
      return new Place(slot, 0);
    }

    private void gap(Node node, int number) {
      List<Place> touched = new ArrayList<>();
      for (String read : parts.readUntil(number)) {
        touched.add(reads.computeIfAbsent(read, lowering::place));
      }
      for (String output : node.outputs()) {
        Place made = makes.get(output);
        if (made != null) {
          touched.add(made);
        }
      }
      builder.add(new Gap(node, number), touched);
    }
  }
}
