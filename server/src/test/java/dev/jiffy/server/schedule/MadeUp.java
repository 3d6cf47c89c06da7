package dev.jiffy.server.schedule;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/// A computation of one method.
record MadeUp(
    List<TensorSpec> inputs, List<TensorSpec> outputs, UnaryOperator<Map<String, Tensor>> run)
    implements Computation {
  static final Dim BATCH = new Dim.Symbol("batch");

  /// {@return a computation of rows of one number, from `x` to `y`}
  static Computation rows(UnaryOperator<Map<String, Tensor>> run) {
    return new MadeUp(
        List.of(new TensorSpec("x", DType.F32, List.of(BATCH))),
        List.of(new TensorSpec("y", DType.F32, List.of(BATCH))),
        run);
  }

  /// {@return a question of one such row}
  static Question.Tensors row(int x) {
    return new Question.Tensors(Map.of("x", Tensor.of(new float[] {x}, 1)));
  }

  static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  @Override
  public Memory newMemory() {
    return new Memory() {
      @Override
      public Map<String, Tensor> run(Map<String, Tensor> tensors) {
        return run.apply(tensors);
      }

      @Override
      public long bytes() {
        return 0;
      }

      @Override
      public void close() {}
    };
  }
}
