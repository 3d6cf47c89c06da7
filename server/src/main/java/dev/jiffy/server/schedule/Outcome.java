package dev.jiffy.server.schedule;

/// How a request to a model ended.
public sealed interface Outcome {
  /// The model has answered.
  ///
  /// @param answer the answer; its tensors are valid only while the outcome is handed over
  /// @param timing where the time went
  record Done(Answer answer, Timing timing) implements Outcome {}

  /// The request was not computed.
  ///
  /// @param why the reason
  /// @param retryNanos about how long it takes until what waits now is done, 0 where that is not
  ///   the reason
  record Refused(Refusal why, long retryNanos) implements Outcome {
    /// Refused for what waiting does not change.
    ///
    /// @param why the reason
    public Refused(Refusal why) {
      this(why, 0);
    }
  }

  /// The model does not take these inputs.
  ///
  /// @param message what is wrong, for the caller
  record BadInput(String message) implements Outcome {}

  /// The caller has gone or has lost interest.
  record Cancelled() implements Outcome {}

  /// Something broke on our side.
  ///
  /// @param cause what was thrown
  record Failed(Throwable cause) implements Outcome {}
}
