package dev.jiffy.bench;

/// How fast one engine runs a model. Times are in milliseconds.
///
/// @param version the engine's version
/// @param loadMs from the file to a session that can run; the median of several loads where there
///   were several
/// @param firstMs the first run
/// @param latency the warm runs
/// @param allocatedBytesPerRun what one warm run allocates on the Java heap, over all threads, in
///   whole bytes
/// @param warmUpRuns the runs before those measured
public record Figures(
    String version,
    double loadMs,
    double firstMs,
    Latency latency,
    long allocatedBytesPerRun,
    long warmUpRuns) {}
