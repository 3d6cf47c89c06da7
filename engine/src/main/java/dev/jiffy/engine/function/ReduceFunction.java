package dev.jiffy.engine.function;

/// A function of many numbers: what a reduction computes along its axes.
public enum ReduceFunction {
  /// `Σ x`
  SUM,
  /// `Σ x / n`
  MEAN,
  /// The largest.
  MAX,
  /// The smallest.
  MIN,
  /// `Π x`
  PROD,
  /// `Σ |x|`
  L1,
  /// `√(Σ x²)`
  L2,
  /// `ln(Σ x)`
  LOG_SUM,
  /// `ln(Σ e^x)`
  LOG_SUM_EXP,
  /// `Σ x²`
  SUM_SQUARE
}
