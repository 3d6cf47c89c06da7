package dev.jiffy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The file of a Unix domain socket. The socket is made in a folder that nobody else can enter, is
/// given its permissions there, and then takes its place, so that nobody connects whom they do not
/// let, and a file that is there is replaced at once.
final class SocketFile implements AutoCloseable {
  /// What an address has room for, without the zero at its end.
  private static final int MOST_BYTES = 107;

  private static final int NAMES = 36 * 36 * 36 * 36;
  private static final int ATTEMPTS = 20;
  private static final int TYPE = 0170000;
  private static final int SOCKET = 0140000;

  private final UnixOptions options;
  private final Path folder;
  private final Path made;
  private @Nullable Object key;

  private SocketFile(UnixOptions options, Path folder) {
    this.options = options;
    this.folder = folder;
    this.made = folder.resolve("s");
  }

  /// {@return a file that can be bound}
  ///
  /// @param options where it shall lie
  /// @throws IOException if somebody listens there, or another kind of file lies there, or the
  ///   folder is not there or cannot be written to
  /// @throws IllegalArgumentException if the path is longer than an address has room for
  static SocketFile prepare(UnixOptions options) throws IOException {
    Path path = options.path();
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(path + ": expected a file's path");
    }
    checkLength(path);
    checkThatNobodyListens(path);
    for (int i = 0; i < ATTEMPTS; i++) {
      String name = "." + Integer.toString(ThreadLocalRandom.current().nextInt(NAMES), 36);
      SocketFile file = new SocketFile(options, parent.resolve(name));
      checkLength(file.made);
      try {
        Files.createDirectory(
            file.folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return file;
      } catch (FileAlreadyExistsException e) {
        // another name
      } catch (NoSuchFileException e) {
        throw new IOException(parent + ": there is no such folder", e);
      }
    }
    throw new IOException(parent + ": no name was free");
  }

  private static void checkLength(Path path) {
    int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a socket's path has at most %d bytes, got %d: %s".formatted(MOST_BYTES, bytes, path));
    }
  }

  private static void checkThatNobodyListens(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if (!(mode instanceof Integer bits) || (bits & TYPE) != SOCKET) {
      throw new IOException(path + ": expected no file or a socket, got another kind of file");
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.configureBlocking(false); // it would wait for one whose queue is full
      channel.connect(UnixDomainSocketAddress.of(path));
    } catch (ConnectException e) {
      return;
    } catch (SocketException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
    throw new IOException(path + ": another process listens on it");
  }

  /// {@return the path that is bound}
  String bound() {
    return made.toString();
  }

  /// Gives the socket, which is bound, its permissions and its place.
  ///
  /// @throws IOException if it cannot be
  void publish() throws IOException {
    Files.setPosixFilePermissions(made, options.mode());
    key = key(made);
    Files.move(made, options.path(), StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(folder);
  }

  private static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /// {@return the path that clients connect to}
  Path path() {
    return options.path();
  }

  /// Removes the file, unless it is another one by now. Idempotent.
  @Override
  public void close() {
    try {
      Files.deleteIfExists(made);
      Files.deleteIfExists(folder);
      Object own = key;
      key = null;
      if (own != null && own.equals(key(options.path()))) {
        Files.deleteIfExists(options.path());
      }
    } catch (NoSuchFileException e) {
      // somebody else has removed it
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
