package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  @TempDir private Path folder;

  private Path touch(String path) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.resolve(".."));
    return Files.createFile(file.normalize());
  }

  @Test
  void casesBelongToTheModelOfTheirFoldersName() throws IOException {
    Path alone = touch("a/alone.onnx");
    Path model = touch("b/model.onnx");
    touch("b/golden/model/set_0/input_0.pb");
    touch("b/golden/model/set_1/input_0.pb");
    touch("c/other/set_0/input_0.pb");
    List<ModelFolder.Entry> entries = ModelFolder.entries(folder);
    assertEquals(List.of(alone, model), entries.stream().map(ModelFolder.Entry::model).toList());
    assertInstanceOf(SyntheticInputs.class, entries.get(0).source());
    assertEquals(new CaseFolder(folder.resolve("b/golden/model")), entries.get(1).source());
  }

  @Test
  void aFolderWithoutModelsIsRefused() throws IOException {
    touch("readme.txt");
    assertThrows(IllegalArgumentException.class, () -> ModelFolder.entries(folder));
    Path file = folder.resolve("readme.txt");
    assertThrows(IllegalArgumentException.class, () -> ModelFolder.entries(file));
  }

  @Test
  void casesBesideAModelComeFirst() throws IOException {
    touch("a/model.onnx");
    touch("b/model.onnx");
    touch("a/model/set/input_0.pb");
    touch("b/model/set/input_0.pb");
    assertEquals(
        List.of(
            new CaseFolder(folder.resolve("a/model")), new CaseFolder(folder.resolve("b/model"))),
        ModelFolder.entries(folder).stream().map(ModelFolder.Entry::source).toList());
  }
}
