package dev.jiffy.cli;

import dev.jiffy.engine.system.CLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The service manager that started this process and asked to be told of it: systemd, or a
/// container's runtime that stands in for it (`Type=notify`, `--sdnotify=container`).
///
/// It is told by datagrams to the Unix domain socket that the variable `NOTIFY_SOCKET` names, which
/// the JDK's channels cannot send. Source: the manual page `sd_notify(3)`.
final class Supervisor {
  private static final int UNIX = 1;
  private static final int DATAGRAM = 2;

  /// No signal where nobody listens any more.
  private static final int NO_SIGNAL = 0x4000;

  /// The bytes of a name in `struct sockaddr_un`, behind two of the family.
  private static final int NAME = 108;

  private final @Nullable String socket;
  private final Consumer<String> progress;

  /// A service manager.
  ///
  /// @param socket the path of its socket, or `@` and a name without a file; null where nobody
  ///   asked
  /// @param progress where it is said that it could not be told
  Supervisor(@Nullable String socket, Consumer<String> progress) {
    this.socket = socket;
    this.progress = progress;
  }

  /// {@return who started this process}
  ///
  /// @param progress where it is said that it could not be told
  static Supervisor ofThisProcess(Consumer<String> progress) {
    return new Supervisor(System.getenv("NOTIFY_SOCKET"), progress);
  }

  /// Says that requests are answered from now on.
  ///
  /// @param status what is said of it in one line
  void ready(String status) {
    tell("READY=1\nSTATUS=" + status);
  }

  /// Says that the process is about to end.
  void stopping() {
    tell("STOPPING=1");
  }

  private void tell(String state) {
    if (socket == null || socket.isEmpty()) {
      return;
    }
    byte[] name = socket.getBytes(StandardCharsets.UTF_8);
    if (name[0] == '@') {
      name[0] = 0;
    } else if (name[0] != '/') {
      progress.accept("jiffy: the service manager is not told, as its socket is '" + socket + "'");
      return;
    }
    if (name.length >= NAME) {
      progress.accept("jiffy: the service manager is not told, as its socket's path is too long");
      return;
    }
    try {
      if (!isSent(name, state.getBytes(StandardCharsets.UTF_8))) {
        progress.accept("jiffy: the service manager is not told, as nothing reads " + socket);
      }
    } catch (Throwable e) { // a system without these functions
      progress.accept("jiffy: the service manager is not told: " + e);
    }
  }

  private static boolean isSent(byte[] name, byte[] state) {
    int descriptor = CLibrary.call("socket", UNIX, DATAGRAM, 0);
    if (descriptor < 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(Short.BYTES + NAME, Short.BYTES);
      to.set(ValueLayout.JAVA_SHORT, 0, (short) UNIX);
      MemorySegment.copy(name, 0, to, ValueLayout.JAVA_BYTE, Short.BYTES, name.length);
      MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, state);
      int toBytes = Short.BYTES + name.length + (name[0] == 0 ? 0 : 1);
      int sent =
          CLibrary.call(
              "sendto",
              descriptor,
              text.address(),
              text.byteSize(),
              NO_SIGNAL,
              to.address(),
              toBytes);
      return sent == state.length;
    } finally {
      CLibrary.call("close", descriptor);
    }
  }
}
