package dev.jiffy.bench.load;

import dev.jiffy.bench.WarmUp;
import dev.jiffy.bench.WarmedUp;
import dev.jiffy.bench.record.Environment;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Puts load on something, once or several times, at one rate or at several, and says what came of
/// it.
public final class Load {
  private static final long CHUNK_NANOS = 250_000_000;
  private static final double LEAD_IN_SECONDS = 1;

  private Load() {}

  /// What to do.
  ///
  /// @param scenario what is to be found out
  /// @param plan one run
  /// @param slo what must hold, or null
  /// @param findsPeak whether to search the highest rate at which the SLO holds, and to measure
  ///   there
  /// @param probe the extent of a run of that search
  /// @param factors what the plan's rate, or the peak's, is multiplied by, a run for each; empty
  ///   for one run as planned
  /// @param repeats how often each run is made, each with another seed
  /// @param warmUpNanos the most time to warm up, 0 for none
  public record Settings(
      Scenario scenario,
      Plan plan,
      @Nullable Slo slo,
      boolean findsPeak,
      Extent probe,
      List<Double> factors,
      int repeats,
      long warmUpNanos) {
    /// Checks what goes together, and copies the list.
    public Settings {
      factors = List.copyOf(factors);
      if (repeats < 1 || warmUpNanos < 0) {
        throw new IllegalArgumentException(
            "at least one run, and no negative time to warm up, got %d and %d ns"
                .formatted(repeats, warmUpNanos));
      }
      boolean needsRate = findsPeak || !factors.isEmpty();
      if (needsRate && !(plan.arrivals() instanceof Arrivals.Rated)) {
        throw new IllegalArgumentException(
            "only arrivals with a rate (constant, poisson, gamma) can be made at several rates");
      }
      if (findsPeak && slo == null) {
        throw new IllegalArgumentException("the highest rate is searched for an SLO: which?");
      }
    }
  }

  /// Runs at one load.
  ///
  /// @param label what to call it
  /// @param factor what the rate was multiplied by, or null
  /// @param runs the runs, at least one
  /// @param intervals means over the runs and their confidence intervals, of some figures by name;
  ///   empty for one run
  public record Point(
      String label, @Nullable Double factor, List<Run> runs, Map<String, Interval> intervals) {
    /// Copies the collections.
    public Point {
      runs = List.copyOf(runs);
      intervals = new LinkedHashMap<>(intervals);
    }

    static Point of(String label, @Nullable Double factor, List<Run> runs) {
      Map<String, Interval> intervals = new LinkedHashMap<>();
      if (runs.size() > 1) {
        put(intervals, "throughput", runs, run -> run.summary().throughput());
        put(intervals, "goodput", runs, run -> run.summary().goodput());
        put(intervals, "mean_ms", runs, run -> run.summary().response().meanMs());
        put(intervals, "p50_ms", runs, run -> run.summary().response().p50Ms());
        put(intervals, "p99_ms", runs, run -> run.summary().response().p99Ms());
        put(intervals, "p999_ms", runs, run -> run.summary().response().p999Ms());
      }
      return new Point(label, factor, runs, intervals);
    }

    private static void put(
        Map<String, Interval> intervals, String name, List<Run> runs, ToDoubleFunction<Run> of) {
      intervals.put(name, Interval.of(runs.stream().mapToDouble(of).toArray()));
    }

    /// {@return the first run, which stands for all in pictures}
    public Run first() {
      return runs.getFirst();
    }
  }

  /// What came of it.
  ///
  /// @param subject what was asked
  /// @param scenario what was to be found out
  /// @param arrivals when requests were to arrive
  /// @param slo what was to hold, or null
  /// @param slots the most requests under way
  /// @param timeoutMs how long a request could take, in milliseconds; 0 for any time
  /// @param deadlineMs how long an answer was worth waiting for, in milliseconds; 0 for any time
  /// @param warmUp how the warm-up went, null without
  /// @param peak the highest rate at which the SLO holds, null where it was not searched
  /// @param points the loads, at least one
  /// @param verdict the worst of all runs of the point that the result is about: the only one, or
  ///   the one at the peak
  /// @param environment this machine
  /// @param jvm the flags of this process
  public record Result(
      String subject,
      String scenario,
      Arrivals arrivals,
      @Nullable Slo slo,
      int slots,
      double timeoutMs,
      double deadlineMs,
      @Nullable WarmedUp warmUp,
      @Nullable FindPeak peak,
      List<Point> points,
      Verdict verdict,
      Environment environment,
      List<String> jvm) {
    /// Copies the lists.
    public Result {
      points = List.copyOf(points);
      jvm = List.copyOf(jvm);
    }

    /// {@return the point that the result is about}
    public Point main() {
      return Load.main(points);
    }
  }

  /// {@return what came of it}
  ///
  /// @param subject what is asked
  /// @param settings what to do
  /// @param progress is told in short lines how the work goes
  /// @param issued is told now and then how many requests of the present run are issued
  /// @throws IllegalArgumentException if the subject cannot be asked so, nothing is answered, or
  ///   the SLO that a peak is searched for holds at no rate
  public static Result run(
      Subject subject, Settings settings, Consumer<String> progress, IntConsumer issued) {
    subject.check(settings.plan());
    WarmedUp warm = settings.warmUpNanos() == 0 ? null : warmUp(subject, settings, progress);
    FindPeak peak = null;
    if (settings.findsPeak()
        && settings.plan().arrivals() instanceof Arrivals.Rated rated
        && settings.slo() != null) {
      progress.accept("searching the highest rate with " + settings.slo());
      peak =
          FindPeak.search(
              subject, settings.plan(), rated, settings.slo(), settings.probe(), progress);
      if (peak.rate() == 0) {
        throw new IllegalArgumentException(
            "%s: %s does not hold at any rate tried: %s"
                .formatted(subject.name(), settings.slo(), peak.probes()));
      }
    }
    List<Point> points = new ArrayList<>();
    if (settings.factors().isEmpty()) {
      Run confirmed = peak == null ? null : peak.run();
      points.add(
          peak != null && confirmed != null && settings.repeats() == 1
              ? Point.of(label(peak.rate()), null, List.of(confirmed))
              : point(subject, settings, peak, null, progress, issued));
    } else {
      for (double factor : settings.factors()) {
        points.add(point(subject, settings, peak, factor, progress, issued));
      }
    }
    return result(subject, settings, warm, peak, points);
  }

  private static Result result(
      Subject subject,
      Settings settings,
      @Nullable WarmedUp warm,
      @Nullable FindPeak peak,
      List<Point> points) {
    return new Result(
        subject.name(),
        settings.scenario().label(),
        settings.plan().arrivals(),
        settings.slo(),
        settings.plan().slots(),
        settings.plan().timeoutNanos() / 1e6,
        settings.plan().deadlineNanos() == Plan.NO_DEADLINE
            ? 0
            : settings.plan().deadlineNanos() / 1e6,
        warm,
        peak,
        points,
        main(points).runs().stream()
            .map(Run::verdict)
            .max(Comparator.comparing(Verdict::kind))
            .orElseThrow(),
        Environment.here(),
        ManagementFactory.getRuntimeMXBean().getInputArguments());
  }

  /// {@return the result of runs that were made one after the other without a load}
  ///
  /// @param subject what ran
  /// @param recording every run, at least one
  /// @param warmUp how the warm-up went
  public static Result of(String subject, Recording recording, WarmedUp warmUp) {
    Plan plan =
        new Plan(
            new Arrivals.Closed(1, 1),
            Extent.requests(recording.size()),
            new Order(1, true, 0),
            1,
            Long.MAX_VALUE);
    Run run = Run.of(Scenario.SINGLE_STREAM, plan, null, recording, List.of());
    return new Result(
        subject,
        Scenario.SINGLE_STREAM.label(),
        plan.arrivals(),
        null,
        1,
        0,
        0,
        warmUp,
        null,
        List.of(Point.of("one after the other", null, List.of(run))),
        run.verdict(),
        Environment.here(),
        ManagementFactory.getRuntimeMXBean().getInputArguments());
  }

  private static Point main(List<Point> points) {
    return points.stream()
        .filter(point -> point.factor() != null && point.factor() == 1)
        .findFirst()
        .orElse(points.getFirst());
  }

  private static Point point(
      Subject subject,
      Settings settings,
      @Nullable FindPeak peak,
      @Nullable Double factor,
      Consumer<String> progress,
      IntConsumer issued) {
    Plan plan = settings.plan();
    Arrivals arrivals = plan.arrivals();
    String label = "as planned";
    if (arrivals instanceof Arrivals.Rated rated) {
      double base = peak == null ? rated.rate() : peak.rate();
      arrivals = rated.at(base * (factor == null ? 1 : factor));
      label = label(base * (factor == null ? 1 : factor));
    }
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < settings.repeats(); i++) {
      progress.accept(
          settings.repeats() == 1
              ? "measuring " + label
              : "measuring %s, %d of %d".formatted(label, i + 1, settings.repeats()));
      Plan run = plan.with(arrivals, plan.extent()).reseeded(i);
      try (Watch watch = new Watch()) {
        Recording recording = subject.run(run, issued);
        runs.add(
            Run.of(
                settings.scenario(),
                run,
                settings.slo(),
                recording,
                watch.events(recording.originNanos())));
      }
    }
    return Point.of(label, factor, runs);
  }

  private static String label(double rate) {
    return String.format(Locale.ROOT, "%.1f requests/s", rate);
  }

  /// Asks one request after the other until the rule of [WarmUp] says that it is warm, then for a
  /// second as planned; all are answered before anything is measured.
  private static WarmedUp warmUp(Subject subject, Settings settings, Consumer<String> progress) {
    progress.accept("warming up " + subject.name());
    WarmUp rule = WarmUp.start(settings.warmUpNanos());
    Arrivals.Closed one = new Arrivals.Closed(1, 1);
    long begin = System.nanoTime();
    while (!rule.isDone() && System.nanoTime() - begin < settings.warmUpNanos()) {
      Recording chunk =
          subject.run(settings.plan().with(one, new Extent(CHUNK_NANOS, 1)), count -> {});
      for (int i = 0; i < chunk.size(); i++) {
        rule.add(Math.max(1, chunk.serviceNanos(i)));
      }
      if (chunk.outcomes().keySet().stream().noneMatch(outcome -> outcome == Outcome.OK)) {
        throw new IllegalArgumentException(
            "%s answers nothing: %s".formatted(subject.name(), chunk.outcomes()));
      }
    }
    if (!(settings.plan().arrivals() instanceof Arrivals.AllAtOnce)
        && !(settings.plan().arrivals() instanceof Arrivals.Replay)
        && !(settings.plan().arrivals() instanceof Arrivals.Steps)) {
      subject.run(
          settings.plan().with(settings.plan().arrivals(), Extent.seconds(LEAD_IN_SECONDS)),
          count -> {});
    }
    return new WarmedUp(rule.runs(), (System.nanoTime() - begin) / 1e9, rule.isSettled());
  }
}
