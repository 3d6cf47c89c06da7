package dev.jiffy.bench.record;

/// Something that happened beside the requests and may explain their times.
///
/// @param kind what happened
/// @param startNanos when it began, in nanoseconds since the run began
/// @param durationNanos how long it took
/// @param detail more about it, such as the collector's name
public record Event(Kind kind, long startNanos, long durationNanos, String detail) {
  /// Kinds of events.
  public enum Kind {
    /// The Java threads of this process stood still for a collection of garbage.
    GC,
    /// A thread waited for memory, because the collector was behind.
    ALLOCATION_STALL,
    /// A sleeping thread of this process woke up late: the machine was busy or halted.
    HICCUP
  }
}
