package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightsTest {
  private final List<WeakReference<Tensor>> made = new ArrayList<>();
  private final List<Boolean> areThere = new ArrayList<>();

  private Tensor numbers() {
    Tensor numbers = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    made.add(new WeakReference<>(numbers));
    return numbers;
  }

  @Test
  void whatIsPackedIsKeptUntilItIs() {
    MatrixKernels kernels =
        WrongKernels.changed(
            MatrixKernels.class,
            new ScalarMatrixKernels(),
            "pack",
            (result, _) -> {
              System.gc();
              areThere.add(!made.getFirst().refersTo(null));
              return result;
            });
    try (Arena arena = Arena.ofShared()) {
      Weights weights =
          new Weights(new Target(kernels, new ScalarRowKernels(), 1, Format.F32), arena);
      Tensor part = Tensor.of(new float[] {1}, 1);
      Tensor first = weights.blocks(this::numbers, List.of(part), 2, 2);
      assertEquals(first, weights.blocks(this::numbers, List.of(part), 2, 2));
    }
    assertEquals(List.of(true), areThere);
  }
}
