package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeComparisonTest {
  @TempDir Path folder;

  @Test
  void modelsThatCannotBeComparedAreNamed() throws IOException {
    Path bad = folder.resolve("bad.onnx");
    Files.writeString(bad, "no model");
    TreeComparison.Result result =
        TreeComparison.run(
            new int[0][], folder, LoadOptions.defaults(), Duration.ofMillis(4), 1e-4, line -> {});
    assertEquals(List.of(), result.cases());
    assertEquals(Set.of(bad.toString()), result.failed().keySet());
  }
}
