package dev.jiffy.bench.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsTest {
  private static final long MS = 1_000_000;

  @ParameterizedTest
  @CsvSource({"0, 1", "0.5, 6", "0.9, 10", "0.09, 1", "0.1, 2", "0.99, 10", "1, 10"})
  void aPercentileIsOneOfTheTimes(double p, long time) {
    assertEquals(time, Percentiles.of(LongStream.rangeClosed(1, 10).toArray()).at(p));
  }

  @Test
  void theOrderOfTimesDoesNotMatter() {
    Percentiles times = Percentiles.of(new long[] {3, 1, 2, 2});
    assertEquals(2, times.at(0.5));
    assertEquals(1, times.above(2));
    assertEquals(4, times.above(0));
    assertEquals(0, times.above(3));
    assertEquals(2, times.mean());
    assertEquals(Math.sqrt(2.0 / 3), times.standardDeviation(), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> Percentiles.of(new long[0]));
  }

  @Test
  void anIntervalIsStudents() {
    // Four values, 3 degrees of freedom: 3.182446 standard errors to either side.
    Interval interval = Interval.of(new double[] {9, 10, 11, 10});
    double error = Math.sqrt(2.0 / 3) / 2;
    assertEquals(10, interval.mean());
    assertEquals(10 - 3.182446 * error, interval.low(), 1e-5);
    assertEquals(10 + 3.182446 * error, interval.high(), 1e-5);
    assertEquals(Math.sqrt(2.0 / 3) / 10, interval.variation(), 1e-12);
    assertEquals(Double.POSITIVE_INFINITY, Interval.of(new double[] {1}).high());
    assertThrows(IllegalArgumentException.class, () -> Interval.of(new double[0]));
  }

  @ParameterizedTest
  @CsvSource({"p99=25ms, 0.99, 25000000", "p99.9=1.5s, 0.999, 1500000000", "p50=10us, 0.5, 10000"})
  void anObjectiveIsRead(String text, double p, long nanos) {
    Slo slo = Slo.parse(text);
    assertEquals(p, slo.p(), 1e-12);
    assertEquals(nanos, slo.nanos());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "p99", "p0=1ms", "p100=1ms", "p99=0ms", "99=1ms", "p99=1h", "p99=-1ms"})
  void whatIsNoObjectiveIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Slo.parse(text));
  }

  @Test
  void anObjectiveIsNamed() {
    assertEquals("p99 ≤ 25 ms", Slo.parse("p99=25ms").toString());
    assertEquals("p99.9 ≤ 0.5 ms", Slo.parse("p99.9=500us").toString());
  }

  /// 100 requests, one each 10 ms, the n-th of which takes n ms; every tenth fails at once.
  private static Recording sample() {
    Recorder recorder = new Recorder();
    for (int i = 0; i < 100; i++) {
      long scheduled = 10L * i * MS;
      int row = recorder.begin(scheduled, scheduled + 1000, scheduled + 3000, i % 3);
      boolean fails = i % 10 == 9;
      recorder.end(
          row, scheduled + (fails ? MS : (i + 1) * MS), fails ? Outcome.OVERLOADED : Outcome.OK);
    }
    return recorder.recording();
  }

  @Test
  void aFailureCountsAsLate() {
    Summary summary = Summary.of(sample(), Slo.parse("p50=50ms"), 5000 * MS);
    assertEquals(100, summary.requests());
    assertEquals(90, summary.answered());
    assertEquals(10, summary.errors().get("overloaded"));
    assertEquals(1, summary.errors().size());
    assertEquals(0.45, summary.good());
    assertEquals(100, summary.offered(), 1e-9);
    assertEquals(1.079, summary.seconds(), 1e-9); // the request at 980 ms takes 99 ms
    assertEquals(90 / 1.079, summary.throughput(), 1.0);
    assertEquals(5000, summary.response().p99Ms());
    assertEquals(5000, summary.response().p90Ms());
    assertEquals(56, summary.response().p50Ms());
    Spread answered = summary.answeredResponse();
    assertEquals(99, answered == null ? 0 : answered.maxMs());
    assertEquals(0.002, summary.lag().p50Ms(), 1e-9);
    assertEquals(summary.response().p50Ms() - 0.003, summary.service().p50Ms(), 1e-9);
  }

  @Test
  void withoutAnObjectiveWhatIsAnsweredIsGood() {
    Summary summary = Summary.of(sample(), null, 0);
    assertEquals(summary.throughput(), summary.goodput());
    assertEquals(0.9, summary.good());
  }

  @Test
  void nothingAnsweredIsASummaryToo() {
    Recorder recorder = new Recorder();
    recorder.end(recorder.begin(0, 0, 0, 0), 7, Outcome.TIMEOUT);
    Summary summary = Summary.of(recorder.recording(), null, 100);
    assertNull(summary.answeredResponse());
    assertEquals(0, summary.throughput());
    assertEquals(1, summary.errors().get("timeout"));
  }

  @Test
  void aRunThatSlowsDownIsNotStable() {
    Stability stability = Stability.of(sample(), 0);
    assertFalse(stability.isStable());
    assertTrue(stability.p50Spread() > 4, stability::toString);
    assertTrue(stability.halvesDistance() > 0.8, stability::toString);
    Recorder steady = new Recorder();
    for (int i = 0; i < 900; i++) {
      steady.end(steady.begin(i * MS, i * MS, i * MS, 0), i * MS + 1000 + i % 7, Outcome.OK);
    }
    Stability even = Stability.of(steady.recording(), 0);
    assertTrue(even.isStable(), even::toString);
    assertTrue(even.halvesDistance() < 0.05, even::toString);
  }
}
