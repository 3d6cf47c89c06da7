package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs what another runtime computes.
final class Foreigners {
  private Foreigners() {}

  /// {@return the outputs, in memory of their own}
  static List<@Nullable Value> run(Foreign op, List<@Nullable Value> in) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < in.size(); i++) {
      tensors.add(Evaluation.tensor(in, i));
    }
    List<@Nullable Tensor> memory = new ArrayList<>();
    op.model().outputs().forEach(_ -> memory.add(null));
    return new ArrayList<>(op.model().run(tensors, memory));
  }

  /// Writes the outputs.
  static void run(Foreign op, List<@Nullable Tensor> in, List<@Nullable Tensor> out) {
    List<Tensor> present = new ArrayList<>();
    for (Tensor tensor : in) {
      if (tensor == null) {
        throw new IllegalStateException(op + " lacks an input");
      }
      present.add(tensor);
    }
    op.model().run(present, out);
  }
}
