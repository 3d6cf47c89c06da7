package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.scalar.Sliding;
import java.util.Arrays;
import java.util.List;

/// A window over concrete extents with every default and automatic padding decided.
///
/// @param kernel extents of the window
/// @param strides steps between windows
/// @param begins padding before the first element
/// @param ends padding after the last element
/// @param dilations distances between the taps of a window
@SuppressWarnings("ArrayRecordComponent")
record WindowGeometry(int[] kernel, int[] strides, int[] begins, int[] ends, int[] dilations) {
  /// {@return the window of a convolution or pool}
  ///
  /// @param window the window as the operator has it
  /// @param kernel its extents
  /// @param in the input's spatial extents
  /// @param out the result's spatial extents
  static WindowGeometry of(Op.Window window, int[] kernel, int[] in, int[] out) {
    WindowGeometry geometry = given(window, kernel);
    for (int d = 0; d < kernel.length; d++) {
      geometry.pad(window.autoPad(), d, geometry.span(d, out[d]) - in[d]);
    }
    return geometry;
  }

  /// {@return the window of a transposed convolution}
  ///
  /// Where the result is larger than what windows reach, as with strides larger than the window,
  /// the rest lies behind them: that is the gradient of a convolution with such padding. ONNX
  /// Runtime makes fewer elements than the standard says there.
  ///
  /// @param op the operator
  /// @param kernel the window's extents
  /// @param in the input's spatial extents
  /// @param out the result's spatial extents
  static WindowGeometry transposed(Op.ConvTranspose op, int[] kernel, int[] in, int[] out) {
    WindowGeometry geometry = given(op.window(), kernel);
    int[] extra = numbers(op.outputPadding(), kernel.length, 0);
    for (int d = 0; d < kernel.length; d++) {
      int total = geometry.span(d, in[d]) + extra[d] - out[d];
      boolean isCut = op.window().autoPad() == Op.AutoPad.NOTSET && !op.outputShape().isEmpty();
      Op.AutoPad autoPad = isCut ? Op.AutoPad.SAME_LOWER : op.window().autoPad();
      geometry.pad(autoPad, d, total);
    }
    return geometry;
  }

  /// {@return the window with the padding that the operator names}
  ///
  /// @param window the window as the operator has it
  /// @param kernel its extents
  static WindowGeometry given(Op.Window window, int[] kernel) {
    int rank = kernel.length;
    int[] pads = numbers(window.pads(), 2 * rank, 0);
    return new WindowGeometry(
        kernel,
        numbers(window.strides(), rank, 1),
        Arrays.copyOf(pads, rank),
        Arrays.copyOfRange(pads, rank, 2 * rank),
        numbers(window.dilations(), rank, 1));
  }

  /// {@return how many windows there are along a dimension}
  ///
  /// @param axis the dimension
  /// @param extent its elements without padding
  int count(int axis, int extent) {
    int reach = (kernel[axis] - 1) * dilations[axis] + 1;
    return (extent + begins[axis] + ends[axis] - reach) / strides[axis] + 1;
  }

  /// {@return the elements from the first tap of the first window to the last tap of the last}
  ///
  /// @throws ModelException if they are more than [Op.Window#MOST]
  private int span(int axis, int windows) {
    long span = (windows - 1L) * strides[axis] + (kernel[axis] - 1L) * dilations[axis] + 1;
    return within("the span of windows", axis, span);
  }

  /// {@return a number of elements that windows can span}
  ///
  /// @param what they are the elements of
  /// @param axis in which spatial dimension
  /// @param elements how many
  /// @throws ModelException if they are more than [Op.Window#MOST]
  static int within(String what, int axis, long elements) {
    if (elements > Op.Window.MOST) {
      throw new ModelException(
          "%s in spatial dimension %d: expected up to %d elements, got %d"
              .formatted(what, axis, Op.Window.MOST, elements));
    }
    return (int) elements;
  }

  private void pad(Op.AutoPad autoPad, int axis, int missing) {
    Op.Padding padding = autoPad.padding(missing, new Op.Padding(begins[axis], ends[axis]));
    begins[axis] = within("padding", axis, padding.begin());
    ends[axis] = within("padding", axis, padding.end());
  }

  /// {@return the window in the last two dimensions; in one dimension it has a height of 1}
  WindowGeometry planar() {
    return new WindowGeometry(
        planar(kernel, 1),
        planar(strides, 1),
        planar(begins, 0),
        planar(ends, 0),
        planar(dilations, 1));
  }

  private static int[] planar(int[] values, int missing) {
    int last = values.length - 1;
    return new int[] {last == 0 ? missing : values[last - 1], values[last]};
  }

  /// {@return the window in the first dimension, with a width of 1}
  WindowGeometry first() {
    return new WindowGeometry(
        new int[] {kernel[0], 1},
        new int[] {strides[0], 1},
        new int[] {begins[0], 0},
        new int[] {ends[0], 0},
        new int[] {dilations[0], 1});
  }

  /// {@return the window as scalar kernels take it}
  Sliding sliding() {
    return new Sliding(kernel, strides, begins, ends, dilations);
  }

  /// {@return a list as an array, or a repeated value where it is empty}
  ///
  /// @param list the list
  /// @param size the size wanted
  /// @param absent what an empty list stands for
  static int[] numbers(List<Long> list, int size, int absent) {
    int[] numbers = new int[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = list.isEmpty() ? absent : Math.toIntExact(list.get(i));
    }
    return numbers;
  }
}
