package dev.jiffy.bench.record;

import java.util.Locale;

/// How a request ended.
public enum Outcome {
  /// Answered.
  OK,
  /// Not answered within the time allowed.
  TIMEOUT,
  /// Refused because the server has too much to do (HTTP 429 or 503, gRPC 8 or 14).
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

  /// {@return the outcome that a status of gRPC stands for}
  ///
  /// @param code its number (gRPC, "Status codes and their use in gRPC")
  public static Outcome ofGrpcStatus(int code) {
    return switch (code) {
      case 0 -> OK;
      case 4 -> TIMEOUT; // deadline exceeded
      case 8, 14 -> OVERLOADED; // resource exhausted, unavailable
      case 3, 5, 6, 7, 9, 11, 12, 16 -> BAD_REQUEST; // what to ask otherwise would mend
      default -> SERVER_ERROR;
    };
  }

  /// {@return the name in reports, such as `bad_request`}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
