package dev.jiffy.bench.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EarlyStoppingTest {
  @ParameterizedTest
  @CsvSource({
    "0.90, 0, 44",
    "0.90, 1, 64",
    "0.90, 2, 81",
    "0.90, 3, 97",
    "0.90, 5, 127",
    "0.90, 10, 197",
    "0.90, 100, 1246",
    "0.95, 0, 90",
    "0.95, 1, 130",
    "0.95, 2, 165",
    "0.97, 0, 152",
    "0.97, 1, 219",
    "0.97, 2, 277",
    "0.99, 0, 459",
    "0.99, 1, 662",
    "0.99, 2, 838",
    "0.99, 5, 1307",
    "0.99, 10, 2010",
    "0.99, 100, 12571",
    "0.999, 0, 4603",
    "0.999, 1, 6636",
    "0.999, 2, 8403"
  })
  void requestsNeededAreThoseOfLoadGen(double p, long over, long needed) {
    assertEquals(needed, EarlyStopping.needed(p, over));
  }

  @ParameterizedTest
  @CsvSource({
    "100, 0.90, 97",
    "1000, 0.90, 922",
    "24576, 0.90, 22228",
    "1000, 0.99, 998",
    "24576, 0.99, 24367"
  })
  void theEstimateIsAHigherPercentileOfFewRequests(int count, double p, long estimate) {
    Percentiles times = Percentiles.of(LongStream.range(0, count).toArray());
    assertEquals(estimate, EarlyStopping.estimate(times, p).estimateNanos());
  }

  @Test
  void tooFewRequestsSayNothing() {
    long[] times = LongStream.range(0, 661).toArray();
    EarlyStopping.Estimate none = EarlyStopping.estimate(Percentiles.of(times), 0.99);
    assertNull(none.estimateNanos());
    assertEquals(662, none.needed());
    times = LongStream.range(0, 662).toArray();
    assertNotNull(EarlyStopping.estimate(Percentiles.of(times), 0.99).estimateNanos());
  }

  @Test
  void requestsMissingCountThoseOverTheBound() {
    Percentiles times = Percentiles.of(LongStream.rangeClosed(1, 100).toArray());
    assertEquals(0, EarlyStopping.missing(times, 0.9, 97));
    assertEquals(13, EarlyStopping.missing(times, 0.9, 96)); // 4 over: 113 needed
    assertEquals(0, EarlyStopping.missing(times, 0.9, 100));
  }

  @Test
  void manyRequestsOverTheBoundAreCounted() {
    // The part over the bound comes near what is allowed, as it must.
    long needed = EarlyStopping.needed(0.99, 100_000);
    assertEquals(0.99, 1 - 100_000.0 / needed, 1e-4);
  }

  @Test
  void percentilesOutsideAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> EarlyStopping.needed(1, 0));
    assertThrows(IllegalArgumentException.class, () -> EarlyStopping.needed(0, 0));
    assertThrows(IllegalArgumentException.class, () -> EarlyStopping.needed(0.9, -1));
  }
}
