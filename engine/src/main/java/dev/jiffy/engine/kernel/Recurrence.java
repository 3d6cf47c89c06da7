package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.RecurrentCell;
import java.util.List;

/// What a recurrent layer computes, apart from its weights.
///
/// @param cell the kind of cell
/// @param hidden the extent of a state
/// @param reversed for each direction whether it runs from the last time step to the first
/// @param activations the cell's functions, those of the first direction first
/// @param clip the bound of what functions are applied to; infinite where there is none
/// @param inputForget whether the forget gate of LSTM is one minus the input gate
/// @param linearBeforeReset whether GRU resets the product with the state instead of the state
public record Recurrence(
    RecurrentCell cell,
    int hidden,
    List<Boolean> reversed,
    List<Activation> activations,
    float clip,
    boolean inputForget,
    boolean linearBeforeReset) {
  /// Copies the lists.
  public Recurrence {
    reversed = List.copyOf(reversed);
    activations = List.copyOf(activations);
  }

  /// {@return the number of directions}
  public int directions() {
    return reversed.size();
  }

  /// {@return a function of a direction}
  ///
  /// @param direction the direction
  /// @param index which of the cell's functions
  public Activation activation(int direction, int index) {
    return activations.get(direction * cell.functions() + index);
  }
}
