package dev.jiffy.engine.ir;

import dev.jiffy.tensor.Tensor;

/// The operators that compute a graph again and again.
public sealed interface LoopOp extends Op.Special {
  /// A graph computed until a condition fails or it has been often enough: `(trips?, condition?,
  /// states…, captured…)`.
  ///
  /// The body's inputs are the number of the iteration, the condition, the states and what is
  /// captured; its outputs the condition for going on, the states for the next iteration, and
  /// values that are collected. Results: the last states, then the collected values, stacked along
  /// a new first dimension.
  ///
  /// ONNX's Scan is a loop whose body picks its slices itself.
  ///
  /// @param body what is computed in each iteration
  /// @param states the number of states
  record Loop(Graph body, int states) implements LoopOp {
    /// Checks the number of inputs and outputs.
    public Loop {
      if (states < 0 || body.inputs().size() < 2 + states || body.outputs().size() < 1 + states) {
        throw new IllegalArgumentException(
            "a body with %d inputs and %d outputs has no %d states"
                .formatted(body.inputs().size(), body.outputs().size(), states));
      }
    }

    /// {@return whether the body never ends the loop}
    public boolean isCounted() {
      String condition = body.outputs().getFirst();
      Tensor constant = body.constants().get(condition);
      return condition.equals(body.inputs().get(1))
          || (constant != null && constant.shape().elements() == 1 && constant.getLong(0) != 0);
    }

    /// {@return the number of values that are collected}
    public int collected() {
      return body.outputs().size() - 1 - states;
    }
  }
}
