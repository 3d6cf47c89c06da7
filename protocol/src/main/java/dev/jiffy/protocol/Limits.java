package dev.jiffy.protocol;

/// How much of a peer's message is taken, checked before memory is allocated for it.
///
/// @param maxTensors the most tensors, and the most requested outputs, of one message
/// @param maxTensorBytes the most bytes that all tensors of one message take in memory
/// @param maxRank the most dimensions of a tensor
/// @param maxDepth the most that JSON arrays and objects may be nested; above `maxRank`
/// @param maxNameLength the most characters of a name, an id or a parameter's text
public record Limits(
    int maxTensors, long maxTensorBytes, int maxRank, int maxDepth, int maxNameLength) {
  /// Checks that every limit lets something through.
  public Limits {
    if (maxTensors < 1 || maxTensorBytes < 1 || maxRank < 1 || maxNameLength < 1) {
      throw new IllegalArgumentException("every limit must be at least 1");
    }
    if (maxDepth < maxRank + 4) {
      throw new IllegalArgumentException(
          "maxDepth must be at least maxRank + 4 = %d, got %d".formatted(maxRank + 4, maxDepth));
    }
  }

  /// {@return 1024 tensors of together 256 MiB and rank 16 at most, JSON nested 32 deep, names of
  /// 1024 characters}
  public static Limits defaults() {
    return new Limits(1024, 256L << 20, 16, 32, 1024);
  }

  /// {@return these limits with another sum of tensor bytes}
  ///
  /// @param bytes the most bytes that all tensors of one message take in memory
  public Limits maxTensorBytes(long bytes) {
    return new Limits(maxTensors, bytes, maxRank, maxDepth, maxNameLength);
  }
}
