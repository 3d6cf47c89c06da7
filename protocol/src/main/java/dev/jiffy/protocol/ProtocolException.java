package dev.jiffy.protocol;

/// A message that breaks the protocol or its limits, and the HTTP status that tells its sender.
///
/// The text is meant for the sender: it names the field, what was expected and what was found, and
/// nothing of the receiver's inside.
public final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int MOST_TEXT = 64;

  private final int status;

  /// A broken message.
  ///
  /// @param status the HTTP status, 400 to 599
  /// @param message what, where, expected, found
  public ProtocolException(int status, String message) {
    super(message);
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("an error's status is 400 to 599, got " + status);
    }
    this.status = status;
  }

  /// A broken message and what was thrown when it was read.
  ///
  /// @param status the HTTP status, 400 to 599
  /// @param message what, where, expected, found
  /// @param cause what went wrong underneath
  public ProtocolException(int status, String message, Throwable cause) {
    this(status, message);
    initCause(cause);
  }

  /// {@return the HTTP status, 400 to 599}
  public int status() {
    return status;
  }

  /// {@return a failure of status 400}
  ///
  /// @param format a format string: what, where, expected, found
  /// @param arguments its arguments
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  static ProtocolException badRequest(String format, Object... arguments) {
    return new ProtocolException(400, format.formatted(arguments));
  }

  /// {@return the beginning of a peer's text, fit for a message}
  ///
  /// @param text the text, however long
  public static String shortened(String text) {
    if (text.length() <= MOST_TEXT) {
      return text;
    }
    boolean splits = Character.isHighSurrogate(text.charAt(MOST_TEXT - 1));
    return text.substring(0, splits ? MOST_TEXT - 1 : MOST_TEXT) + "…";
  }
}
