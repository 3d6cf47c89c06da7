package dev.jiffy.engine.function;

/// How a node of a decision tree compares a feature with its threshold; where the comparison holds,
/// the path takes the first child.
public enum NodeMode {
  /// `x <= threshold`
  LEQ,
  /// `x < threshold`
  LT,
  /// `x >= threshold`
  GTE,
  /// `x > threshold`
  GT,
  /// `x == threshold`
  EQ,
  /// `x != threshold`
  NEQ,
  /// `x` is one of a set of numbers
  MEMBER,
  /// No comparison: the path ends.
  LEAF
}
