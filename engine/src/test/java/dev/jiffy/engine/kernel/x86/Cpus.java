package dev.jiffy.engine.kernel.x86;

import java.util.stream.Stream;

/// The CPUs that machine code is tested for.
final class Cpus {
  private Cpus() {}

  /// {@return this machine and the lesser form that it can play; none where no machine code runs}
  static Stream<Cpu> all() {
    try {
      return Stream.of(Cpu.detect(), new Cpu(32, false, false, false)).distinct();
    } catch (UnsupportedOperationException e) {
      return Stream.empty();
    }
  }

  /// {@return the same, and each without products of bytes}
  static Stream<Cpu> ofBytes() {
    return all()
        .flatMap(cpu -> Stream.of(cpu, new Cpu(cpu.vectorBytes(), false, false, false)))
        .distinct();
  }
}
