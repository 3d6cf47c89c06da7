package dev.jiffy.server.function;

import org.jspecify.annotations.Nullable;

/// A function did not do what it says. The message names the function and is for clients; the cause
/// is not.
public final class FunctionException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /// A failure.
  ///
  /// @param message what clients are told
  /// @param cause what was thrown, null for nothing
  public FunctionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
