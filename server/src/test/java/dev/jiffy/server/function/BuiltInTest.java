package dev.jiffy.server.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuiltInTest {
  private static TensorFunction function(String name) {
    return Functions.builtIn().find(name, Map.of());
  }

  /// Rows of no elements cost a client nothing, however many there are.
  @ParameterizedTest
  @ValueSource(strings = {"normalize", "softmax"})
  @Timeout(60)
  void rowsOfNothingAreNoWork(String name) {
    Tensor x = Tensor.allocate(DType.F32, Shape.of(1L << 40, 0));
    Map<String, Tensor> outputs = function(name).apply(Map.of("x", x)).toCompletableFuture().join();
    assertEquals(x.shape(), Objects.requireNonNull(outputs.get("y")).shape());
  }

  /// Nor may they ask for memory that their elements do not.
  @Test
  void textsOfNoTokensHaveNoMean() {
    Map<String, Tensor> inputs =
        Map.of(
            "hidden", Tensor.allocate(DType.F32, Shape.of(5_000_000, 0, 384)),
            "mask", Tensor.allocate(DType.I64, Shape.of(5_000_000, 0)));
    ModelException none =
        assertThrows(ModelException.class, () -> function("mean_pooling").apply(inputs));
    assertTrue(String.valueOf(none.getMessage()).contains("at least one token"), none::toString);
  }
}
