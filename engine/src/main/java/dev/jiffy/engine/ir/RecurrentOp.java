package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.RecurrentCell;
import java.util.List;

/// A recurrent layer.
public sealed interface RecurrentOp extends Op.Special {
  /// The order in which a recurrent layer reads time.
  enum Direction {
    /// From the first step to the last.
    FORWARD,
    /// From the last step to the first.
    REVERSE,
    /// Both, each with weights of its own.
    BIDIRECTIONAL;

    /// {@return the number of directions}
    public int count() {
      return this == BIDIRECTIONAL ? 2 : 1;
    }
  }

  /// A recurrent layer: `(x, w, r, bias?, lengths?, h?, c?, peepholes?)`, the last two of LSTM
  /// only.
  ///
  /// Sequences are `[time, batch, inputs]`. For each direction and gate there are weights of the
  /// input `w` and of the state `r`; the biases of both; a length of each sequence; the first state
  /// and the first state of cells, zeros where absent. Results: all states `[time, directions,
  /// batch, hidden]`, the last one, and of LSTM the last state of cells.
  ///
  /// @param cell the kind of cell
  /// @param direction the order in which time is read
  /// @param hidden the extent of a state
  /// @param activations the cell's functions, those of the first direction first
  /// @param clip the bound of what functions are applied to; infinite where there is none
  /// @param inputForget whether the forget gate of LSTM is one minus the input gate
  /// @param linearBeforeReset whether GRU resets the product with the state instead of the state
  record Recurrent(
      RecurrentCell cell,
      Direction direction,
      long hidden,
      List<Op.Unary> activations,
      float clip,
      boolean inputForget,
      boolean linearBeforeReset)
      implements RecurrentOp {
    /// Copies the list.
    public Recurrent {
      activations = List.copyOf(activations);
    }
  }

  /// A layer of long short-term memory with quantized weights of the state, which is quantized by
  /// its range before every product: `(sums, r, scale, …, h?, c?, peepholes?)`.
  ///
  /// `sums` are the products of the input with its weights and all biases, `[time, batch,
  /// directions · gates · hidden]`. Each direction has weights of the state `r`, `[hidden, gates ·
  /// hidden]`, i8, or i16 where less their zero point they do not fit, and a scale of each column.
  /// The state of each sequence is quantized as [Op.DynamicQuantize] does it. All else is as with
  /// [Recurrent].
  ///
  /// @param layer what is computed
  record DynamicRecurrent(Recurrent layer) implements RecurrentOp {
    /// {@return the position of the first of the optional inputs}
    public int states() {
      return 1 + 2 * layer.direction().count();
    }
  }
}
