package dev.jiffy.server;

import dev.jiffy.server.guard.ApiKeys;
import org.jspecify.annotations.Nullable;

/// Who may ask, and how that is kept secret.
///
/// @param tls how connections are encrypted, null for not at all
/// @param keys the keys with which clients may ask, null where none is needed; health needs none
public record SafetyOptions(@Nullable Tls tls, @Nullable ApiKeys keys) {
  /// {@return no encryption and no keys}
  public static SafetyOptions defaults() {
    return new SafetyOptions(null, null);
  }

  /// {@return these options with encryption}
  ///
  /// @param how how connections are encrypted, null for not at all
  public SafetyOptions tls(@Nullable Tls how) {
    return new SafetyOptions(how, keys);
  }

  /// {@return these options with keys}
  ///
  /// @param those the keys with which clients may ask, null where none is needed
  public SafetyOptions keys(@Nullable ApiKeys those) {
    return new SafetyOptions(tls, those);
  }
}
