package dev.jiffy.server.grpc;

import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.function.FunctionException;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Refusal;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;

/// How a gRPC call ends: a code, and a text for the caller.
///
/// @param code the code
/// @param message the text, empty for none
record Status(Code code, String message) {
  private static final System.Logger LOG = System.getLogger(Status.class.getName());

  static final Status OK = new Status(Code.OK, "");
  static final Status CLIENT_GONE = new Status(Code.CANCELLED, "the client has gone");

  /// The codes of gRPC that are used here.
  enum Code {
    OK(0),
    CANCELLED(1),
    INVALID_ARGUMENT(3),
    DEADLINE_EXCEEDED(4),
    NOT_FOUND(5),
    ALREADY_EXISTS(6),
    PERMISSION_DENIED(7),
    RESOURCE_EXHAUSTED(8),
    UNIMPLEMENTED(12),
    INTERNAL(13),
    UNAVAILABLE(14),
    UNAUTHENTICATED(16);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /// {@return the status that tells of a failure: all of callers' own mistakes, nothing of ours}
  static Status of(Throwable failure) {
    return switch (failure) {
      case ProtocolException e -> new Status(code(e.status()), text(e));
      case ModelException e -> new Status(Code.INVALID_ARGUMENT, text(e));
      case IllegalArgumentException e -> new Status(Code.INVALID_ARGUMENT, text(e));
      case FunctionException e -> new Status(Code.INTERNAL, text(e)); // logged where it was called
      case OutOfMemoryError e -> {
        LOG.log(Level.ERROR, "out of memory for a call", e);
        yield new Status(Code.RESOURCE_EXHAUSTED, "the request needs more memory than there is");
      }
      default -> {
        LOG.log(Level.ERROR, "a call failed", failure);
        yield new Status(Code.INTERNAL, "the server failed to answer; its log says why");
      }
    };
  }

  private static String text(Throwable e) {
    return String.valueOf(e.getMessage());
  }

  private static Code code(int httpStatus) {
    return switch (httpStatus) {
      case 401 -> Code.UNAUTHENTICATED;
      case 403 -> Code.PERMISSION_DENIED;
      case 404 -> Code.NOT_FOUND;
      case 409 -> Code.ALREADY_EXISTS;
      case 413 -> Code.RESOURCE_EXHAUSTED;
      case 415, 501 -> Code.UNIMPLEMENTED;
      case 503 -> Code.UNAVAILABLE;
      case 504 -> Code.DEADLINE_EXCEEDED;
      default -> httpStatus >= 500 ? Code.INTERNAL : Code.INVALID_ARGUMENT;
    };
  }

  /// {@return the status that tells how a request ended that was not answered}
  static Status of(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done _ -> OK;
      case Outcome.Refused(Refusal why, long _) ->
          new Status(why.isLate() ? Code.DEADLINE_EXCEEDED : Code.UNAVAILABLE, why.text());
      case Outcome.BadInput(String message) -> new Status(Code.INVALID_ARGUMENT, message);
      case Outcome.Cancelled _ -> new Status(Code.CANCELLED, "the request was cancelled");
      case Outcome.Failed(Throwable cause) -> of(cause);
    };
  }

  /// {@return the text as a header carries it: UTF-8, percent-encoded where it is not printable}
  String encodedMessage() {
    StringBuilder encoded = new StringBuilder(message.length());
    for (byte b : message.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append('%');
        encoded.append(Character.toUpperCase(Character.forDigit((b >> 4) & 15, 16)));
        encoded.append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
      }
    }
    return encoded.toString();
  }
}
