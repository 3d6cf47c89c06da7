package dev.jiffy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/// What this process holds, without what tests and the JVM open and start as they need it.
public final class Footprint {
  private static final Path OPEN = Path.of("/proc/self/fd");

  private static final String FOREIGN =
      "(HttpClient|ForkJoinPool\\.commonPool|process reaper|Attach Listener|globalEventExecutor).*";

  private Footprint() {}

  /// {@return how many open files and sockets have names that begin so, 0 where the system does not
  /// tell}
  ///
  /// @param prefixes the begins of the names, such as `socket:`
  public static long open(String... prefixes) {
    if (!Files.isDirectory(OPEN)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(OPEN)) {
      return all.map(Footprint::name)
          .filter(name -> Arrays.stream(prefixes).anyMatch(name::startsWith))
          .count();
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

  /// {@return how many threads there are}
  public static int threads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !thread.getName().matches(FOREIGN))
            .count();
  }
}
