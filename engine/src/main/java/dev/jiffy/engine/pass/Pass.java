package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Graph;
import java.util.function.UnaryOperator;

/// A named rewrite of a whole graph that keeps its inputs, its outputs and what it computes.
///
/// @param name the name for inspection, such as `fold-constants`
/// @param rewrite the rewrite; returns the graph it got where there is nothing to do
public record Pass(String name, UnaryOperator<Graph> rewrite) {
  /// {@return the rewritten graph, the same object where nothing changed}
  ///
  /// @param graph a graph with facts for every value
  public Graph apply(Graph graph) {
    return rewrite.apply(graph);
  }
}
