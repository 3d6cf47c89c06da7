package dev.jiffy.bench;

/// How a warm-up went.
///
/// @param runs how many runs or requests it had
/// @param seconds how long it took
/// @param isSettled whether it ended because medians agreed, not because time was up
public record WarmedUp(long runs, double seconds, boolean isSettled) {}
