package dev.jiffy.bench.load;

import dev.jiffy.bench.record.EarlyStopping;
import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.commons.statistics.distribution.ExponentialDistribution;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;

/// Measures the generator itself against systems whose behaviour is known beforehand.
public final class Validation {
  private static final long MS = 1_000_000;
  private static final long LONG = 3_600_000 * MS;
  private static final Order ORDER = new Order(1, true, 0);
  private static final int ANY = 1 << 20;

  private Validation() {}

  /// A part of what can be checked; all take about two minutes.
  public enum Part {
    /// What needs no clock.
    SIMULATED,
    /// What answers at once, in this process.
    NULL,
    /// What answers at once, over HTTP.
    ECHO,
    /// Known delays.
    DELAYS,
    /// A halt of two seconds in 40.
    HALT,
    /// The peak of a known queue.
    PEAK
  }

  /// What was checked.
  ///
  /// @param what what
  /// @param expected what must come out
  /// @param found what came out
  /// @param holds whether it did
  public record Row(String what, String expected, String found, boolean holds) {}

  /// {@return what needs no clock: the statistics, the schedules, and systems in simulated time}
  public static List<Row> simulated() {
    List<Row> rows = new ArrayList<>();
    rows.add(earlyStopping());
    rows.add(poisson());
    rows.add(scheduledRate());
    tail(
        rows,
        "simulated delays of 1, 20 and 200 ms",
        run(
            new SimulatedSubject("tailed", ANY, new ServiceTime.Tailed(MS, 20 * MS, 200 * MS)),
            new Arrivals.Poisson(500, 3),
            Extent.requests(200_000)),
        20,
        200);
    tail(
        rows,
        "simulated exponential delays, mean 10 ms",
        run(
            new SimulatedSubject("exponential", ANY, new ServiceTime.Exponential(10 * MS)),
            new Arrivals.Poisson(500, 3),
            Extent.requests(1_000_000)),
        10 * Math.log(100),
        10 * Math.log(1000));
    Recording stalled =
        run(
            new SimulatedSubject(
                "stalled",
                5,
                1,
                new ServiceTime.Fixed(10 * MS),
                List.of(new SimulatedSubject.Stall(10_010 * MS, 12_010 * MS)),
                ANY,
                1),
            new Arrivals.Constant(50),
            Extent.seconds(40));
    stall(rows, "simulated", stalled);
    rows.add(
        peak(
            "simulated",
            MS,
            new SimulatedSubject("M/M/1", 1, new ServiceTime.Exponential(MS)),
            new Extent(4_000 * MS, 40_000),
            new Extent(20_000 * MS, 200_000),
            line -> {}));
    return rows;
  }

  /// {@return what a part checks, on a machine that has little else to do}
  ///
  /// @param part the part
  /// @param progress is told in short lines how the work goes
  public static List<Row> measured(Part part, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    switch (part) {
      case SIMULATED -> rows.addAll(simulated());
      case NULL -> rows.add(nullSystem());
      case ECHO -> echo(rows);
      case DELAYS -> delays(rows);
      case HALT -> stall(rows, "in this process", halting());
      case PEAK ->
          rows.add(
              timed(() ->
                  peak(
                      "in this process",
                      MS / 5,
                      new ThreadSubject(
                          "queue", 1, 1, thread -> new Delays(new ServiceTime.Exponential(MS / 5))),
                      new Extent(1_500 * MS, 1),
                      Extent.seconds(6),
                      progress)));
    }
    return rows;
  }

  private static Recording run(Subject subject, Arrivals arrivals, Extent extent) {
    return subject.run(new Plan(arrivals, extent, ORDER, ANY, LONG), issued -> {});
  }

  private static Row earlyStopping() {
    Map<String, Long> golden =
        Map.of(
            "0.9/1",
            64L,
            "0.9/100",
            1246L,
            "0.95/1",
            130L,
            "0.97/2",
            277L,
            "0.99/1",
            662L,
            "0.99/100",
            12571L,
            "0.999/2",
            8403L);
    long same =
        golden.entrySet().stream()
            .filter(entry -> {
              String[] parts = entry.getKey().split("/", -1);
              return EarlyStopping.needed(Double.parseDouble(parts[0]), Long.parseLong(parts[1]))
                  == entry.getValue();
            })
            .count();
    return new Row(
        "early stopping: requests needed, as LoadGen",
        golden.size() + " of " + golden.size(),
        same + " of " + golden.size(),
        same == golden.size());
  }

  private static Row poisson() {
    long[] schedule = new Arrivals.Poisson(1000, 1).schedule(Extent.requests(100_000));
    double[] gaps = new double[schedule.length];
    for (int i = 0; i < gaps.length; i++) {
      gaps[i] = (schedule[i] - (i == 0 ? 0 : schedule[i - 1])) / 1e9;
    }
    double chance =
        KolmogorovSmirnovTest.withDefaults()
            .test(gaps, ExponentialDistribution.of(1e-3)::cumulativeProbability)
            .getPValue();
    return new Row(
        "Poisson arrivals: Kolmogorov-Smirnov against exponential gaps",
        "p > 0.01",
        String.format(Locale.ROOT, "p = %.3f", chance),
        chance > 0.01);
  }

  private static Row scheduledRate() {
    long[] schedule = new Arrivals.Poisson(1000, 1).schedule(Extent.seconds(100));
    double rate = schedule.length / 100.0;
    return new Row(
        "scheduled rate over 100 s",
        "1000/s ± 1 %",
        String.format(Locale.ROOT, "%.1f/s", rate),
        near(rate, 1000, 0.01));
  }

  private static void tail(
      List<Row> rows, String what, Recording recording, double p99Ms, double p999Ms) {
    Percentiles times = Percentiles.of(recording.nanos(Time.RESPONSE, 0));
    rows.add(within(what + ": p99", times.at(0.99) / 1e6, p99Ms));
    rows.add(within(what + ": p99.9", times.at(0.999) / 1e6, p999Ms));
  }

  private static Row within(String what, double found, double expected) {
    return new Row(
        what,
        String.format(Locale.ROOT, "%.1f ms ± 2 %%", expected),
        String.format(Locale.ROOT, "%.3f ms", found),
        near(found, expected, 0.02));
  }

  private static boolean near(double found, double expected, double tolerance) {
    return Math.abs(found / expected - 1) <= tolerance;
  }

  /// 2000 requests at 50 per second to a system that takes 10 ms for each, asked by five clients:
  /// of those that arrive in the halt, or while what it left is worked off, the n-th waits 2010 -
  /// 10 n ms; the 20 of p99 reach to 1810 ms.
  private static void stall(List<Row> rows, String where, Recording recording) {
    Percentiles response = Percentiles.of(recording.nanos(Time.RESPONSE, 0));
    Percentiles service = Percentiles.of(recording.nanos(Time.SERVICE, 0));
    String what = "halt of 2 s, 50/s, 10 ms each, 5 clients, " + where;
    rows.add(within(what + ": p99", response.at(0.99) / 1e6, 1810));
    rows.add(
        new Row(
            what + ": p99 timed from the actual send",
            "about 50 ms: hides it",
            String.format(Locale.ROOT, "%.1f ms", service.at(0.99) / 1e6),
            service.at(0.99) < 100 * MS));
  }

  /// A queue of exponential service times and Poisson arrivals answers within X for the part p of
  /// the requests up to the rate μ - ln(1/(1-p)) / X.
  private static Row peak(
      String where,
      long meanNanos,
      Subject queue,
      Extent probe,
      Extent full,
      Consumer<String> progress) {
    Slo slo = new Slo(0.99, 50 * meanNanos);
    double known = 1e9 / meanNanos * (1 - Math.log(100) / 50);
    Arrivals.Poisson arrivals = new Arrivals.Poisson(1, 7);
    FindPeak found =
        FindPeak.search(
            queue, new Plan(arrivals, full, ORDER, ANY, LONG), arrivals, slo, probe, progress);
    return new Row(
        "find peak, queue of %s ms exponential, %s, %s".formatted(meanNanos / 1e6, slo, where),
        String.format(Locale.ROOT, "%.1f/s ± 5 %%", known),
        String.format(Locale.ROOT, "%.1f/s", found.rate()),
        near(found.rate(), known, 0.05));
  }

  private static Row timed(Supplier<Row> check) {
    long begin = System.nanoTime();
    Row row = check.get();
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new Row(
        row.what(),
        row.expected() + ", under 90 s",
        String.format(Locale.ROOT, "%s in %.0f s", row.found(), seconds),
        row.holds() && seconds < 90);
  }

  private static Row nullSystem() {
    Subject nothing = ThreadSubject.nothing(1);
    run(nothing, new Arrivals.Closed(1, 1), Extent.seconds(1));
    Recording recording = run(nothing, new Arrivals.Closed(1, 1), Extent.seconds(2));
    double rate = Summary.of(recording, null, 0).throughput();
    return new Row(
        "null system in this process, one thread",
        "≥ 1,000,000 issues/s",
        String.format(Locale.ROOT, "%,.0f issues/s", rate),
        rate >= 1e6);
  }

  private static void echo(List<Row> rows) {
    try (Echo echo = new Echo();
        Subject subject =
            new HttpSubject(
                "echo",
                echo.uri(),
                List.of(new HttpMessage("/", Map.of(), new byte[16])),
                Carrier.HTTP,
                64,
                64,
                null)) {
      IntConsumer silent = issued -> {};
      Plan closed = new Plan(new Arrivals.Closed(64, 1), Extent.seconds(3), ORDER, 64, LONG);
      double best = 0;
      for (int i = 0; i < 4; i++) { // the first are warm-up
        best = Math.max(best, Summary.of(subject.run(closed, silent), null, 0).throughput());
      }
      rows.add(
          new Row(
              "echo over HTTP, one event loop asking",
              "≥ 50,000 requests/s",
              String.format(Locale.ROOT, "%,.0f requests/s", best),
              best >= 50_000));
      Summary open =
          Summary.of(
              subject.run(closed.with(new Arrivals.Poisson(2000, 5), Extent.seconds(10)), silent),
              null,
              0);
      rows.add(
          new Row(
              "echo over HTTP, issued over scheduled rate at 2000/s",
              "1 ± 1 %",
              String.format(
                  Locale.ROOT,
                  "%.4f, lag p99 %.3f ms",
                  open.issued() / open.offered(),
                  open.lag().p99Ms()),
              near(open.issued(), open.offered(), 0.01)));
    }
  }

  private static void delays(List<Row> rows) {
    ThreadSubject delayed =
        new ThreadSubject(
            "delays", 1, 32, thread -> new Delays(new ServiceTime.Tailed(MS, 20 * MS, 200 * MS)));
    tail(
        rows,
        "delays of 1, 20 and 200 ms in this process",
        run(delayed, new Arrivals.Poisson(400, 3), Extent.seconds(20)),
        20,
        200);
  }

  private static Recording halting() {
    ReentrantLock server = new ReentrantLock(true);
    long begin = System.nanoTime();
    ThreadSubject halting =
        new ThreadSubject(
            "halting",
            1,
            5,
            thread ->
                sample -> {
                  server.lock();
                  try {
                    long since = System.nanoTime() - begin;
                    if (since > 10_010 * MS && since < 12_010 * MS) {
                      Delays.until(begin + 12_010 * MS);
                    }
                    Delays.until(System.nanoTime() + 10 * MS);
                    return Outcome.OK;
                  } finally {
                    server.unlock();
                  }
                });
    return run(halting, new Arrivals.Constant(50), Extent.seconds(40));
  }

  /// Answers after a delay.
  private static final class Delays implements ThreadSubject.Work {
    private static final long SPIN_NANOS = 150_000;

    private final ServiceTime delay;
    private final RandomGenerator random =
        RandomGeneratorFactory.of("L64X128MixRandom").create(System.identityHashCode(this));

    Delays(ServiceTime delay) {
      this.delay = delay;
    }

    @Override
    public Outcome answer(int sample) {
      until(System.nanoTime() + delay.nanos(random));
      return Outcome.OK;
    }

    static void until(long nanos) {
      long wait = nanos - System.nanoTime();
      while (wait > 0) {
        if (wait > SPIN_NANOS) {
          LockSupport.parkNanos(wait - SPIN_NANOS);
        } else {
          Thread.onSpinWait();
        }
        wait = nanos - System.nanoTime();
      }
    }
  }
}
