package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedSubjectTest {
  private static final long MS = 1_000_000;
  private static final Order ORDER = new Order(1, true, 0);

  private static Plan plan(Arrivals arrivals, Extent extent, int slots) {
    return new Plan(arrivals, extent, ORDER, slots, 60_000 * MS);
  }

  private static Recording run(Subject subject, Plan plan) {
    return subject.run(plan, issued -> {});
  }

  private static Percentiles times(Recording recording, Time time) {
    return Percentiles.of(recording.nanos(time, 0));
  }

  /// 50 requests per second, 10 ms each, five at a time, and one halt of two seconds: requests that
  /// were to be made in the halt are made after it, and only the schedule knows how late they are.
  @Test
  void aStallShowsItsFullTail() {
    SimulatedSubject stalling =
        new SimulatedSubject(
            "stalling",
            5,
            1,
            new ServiceTime.Fixed(10 * MS),
            List.of(new SimulatedSubject.Stall(10_010 * MS, 12_010 * MS)),
            Integer.MAX_VALUE,
            1);
    Recording recording =
        run(stalling, plan(new Arrivals.Constant(50), Extent.seconds(40), Integer.MAX_VALUE));
    assertEquals(2000, recording.size());
    assertEquals(1810 * MS, times(recording, Time.RESPONSE).at(0.99));
    assertEquals(1010 * MS, times(recording, Time.RESPONSE).at(0.95));
    assertEquals(10 * MS, times(recording, Time.RESPONSE).at(0.5));
    // What a generator reports that times from the actual send.
    assertEquals(50 * MS, times(recording, Time.SERVICE).at(0.99));
    assertEquals(50 * MS, times(recording, Time.SERVICE).at(0.95));
    // Waiting for room is the system's doing, not the generator's.
    assertEquals(0, times(recording, Time.LAG).at(1));
  }

  @Test
  void aTailIsRecovered() {
    SimulatedSubject tailed =
        new SimulatedSubject("tailed", 1000, new ServiceTime.Tailed(MS, 20 * MS, 200 * MS));
    Percentiles times =
        times(
            run(tailed, plan(new Arrivals.Poisson(500, 3), Extent.seconds(100), 10_000)),
            Time.RESPONSE);
    assertEquals(MS, times.at(0.9));
    assertEquals(20 * MS, times.at(0.99));
    assertEquals(200 * MS, times.at(0.999));
  }

  @Test
  void aQueueIsAsTheorySays() {
    // M/M/1 at half of its capacity: the response time is exponential with rate μ - λ.
    SimulatedSubject queue = new SimulatedSubject("M/M/1", 1, new ServiceTime.Exponential(MS));
    Percentiles times =
        times(
            run(queue, plan(new Arrivals.Poisson(500, 1), Extent.requests(400_000), 1 << 20)),
            Time.RESPONSE);
    assertEquals(2.0 * MS, times.mean(), 0.04 * MS);
    assertEquals(Math.log(100) * 2 * MS, (double) times.at(0.99), 0.3 * MS);
    // M/D/1 at 0.8: mean waiting time ρ / (2 (1 - ρ)) of a service time.
    SimulatedSubject fixed = new SimulatedSubject("M/D/1", 1, new ServiceTime.Fixed(MS));
    times =
        times(
            run(fixed, plan(new Arrivals.Poisson(800, 1), Extent.requests(400_000), 1 << 20)),
            Time.RESPONSE);
    assertEquals(3.0 * MS, times.mean(), 0.1 * MS);
  }

  @Test
  void aClosedLoopAsksWhenItIsAnswered() {
    SimulatedSubject fixed = new SimulatedSubject("fixed", 4, new ServiceTime.Fixed(10 * MS));
    Recording recording = run(fixed, plan(new Arrivals.Closed(2, 1), Extent.seconds(1), 64));
    assertEquals(200, recording.size());
    assertEquals(10 * MS, times(recording, Time.RESPONSE).at(1));
    Recording one = run(fixed, plan(new Arrivals.Closed(1, 1), Extent.requests(7), 64));
    assertEquals(7, one.size());
    assertEquals(70 * MS, one.endNanos());
  }

  @Test
  void aQueryOfSeveralEndsWithItsLast() {
    SimulatedSubject fixed = new SimulatedSubject("fixed", 3, new ServiceTime.Fixed(10 * MS));
    Recording recording = run(fixed, plan(new Arrivals.Closed(1, 8), Extent.requests(16), 64));
    assertEquals(16, recording.size());
    Percentiles queries = Percentiles.of(recording.queryNanos(Time.RESPONSE, 0));
    assertEquals(2, queries.count());
    assertEquals(30 * MS, queries.at(0)); // 8 requests on 3 servers
    assertEquals(30 * MS, queries.at(1));
  }

  @Test
  void allAtOnceTakeAsLongAsTheLast() {
    SimulatedSubject fixed = new SimulatedSubject("fixed", 4, new ServiceTime.Fixed(10 * MS));
    Recording recording = run(fixed, plan(new Arrivals.AllAtOnce(100), Extent.requests(1), 1000));
    assertEquals(250 * MS, recording.endNanos());
    assertEquals(400, Summary.of(recording, null, 0).throughput(), 1e-9);
  }

  @Test
  void whatIsRefusedOrLateIsAnError() {
    SimulatedSubject narrow =
        new SimulatedSubject("narrow", 1000, 1, new ServiceTime.Fixed(10 * MS), List.of(), 5, 1);
    Recording recording = run(narrow, plan(new Arrivals.Constant(200), Extent.seconds(1), 1000));
    long refused = recording.outcomes().getOrDefault(Outcome.OVERLOADED, 0L);
    assertEquals(100.0, (double) refused, 10);
    Recording late =
        run(narrow, new Plan(new Arrivals.Constant(10), Extent.seconds(1), ORDER, 10, 9 * MS));
    assertEquals(10, late.outcomes().get(Outcome.TIMEOUT));
    assertEquals(0, Summary.of(late, Slo.parse("p99=1s"), 9 * MS).goodput());
  }

  /// One at a time, 10 ms each, twice as many as that: what waits beyond its deadline is not sent.
  @Test
  void whatIsWorthNothingAnyMoreIsNotSent() {
    SimulatedSubject slow = new SimulatedSubject("slow", 1, new ServiceTime.Fixed(10 * MS));
    Plan plan = plan(new Arrivals.Constant(200), Extent.seconds(1), 1);
    Recording recording = run(slow, plan.deadline(25 * MS));
    int unsent = 0;
    for (int i = 0; i < recording.size(); i++) {
      long waited = recording.issuedNanos(i) - recording.scheduledNanos(i);
      boolean isSent = recording.outcome(i) == Outcome.OK;
      assertEquals(isSent, waited < 25 * MS, "waited for " + waited);
      assertEquals(isSent ? 10 * MS : 0, recording.completedNanos(i) - recording.issuedNanos(i));
      unsent += isSent ? 0 : 1;
    }
    assertEquals(100.0, unsent, 5);
  }

  @Test
  void runsOfOnePlanAreTheSame() {
    SimulatedSubject queue = new SimulatedSubject("M/M/1", 1, new ServiceTime.Exponential(MS));
    Plan plan = plan(new Arrivals.Poisson(900, 1), Extent.requests(5000), 100);
    assertTrue(
        Arrays.equals(
            run(queue, plan).nanos(Time.RESPONSE, 0), run(queue, plan).nanos(Time.RESPONSE, 0)));
  }
}
