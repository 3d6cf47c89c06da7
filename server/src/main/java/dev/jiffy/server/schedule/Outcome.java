package dev.jiffy.server.schedule;

/// How a request to a model ended.
public sealed interface Outcome {
  /// The model has answered.
  ///
  /// @param answer the answer; its tensors are valid only while the outcome is handed over
  /// @param timing where the time went
  record Done(Answer answer, Timing timing) implements Outcome {}

  /// More is asked of the model than it can do: the request was refused when it came.
  ///
  /// @param retryNanos about how long it takes until what waits now is done
  record Overloaded(long retryNanos) implements Outcome {}

  /// The answer would have come after the deadline, so it was not computed.
  record Expired() implements Outcome {}

  /// The model does not take these inputs.
  ///
  /// @param message what is wrong, for the caller
  record BadInput(String message) implements Outcome {}

  /// The model takes no requests, as it is on its way out.
  record NotReady() implements Outcome {}

  /// The caller has gone or has lost interest.
  record Cancelled() implements Outcome {}

  /// Something broke on our side.
  ///
  /// @param cause what was thrown
  record Failed(Throwable cause) implements Outcome {}
}
