package dev.jiffy.bench;

import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Spread;

/// How fast one engine runs a model. Times are in milliseconds.
///
/// @param version the engine's version
/// @param loadMs from the file to a session that can run; the median of several loads where there
///   were several
/// @param firstMs the first run
/// @param latency how long the warm runs took, one after the other
/// @param p50Interval the mean of the medians of the rounds, and its confidence interval
/// @param runsPerSecond how many runs one caller gets in a second, from the mean
/// @param allocatedBytesPerRun what one warm run allocates on the Java heap, over all threads, in
///   whole bytes
/// @param warmUpRuns the runs before those measured
public record Figures(
    String version,
    double loadMs,
    double firstMs,
    Spread latency,
    Interval p50Interval,
    double runsPerSecond,
    long allocatedBytesPerRun,
    long warmUpRuns) {}
