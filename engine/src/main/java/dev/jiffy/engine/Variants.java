package dev.jiffy.engine;

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

/// The graphs that a model with branches runs: one for each way in which they were decided.
///
/// Safe for use by several threads.
final class Variants {
  /// The most ways of which each has its graph and weights of its own; others are interpreted.
  private static final int MOST = 64;

  /// Values of more elements are not looked at.
  private static final long MOST_ELEMENTS = 64;

  private final Graph graph;
  private final boolean optimize;
  private final Set<String> deciding;
  private final Map<List<Boolean>, Graph> variants = new HashMap<>();

  /// @param graph the model's graph, after all passes unless it has branches
  /// @param optimize whether passes run once branches are decided
  Variants(Graph graph, boolean optimize) {
    this.graph = graph;
    this.optimize = optimize;
    this.deciding = Branches.areIn(graph) ? Branches.deciding(graph) : Set.of();
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
    return Passes.optimize(current, Interpreter::evaluate);
  }

  /// {@return the graph for concrete inputs, or null where there are too many}
  ///
  /// @param shapes a shape for every input
  /// @param values the inputs that decide branches
  @Nullable Graph of(Map<String, Shape> shapes, Map<String, Tensor> values) {
    Graph current = graph;
    List<Boolean> decisions = new ArrayList<>();
    while (Branches.areIn(current)) {
      Branches.Decided decided = Branches.decided(current, shapes, values);
      if (decided.decisions().isEmpty()) {
        return current;
      }
      decisions.addAll(decided.decisions());
      Graph variant = variant(List.copyOf(decisions), decided.graph());
      if (variant == null) {
        return null;
      }
      current = variant;
    }
    return current;
  }

  private @Nullable Graph variant(List<Boolean> decisions, Graph decided) {
    synchronized (variants) {
      Graph variant = variants.get(decisions);
      if (variant == null && variants.size() < MOST) {
        variant = optimize ? rewritten(decided) : decided;
        variants.put(decisions, variant);
      }
      return variant;
    }
  }
}
