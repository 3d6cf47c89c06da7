package dev.jiffy.engine;

import dev.jiffy.engine.system.CLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a program may ask of the scheduler of Linux without privileges, for the thread that calls
/// and for the JVM's compilers. Elsewhere, and where Linux refuses, nothing happens.
public final class OsThread {
  private static final System.Logger LOG = System.getLogger(OsThread.class.getName());
  private static final boolean IS_LINUX = Files.exists(Path.of("/proc/self/status"));
  private static final Path THREADS = Path.of("/proc/self/task");
  private static final Pattern COMPILER = Pattern.compile("C[12] Compiler");
  private static final int OWN = 0;

  /// The first version of `struct sched_attr`: size, policy, flags, niceness, priority, and three
  /// times, of which the first is the slice.
  private static final long ATTRIBUTES = 48;

  private static final long POLICY = 4;
  private static final long FLAGS = 8;
  private static final long SLICE = 24;
  private static final int FAIR = 0;
  private static final long RESET_ON_FORK = 1;

  /// The shortest and the longest turn that Linux grants.
  private static final long SHORT_NANOS = 100_000;

  private static final long LONG_NANOS = 100_000_000;

  /// The greatest number of a processor that a thread can be told to stay on.
  public static final int LAST_PROCESSOR = 1023;

  private OsThread() {}

  /// Steps back where other threads want to run: a smaller share of the processor, and long turns,
  /// so that whoever wakes goes first. So do the threads that it starts.
  ///
  /// @param niceness how far, 1 to 19
  /// @return whether it was granted
  public static boolean stepBack(int niceness) {
    return IS_LINUX && isBehind(OWN, niceness);
  }

  /// Lets the threads of the JIT compilers step back where other threads want to run: what they
  /// compile is wanted soon, but the requests under way are wanted now.
  ///
  /// @param niceness how far, 1 to 19
  /// @return how many stepped back
  public static int compilersStepBack(int niceness) {
    try (Stream<Path> threads = IS_LINUX ? Files.list(THREADS) : Stream.of()) {
      return (int)
          threads
              .filter(OsThread::compiles)
              .mapToLong(thread -> Long.parseLong(thread.getFileName().toString()))
              .filter(thread -> isBehind(thread, niceness))
              .count();
    } catch (IOException | UncheckedIOException e) {
      LOG.log(Level.DEBUG, "the threads of the process are not told", e);
      return 0;
    }
  }

  private static boolean isBehind(long thread, int niceness) {
    boolean isNice =
        isGranted("step back", () -> CLibrary.callBriefly("setpriority", OWN, thread, niceness));
    if (isNice) {
      isGranted("take long turns", () -> takeTurns(thread, LONG_NANOS, 0));
    }
    return isNice;
  }

  private static boolean compiles(Path thread) {
    try {
      return COMPILER.matcher(Files.readString(thread.resolve("comm"))).lookingAt();
    } catch (IOException e) {
      return false; // it has ended
    }
  }

  /// Asks for short turns, so that the thread gets its next one soon after it wakes, even where
  /// others compute without a pause. For threads that wait most of the time: one that computes
  /// would only be interrupted more often. Threads that it starts have turns of the usual length. A
  /// thread that has stepped back keeps its long ones.
  ///
  /// The scheduler gives the processor to the turn that is due first, and a short turn is due soon
  /// (EEVDF: Stoica and Abdel-Wahab, 1995). Linux takes the wish from version 6.12 on.
  ///
  /// @return whether it was granted
  public static boolean takeShortTurns() {
    return IS_LINUX
        && isGranted("take short turns", () -> takeTurns(OWN, SHORT_NANOS, RESET_ON_FORK));
  }

  private static long takeTurns(long thread, long nanos, long flags) {
    long get = getsAttributes();
    if (get == 0) {
      return -1;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(ATTRIBUTES, Long.BYTES);
      long failed = CLibrary.callBriefly("syscall", get, thread, attributes.address(), ATTRIBUTES);
      if (failed != 0
          || attributes.get(ValueLayout.JAVA_INT, POLICY) != FAIR
          || attributes.get(ValueLayout.JAVA_LONG, SLICE) == LONG_NANOS) {
        return -1;
      }
      long before = attributes.get(ValueLayout.JAVA_LONG, FLAGS);
      attributes.set(ValueLayout.JAVA_LONG, FLAGS, before | flags);
      attributes.set(ValueLayout.JAVA_LONG, SLICE, nanos);
      return CLibrary.callBriefly("syscall", get - 1, thread, attributes.address(), 0);
    }
  }

  /// {@return the number of the system call `sched_getattr`, 0 where it is not known; the number
  /// before it is `sched_setattr`}
  private static long getsAttributes() {
    return switch (System.getProperty("os.arch")) {
      case "amd64" -> 315;
      case "aarch64" -> 275;
      default -> 0;
    };
  }

  /// Runs on one processor only from now on.
  ///
  /// @param processor its number, from 0
  /// @return whether it was granted
  public static boolean stayOn(int processor) {
    if (processor < 0 || processor > LAST_PROCESSOR) {
      throw new IllegalArgumentException(
          "a processor is 0 to %d, got %d".formatted(LAST_PROCESSOR, processor));
    }
    return IS_LINUX && isGranted("stay on processor " + processor, () -> stay(processor));
  }

  private static long stay(int processor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = arena.allocate((LAST_PROCESSOR + 1) / Byte.SIZE, Long.BYTES);
      set.setAtIndex(ValueLayout.JAVA_LONG, processor / Long.SIZE, 1L << (processor % Long.SIZE));
      return CLibrary.callBriefly("sched_setaffinity", OWN, set.byteSize(), set.address());
    }
  }

  private static boolean isGranted(String what, LongSupplier wish) {
    try {
      if (wish.getAsLong() == 0) {
        return true;
      }
      LOG.log(Level.DEBUG, () -> "the system does not let a thread " + what);
    } catch (Throwable e) { // a system without the function; the thread then runs as others do
      LOG.log(Level.DEBUG, () -> "the system does not let a thread " + what, e);
    }
    return false;
  }
}
