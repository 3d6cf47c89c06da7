package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Time;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FindPeakTest {
  private static final long MS = 1_000_000;
  private static final Slo SLO = Slo.parse("p99=10ms");
  private static final ServiceTime SERVICE = new ServiceTime.Exponential(MS / 5);

  /// What a queue of 0.2 ms exponential holds with p99 at 10 ms.
  private static final double KNOWN = 5000 - Math.log(100) / 0.01;

  /// A queue that stands still for a third of a second in some of its runs.
  private static final class Moody implements Subject {
    private final ServiceTime service;
    private final IntPredicate halts;
    private int runs;
    private long nanos;

    Moody(ServiceTime service, IntPredicate halts) {
      this.service = service;
      this.halts = halts;
    }

    @Override
    public String name() {
      return "moody";
    }

    @Override
    public int samples() {
      return 1;
    }

    @Override
    public int slots() {
      return 1 << 20;
    }

    @Override
    public Recording run(Plan plan, IntConsumer progress) {
      List<SimulatedSubject.Stall> stalls =
          halts.test(runs) ? List.of(new SimulatedSubject.Stall(1000 * MS, 1330 * MS)) : List.of();
      Recording recording =
          new SimulatedSubject(name(), slots(), 1, service, stalls, slots(), runs++)
              .run(plan, progress);
      nanos += recording.endNanos();
      return recording;
    }

    @Override
    public void close() {}
  }

  private static FindPeak search(Subject subject, Extent probe, Extent full) {
    Arrivals.Poisson arrivals = new Arrivals.Poisson(1, 7);
    Plan plan = new Plan(arrivals, full, new Order(1, true, 0), 1 << 20, 10_000 * MS);
    return FindPeak.search(subject, plan, arrivals, SLO, probe, line -> {});
  }

  private static void checkLands(FindPeak found) {
    assertEquals(KNOWN, found.rate(), 0.05 * KNOWN, found::toString);
  }

  @Test
  void aQuietSystemsPeakIsFound() {
    Moody quiet = new Moody(SERVICE, run -> false);
    FindPeak found = search(quiet, Extent.seconds(4), Extent.seconds(10));
    checkLands(found);
    assertTrue(found.isConfirmed(), found::toString);
    assertTrue(quiet.nanos < 90_000 * MS, () -> "" + quiet.nanos);
  }

  /// A run that halts misses the SLO at any rate. If every miss were believed, one of the first
  /// would end the search far below.
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17})
  void aMachineWithMoodsIsAskedAgain(long seed) {
    Random moods = new Random(seed);
    Moody moody = new Moody(SERVICE, run -> run > 0 && moods.nextDouble() < 0.1);
    checkLands(search(moody, Extent.seconds(4), Extent.seconds(10)));
    assertTrue(moody.nanos < 90_000 * MS, () -> "" + moody.nanos);
  }

  @Test
  void whatNeverHoldsEndsInTime() {
    Moody hopeless = new Moody(new ServiceTime.Fixed(200 * MS), run -> true);
    FindPeak found = search(hopeless, Extent.seconds(4), Extent.seconds(10));
    assertEquals(0, found.rate());
    assertFalse(found.isConfirmed());
    assertNull(found.run());
    assertTrue(hopeless.nanos < 90_000 * MS, () -> "" + hopeless.nanos);
  }

  /// Long runs that are asked for are made, within the time of 10 probes and 4 full runs.
  @Test
  void longRunsBringTheirOwnTime() {
    Moody quiet = new Moody(SERVICE, run -> false);
    checkLands(search(quiet, Extent.seconds(20), Extent.seconds(60)));
    assertTrue(quiet.nanos < 440_000 * MS, () -> "" + quiet.nanos);
  }

  /// A probe of two seconds has 30 requests here, of which the slowest is no percentile.
  @Test
  void slowSystemsAreAskedOftenEnough() {
    ServiceTime service = new ServiceTime.Fixed(20 * MS);
    Slo slo = Slo.parse("p99=60ms");
    double known = 25;
    while (isLate(service, known, slo)) {
      known *= 0.98;
    }
    double[] found = new double[9];
    for (int seed = 0; seed < found.length; seed++) {
      Arrivals.Poisson arrivals = new Arrivals.Poisson(1, seed);
      Plan plan =
          new Plan(arrivals, Extent.seconds(6), new Order(1, true, 0), 1 << 20, 10_000 * MS);
      Subject slow = new Moody(service, run -> false);
      found[seed] =
          FindPeak.search(slow, plan, arrivals, slo, Extent.seconds(2), line -> {}).rate();
    }
    Arrays.sort(found);
    assertEquals(known, found[found.length / 2], 0.1 * known, () -> Arrays.toString(found));
  }

  private static boolean isLate(ServiceTime service, double rate, Slo slo) {
    Arrivals.Poisson arrivals = new Arrivals.Poisson(rate, 1);
    Plan plan =
        new Plan(arrivals, Extent.requests(50_000), new Order(1, true, 0), 1 << 20, 10_000 * MS);
    Recording recording = new SimulatedSubject("slow", 1, service).run(plan, issued -> {});
    long[] nanos = recording.nanos(Time.RESPONSE, plan.timeoutNanos());
    return Percentiles.of(nanos).at(slo.p()) > slo.nanos();
  }

  /// What takes 0.4 s, 20 at a time, answers 50 a second. The last answers of a probe come long
  /// after its last request, and its queue may grow for all of a probe without missing the SLO.
  @Test
  void slowAnswersAreToldFromAGrowingQueue() {
    SimulatedSubject slow = new SimulatedSubject("slow", 20, new ServiceTime.Fixed(400 * MS));
    Arrivals.Poisson arrivals = new Arrivals.Poisson(1, 7);
    Plan plan =
        new Plan(arrivals, new Extent(0, 1000), new Order(1, true, 0), 1 << 20, 10_000 * MS);
    Slo slo = Slo.parse("p99=800ms");
    FindPeak found = FindPeak.search(slow, plan, arrivals, slo, Extent.seconds(2), line -> {});
    assertEquals(46, found.rate(), 5, found::toString);
    assertTrue(found.isConfirmed(), found::toString);
  }
}
