package dev.jiffy.bench.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
  @Test
  void theNameOfAProcessorCounts() {
    String cpuinfo =
        """
        processor\t: 0
        vendor_id\t: AuthenticAMD
        model\t\t: 17
        model name\t: AMD EPYC: 9R14

        processor\t: 1
        model name\t: another
        """;
    assertEquals("AMD EPYC: 9R14", Environment.processor(cpuinfo.lines().toList(), "amd64"));
  }

  @Test
  void armProcessorsHaveNumbers() {
    String cpuinfo =
        """
        processor\t: 0
        CPU implementer\t: 0x41
        CPU architecture: 8
        CPU part\t: 0xd05

        processor\t: 1
        CPU implementer\t: 0x41
        CPU part\t: 0xd05

        processor\t: 2
        CPU implementer\t: 0x41
        CPU part\t: 0xd0a
        """;
    assertEquals(
        "aarch64 0x41/0xd05 0x41/0xd0a",
        Environment.processor(cpuinfo.lines().toList(), "aarch64"));
  }

  @Test
  void whereNothingIsToldThereIsTheArchitecture() {
    assertEquals("riscv64", Environment.processor(List.of("hart : 0", ""), "riscv64"));
  }
}
