package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import org.junit.jupiter.api.Test;

class QuantitiesTest {
  @Test
  void durationsHaveAFittingUnit() {
    assertEquals("0.25 µs", Quantities.duration(0.00025));
    assertEquals("31.2 µs", Quantities.duration(0.03123));
    assertEquals("312 µs", Quantities.duration(0.3123));
    assertEquals("3.12 ms", Quantities.duration(3.123));
    assertEquals("31.2 ms", Quantities.duration(31.23));
    assertEquals("312 ms", Quantities.duration(312.3));
    assertEquals("12.3 s", Quantities.duration(12_300));
  }

  @Test
  void bytesAndCountsHaveAFittingPrefix() {
    assertEquals("0 B", Quantities.bytes(0));
    assertEquals("9999 B", Quantities.bytes(9999));
    assertEquals("90.4 MB", Quantities.bytes(90_387_606));
    assertEquals("22.7 M", Quantities.count(22_713_216));
    assertEquals("1.21 G", Quantities.count(1.21e9));
  }

  @Test
  void errorsAndTypesAreShort() {
    assertEquals("0", Quantities.error(0));
    assertEquals("3.1e-07", Quantities.error(3.1e-7));
    assertEquals("f32[1×384]", Quantities.tensor(DType.F32, Shape.of(1, 384)));
    assertEquals("bool[]", Quantities.tensor(DType.BOOL, Shape.of()));
  }
}
