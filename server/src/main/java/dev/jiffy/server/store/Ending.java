package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Refusal;
import java.util.Locale;

/// How a request to a model ended, as a kind to count by: every request ends in exactly one.
public enum Ending {
  /// The model has answered.
  COMPUTED(Kind.ANSWERED),
  /// An answer was given that the model had given before, or to an equal request.
  KEPT(Kind.ANSWERED),
  /// As many waited as may.
  QUEUE_FULL(Kind.REFUSED),
  /// It had to make room for a more urgent one.
  DISPLACED(Kind.REFUSED),
  /// Its deadline could not be met behind those that waited.
  QUEUE_TOO_LONG(Kind.REFUSED),
  /// Its deadline could not be met even alone.
  DEADLINE_TOO_SHORT(Kind.REFUSED),
  /// Its deadline had passed when it came.
  ARRIVED_LATE(Kind.REFUSED),
  /// The answer would have come after the deadline when its turn came.
  DROPPED_LATE(Kind.REFUSED),
  /// The model took no requests.
  NOT_READY(Kind.REFUSED),
  /// The model does not take what was sent, or does not give what was asked for.
  BAD_INPUT(Kind.REFUSED),
  /// Its client had gone before it was answered.
  CLIENT_GONE(Kind.CANCELLED),
  /// It needed more memory than there was.
  OUT_OF_MEMORY(Kind.FAILED),
  /// Something broke on our side.
  ERROR(Kind.FAILED);

  /// What matters to clients of how a request ended.
  public enum Kind {
    /// With an answer.
    ANSWERED,
    /// Without having been computed, or without effect: the client can do something about it.
    REFUSED,
    /// Nobody waited any more.
    CANCELLED,
    /// Through our fault.
    FAILED;

    /// {@return the name in labels and logs}
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Kind kind;

  Ending(Kind kind) {
    this.kind = kind;
  }

  /// {@return the ending of a request with an outcome}
  ///
  /// @param outcome the outcome
  public static Ending of(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> done.timing().batchRows() == 0 ? KEPT : COMPUTED;
      case Outcome.Refused refused -> of(refused.why());
      case Outcome.BadInput _ -> BAD_INPUT;
      case Outcome.Cancelled _ -> CLIENT_GONE;
      case Outcome.Failed(Throwable cause) ->
          cause instanceof OutOfMemoryError ? OUT_OF_MEMORY : ERROR;
    };
  }

  private static Ending of(Refusal refusal) {
    return switch (refusal) {
      case QUEUE_FULL -> QUEUE_FULL;
      case DISPLACED -> DISPLACED;
      case QUEUE_TOO_LONG -> QUEUE_TOO_LONG;
      case DEADLINE_TOO_SHORT -> DEADLINE_TOO_SHORT;
      case ARRIVED_LATE -> ARRIVED_LATE;
      case DROPPED_LATE -> DROPPED_LATE;
      case NOT_READY -> NOT_READY;
    };
  }

  /// {@return the ending of a request that something was thrown for}
  ///
  /// @param failure what was thrown
  public static Ending of(Throwable failure) {
    return switch (failure) {
      case ProtocolException _, ModelException _, IllegalArgumentException _ -> BAD_INPUT;
      case OutOfMemoryError _ -> OUT_OF_MEMORY;
      default -> ERROR;
    };
  }

  /// {@return what matters to clients of it}
  public Kind kind() {
    return kind;
  }

  /// {@return the name in labels and logs}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
