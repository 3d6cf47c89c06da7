package dev.jiffy.server.guard;

import dev.jiffy.protocol.ProtocolException;

/// What those who reach a port may have changed.
///
/// @param mayChange whether models may be loaded and unloaded, and settings changed
public record Rights(boolean mayChange) {
  /// Checks that they may have models loaded and unloaded.
  ///
  /// @throws ProtocolException of status 403 if they may not
  public void checkModels() {
    check("models are neither loaded nor unloaded by this port");
  }

  /// Checks that they may have settings changed.
  ///
  /// @throws ProtocolException of status 403 if they may not
  public void checkSettings() {
    check("settings are not changed by this port");
  }

  private void check(String refusal) {
    if (!mayChange) {
      throw new ProtocolException(403, refusal);
    }
  }
}
