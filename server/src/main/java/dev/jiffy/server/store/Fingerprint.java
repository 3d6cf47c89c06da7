package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;

/// What tells apart models whose answers may differ, on all servers that share answers: name,
/// version, every byte of the model's files, and how it is loaded and computed.
final class Fingerprint {
  private static final byte[] OUTSIDE = "location".getBytes(StandardCharsets.US_ASCII);

  private Fingerprint() {}

  /// {@return the digest, empty where not all files are known that answers depend on: of an
  /// ensemble, and of a model without a folder of its own that has weights or a tokenizer beside
  /// it, or where a file has changed since it was loaded}
  ///
  /// @param source where the model lies
  /// @param version its version
  /// @param settings how it is served
  /// @param model the model, which was loaded from there
  /// @throws ModelException if a file cannot be read
  static Optional<byte[]> of(
      Source source, long version, ModelSettings settings, LoadedModel model) {
    Path file = source.versions().get(version);
    if (file == null) {
      return Optional.empty();
    }
    try {
      boolean isAlone = !file.endsWith(Repository.FILE);
      if (isAlone && (model.text() != null || contains(file, OUTSIDE))) {
        return Optional.empty();
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(
          digest,
          "%s %s %s %s"
              .formatted(source.name(), version, settings.load(), settings.policy().exact()));
      List<Source.Stamp> stamps =
          source.stamps(version).stream()
              .filter(stamp -> !isAlone || stamp.file().equals(file))
              .toList();
      for (Source.Stamp stamp : stamps) {
        Path name = stamp.file().getFileName();
        add(digest, String.valueOf(name) + " " + stamp.bytes());
        try (InputStream in = new DigestInputStream(Files.newInputStream(stamp.file()), digest)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
      }
      for (Source.Stamp stamp : stamps) {
        if (!Source.Stamp.of(stamp.file()).equals(List.of(stamp))) { // not what was loaded
          return Optional.empty();
        }
      }
      return Optional.of(digest.digest());
    } catch (IOException e) {
      throw new ModelException(source.name() + ": cannot be read: " + e, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void add(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  /// {@return whether a file has some bytes anywhere, as one with weights in another file has}
  private static boolean contains(Path file, byte[] bytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] block = new byte[1 << 16];
      int matched = 0;
      for (int count = in.read(block); count >= 0; count = in.read(block)) {
        for (int i = 0; i < count; i++) {
          // the first byte occurs once only, so that a match that fails can begin here at most
          matched = block[i] == bytes[matched] ? matched + 1 : block[i] == bytes[0] ? 1 : 0;
          if (matched == bytes.length) {
            return true;
          }
        }
      }
      return false;
    }
  }
}
