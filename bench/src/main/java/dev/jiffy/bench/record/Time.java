package dev.jiffy.bench.record;

/// The times of a request that are reported.
public enum Time {
  /// From when a request was to start until it had ended: what a user waits.
  RESPONSE {
    @Override
    long of(Recording recording, int request, long timeoutNanos) {
      long nanos = recording.responseNanos(request);
      return recording.isOk(request) ? nanos : Math.max(nanos, timeoutNanos);
    }
  },
  /// From handing a request to the system until it had ended.
  SERVICE {
    @Override
    long of(Recording recording, int request, long timeoutNanos) {
      long nanos = recording.serviceNanos(request);
      return recording.isOk(request) ? nanos : Math.max(nanos, timeoutNanos);
    }
  },
  /// How late the generator itself was.
  LAG {
    @Override
    long of(Recording recording, int request, long timeoutNanos) {
      return recording.lagNanos(request);
    }
  };

  /// {@return a request's time in nanoseconds}
  ///
  /// @param recording the run
  /// @param request the request's place
  /// @param timeoutNanos what a request counts as at least that was not answered
  abstract long of(Recording recording, int request, long timeoutNanos);
}
