package dev.jiffy.engine.kernel;

/// A copy of elements between two strided views: what transposes, slices, concatenations and
/// broadcasts come down to.
///
/// Dimensions are listed outermost first; dimensions of extent 1 are left out and adjacent ones
/// merged where both views allow it. The arrays are read only.
///
/// @param elementBytes bytes of an element: 1, 2, 4 or 8
/// @param dims extents
/// @param sourceStrides bytes from element to element of the source; 0 repeats, negative reverses
/// @param targetStrides bytes from element to element of the target
@SuppressWarnings("ArrayRecordComponent")
public record StridedCopy(
    int elementBytes, long[] dims, long[] sourceStrides, long[] targetStrides) {

  /// {@return the copy with its dimensions merged as far as possible}
  ///
  /// @param elementBytes bytes of an element: 1, 2, 4 or 8
  /// @param dims extents, outermost first
  /// @param sourceStrides bytes from element to element of the source
  /// @param targetStrides bytes from element to element of the target
  public static StridedCopy of(
      int elementBytes, long[] dims, long[] sourceStrides, long[] targetStrides) {
    long[] extents = new long[dims.length];
    long[] source = new long[dims.length];
    long[] target = new long[dims.length];
    int rank = 0;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == 1) {
        continue;
      }
      if (rank > 0
          && source[rank - 1] == dims[i] * sourceStrides[i]
          && target[rank - 1] == dims[i] * targetStrides[i]) {
        extents[rank - 1] *= dims[i];
      } else {
        extents[rank++] = dims[i];
      }
      source[rank - 1] = sourceStrides[i];
      target[rank - 1] = targetStrides[i];
    }
    return new StridedCopy(
        elementBytes,
        java.util.Arrays.copyOf(extents, rank),
        java.util.Arrays.copyOf(source, rank),
        java.util.Arrays.copyOf(target, rank));
  }

  /// {@return the dimension along which elements of the source lie side by side, or -1}
  public int adjacentInSource() {
    return adjacent(sourceStrides);
  }

  /// {@return the dimension along which elements of the target lie side by side, or -1}
  public int adjacentInTarget() {
    return adjacent(targetStrides);
  }

  private int adjacent(long[] strides) {
    for (int d = strides.length - 1; d >= 0; d--) {
      if (strides[d] == elementBytes) {
        return d;
      }
    }
    return -1;
  }
}
