package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.statistics.distribution.ExponentialDistribution;
import org.apache.commons.statistics.distribution.GammaDistribution;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivalsTest {
  private static double[] gaps(Arrivals.Open arrivals, int count) {
    long[] schedule = arrivals.schedule(Extent.requests(count));
    double[] gaps = new double[count];
    long last = 0;
    for (int i = 0; i < count; i++) {
      gaps[i] = (schedule[i] - last) / 1e9;
      last = schedule[i];
    }
    return gaps;
  }

  private static double chanceOf(double[] gaps, DoubleUnaryOperator distribution) {
    return KolmogorovSmirnovTest.withDefaults().test(gaps, distribution).getPValue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 42, -7})
  void poissonArrivalsHaveExponentialGaps(long seed) {
    double[] gaps = gaps(new Arrivals.Poisson(1000, seed), 20_000);
    double chance = chanceOf(gaps, ExponentialDistribution.of(1e-3)::cumulativeProbability);
    assertTrue(chance > 0.001, () -> "p = " + chance);
    assertEquals(1e-3, Arrays.stream(gaps).average().orElseThrow(), 3e-5);
  }

  @Test
  void otherGapsAreToldFromExponentialOnes() {
    assertTrue(
        chanceOf(
                gaps(new Arrivals.Gamma(1000, 0.8, 1), 20_000),
                ExponentialDistribution.of(1e-3)::cumulativeProbability)
            < 1e-6);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 1, 4})
  void burstsHaveGammaGaps(double shape) {
    double[] gaps = gaps(new Arrivals.Gamma(1, shape, 5), 20_000);
    double chance = chanceOf(gaps, GammaDistribution.of(shape, 1 / shape)::cumulativeProbability);
    assertTrue(chance > 0.001, () -> "p = " + chance);
  }

  @Test
  void aSeedDecidesTheSchedule() {
    Extent extent = Extent.seconds(1);
    long[] one = new Arrivals.Poisson(100, 9).schedule(extent);
    assertArrayEquals(one, new Arrivals.Poisson(100, 9).schedule(extent));
    assertFalse(Arrays.equals(one, new Arrivals.Poisson(100, 10).schedule(extent)));
    // As published once: a change of these numbers is a change of all schedules.
    assertArrayEquals(new long[] {9575540, 10304835, 12037086}, Arrays.copyOf(one, 3));
  }

  @Test
  void constantArrivalsDoNotDrift() {
    long[] schedule = new Arrivals.Constant(3).schedule(Extent.seconds(1000));
    assertEquals(3000, schedule.length);
    assertEquals(0, schedule[0]);
    assertEquals(999_666_666_667L, schedule[2999]);
  }

  @Test
  void aScheduleReachesItsExtent() {
    for (Arrivals.Rated arrivals :
        List.of(new Arrivals.Poisson(50, 1), new Arrivals.Gamma(50, 0.3, 1))) {
      long[] byTime = arrivals.schedule(new Extent(20_000_000_000L, 1));
      assertEquals(1000, byTime.length, 250);
      assertTrue(byTime[byTime.length - 1] < 20_000_000_000L);
      assertEquals(2000, arrivals.schedule(new Extent(1, 2000)).length);
    }
  }

  @Test
  void stepsFollowEachOther() {
    Arrivals.Steps steps =
        new Arrivals.Steps(new Arrivals.Constant(100), List.of(0.5, 2.0, 0.5), 2);
    long[] schedule = steps.schedule(Extent.requests(1));
    assertEquals(100 + 400 + 100, schedule.length);
    assertEquals(
        400,
        LongStream.of(schedule).filter(at -> at >= 2_000_000_000L && at < 4_000_000_000L).count());
    assertTrue(isAscending(schedule));
  }

  @Test
  void stepsEndInTimeAndDifferByChance() {
    Arrivals.Steps rare =
        new Arrivals.Steps(new Arrivals.Poisson(1, 3), Collections.nCopies(200, 0.5), 1);
    long[] schedule = rare.schedule(Extent.requests(1));
    assertTrue(isAscending(schedule));
    assertTrue(schedule[schedule.length - 1] < 200_000_000_000L);
    assertEquals(100, schedule.length, 40);
    long[] two =
        new Arrivals.Steps(new Arrivals.Poisson(100, 3), List.of(1.0, 1.0), 1)
            .schedule(Extent.requests(1));
    long[] first = LongStream.of(two).filter(at -> at < 1_000_000_000L).toArray();
    long[] second =
        LongStream.of(two).map(at -> at - 1_000_000_000L).filter(at -> at >= 0).toArray();
    assertArrayEquals(new Arrivals.Poisson(100, 3).schedule(Extent.seconds(1)), first);
    assertFalse(Arrays.equals(Arrays.copyOf(first, 10), Arrays.copyOf(second, 10)));
    assertEquals(
        1,
        new Arrivals.Steps(new Arrivals.Poisson(1e-6, 3), List.of(1.0, 1.0), 1)
            .schedule(Extent.requests(1))
            .length);
  }

  @Test
  void whatOnceArrivedArrivesAgain() {
    assertArrayEquals(
        new long[] {0, 5, 5, 9},
        new Arrivals.Replay(List.of(0L, 5L, 5L, 9L)).schedule(Extent.seconds(1)));
    assertArrayEquals(new long[3], new Arrivals.AllAtOnce(3).schedule(Extent.seconds(1)));
  }

  private static boolean isAscending(long[] schedule) {
    return IntStream.range(1, schedule.length).allMatch(i -> schedule[i] >= schedule[i - 1]);
  }

  @Test
  void whatCannotArriveIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Poisson(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Constant(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Gamma(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Closed(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Closed(2, 8));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Replay(List.of()));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.Replay(List.of(2L, 1L)));
    assertThrows(IllegalArgumentException.class, () -> new Arrivals.AllAtOnce(0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Arrivals.Steps(new Arrivals.Constant(1), List.of(), 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Arrivals.Poisson(1e9, 1).schedule(Extent.seconds(1000)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Arrivals.Constant(1e9).schedule(Extent.seconds(1000)));
  }

  @Test
  void inputsComeInTurnOrByChance() {
    Order inTurn = new Order(3, true, 0);
    assertEquals(2, inTurn.sample(5));
    Order random = new Order(4, false, 7);
    long[] counts = new long[4];
    for (int i = 0; i < 40_000; i++) {
      counts[random.sample(i)]++;
    }
    for (long count : counts) {
      assertEquals(10_000.0, (double) count, 400);
    }
    assertEquals(random.sample(17), new Order(4, false, 7).sample(17));
  }
}
