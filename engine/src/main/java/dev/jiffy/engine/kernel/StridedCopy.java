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

  /// What is done along two dimensions, or one.
  public interface Loops {
    /// Copies what lies along them.
    ///
    /// @param copy the copy
    /// @param a one dimension
    /// @param b the other one, or the same, or -1
    /// @param x the first source element
    /// @param y the first target element
    void run(StridedCopy copy, int a, int b, long x, long y);
  }

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

  /// {@return whether there is nothing to copy}
  public boolean isEmpty() {
    for (long dim : dims) {
      if (dim == 0) {
        return true;
      }
    }
    return false;
  }

  /// Runs over all dimensions but those of inner loops.
  ///
  /// @param a a dimension that is left out
  /// @param b another one, or the same, or -1
  /// @param loops what is done along those
  /// @param x the first source element
  /// @param y the first target element
  public void around(int a, int b, Loops loops, long x, long y) {
    around(0, a, b, loops, x, y);
  }

  private void around(int dimension, int a, int b, Loops loops, long x, long y) {
    if (dimension == dims.length) {
      loops.run(this, a, b, x, y);
    } else if (dimension == a || dimension == b) {
      around(dimension + 1, a, b, loops, x, y);
    } else {
      long from = x;
      long to = y;
      for (long i = dims[dimension]; i > 0; i--) {
        around(dimension + 1, a, b, loops, from, to);
        from += sourceStrides[dimension];
        to += targetStrides[dimension];
      }
    }
  }

  /// {@return whether along a dimension one element is repeated}
  ///
  /// @param dimension the dimension, or -1 for none
  public boolean repeats(int dimension) {
    return dimension >= 0 && sourceStrides[dimension] == 0;
  }

  /// {@return whether along the last two dimensions the two words of each of some pairs, which lie
  /// side by side, change places}
  public boolean exchangesNeighbours() {
    int last = dims.length - 1;
    return elementBytes == 4
        && last >= 1
        && dims[last] == 2
        && sourceStrides[last] == -4
        && targetStrides[last] == 4
        && sourceStrides[last - 1] == 8
        && targetStrides[last - 1] == 8;
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
