package dev.jiffy.engine.kernel.scalar;

/// A row-major walk over an index space that keeps the offsets of several operands.
final class Walk {
  private final long[] dims;
  private final long[][] strides;
  private final long[] index;
  private final long[] offsets;

  /// Starts at the first index.
  ///
  /// @param dims the extents
  /// @param strides for each operand its stride along each dimension
  Walk(long[] dims, long[]... strides) {
    this.dims = dims;
    this.strides = strides;
    this.index = new long[dims.length];
    this.offsets = new long[strides.length];
  }

  /// {@return the offset of an operand at the current index}
  ///
  /// @param operand the operand's position
  long offset(int operand) {
    return offsets[operand];
  }

  /// {@return the current index along a dimension}
  ///
  /// @param axis the dimension
  long index(int axis) {
    return index[axis];
  }

  /// Steps to the next index; wraps around after the last.
  void next() {
    for (int d = dims.length - 1; d >= 0; d--) {
      if (++index[d] < dims[d]) {
        for (int k = 0; k < offsets.length; k++) {
          offsets[k] += strides[k][d];
        }
        return;
      }
      index[d] = 0;
      for (int k = 0; k < offsets.length; k++) {
        offsets[k] -= strides[k][d] * (dims[d] - 1);
      }
    }
  }
}
