package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LatencyTest {
  @Test
  void figuresAreThoseOfTheRunsInMilliseconds() {
    Histogram nanos = Latency.histogram();
    for (int i = 1; i <= 1000; i++) {
      nanos.recordValue(i * 1000L);
    }
    Latency latency = Latency.of(nanos);
    assertEquals(0.5, latency.p50Ms(), 0.001);
    assertEquals(0.9, latency.p90Ms(), 0.001);
    assertEquals(0.99, latency.p99Ms(), 0.001);
    assertEquals(0.5005, latency.meanMs(), 0.001);
    assertEquals(0.001, latency.minMs(), 0.0001);
    assertEquals(1, latency.maxMs(), 0.001);
    assertEquals(1000, latency.count());
    assertEquals(1998, latency.runsPerSecond(), 5);
  }

  @Test
  void oneRunIsEnough() {
    Histogram nanos = Latency.histogram();
    nanos.recordValue(2_000_000);
    Latency latency = Latency.of(nanos);
    assertEquals(2, latency.p50Ms(), 0.002);
    assertEquals(2, latency.p99Ms(), 0.002);
    assertEquals(1, latency.count());
  }
}
