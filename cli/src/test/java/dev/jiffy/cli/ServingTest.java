package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServingTest {
  @Test
  void aFolderStandsForTheModelsInIt(@TempDir Path folder) throws IOException {
    Files.createDirectories(folder.resolve("deep/deeper"));
    for (String name :
        List.of(
            "b.onnx",
            "a.onnx",
            "a.txt",
            "deep/model.onnx",
            "deep/c.onnx",
            "deep/deeper/model.onnx")) {
      Files.writeString(folder.resolve(name), "");
    }
    assertEquals(
        List.of(
            folder.resolve("b.onnx"),
            folder.resolve("a.onnx"),
            folder.resolve("b.onnx"),
            folder.resolve("deep/model.onnx")),
        ServeCommand.files(List.of(folder.resolve("b.onnx"), folder)));
  }

  @Test
  void nothingToServeIsTold(@TempDir Path folder) {
    assertThrows(IllegalArgumentException.class, () -> ServeCommand.files(List.of(folder)));
    assertThrows(
        NoSuchFileException.class, () -> ServeCommand.files(List.of(folder.resolve("x.onnx"))));
  }

  @Test
  void stagesAreReadFromTheHeader() {
    assertEquals(
        Map.of("tokenize", 0.021, "compute", 3.5),
        EmbeddingsClient.stages("tokenize;dur=0.021, compute;dur=1.5, compute;dur=2.0, odd"));
    assertEquals(Map.of(), EmbeddingsClient.stages(""));
  }

  @Test
  void whatTheStagesLeaveIsHttp() {
    List<EmbeddingsClient.Answer> answers =
        List.of(
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 1.0), 1.5),
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 3.0), 4.0),
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 2.0), 2.25));
    assertEquals(Map.of("compute", 2.0, "http", 0.5, "total", 2.25), DemoCommand.medians(answers));
  }
}
