package dev.jiffy.server.schedule;

/// Why a request was not computed though nothing was wrong with it.
public enum Refusal {
  /// As many wait as may.
  QUEUE_FULL("too many requests are waiting", false),
  /// It waited where no more may, and a more urgent one came.
  DISPLACED(
      "too many requests are waiting, and this one had to make room for a more urgent", false),
  /// Its deadline cannot be met behind those that wait.
  QUEUE_TOO_LONG("too many requests are waiting for an answer before the deadline", false),
  /// Its deadline cannot be met though nothing waits, by what is known of the model's cost.
  DEADLINE_TOO_SHORT("the model takes longer than the deadline allows", true),
  /// Its deadline had passed when it came.
  ARRIVED_LATE("the deadline had passed before the request could be taken", true),
  /// Its answer would have come after the deadline when its turn came.
  DROPPED_LATE("the answer would have come after the deadline", true),
  /// The model takes no requests, as it is on its way out.
  NOT_READY("the model is not ready", false);

  private final String text;
  private final boolean isLate;

  Refusal(String text, boolean isLate) {
    this.text = text;
    this.isLate = isLate;
  }

  /// {@return what clients are told}
  public String text() {
    return text;
  }

  /// {@return whether it is the deadline that is too short, so that asking again will not help}
  public boolean isLate() {
    return isLate;
  }
}
