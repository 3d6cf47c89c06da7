package dev.jiffy.server.call;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.RequestedOutput;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ClassificationTest {
  private static final InferRequest REQUEST =
      new InferRequest(
          null,
          Map.of(),
          List.of(),
          List.of(new RequestedOutput("y", Map.of("classification", new Parameter.Whole(2)))));

  /// Rows of no elements cost a client nothing, however many there are.
  @Test
  @Timeout(60)
  void rowsOfNothingAreNoWork() {
    Tensor y = Tensor.allocate(DType.F32, Shape.of(1L << 40, 0));
    assertEquals(Shape.of(1L << 40, 0), Classification.apply(REQUEST, "y", y).shape());
  }
}
