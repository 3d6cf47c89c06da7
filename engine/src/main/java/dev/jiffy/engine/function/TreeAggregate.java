package dev.jiffy.engine.function;

/// How the weights that a row finds in all trees become one score for each target.
public enum TreeAggregate {
  /// Their sum.
  SUM,
  /// Their sum divided by the number of trees.
  AVERAGE,
  /// The least.
  MIN,
  /// The greatest.
  MAX
}
