package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SyntheticInputsTest {
  private static final TensorSpec IDS =
      new TensorSpec("ids", DType.I64, List.of(Dim.of("batch"), Dim.of("seq")));
  private static final TensorSpec IMAGE =
      new TensorSpec("image", DType.F32, List.of(Dim.of("batch"), Dim.of(3)));
  private static final TensorSpec ANY = new TensorSpec("any", DType.BOOL, shapeless());

  private static @Nullable List<Dim> shapeless() {
    return null;
  }

  private static Map<String, Tensor> inputs(
      Map<String, Shape> shapes, Map<String, Long> dims, TensorSpec... specs) {
    List<Case> cases = new SyntheticInputs(shapes, dims).cases(List.of(specs), List.of());
    assertEquals(1, cases.size());
    assertEquals(Map.of(), cases.getFirst().expected());
    return cases.getFirst().tensors();
  }

  private static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  private static void refuses(
      String message, Map<String, Shape> shapes, Map<String, Long> dims, TensorSpec... specs) {
    ModelException refusal = assertThrows(ModelException.class, () -> inputs(shapes, dims, specs));
    assertEquals(message, refusal.getMessage());
  }

  @Test
  void namedDimensionsAreFilledInEverywhere() {
    Map<String, Tensor> inputs = inputs(Map.of(), Map.of("batch", 2L, "seq", 5L), IDS, IMAGE);
    assertEquals(Shape.of(2, 5), tensor(inputs, "ids").shape());
    assertEquals(Shape.of(2, 3), tensor(inputs, "image").shape());
    assertEquals(List.of("ids", "image"), List.copyOf(inputs.keySet()));
  }

  @Test
  void aGivenShapeWins() {
    Map<String, Tensor> inputs =
        inputs(Map.of("ids", Shape.of(7), "any", Shape.of(1, 1)), Map.of(), IDS, ANY);
    assertEquals(Shape.of(7), tensor(inputs, "ids").shape());
    assertEquals(Shape.of(1, 1), tensor(inputs, "any").shape());
  }

  @Test
  void integersAndTruthValuesAreOnesAndFloatsAlwaysTheSame() {
    Map<String, Long> dims = Map.of("batch", 2L, "seq", 2L);
    Map<String, Tensor> inputs = inputs(Map.of("any", Shape.of()), dims, IDS, IMAGE, ANY);
    assertArrayEquals(new long[] {1, 1, 1, 1}, tensor(inputs, "ids").toLongs());
    assertArrayEquals(new long[] {1}, tensor(inputs, "any").toLongs());
    float[] image = tensor(inputs, "image").toFloats();
    for (float value : image) {
      assertTrue(value >= -1 && value < 1, () -> "" + value);
    }
    assertArrayEquals(
        image,
        tensor(inputs(Map.of("any", Shape.of()), dims, IDS, IMAGE, ANY), "image").toFloats());
  }

  @Test
  void whatIsMissingOrUnknownIsNamed() {
    refuses(
        "input 'ids' is I64[batch, seq]: what is seq? Give the dimension or the input's shape",
        Map.of(),
        Map.of("batch", 1L),
        IDS);
    refuses("input 'any' has no shape in the model: give one, as any=1x3", Map.of(), Map.of(), ANY);
    refuses(
        "no input 'id' to shape; the model has [ids]", Map.of("id", Shape.of(1)), Map.of(), IDS);
    refuses(
        "no dimension 'length'; the model's inputs have [batch]",
        Map.of(),
        Map.of("length", 1L),
        IMAGE);
  }

  @Test
  void whatDoesNotFitIntoMemoryIsRefused() {
    long huge = 1L << 60;
    refuses(
        "input 'any' of BOOL[%d] does not fit into memory".formatted(huge),
        Map.of("any", Shape.of(huge)),
        Map.of(),
        ANY);
  }
}
