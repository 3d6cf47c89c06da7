package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ValidationTest {
  @Test
  void whatIsKnownIsFound() {
    for (Validation.Row row : Validation.simulated()) {
      assertTrue(row.holds(), row::toString);
    }
  }
}
