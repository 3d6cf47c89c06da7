package dev.jiffy.engine;

import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.pass.Passes;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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

  private final Graph graph;
  private final boolean optimize;
  private final Set<String> deciding;

  /// By the decisions of each round: what they name are values of the graph of the round before.
  private final Map<List<List<Branches.Decision>>, Graph> variants = new HashMap<>();

  private final Map<List<List<Branches.Decision>>, Graph> settled = new HashMap<>();

  /// @param graph the graph, after all passes unless it has branches
  /// @param optimize whether passes run once branches are decided
  /// @param looksAtElements whether elements of inputs may decide, not only shapes
  Variants(Graph graph, boolean optimize, boolean looksAtElements) {
    this.graph = graph;
    this.optimize = optimize;
    this.deciding = looksAtElements && Branches.areIn(graph) ? Branches.deciding(graph) : Set.of();
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
      Graph simple = Passes.simplify(current, Interpreter::evaluate);
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
    Graph optimized = Passes.optimize(graph, Interpreter::evaluate);
    return Bodies.rewritten(optimized, Variants::rewritten);
  }

  /// {@return the graph for concrete inputs, with branches only where they are not decided yet}
  ///
  /// @param shapes a shape for every input that is a tensor
  /// @param values the inputs that decide branches
  Graph of(Map<String, Shape> shapes, Map<String, Tensor> values) {
    Graph current = graph;
    List<List<Branches.Decision>> decisions = new ArrayList<>();
    while (Branches.areIn(current)) {
      Branches.Decided decided = Branches.decided(current, shapes, values);
      List<List<Branches.Decision>> before = List.copyOf(decisions);
      decisions.add(decided.decisions());
      Graph variant =
          decided.decisions().isEmpty() ? null : variant(List.copyOf(decisions), decided.graph());
      if (variant == null) {
        return settled(before, current);
      }
      current = variant;
    }
    return current;
  }

  private @Nullable Graph variant(List<List<Branches.Decision>> decisions, Graph decided) {
    synchronized (variants) {
      Graph variant = variants.get(decisions);
      if (variant == null && variants.size() < MOST) {
        variant = optimize ? rewritten(decided) : decided;
        variants.put(decisions, variant);
      }
      return variant;
    }
  }

  private Graph settled(List<List<Branches.Decision>> decisions, Graph undecided) {
    synchronized (variants) {
      return settled.computeIfAbsent(decisions, _ -> optimize ? settled(undecided) : undecided);
    }
  }
}
