package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;

/// A local rewrite: looks at one node and what feeds it, and replaces it or leaves it.
@FunctionalInterface
interface Rule {
  /// {@return whether the node was replaced, through one of the draft's `replace` methods}
  ///
  /// @param draft the graph being rewritten
  /// @param node the node at hand; the values it reads are made already, those it makes are not
  ///   read yet
  boolean apply(Draft draft, Node node);
}
