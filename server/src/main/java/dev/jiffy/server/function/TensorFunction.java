package dev.jiffy.server.function;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/// A function from tensors to tensors, which can be a step of an ensemble. Shared between threads:
/// as many requests are in it at a time as the ensemble has instances.
public interface TensorFunction {
  /// {@return what it takes; a dimension's name stands for the same number wherever it occurs}
  List<TensorSpec> inputs();

  /// {@return what it gives; a name that occurs in no input stands for any number}
  ///
  /// Where the first dimension of all inputs and outputs bears one name, requests may be computed
  /// together: then a row of an output must depend on the same row of the inputs only.
  List<TensorSpec> outputs();

  /// {@return a tensor for every output, now or later}
  ///
  /// The thread that calls waits for it, and computes nothing else meanwhile: for what comes later
  /// until its time is over, for the method itself however long it takes. What is thrown is a fault
  /// of the server, whose client learns no more of it, save for a
  /// [dev.jiffy.engine.ModelException], whose message tells the client what is wrong with its
  /// request.
  ///
  /// @param inputs a tensor for every input, of its type and shape, valid until the outputs are
  ///   there
  /// @throws dev.jiffy.engine.ModelException if the elements will not do
  CompletionStage<Map<String, Tensor>> apply(Map<String, Tensor> inputs);

  /// {@return a function that gives its outputs at once}
  ///
  /// @param inputs what it takes
  /// @param outputs what it gives
  /// @param body makes the outputs of the inputs
  static TensorFunction of(
      List<TensorSpec> inputs, List<TensorSpec> outputs, UnaryOperator<Map<String, Tensor>> body) {
    List<TensorSpec> takes = List.copyOf(inputs);
    List<TensorSpec> gives = List.copyOf(outputs);
    return new TensorFunction() {
      @Override
      public List<TensorSpec> inputs() {
        return takes;
      }

      @Override
      public List<TensorSpec> outputs() {
        return gives;
      }

      @Override
      public CompletionStage<Map<String, Tensor>> apply(Map<String, Tensor> given) {
        return CompletableFuture.completedStage(body.apply(given));
      }
    };
  }
}
