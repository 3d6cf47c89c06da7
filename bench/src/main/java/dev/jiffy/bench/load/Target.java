package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;

/// What answers requests. Used by one thread, that of its loop.
interface Target {
  /// Sends a request and returns, at once or when it has ended. The end is told exactly once, on
  /// the same thread, perhaps before this returns.
  ///
  /// @param sample which input to send
  /// @param row the request's row, for what is told of it
  /// @param untilNanos when its answer is worth nothing any more, by the run's clock, or
  ///   [Driver#NEVER]
  /// @param sink is told of the request
  void send(int sample, int row, long untilNanos, Sink sink);

  /// Is told of requests.
  interface Sink {
    /// The answer begins to arrive.
    void firstByte(int row);

    /// The system tells how long a stage took.
    void stage(int row, String stage, long nanos);

    /// The system tells how many requests it computed together.
    void batch(int row, int requests);

    /// The request has ended.
    ///
    /// @param nanos when, by the run's clock; what is done with the answer afterwards is not its
    ///   time
    void ended(int row, long nanos, Outcome outcome);
  }
}
