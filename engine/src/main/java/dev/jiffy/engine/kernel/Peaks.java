package dev.jiffy.engine.kernel;

/// Loops that do one thing as fast as possible, for measuring what a machine can do at most.
///
/// Safe to call from several threads.
public interface Peaks {
  /// {@return whether there is arithmetic on such numbers}
  ///
  /// @param format the numbers
  boolean computes(Format format);

  /// Multiplies and adds.
  ///
  /// @param format the numbers, of which [#computes] is true
  /// @param rounds how long, in some unit, at least 1
  /// @return how many operations that were, a multiply-add counted as 2
  double compute(Format format, long rounds);

  /// Reads memory.
  ///
  /// @param from the address of the first byte, 64-byte aligned
  /// @param bytes how many, a multiple of 4096
  void read(long from, long bytes);
}
