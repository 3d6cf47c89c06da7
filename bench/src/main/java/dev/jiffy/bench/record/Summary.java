package dev.jiffy.bench.record;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The figures of one run. What each means: `docs/measuring.md`.
///
/// @param requests the requests that were to be made
/// @param answered those that were answered
/// @param errors the others by kind
/// @param seconds from the run's begin to the last request's end
/// @param offered the rate at which requests were to be made, per second, by their schedule
/// @param issued the rate at which they were made
/// @param throughput the requests answered per second
/// @param goodput the requests answered within the SLO's time per second, without SLO the
///   throughput
/// @param good the part of all requests that was answered within the SLO's time
/// @param response the response times of all requests; one that was not answered counts as at least
///   the timeout
/// @param service the service times of all requests, likewise
/// @param answeredResponse the response times of those that were answered; null where there is none
/// @param lag how late the generator was
public record Summary(
    long requests,
    long answered,
    Map<String, Long> errors,
    double seconds,
    double offered,
    double issued,
    double throughput,
    double goodput,
    double good,
    Spread response,
    Spread service,
    @Nullable Spread answeredResponse,
    Spread lag) {
  /// {@return the figures of a run}
  ///
  /// @param recording what happened, at least one request
  /// @param slo what was asked, or null
  /// @param timeoutNanos what a request counts as at least that was not answered
  public static Summary of(Recording recording, @Nullable Slo slo, long timeoutNanos) {
    int n = recording.size();
    long[] answered = new long[n];
    int ok = 0;
    long good = 0;
    for (int i = 0; i < n; i++) {
      if (recording.isOk(i)) {
        long response = recording.responseNanos(i);
        answered[ok++] = response;
        good += slo == null || response <= slo.nanos() ? 1 : 0;
      }
    }
    Map<String, Long> errors = new TreeMap<>();
    recording
        .outcomes()
        .forEach((outcome, count) -> {
          if (outcome != Outcome.OK) {
            errors.put(outcome.label(), count);
          }
        });
    double seconds = Math.max(1, recording.endNanos()) / 1e9;
    return new Summary(
        n,
        ok,
        errors,
        seconds,
        rate(n, recording.scheduledNanos(0), recording.scheduledNanos(n - 1)),
        rate(n, recording.issuedNanos(0), recording.issuedNanos(n - 1)),
        ok / seconds,
        good / seconds,
        (double) good / n,
        spread(recording, Time.RESPONSE, timeoutNanos),
        spread(recording, Time.SERVICE, timeoutNanos),
        ok == 0 ? null : Spread.of(Percentiles.of(Arrays.copyOf(answered, ok))),
        spread(recording, Time.LAG, timeoutNanos));
  }

  private static Spread spread(Recording recording, Time time, long timeoutNanos) {
    return Spread.of(Percentiles.of(recording.nanos(time, timeoutNanos)));
  }

  /// {@return the rate of events whose first and last are known; infinite where both are one}
  private static double rate(int count, long first, long last) {
    return count < 2 ? 0 : (count - 1) * 1e9 / Math.max(1, last - first);
  }
}
