package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.system.CLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Executable memory, and calls into it.
///
/// Memory is writable until the code stands in it, and executable from then on, never both. Calls
/// do not tell the JVM that the thread has left Java: the code must end soon. All functions have
/// one of two signatures, with six or with sixteen numbers, so that no more than two forms of call
/// have to be linked.
///
/// With the system property `jiffy.perf.map=true` each function is listed in `/tmp/perf-PID.map`,
/// where the Linux profiler looks for names.
final class Code {
  private static final int PAGE = 4096;
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXECUTE = 4;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private static final MethodHandle SHORT = CLibrary.form(6, Linker.Option.critical(false));

  private static final MemorySegment MMAP = CLibrary.find("mmap");
  private static final MemorySegment MPROTECT = CLibrary.find("mprotect");

  /// Linked when it is first called, so that whoever waits for the kernels does not wait for it.
  private static final class Many {
    static final MethodHandle FORM = CLibrary.form(16, Linker.Option.critical(false));
  }

  private Code() {}

  /// Makes code executable, for as long as the process runs.
  ///
  /// @param name for profilers
  /// @param code the instructions and their constants
  /// @return the function
  /// @throws UnsupportedOperationException if the system does not allow it
  static MemorySegment load(String name, byte[] code) {
    long bytes = (code.length + PAGE - 1L) & -PAGE;
    long at = map(bytes);
    if (at == -1) {
      throw new UnsupportedOperationException("no memory for machine code");
    }
    MemorySegment.copy(code, 0, Memory.ALL, ValueLayout.JAVA_BYTE, at, code.length);
    if ((int) call(MPROTECT, at, bytes, READ | EXECUTE, 0, 0, 0) != 0) {
      throw new UnsupportedOperationException("the system refuses executable memory");
    }
    if (Boolean.getBoolean("jiffy.perf.map")) {
      list(name, at, code.length);
    }
    return MemorySegment.ofAddress(at);
  }

  /// {@return the address of new pages, cleared and writable, or -1}
  static long map(long bytes) {
    return call(MMAP, 0, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0);
  }

  private static synchronized void list(String name, long at, int bytes) {
    Path map = Path.of("/tmp/perf-" + ProcessHandle.current().pid() + ".map");
    String line = Long.toHexString(at) + " " + Integer.toHexString(bytes) + " jiffy:" + name + "\n";
    try {
      Files.write(
          map,
          line.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Calls a function.
  static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) SHORT.invokeExact(function, a, b, c, d, e, f);
    } catch (Throwable thrown) {
      throw new IllegalStateException(thrown);
    }
  }

  /// Calls a function of many arguments, of which those from the seventh on lie on the stack.
  static void call(
      MemorySegment function,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g,
      long h,
      long i,
      long j,
      long k,
      long l,
      long m,
      long n,
      long o,
      long p) {
    try {
      long _ =
          (long) Many.FORM.invokeExact(function, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    } catch (Throwable thrown) {
      throw new IllegalStateException(thrown);
    }
  }
}
