package dev.jiffy.engine;

/// A model that cannot be loaded or run as given: malformed, unsupported or fed with wrong inputs.
///
/// The message says what is wrong, where, what was expected and what was found.
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// A failure with its explanation.
  ///
  /// @param message what, where, expected, found
  public ModelException(String message) {
    super(message);
  }

  /// A failure with its explanation and cause.
  ///
  /// @param message what, where, expected, found
  /// @param cause what went wrong underneath
  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
