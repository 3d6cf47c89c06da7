package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The highest rate at which an SLO holds.
///
/// @param rate the rate, per second; 0 where it does not hold at any
/// @param saturation what a closed loop gets answered per second, where the search began
/// @param isConfirmed whether a full run at the rate holds the SLO with confidence
/// @param probes the rates tried, in their order
/// @param run the full run at the rate, null where there is none
public record FindPeak(
    double rate, double saturation, boolean isConfirmed, List<Probe> probes, @Nullable Run run) {
  private static final double PRECISION = 1.02;

  /// The ratio of the range's ends from which its upper one is doubted.
  private static final double DOUBT = 1.07;

  private static final double WIDENING = 1.25;
  private static final int MOST_WIDENINGS = 8;
  private static final int MOST_HALVINGS = 8;
  private static final double LEAST_ANSWERED = 0.95;
  private static final double STEP_BACK = 0.97;
  private static final int MOST_AT_A_TIME = 64;

  /// How many requests of a run may be late at least, so that no few of them decide, and how many
  /// times as long as it was to be a run may last for that.
  private static final int LEAST_LATE = 2;

  private static final int LONGEST = 10;

  /// The time that all runs of a search together are given, and what it is at least in probes and
  /// full runs where those are long.
  private static final long MOST_NANOS = 84_000_000_000L;

  private static final int LEAST_PROBES = 10;
  private static final int LEAST_FULL_RUNS = 4;

  /// The full runs that probes leave time for.
  private static final int RESERVED_FULL_RUNS = 2;

  /// A rate that was tried.
  ///
  /// @param rate the rate, per second
  /// @param atPercentileMs the response time at the SLO's percentile, in milliseconds
  /// @param holds whether the SLO held and requests were answered as they came
  public record Probe(double rate, double atPercentileMs, boolean holds) {}

  /// Copies the list.
  public FindPeak {
    probes = List.copyOf(probes);
  }

  /// {@return the highest rate}
  ///
  /// What a closed loop gets answered per second is the first upper bound; while the SLO holds
  /// there, the bound is widened; then the range is halved until its ends are within 2 %. As
  /// machines have moods, the range's upper end is tried again, with other arrivals, before it is
  /// believed, when the lower end has come within 7 % of it; if two of three probes hold, the
  /// search goes on above. A probe has only to keep the SLO; it has so many requests that two may
  /// be late, where that takes no more than ten times its time, or ends with more that are. The
  /// rate found must keep the SLO with confidence in a full run, or is lowered by 3 %; then what
  /// missed above is doubted once more. All runs together are given 84 s, or the time of 10 probes
  /// and 4 full runs where it is more: as it ends, the range stays as wide as it is.
  ///
  /// @param subject what is asked
  /// @param plan the full run, whose arrivals have a rate
  /// @param arrivals the plan's arrivals
  /// @param slo what must hold
  /// @param probe the extent of a probe
  /// @param progress is told in short lines how the work goes
  public static FindPeak search(
      Subject subject,
      Plan plan,
      Arrivals.Rated arrivals,
      Slo slo,
      Extent probe,
      Consumer<String> progress) {
    Search search = new Search(subject, plan, arrivals, slo, probe, progress);
    double saturation = search.saturation();
    double rate = search.narrow(saturation);
    Run run = rate == 0 ? null : search.full(rate);
    while (run != null && is(run, Verdict.Kind.MISSED) && search.hasTimeForFull(rate)) {
      search.missed(rate);
      rate *= STEP_BACK;
      run = search.full(rate);
    }
    while (run != null && is(run, Verdict.Kind.VALID)) {
      double above = search.narrowAbove(rate);
      Run again = above == rate ? run : search.full(above);
      if (above == rate || !is(again, Verdict.Kind.VALID)) {
        return new FindPeak(rate, saturation, true, search.probes, run);
      }
      rate = above;
      run = again;
    }
    return new FindPeak(rate, saturation, false, search.probes, run);
  }

  private static boolean is(Run run, Verdict.Kind kind) {
    return run.verdict().kind() == kind;
  }

  private static final class Search {
    private final Subject subject;
    private final Plan plan;
    private final Arrivals.Rated arrivals;
    private final Slo slo;
    private final Extent probe;
    private final Consumer<String> progress;
    private final List<Probe> probes = new ArrayList<>();

    /// What missed above all that holds, the lowest on top.
    private final Deque<Double> failed = new ArrayDeque<>();

    private double holding;

    /// What missed again.
    private double believed;

    private int runs;
    private long spentNanos;
    private long mostNanos = MOST_NANOS;

    Search(
        Subject subject,
        Plan plan,
        Arrivals.Rated arrivals,
        Slo slo,
        Extent probe,
        Consumer<String> progress) {
      this.subject = subject;
      this.plan = plan;
      this.arrivals = arrivals;
      this.slo = slo;
      this.probe = probe;
      this.progress = progress;
    }

    double saturation() {
      Arrivals closed = new Arrivals.Closed(Math.min(MOST_AT_A_TIME, plan.slots()), 1);
      Recording recording = run(plan.with(closed, probe));
      double rate = Summary.of(recording, null, plan.timeoutNanos()).throughput();
      progress.accept(String.format(Locale.ROOT, "saturated at %.1f requests/s", rate));
      if (!(rate > 0)) {
        throw new IllegalArgumentException(
            "%s answers nothing: %s".formatted(subject.name(), recording.outcomes()));
      }
      mostNanos =
          Math.max(
              MOST_NANOS,
              LEAST_PROBES * nanos(probe, rate) + LEAST_FULL_RUNS * nanos(plan.extent(), rate));
      return rate;
    }

    private Recording run(Plan made) {
      Recording recording = subject.run(made, issued -> {});
      spentNanos += recording.endNanos();
      return recording;
    }

    /// {@return a run whose arrivals and inputs no other run of this search has}
    private Plan anew(double rate, Extent extent) {
      return plan.with(arrivals.at(rate), extent).reseeded(runs++);
    }

    /// {@return the highest rate whose probe holds, 0 where none does}
    double narrow(double first) {
      double rate = first;
      double most = first * Math.pow(WIDENING, MOST_WIDENINGS);
      double least = first / Math.pow(2, MOST_HALVINGS);
      while (rate >= least && rate <= most && hasTimeToProbe(rate)) {
        boolean isAgain = !failed.isEmpty() && failed.element() == rate;
        if (holds(rate) && (!isAgain || holds(rate))) {
          holding = rate;
          while (!failed.isEmpty() && failed.element() <= rate) {
            failed.pop();
          }
        } else if (isAgain) {
          believed = rate;
        } else {
          failed.push(rate);
        }
        double high = failed.isEmpty() ? holding * WIDENING : failed.element();
        if (failed.isEmpty() || (high != believed && high <= holding * DOUBT)) {
          rate = high;
        } else if (high <= holding * PRECISION) {
          break;
        } else {
          rate = holding > 0 ? (holding + high) / 2 : high * (high == first ? 0.75 : 0.5);
        }
      }
      return holding;
    }

    /// Takes down that a full run missed.
    void missed(double rate) {
      failed.push(rate);
    }

    /// {@return the highest rate whose probe holds, after that above one that is sure is doubted}
    double narrowAbove(double rate) {
      holding = rate;
      believed = 0;
      return failed.isEmpty() ? rate : narrow(failed.element());
    }

    /// {@return whether a probe can be made, and full runs after it where one holds}
    private boolean hasTimeToProbe(double rate) {
      if (holding == 0) {
        return spentNanos + nanos(probe, rate) <= mostNanos;
      }
      return hasTime(
          rate, wholeNanos(probe, rate) + RESERVED_FULL_RUNS * wholeNanos(plan.extent(), rate));
    }

    /// {@return whether a full run can be made}
    boolean hasTimeForFull(double rate) {
      return hasTime(rate, wholeNanos(plan.extent(), rate));
    }

    /// {@return whether there is time left, of which slow systems are given more}
    private boolean hasTime(double rate, long nanos) {
      long whole =
          LEAST_PROBES * wholeNanos(probe, rate)
              + LEAST_FULL_RUNS * wholeNanos(plan.extent(), rate);
      return spentNanos + nanos <= Math.max(mostNanos, whole);
    }

    /// {@return an extent with so many requests that some may be late}
    private Extent whole(Extent extent, double rate) {
      double least = Math.ceil((LEAST_LATE + 1) / (1 - slo.p()));
      return extent.withAtLeast((long) Math.min(least, LONGEST * rate * extent.minNanos() / 1e9));
    }

    private long wholeNanos(Extent extent, double rate) {
      return nanos(whole(extent, rate), rate);
    }

    private static long nanos(Extent extent, double rate) {
      return Math.max(extent.minNanos(), Math.round(extent.minRequests() / rate * 1e9));
    }

    private boolean holds(double rate) {
      Recording recording = run(anew(rate, probe));
      long[] nanos = recording.nanos(Time.RESPONSE, plan.timeoutNanos());
      Percentiles times = Percentiles.of(nanos);
      boolean isAnswered = answered(recording) >= LEAST_ANSWERED;
      long rest = whole(probe, rate).minRequests() - nanos.length;
      if (rest > 0 && isAnswered && isOpen(times)) {
        Recording more = run(anew(rate, Extent.requests(rest)));
        times = Percentiles.of(joined(nanos, more.nanos(Time.RESPONSE, plan.timeoutNanos())));
        isAnswered = answered(more) >= LEAST_ANSWERED;
      }
      boolean holds = isAnswered && times.at(slo.p()) <= slo.nanos();
      Probe tried = new Probe(rate, times.at(slo.p()) / 1e6, holds);
      probes.add(tried);
      progress.accept(
          String.format(
              Locale.ROOT,
              "%.1f requests/s: %s %.3f ms, %s",
              rate,
              Slo.percentile(slo.p()),
              tried.atPercentileMs(),
              holds ? "holds" : "too much"));
      return holds;
    }

    /// {@return whether more requests may change what is said of these}
    private boolean isOpen(Percentiles times) {
      return times.above(slo.nanos()) <= LEAST_LATE && times.at(0.5) <= slo.nanos();
    }

    private static long[] joined(long[] first, long[] second) {
      long[] all = Arrays.copyOf(first, first.length + second.length);
      System.arraycopy(second, 0, all, first.length, second.length);
      return all;
    }

    /// {@return the requests answered per second over those that were to be made}
    ///
    /// What all of them take alike does not count, only what later ones take more than earlier
    /// ones, by medians of the halves: a slow system is one that has yet to answer its last
    /// requests when no more come, a system that is asked too much is one whose queue grows.
    private double answered(Recording recording) {
      int all = recording.size();
      int half = all / 2;
      if (half == 0) {
        return 1;
      }
      long apart =
          recording.scheduledNanos(half + (all - half) / 2) - recording.scheduledNanos(half / 2);
      long growth =
          Math.max(0, median(recording.slice(half, all)) - median(recording.slice(0, half)));
      double part = recording.outcomes().getOrDefault(Outcome.OK, 0L) / (double) all;
      return part * apart / Math.max(1, apart + growth);
    }

    private long median(Recording part) {
      return Percentiles.of(part.nanos(Time.RESPONSE, plan.timeoutNanos())).at(0.5);
    }

    Run full(double rate) {
      progress.accept(String.format(Locale.ROOT, "a full run at %.1f requests/s", rate));
      Plan full = anew(rate, whole(plan.extent(), rate));
      try (Watch watch = new Watch()) {
        Recording recording = run(full);
        return Run.of(Scenario.SERVER, full, slo, recording, watch.events(recording.originNanos()));
      }
    }
  }
}
