package dev.jiffy.server.store;

import dev.jiffy.engine.OsThread;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// Work beside the answering of requests: threads that step back where others want to run, and how
/// much memory the process holds.
final class Background {
  private static final System.Logger LOG = System.getLogger(Background.class.getName());
  private static final int NICENESS = 15;
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";
  private static final int KIB = 1024;

  private Background() {}

  /// {@return what a task gives, on a thread that steps back where it can be told to: on Linux,
  /// where a thread has a niceness of its own. Waits for it}
  ///
  /// Threads that the task starts step back as well.
  ///
  /// @param name the thread's name
  /// @param task the task
  static <T> T call(String name, Supplier<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .name(name)
        .daemon(true)
        .start(() -> {
          try {
            OsThread.stepBack(NICENESS);
            result.complete(task.get());
          } catch (Throwable e) { // the root of a thread: whoever waits is told
            result.completeExceptionally(e);
          }
        });
    try {
      return result.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw e;
      }
    }
  }

  /// {@return the bytes of memory that the process holds, 0 where the system does not tell}
  static long residentBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(RESIDENT)) {
          String kib = line.substring(RESIDENT.length()).replace("kB", "").strip();
          return Long.parseLong(kib) * KIB;
        }
      }
    } catch (IOException | NumberFormatException e) {
      LOG.log(Level.DEBUG, "the memory of the process is not told", e);
    }
    return 0;
  }
}
