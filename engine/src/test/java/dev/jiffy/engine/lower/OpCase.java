package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operator with inputs to run it on.
///
/// @param name what tells it from other cases
/// @param op the operator
/// @param inputs its inputs; null stands for an absent optional one
/// @param outputs the number of outputs
/// @param formula what each element of the first output is by definition, or null
record OpCase(
    String name, Op op, List<@Nullable Tensor> inputs, int outputs, @Nullable Formula formula) {
  /// An element of a result, written down independently of every kernel.
  @FunctionalInterface
  interface Formula {
    /// {@return the element at an index of the first output}
    ///
    /// @param index the index along each dimension
    double at(long[] index);
  }

  OpCase {
    inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
  }

  static OpCase of(String name, Op op, @Nullable Formula formula, @Nullable Tensor... inputs) {
    List<@Nullable Tensor> list = new ArrayList<>();
    Collections.addAll(list, inputs);
    return new OpCase(name, op, list, 1, formula);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(op.getClass().getSimpleName()).append(' ').append(name);
    for (Tensor input : inputs) {
      text.append(' ').append(input == null ? "-" : input.dtype() + "" + input.shape());
    }
    return text.toString();
  }
}
