package dev.jiffy.bench.record;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The machine and the JVM that figures come from.
///
/// @param cpu the processor's name
/// @param cores the processors that this process may use
/// @param os the operating system, its version and architecture
/// @param jdk the Java runtime
public record Environment(String cpu, int cores, String os, String jdk) {
  /// {@return what this process runs on}
  public static Environment here() {
    return new Environment(
        processor(),
        Runtime.getRuntime().availableProcessors(),
        "%s %s %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")),
        "%s %s".formatted(System.getProperty("java.vm.name"), Runtime.version()));
  }

  private static String processor() {
    String architecture = System.getProperty("os.arch");
    Path file = Path.of("/proc/cpuinfo");
    try {
      return Files.isReadable(file)
          ? processor(Files.readAllLines(file), architecture)
          : architecture;
    } catch (IOException e) {
      return architecture;
    }
  }

  /// {@return the name of a processor, or where Linux tells none, as on Arm, the numbers of whom
  /// its cores are from and which they are}
  ///
  /// @param cpuinfo the lines of `/proc/cpuinfo`
  /// @param architecture what is said besides numbers, or where there is nothing else
  static String processor(List<String> cpuinfo, String architecture) {
    Set<String> cores = new LinkedHashSet<>();
    String implementer = "";
    for (String line : cpuinfo) {
      String value = line.substring(line.indexOf(':') + 1).strip();
      if (line.startsWith("model name")) {
        return value;
      } else if (line.startsWith("CPU implementer")) {
        implementer = value;
      } else if (line.startsWith("CPU part")) {
        cores.add(" " + implementer + "/" + value);
      }
    }
    return architecture + String.join("", cores);
  }
}
