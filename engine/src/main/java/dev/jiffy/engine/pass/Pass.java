package dev.jiffy.engine.pass;

import java.util.List;

/// A named set of rewrites that keep a graph's inputs, its outputs and what it computes.
///
/// @param name the name for inspection, such as `layer-norms`
/// @param rules the rewrites, applied until none changes anything
record Pass(String name, List<Rule> rules) {
  /// Copies the list.
  Pass {
    rules = List.copyOf(rules);
  }
}
