package dev.jiffy.server.guard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The keys with which callers may ask, out of a file that is read anew when it changes. Shared
/// between threads.
///
/// A line is a key of 16 to 512 characters, or `sha256:` and the 64 hexadecimal digits of a key's
/// SHA-256; empty lines and those that begin with `#` do not count. Only digests are kept, and
/// comparing takes the same time whatever is presented.
public final class ApiKeys {
  /// The header that carries a key alone.
  public static final String HEADER = "x-api-key";

  private static final System.Logger LOG = System.getLogger(ApiKeys.class.getName());
  private static final String DIGEST = "sha256:";
  private static final int DIGEST_BYTES = 32;
  private static final int SHORTEST = 16;
  private static final int LONGEST = 512;
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Path file;
  private volatile Read read;
  private volatile long lookedNanos = System.nanoTime();

  /// What the file said.
  private record Read(List<byte[]> digests, FileTime time) {}

  private ApiKeys(Path file, Read read) {
    this.file = file;
    this.read = read;
  }

  /// {@return the keys in a file}
  ///
  /// @param file the file
  /// @throws IllegalArgumentException if the file holds no keys or something else
  /// @throws UncheckedIOException if it cannot be read
  public static ApiKeys in(Path file) {
    try {
      return new ApiKeys(file, read(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Read read(Path file) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    List<byte[]> digests = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String key = line.strip();
      if (!key.isEmpty() && key.charAt(0) != '#') {
        digests.add(digest(key, file, number));
      }
    }
    if (digests.isEmpty()) {
      throw new IllegalArgumentException(file + ": no key in this file");
    }
    return new Read(digests, time);
  }

  private static byte[] digest(String key, Path file, int line) {
    if (key.startsWith(DIGEST)) {
      try {
        byte[] digest = HexFormat.of().parseHex(key.substring(DIGEST.length()));
        if (digest.length == DIGEST_BYTES) {
          return digest;
        }
      } catch (IllegalArgumentException _) {
        // told below
      }
    } else if (key.length() >= SHORTEST && key.length() <= LONGEST) {
      return sha256(key);
    }
    throw new IllegalArgumentException(
        "%s, line %d: expected a key of %d to %d characters, or %s and 64 hexadecimal digits"
            .formatted(file, line, SHORTEST, LONGEST, DIGEST));
  }

  private static byte[] sha256(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// {@return whether a caller may ask}
  ///
  /// @param authorization the header `Authorization`: `Bearer` and the key
  /// @param apiKey the header `X-API-Key`: the key; counts where the other is absent
  public boolean admit(@Nullable String authorization, @Nullable String apiKey) {
    look();
    String key = key(authorization, apiKey);
    if (key == null || key.length() > LONGEST) {
      return false;
    }
    byte[] digest = sha256(key);
    boolean isKnown = false;
    for (byte[] known : read.digests()) {
      isKnown |= MessageDigest.isEqual(known, digest); // never stops early
    }
    return isKnown;
  }

  private static @Nullable String key(@Nullable String authorization, @Nullable String apiKey) {
    if (authorization == null) {
      return apiKey;
    }
    String scheme = "Bearer ";
    return authorization.regionMatches(true, 0, scheme, 0, scheme.length())
        ? authorization.substring(scheme.length()).strip()
        : null;
  }

  /// Looks at the file now and then. One that cannot be read, or holds no keys, changes nothing.
  private void look() {
    long now = System.nanoTime();
    if (now - lookedNanos < LOOK_NANOS) {
      return;
    }
    lookedNanos = now;
    try {
      if (!Files.getLastModifiedTime(file).equals(read.time())) {
        read = read(file);
        LOG.log(Level.INFO, "the keys are read anew");
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(Level.WARNING, "the keys stay as they are: " + e.getMessage());
    }
  }
}
