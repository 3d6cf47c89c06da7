package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Computes an operator on tensors at load, for constant folding.
@FunctionalInterface
public interface Evaluator {
  /// {@return the operator's outputs in new memory}
  ///
  /// @param op the operator
  /// @param inputs its inputs, null where an optional one is absent
  /// @param outputs the number of outputs wanted
  /// @param most the most bytes of an output
  /// @throws dev.jiffy.engine.ModelException if the operator cannot compute with such inputs, or
  ///   makes more
  List<Tensor> evaluate(Op op, List<@Nullable Tensor> inputs, int outputs, long most);
}
