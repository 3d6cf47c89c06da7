package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Op;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WindowGeometryTest {
  private static WindowGeometry same(long stride, long dilation, int in, int out) {
    Op.Window window =
        new Op.Window(
            List.of(), List.of(stride), List.of(), List.of(dilation), Op.AutoPad.SAME_UPPER, false);
    return WindowGeometry.of(window, new int[] {5}, new int[] {in}, new int[] {out});
  }

  @Test
  void paddingIsWhatWindowsReachBeyondTheImage() {
    WindowGeometry geometry = same(1, 1 << 27, 3, 3);
    assertArrayEquals(new int[] {1 << 28}, geometry.begins());
    assertArrayEquals(new int[] {1 << 28}, geometry.ends());
  }

  @Test
  void whatWindowsDoNotReachIsNotCutOff() {
    WindowGeometry geometry = same(8, 1, 16, 2);
    assertArrayEquals(new int[] {0}, geometry.begins());
    assertArrayEquals(new int[] {0}, geometry.ends());
  }

  @Test
  void windowsThatSpanTooMuchAreRefused() {
    String expected =
        "the span of windows in spatial dimension 0: expected up to 1073741823 elements";
    for (long dilation : new long[] {1 << 28, 1 << 30, Integer.MAX_VALUE}) {
      String message =
          assertThrows(ModelException.class, () -> same(1, dilation, 3, 3)).getMessage();
      assertEquals(expected + ", got " + (4 * dilation + 3), message);
    }
    assertThrows(ModelException.class, () -> same(Integer.MAX_VALUE, 1, 2, Integer.MAX_VALUE));
  }
}
