package dev.jiffy.engine;

/// The arithmetic of a loaded model's matrix products and attention.
public enum Precision {
  /// 32-bit floating point throughout.
  F32,
  /// Weights and activations in bfloat16, sums in f32.
  BF16,
  /// Weights and activations in 8-bit integers, sums in 32-bit integers; attention as in [#BF16]
  /// where the machine has bfloat16, else in f32.
  INT8,
  /// The fastest precision that keeps the answers.
  AUTO
}
