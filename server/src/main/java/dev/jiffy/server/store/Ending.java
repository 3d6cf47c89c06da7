package dev.jiffy.server.store;

import dev.jiffy.server.schedule.Outcome;
import java.util.Locale;

/// How a request to a model ended, as a kind to count by.
public enum Ending {
  /// The model has answered.
  ANSWERED,
  /// It was refused, as too much waited or its deadline could not be met.
  OVERLOADED,
  /// It was dropped, as the answer would have come after the deadline.
  EXPIRED,
  /// The model does not take what was sent.
  BAD_INPUT,
  /// The model took no requests.
  NOT_READY,
  /// Its client had gone.
  CANCELLED,
  /// Something broke on our side.
  FAILED;

  /// {@return the kind of an outcome}
  ///
  /// @param outcome the outcome
  public static Ending of(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done _ -> ANSWERED;
      case Outcome.Overloaded _ -> OVERLOADED;
      case Outcome.Expired _ -> EXPIRED;
      case Outcome.BadInput _ -> BAD_INPUT;
      case Outcome.NotReady _ -> NOT_READY;
      case Outcome.Cancelled _ -> CANCELLED;
      case Outcome.Failed _ -> FAILED;
    };
  }

  /// {@return the name in labels and logs}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
