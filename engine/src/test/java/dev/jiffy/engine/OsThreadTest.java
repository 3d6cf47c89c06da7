package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What a thread asks for is what Linux then says of it.
class OsThreadTest {
  private static final boolean IS_LINUX = System.getProperty("os.name").equals("Linux");
  private static final Path OWN = Path.of("/proc/thread-self");

  /// What Linux says of a thread that has asked, empty where it says nothing or did not grant it.
  private static String after(BooleanSupplier wish, String file, String key) {
    FutureTask<String> asking =
        new FutureTask<>(() -> {
          if (!wish.getAsBoolean()) {
            return "";
          }
          return line(OWN.resolve(file), key);
        });
    Thread.ofPlatform().start(asking);
    try {
      return asking.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static String line(Path file, String key) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    return Files.readAllLines(file).stream()
        .filter(each -> each.startsWith(key))
        .findFirst()
        .orElse("");
  }

  @Test
  void shortTurnsAreShort() {
    String slice = after(OsThread::takeShortTurns, "sched", "se.slice");
    assertTrue(slice.isEmpty() || slice.strip().endsWith(" 100000"), slice);
  }

  @Test
  void threadsThatItStartsHaveTurnsOfTheUsualLength() {
    StringBuilder started = new StringBuilder();
    String usual = after(() -> true, "sched", "se.slice");
    after(
        () -> {
          OsThread.takeShortTurns();
          started.append(after(() -> true, "sched", "se.slice"));
          return true;
        },
        "status",
        "Name");
    assertEquals(usual, started.toString());
  }

  @Test
  void aThreadStepsBack() {
    String stat = after(() -> OsThread.stepBack(7), "stat", "");
    assertTrue(IS_LINUX ? niceness(stat).equals("7") : stat.isEmpty(), stat);
  }

  @Test
  void compilersStepBack() throws IOException {
    int steppedBack = OsThread.compilersStepBack(1);
    int nice = 0;
    if (steppedBack > 0) {
      try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
        for (Path thread : threads.toList()) {
          String stat = line(thread.resolve("stat"), "");
          boolean isCompiler = stat.contains("(C1 Compiler") || stat.contains("(C2 Compiler");
          nice += isCompiler && niceness(stat).equals("1") ? 1 : 0;
        }
      }
    }
    assertTrue(nice >= (IS_LINUX ? Math.max(1, steppedBack) : 0), nice + " of " + steppedBack);
  }

  private static String niceness(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1)[16];
  }

  @Test
  void aThreadStays() {
    String allowed = after(() -> OsThread.stayOn(0), "status", "Cpus_allowed_list");
    assertTrue(allowed.isEmpty() || allowed.replaceAll("\\s", "").endsWith(":0"), allowed);
  }

  @Test
  void aProcessorHasANumber() {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> OsThread.stayOn(-1)).getMessage());
    assertEquals("a processor is 0 to 1023, got -1", message);
  }
}
