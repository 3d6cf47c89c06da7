package dev.jiffy.bench.record;

import java.util.Locale;

/// How a request ended.
public enum Outcome {
  /// Answered.
  OK,
  /// Not answered within the time allowed.
  TIMEOUT,
  /// Refused because the server has too much to do (HTTP 429 or 503).
  OVERLOADED,
  /// Refused as wrong (any other HTTP 4xx).
  BAD_REQUEST,
  /// Failed in the server (any other HTTP 5xx), or in the model.
  SERVER_ERROR,
  /// No connection could be made.
  UNREACHABLE,
  /// The connection ended before the answer did, or what came was no answer.
  BROKEN,
  /// Answered, but not with what is known to be right.
  WRONG_ANSWER;

  /// {@return the outcome that an HTTP status stands for}
  ///
  /// @param status the status
  public static Outcome ofStatus(int status) {
    if (status >= 200 && status < 300) {
      return OK;
    }
    if (status == 429 || status == 503) {
      return OVERLOADED;
    }
    return status == 504 ? TIMEOUT : status >= 500 ? SERVER_ERROR : BAD_REQUEST;
  }

  /// {@return the name in reports, such as `bad_request`}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
