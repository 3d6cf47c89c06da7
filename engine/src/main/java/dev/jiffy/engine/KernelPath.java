package dev.jiffy.engine;

/// The family of kernels that a model runs on.
public enum KernelPath {
  /// The best that this machine offers.
  AUTO,
  /// Obvious loops: the oracle, and what runs where nothing else can.
  SCALAR,
  /// The JDK's Vector API; needs `--add-modules jdk.incubator.vector`.
  VECTOR,
  /// Machine code for this processor; x86-64 on Linux.
  NATIVE
}
