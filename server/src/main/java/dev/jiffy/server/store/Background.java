package dev.jiffy.server.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// What the operating system offers for work beside the answering of requests: threads that step
/// back where others want to run, and how much memory the process holds.
final class Background {
  private static final System.Logger LOG = System.getLogger(Background.class.getName());
  private static final int OWN_THREAD = 0;
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
            stepBack();
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

  @SuppressWarnings("restricted")
  private static void stepBack() {
    if (!Files.exists(STATUS)) {
      return;
    }
    try {
      MethodHandle setPriority =
          Linker.nativeLinker()
              .downcallHandle(
                  SymbolLookup.loaderLookup()
                      .find("setpriority")
                      .or(() -> Linker.nativeLinker().defaultLookup().find("setpriority"))
                      .orElseThrow(),
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT));
      int failed = (int) setPriority.invokeExact(0, OWN_THREAD, NICENESS);
      if (failed != 0) {
        LOG.log(Level.DEBUG, "the priority of a thread could not be lowered");
      }
    } catch (Throwable e) { // the thread then runs as others do
      LOG.log(Level.DEBUG, "the priority of a thread could not be lowered", e);
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
