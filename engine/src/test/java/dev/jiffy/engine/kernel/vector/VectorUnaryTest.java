package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.UnaryCases;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class VectorUnaryTest {
  @ParameterizedTest
  @EnumSource(UnaryFunction.class)
  void everyFunctionAgreesWithItsDefinition(UnaryFunction function) {
    UnaryCases.verify(function, VectorUnary::apply);
  }

  @Test
  void anyLengthLeavesTheNeighboursAlone() {
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(4 * 80, 64).address();
      for (int n = 0; n < 70; n++) {
        for (int i = 0; i < 80; i++) {
          Memory.setFloat(x + 4L * i, i + 1);
        }
        VectorUnary.apply(UnaryFunction.NEG, 0, 0, x + 4, x + 4, n);
        for (int i = 0; i < 80; i++) {
          float expected = i >= 1 && i <= n ? -(i + 1) : i + 1;
          assertEquals(expected, Memory.getFloat(x + 4L * i), "n = " + n + ", element " + i);
        }
      }
    }
  }
}
