package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Where the largest elements of windows are, of elements that are equal, NaN, or nothing but minus
/// infinity.
final class PoolPositionCases {
  private static final float[] NUMBERS = {
    1, -0f, 0, 3, 3, Float.NEGATIVE_INFINITY, -2, Float.NaN, 1e-40f
  };

  private PoolPositionCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (Layout layout : Layout.values()) {
      for (boolean columnMajor : new boolean[] {false, true}) {
        add(cases, layout, columnMajor, window(2, 2, 0, 1, false));
        add(cases, layout, columnMajor, window(3, 1, 1, 1, false));
        add(cases, layout, columnMajor, window(3, 2, 1, 1, true));
        add(cases, layout, columnMajor, window(2, 3, 0, 2, true));
      }
      Op.Window window =
          new Op.Window(
              List.of(3L), List.of(2L), List.of(1L, 1L), List.of(), Op.AutoPad.NOTSET, false);
      Op line = new Op.Pool(Op.PoolFunction.MAX, window, false, false, 2, layout);
      cases.add(new OpCase(layout + " lines", line, List.of(Samples.floats(3, 2, 5, 6)), 2, null));
    }
    return cases;
  }

  private static Op.Window window(
      long kernel, long stride, long pad, long dilation, boolean roundsUp) {
    return new Op.Window(
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(pad, pad, pad, pad),
        List.of(dilation, dilation),
        Op.AutoPad.NOTSET,
        roundsUp);
  }

  private static void add(
      List<OpCase> cases, Layout layout, boolean columnMajor, Op.Window window) {
    Op pool = new Op.Pool(Op.PoolFunction.MAX, window, false, columnMajor, 2, layout);
    Tensor mixed = Samples.floats(1, 2, 3, 9, 7);
    for (long i = 0; i < mixed.shape().elements(); i++) {
      mixed.setDouble(i, NUMBERS[(int) (i * i % 23 % NUMBERS.length)]);
    }
    Tensor none = Tensor.of(new float[60], 1, 3, 4, 5);
    for (long i = 0; i < none.shape().elements(); i++) {
      none.setDouble(i, Double.NEGATIVE_INFINITY);
    }
    for (Tensor x : List.of(Samples.floats(2, 2, 3, 8, 33), mixed, none)) {
      String name = "%s %s columnMajor=%s".formatted(layout, window, columnMajor);
      cases.add(new OpCase(name, pool, List.of(x), 2, null));
    }
  }
}
