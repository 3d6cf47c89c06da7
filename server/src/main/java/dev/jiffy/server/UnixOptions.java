package dev.jiffy.server;

import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// A Unix domain socket, on which the server listens besides its port: for callers on the same
/// machine whom the file's permissions let connect.
///
/// @param path the socket's file; one that is there is replaced if nobody listens on it
/// @param mode who may connect: who may write to the file
public record UnixOptions(Path path, Set<PosixFilePermission> mode) {
  /// Copies the set.
  public UnixOptions {
    path = path.toAbsolutePath();
    mode = Set.copyOf(mode);
  }

  /// {@return a socket for this user only}
  ///
  /// @param path the socket's file
  public static UnixOptions of(Path path) {
    return new UnixOptions(path, PosixFilePermissions.fromString("rw-------"));
  }
}
