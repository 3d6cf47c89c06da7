package dev.jiffy.engine.kernel.x86;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The CPUs that machine code is tested for.
final class Cpus {
  private static final List<String> NEEDED = List.of(" avx2", " fma", " f16c");

  private Cpus() {}

  /// {@return this machine and the lesser forms that it can play; none where no machine code runs}
  static Stream<Cpu> all() {
    try {
      return Stream.of(Cpu.detect(), Cpu.ask(false), Cpu.ask(false).withoutNarrow()).distinct();
    } catch (UnsupportedOperationException e) {
      if (isCapable()) {
        throw new AssertionError("this machine could run machine code", e);
      }
      return Stream.empty();
    }
  }

  /// {@return whether the kernel says that this machine has what machine code needs}
  private static boolean isCapable() {
    Path cpus = Path.of("/proc/cpuinfo");
    try {
      return !"off".equals(System.getProperty("jiffy.x86"))
          && Files.exists(cpus)
          && NEEDED.stream().allMatch(Files.readString(cpus)::contains);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return the same, and each without products of bytes}
  static Stream<Cpu> ofBytes() {
    return all().flatMap(cpu -> Stream.of(cpu, cpu.withoutNarrow())).distinct();
  }
}
