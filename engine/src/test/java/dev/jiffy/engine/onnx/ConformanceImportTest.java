package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every model of ONNX's own suite is imported or refused with a reason, never anything else.
class ConformanceImportTest {

  @Test
  void everyModelImportsOrSaysWhyNot() throws IOException {
    List<String> imported = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    List<Path> cases;
    try (Stream<Path> folders = Files.list(OperatorCases.NODE)) {
      cases = folders.sorted().toList();
    }
    for (Path folder : cases) {
      try (Arena arena = Arena.ofConfined()) {
        Importer.graph(OnnxReader.read(folder.resolve("model.onnx"), arena));
        imported.add(folder.getFileName().toString());
      } catch (ModelException e) {
        refused.add(folder.getFileName() + ": " + e.getMessage());
      }
    }
    assertEquals(1288, cases.size());
    assertTrue(imported.size() >= 900, () -> "too many are refused: " + refused);
  }
}
