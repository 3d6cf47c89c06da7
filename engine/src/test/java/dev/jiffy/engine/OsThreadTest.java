package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  /// The line of a file that begins with the key, empty where there is none, as in the file of a
  /// thread that has ended.
  private static String line(Path file, String key) {
    try {
      return Files.readAllLines(file).stream()
          .filter(each -> each.startsWith(key))
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void shortTurnsAreShort() {
    assertTurns("100000", OsThread::takeShortTurns);
  }

  @Test
  void whoeverStepsBackTakesLongTurns() {
    int further = further();
    assertTurns(
        "100000000",
        () -> {
          boolean isBehind = OsThread.stepBack(further);
          OsThread.takeShortTurns();
          return isBehind;
        });
  }

  private static void assertTurns(String nanos, BooleanSupplier wish) {
    String usual = after(() -> true, "sched", "se.slice");
    String slice = after(wish, "sched", "se.slice");
    assertTrue(
        slice.isEmpty() || slice.endsWith(" " + nanos) || (!hasTurns() && slice.equals(usual)),
        slice);
  }

  /// {@return whether this Linux grants turns of a length: from 6.12 on}
  private static boolean hasTurns() {
    String[] version = System.getProperty("os.version").split("\\D", 3);
    int major = Integer.parseInt(version[0]);
    return IS_LINUX && (major > 6 || (major == 6 && Integer.parseInt(version[1]) >= 12));
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
    int further = further();
    String stat = after(() -> OsThread.stepBack(further), "stat", "");
    assertTrue(IS_LINUX ? niceness(stat) == further : stat.isEmpty(), stat);
  }

  @Test
  void compilersStepBack() throws IOException {
    int further = further();
    long end = System.nanoTime() + 60_000_000_000L;
    List<String> ahead;
    do { // a compiler may begin another thread meanwhile
      assertEquals(IS_LINUX, OsThread.compilersStepBack(further) > 0);
      ahead = compilersAhead(further);
    } while (!ahead.isEmpty() && System.nanoTime() < end);
    assertEquals(List.of(), ahead);
  }

  private static List<String> compilersAhead(int niceness) throws IOException {
    try (Stream<Path> threads = IS_LINUX ? Files.list(Path.of("/proc/self/task")) : Stream.of()) {
      return threads
          .map(thread -> line(thread.resolve("stat"), ""))
          .filter(stat -> stat.contains("(C1 Compiler") || stat.contains("(C2 Compiler"))
          .filter(stat -> niceness(stat) < niceness)
          .toList();
    }
  }

  /// {@return a niceness that a thread of this process is granted without privileges}
  private static int further() {
    return IS_LINUX ? Math.min(19, niceness(line(OWN.resolve("stat"), "")) + 1) : 1;
  }

  private static int niceness(String stat) {
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1)[16]);
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
