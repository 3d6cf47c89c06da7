package dev.jiffy.engine.pass;

/// A named set of rewrites that keep a graph's inputs, its outputs and what it computes.
///
/// @param name the name for inspection, such as `layer-norms`
/// @param rules the rewrites, applied until none changes anything
record Pass(String name, Rules rules) {
  /// Orders the rules.
  Pass(String name, Rule... rules) {
    this(name, new Rules(rules));
  }
}
