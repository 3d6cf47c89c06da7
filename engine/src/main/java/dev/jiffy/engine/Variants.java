package dev.jiffy.engine;

import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.pass.Evaluator;
import dev.jiffy.engine.pass.Passes;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The graphs that a graph with branches runs as: one for each way in which they were decided.
///
/// Safe for use by several threads.
final class Variants {
  /// The most ways of which each has its graph and weights of its own; in others, branches are
  /// decided as late as if they depended on computed numbers.
  private static final int MOST = 64;

  /// Values of more elements are not looked at.
  private static final long MOST_ELEMENTS = 64;

  private static final Evaluator EVALUATOR = Interpreter::evaluate;

  private final boolean optimize;
  private final Set<String> deciding;
  private final Way start;
  private final SharedConstants constants = new SharedConstants();

  /// How many graphs went through passes.
  private int rewritten;

  /// @param graph the graph, after all passes unless it has branches
  /// @param optimize whether passes run once branches are decided
  /// @param looksAtElements whether elements of inputs may decide, not only shapes
  Variants(Graph graph, boolean optimize, boolean looksAtElements) {
    this.optimize = optimize;
    this.deciding = looksAtElements && Branches.areIn(graph) ? Branches.deciding(graph) : Set.of();
    this.start = new Way(graph);
  }

  /// A graph, and what it becomes by deciding branches and by passes.
  private static final class Way {
    private final Graph graph;

    /// What conditions are computed from, null where there are no branches.
    private final @Nullable Graph conditions;

    /// By what was decided at the same time.
    private final Map<Map<Integer, Boolean>, Way> taken = new HashMap<>();

    /// After passes.
    private @Nullable Way rewritten;

    /// After all passes, whatever branches are left.
    private @Nullable Graph settled;

    Way(Graph graph) {
      this.graph = graph;
      this.conditions = Branches.areIn(graph) ? Branches.conditions(graph) : null;
    }

    Map<Integer, Boolean> decided(Map<String, Shape> shapes, Map<String, Tensor> values) {
      return conditions == null ? Map.of() : Branches.decided(graph, conditions, shapes, values);
    }
  }

  /// {@return whether the elements of an argument decide branches}
  boolean isDeciding(String input, Tensor argument) {
    return deciding.contains(input) && argument.shape().elements() <= MOST_ELEMENTS;
  }

  /// {@return the graph after all passes, or, where there are branches of which it does not tell
  /// which one is taken, after those that simplify}
  ///
  /// @param graph the graph
  static Graph rewritten(Graph graph) {
    Graph current = graph;
    while (Branches.areIn(current)) {
      Graph simple = Passes.simplify(current, EVALUATOR);
      Graph decided = Branches.inlined(simple);
      if (decided.equals(simple)) {
        return simple;
      }
      current = decided;
    }
    return settled(current);
  }

  /// The graph after all passes, as well as those within it.
  private static Graph settled(Graph graph) {
    Graph optimized = Passes.optimize(graph, EVALUATOR);
    return Bodies.rewritten(optimized, Variants::rewritten);
  }

  /// {@return the graph for concrete inputs, with branches only where they are not decided yet; for
  /// the same decisions the same object}
  ///
  /// @param shapes a shape for every input that is a tensor
  /// @param values the inputs that decide branches
  /// @throws ModelException if a shape does not fit the graph
  Graph of(Map<String, Shape> shapes, Map<String, Tensor> values) {
    Way way = start;
    while (true) {
      Way decided = way;
      Map<Integer, Boolean> decisions = way.decided(shapes, values);
      while (!decisions.isEmpty()) {
        decided = taken(decided, decisions);
        decisions = decided.decided(shapes, values);
      }
      Way next = decided == way ? null : rewritten(decided, shapes, values);
      if (next == null) {
        return settled(way);
      }
      way = next;
    }
  }

  /// {@return the graph that all runs take, where shapes and elements of inputs cannot make it
  /// another one; else the graph as it is}
  Graph only() {
    Map<String, Shape> shapes = new HashMap<>();
    for (String input : start.graph.inputs()) {
      Shape shape = start.graph.fact(input).concreteShape();
      if (shape == null) {
        return start.graph;
      }
      shapes.put(input, shape);
    }
    try {
      return deciding.isEmpty() ? of(shapes, Map.of()) : start.graph;
    } catch (ModelException _) {
      return start.graph; // a run will say so
    }
  }

  private synchronized Way taken(Way way, Map<Integer, Boolean> decisions) {
    Way known = way.taken.get(decisions);
    if (known != null) {
      return known;
    }
    Way taken = new Way(Branches.taken(way.graph, decisions));
    if (rewritten < MOST) {
      way.taken.put(decisions, taken);
    }
    return taken;
  }

  /// Null where there are too many already. What does not fit is found before nodes are rewritten,
  /// so that the message names one of the model's.
  private synchronized @Nullable Way rewritten(
      Way way, Map<String, Shape> shapes, Map<String, Tensor> values) {
    if (way.rewritten == null && rewritten < MOST) {
      Inference.bind(way.graph, shapes, values);
      way.rewritten = optimize ? new Way(constants.share(rewritten(way.graph))) : way;
      rewritten++;
    }
    return way.rewritten;
  }

  private synchronized Graph settled(Way way) {
    Graph settled = way.settled;
    if (settled == null) {
      boolean isOpen = optimize && way.conditions != null;
      settled = isOpen ? constants.share(settled(way.graph)) : way.graph;
      way.settled = settled;
    }
    return settled;
  }
}
