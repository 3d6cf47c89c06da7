package dev.jiffy.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// A text that only those know who may do something. Immutable; never printed.
public final class Secret {
  /// The least characters of a secret.
  public static final int LEAST = 16;

  private final byte[] digest;

  private Secret(byte[] digest) {
    this.digest = digest;
  }

  /// {@return a secret}
  ///
  /// @param text the text
  /// @throws IllegalArgumentException if it is shorter than 16 characters
  public static Secret of(String text) {
    if (text.length() < LEAST) {
      throw new IllegalArgumentException(
          "a secret has at least %d characters, got %d".formatted(LEAST, text.length()));
    }
    return new Secret(digest(text));
  }

  /// {@return whether a text is the secret; takes equally long for all texts of a length}
  ///
  /// @param text the text
  public boolean matches(String text) {
    return MessageDigest.isEqual(digest, digest(text));
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    return "a secret";
  }
}
