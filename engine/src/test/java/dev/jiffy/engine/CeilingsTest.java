package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.Ceilings.Level;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.KernelPeaks;
import dev.jiffy.engine.kernel.Peaks;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CeilingsTest {
  private static final Level NEAR = new Level("L2", 100, 50, 4e9);
  private static final Level FAR = new Level("DRAM", 0, 1000, 1e9);
  private static final Ceilings SOME =
      new Ceilings(1, Map.of(Precision.F32, 8e9), List.of(NEAR, FAR));

  @Test
  void bytesLieInTheNearestLevelThatHoldsThem() {
    assertEquals(NEAR, SOME.levelOf(100));
    assertEquals(FAR, SOME.levelOf(101));
    assertNull(new Ceilings(1, Map.of(), List.of()).levelOf(1));
  }

  @Test
  void whatIsGivenStandsForWhatWasMeasured() {
    Ceilings given = SOME.with(Map.of("f32", 2e9, "int8", 6e9, "l3", 3e9, "dram", 5e8));
    assertEquals(Map.of(Precision.F32, 2e9, Precision.INT8, 6e9), given.flopsPerSecond());
    assertEquals(List.of("L2", "L3", "DRAM"), given.memory().stream().map(Level::name).toList());
    assertEquals(
        List.of(4e9, 3e9, 5e8), given.memory().stream().map(Level::bytesPerSecond).toList());
    Map<String, Double> unknown = Map.of("gpu", 1.0);
    assertThrows(IllegalArgumentException.class, () -> SOME.with(unknown));
  }

  @Test
  void loopsSayHowManyOperationsTheyDo() {
    for (Targets.Named family : Targets.all()) {
      checkLoops(new KernelPeaks(family.target().matrices(), family.target().rows()));
    }
    checkLoops(Kernels.HERE.peaks());
  }

  private static void checkLoops(Peaks peaks) {
    for (Format format : Format.values()) {
      if (peaks.computes(format)) {
        double once = peaks.compute(format, 1);
        assertTrue(once > 0);
        assertEquals(3 * once, peaks.compute(format, 3));
      }
    }
    assertTrue(peaks.computes(Format.F32));
    try (Arena arena = Arena.ofConfined()) {
      peaks.read(arena.allocate(8192, 4096).address(), 8192);
    }
  }
}
