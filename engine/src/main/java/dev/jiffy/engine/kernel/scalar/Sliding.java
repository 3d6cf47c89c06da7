package dev.jiffy.engine.kernel.scalar;

import java.util.Arrays;

/// A window that slides over three spatial dimensions; fewer are led by dimensions of extent 1.
///
/// @param kernel extents of the window
/// @param strides steps between windows
/// @param begins padding before the first element
/// @param ends padding after the last element
/// @param dilations distances between the taps of a window
@SuppressWarnings("ArrayRecordComponent")
public record Sliding(int[] kernel, int[] strides, int[] begins, int[] ends, int[] dilations) {
  /// The number of spatial dimensions that kernels see.
  public static final int RANK = 3;

  /// Leads each list by what a dimension of extent 1 needs.
  public Sliding {
    kernel = lead(kernel, 1);
    strides = lead(strides, 1);
    begins = lead(begins, 0);
    ends = lead(ends, 0);
    dilations = lead(dilations, 1);
  }

  /// {@return three extents, led by a neutral one where fewer are given}
  ///
  /// @param values up to three values
  /// @param neutral what leads them
  static int[] lead(int[] values, int neutral) {
    int[] all = new int[RANK];
    Arrays.fill(all, neutral);
    System.arraycopy(values, 0, all, RANK - values.length, values.length);
    return all;
  }

  /// {@return the first window whose tap lies at or after the first element}
  ///
  /// @param axis the dimension
  /// @param tap the tap
  int firstInside(int axis, int tap) {
    int shift = begins[axis] - tap * dilations[axis];
    return shift <= 0 ? 0 : (shift + strides[axis] - 1) / strides[axis];
  }

  /// {@return the window after the last whose tap lies within the input}
  ///
  /// @param axis the dimension
  /// @param tap the tap
  /// @param extent the input's extent
  /// @param windows the number of windows
  int endInside(int axis, int tap, int extent, int windows) {
    int last = extent - 1 + begins[axis] - tap * dilations[axis];
    return last < 0 ? 0 : Math.min(windows, last / strides[axis] + 1);
  }
}
