package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class TypedMemoryTest {
  private static final List<DType> FLOATS = List.of(DType.F16, DType.BF16, DType.F32, DType.F64);
  private static final List<DType> WHOLE =
      List.of(DType.I8, DType.U8, DType.I16, DType.U16, DType.I32, DType.U32, DType.I64, DType.U64);

  @Test
  void noNumberIsZeroAsAnInteger() {
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(8, 8).address();
      long y = arena.allocate(8, 8).address();
      for (DType from : FLOATS) {
        for (DType to : WHOLE) {
          TypedMemory.setDouble(from, x, Double.NaN);
          TypedMemory.setLong(to, y, 1);
          TypedMemory.cast(from, to, x, y, 1);
          assertEquals(0, TypedMemory.getLong(to, y), () -> from + " to " + to);
        }
      }
    }
  }

  @Test
  void unsignedIntegersReachBeyondSignedOnes() {
    try (Arena arena = Arena.ofConfined()) {
      long y = arena.allocate(8, 8).address();
      for (double value : new double[] {0, 1, 0x1p62, 0x1p63, 0x1.8p63}) {
        TypedMemory.setDouble(DType.U64, y, value);
        assertEquals(value, TypedMemory.getDouble(DType.U64, y));
      }
      TypedMemory.setDouble(DType.U64, y, -1);
      assertEquals(-1, TypedMemory.getLong(DType.U64, y));
    }
  }
}
