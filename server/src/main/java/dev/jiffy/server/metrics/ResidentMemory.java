package dev.jiffy.server.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much of the machine's memory the process holds, tensors and weights outside the heap too.
public final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String KEY = "VmRSS:";

  private ResidentMemory() {}

  /// {@return the bytes, 0 where the system does not tell}
  public static long bytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(KEY)) {
          return Long.parseLong(line.substring(KEY.length()).replace("kB", "").strip()) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return 0;
  }
}
