package dev.jiffy.engine.kernel;

import dev.jiffy.tensor.DType;

/// Slices of a tensor that tuples of indices name. The tuples lie one after another, row-major;
/// that at `i` of `dims`, which is `t`, names the slice that begins at element `Σ i · steps + Σ t ·
/// extentSteps`. Negative indices count from the end. The arrays are read only.
///
/// @param dims the extents of the tuples, outermost first, at least one
/// @param steps elements that a slice moves from tuple to tuple along each of them, whatever they
///   are
/// @param extents the extents that the indices of a tuple stand for
/// @param extentSteps elements from index to index of each of these
/// @param count elements of a slice
/// @param indexType a type of integers
@SuppressWarnings("ArrayRecordComponent")
public record IndexedSlices(
    long[] dims, long[] steps, long[] extents, long[] extentSteps, long count, DType indexType) {

  /// {@return the number of tuples along the last dimension}
  long inner() {
    return dims[dims.length - 1];
  }

  /// {@return the elements from slice to slice of equal tuples along the last dimension}
  long innerStep() {
    return steps[steps.length - 1];
  }

  /// {@return the number of tuples}
  public long tuples() {
    long tuples = 1;
    for (long dim : dims) {
      tuples *= dim;
    }
    return tuples;
  }

  /// {@return the element from which the first tuple of some along the last dimension counts}
  ///
  /// @param tuple that tuple, counted over all dimensions
  long start(long tuple) {
    long start = 0;
    long rest = tuple / inner();
    for (int i = dims.length - 2; i >= 0 && rest != 0; i--) {
      start += rest % dims[i] * steps[i];
      rest /= dims[i];
    }
    return start;
  }

  /// {@return the elements that a tuple moves its slice}
  ///
  /// @param indices the address of all tuples
  /// @param tuple the tuple, counted over all dimensions
  /// @throws IndexOutOfBoundsException if an index lies outside
  long named(long indices, long tuple) {
    if (extents.length == 1) {
      long index = Movement.index(indexType, indices, tuple);
      return Movement.checkIndex(index, tuple, extents[0]) * extentSteps[0];
    }
    long named = 0;
    long position = tuple * extents.length;
    for (int i = 0; i < extents.length; i++, position++) {
      long index = Movement.index(indexType, indices, position);
      named += Movement.checkIndex(index, position, extents[i]) * extentSteps[i];
    }
    return named;
  }
}
