package dev.jiffy.bench;

import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.record.Time;
import java.util.List;

/// The warm runs of one engine.
///
/// @param recording every run, one after the other
/// @param rounds how long the runs of each round took, at least one
/// @param allocatedBytesPerRun what one allocated on the Java heap, over all threads
/// @param warmUpRuns the runs before
record Warm(
    Recording recording, List<Percentiles> rounds, long allocatedBytesPerRun, long warmUpRuns) {
  Warm {
    rounds = List.copyOf(rounds);
  }

  /// {@return how the times of all runs are spread}
  Spread latency() {
    return Spread.of(Percentiles.of(recording.nanos(Time.SERVICE, 0)));
  }

  /// {@return the medians of the rounds, in milliseconds}
  double[] mediansMs() {
    return rounds.stream().mapToDouble(round -> round.at(0.5) / 1e6).toArray();
  }

  /// {@return the figures of the engine}
  ///
  /// @param version the engine's version
  /// @param loadMs from the file to a session that can run
  /// @param firstMs the first run
  Figures figures(String version, double loadMs, double firstMs) {
    Spread latency = latency();
    return new Figures(
        version,
        loadMs,
        firstMs,
        latency,
        Interval.of(mediansMs()),
        Math.round(1e5 / latency.meanMs()) / 100.0,
        allocatedBytesPerRun,
        warmUpRuns);
  }
}
