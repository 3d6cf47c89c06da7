package dev.jiffy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// What servers hold in this process. The rest of it opens files and starts threads as well.
public final class Footprint {
  private static final Path OPEN = Path.of("/proc/self/fd");

  private Footprint() {}

  /// {@return how many open files and sockets have names that begin so, 0 where the system does not
  /// tell}
  ///
  /// @param prefix the begin of the names, such as `socket:`
  public static long open(String prefix) {
    if (!Files.isDirectory(OPEN)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(OPEN)) {
      return all.filter(each -> name(each).startsWith(prefix)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path open) {
    try {
      return Files.readSymbolicLink(open).toString();
    } catch (IOException e) {
      return ""; // it is closed by now
    }
  }

  /// {@return how many threads are those of servers and of Vert.x}
  public static int threads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().matches("(jiffy|vert\\.?x)-.*"))
            .count();
  }
}
