package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaseFolderTest {
  private static final List<TensorSpec> INPUTS = List.of(spec("a"), spec("b"));
  private static final List<TensorSpec> OUTPUTS = List.of(spec("y"));

  @TempDir private Path folder = Path.of("");

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DType.F32, List.of());
  }

  private static void write(Path set, String file, String name, float value) throws IOException {
    Files.createDirectories(set);
    TensorFile.write(set.resolve(file), name, Tensor.of(new float[] {value}, 1));
  }

  private List<Case> cases() {
    return new CaseFolder(folder).cases(INPUTS, OUTPUTS);
  }

  private static float only(Map<String, Tensor> tensors, String name) {
    float[] values = Objects.requireNonNull(tensors.get(name)).toFloats();
    assertEquals(1, values.length);
    return values[0];
  }

  @Test
  void tensorsGoToTheInputsOfTheirNames() throws IOException {
    write(folder, "input_0.pb", "b", 2);
    write(folder, "input_1.pb", "a", 1);
    write(folder, "output_0.pb", "y", 3);
    Case only = cases().getFirst();
    assertEquals(1, only(Case.flat(only.inputs()), "a"));
    assertEquals(2, only(Case.flat(only.inputs()), "b"));
    assertEquals(3, only(Case.flat(only.expected()), "y"));
    assertEquals(String.valueOf(folder.getFileName()), only.name());
  }

  @Test
  void withoutTheModelsNamesTheOrderCounts() throws IOException {
    write(folder, "input_0.pb", "", 1);
    write(folder, "input_1.pb", "b", 2);
    write(folder, "output_0.pb", "z", 3);
    Case only = cases().getFirst();
    assertEquals(1, only(Case.flat(only.inputs()), "a"));
    assertEquals(2, only(Case.flat(only.inputs()), "b"));
    assertEquals(3, only(Case.flat(only.expected()), "y"));
  }

  @Test
  void tensorsOfOneNameGoByOrder() throws IOException {
    write(folder, "input_0.pb", "a", 1);
    write(folder, "input_1.pb", "a", 2);
    assertEquals(Set.of("a", "b"), cases().getFirst().inputs().keySet());
  }

  @Test
  void aFolderOfCasesIsTakenByName() throws IOException {
    for (int i = 2; i >= 0; i--) {
      write(folder.resolve("test_data_set_" + i), "input_0.pb", "a", i);
      write(folder.resolve("test_data_set_" + i), "input_1.pb", "b", i);
    }
    Files.writeString(folder.resolve("model.onnx"), "");
    List<Case> cases = cases();
    assertEquals(
        List.of("test_data_set_0", "test_data_set_1", "test_data_set_2"),
        cases.stream().map(Case::name).toList());
    assertEquals(2, only(Case.flat(cases.getLast().inputs()), "b"));
    assertEquals(Set.of(), cases.getLast().expected().keySet());
  }

  @Test
  void memoryIsAligned() throws IOException {
    write(folder, "input_0.pb", "a", 1);
    write(folder, "input_1.pb", "b", 2);
    for (Tensor tensor : cases().getFirst().tensors().values()) {
      assertEquals(0, tensor.segment().address() % Tensor.ALIGNMENT);
    }
  }

  @Test
  void whatDoesNotFitTheModelIsToldWithTheFolder() throws IOException {
    assertThrows(IllegalArgumentException.class, this::cases);
    write(folder, "input_0.pb", "a", 1);
    ModelException refusal = assertThrows(ModelException.class, this::cases);
    assertEquals(
        folder + " has 1 input files, but the model has 2 inputs: [a, b]", refusal.getMessage());
  }
}
