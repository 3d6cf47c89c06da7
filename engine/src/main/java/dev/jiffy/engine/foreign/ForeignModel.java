package dev.jiffy.engine.foreign;

import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A model, or some nodes of one, loaded by a [ForeignRuntime].
///
/// Safe for use by several threads until it is closed.
public interface ForeignModel extends AutoCloseable {
  /// {@return the runtime with its version, such as `ONNX Runtime 1.28.0`}
  String runtime();

  /// {@return what it takes, in order}
  List<ForeignValue> inputs();

  /// {@return what it gives, in order}
  List<ForeignValue> outputs();

  /// {@return the answers, in the order of the outputs}
  ///
  /// @param inputs a tensor for each input, in their order; read in place, during the call only
  /// @param memory for each output a tensor of the type and shape that the answer has, which takes
  ///   the answer and is returned, or null, for which a new one is returned
  /// @throws dev.jiffy.engine.ModelException if the runtime fails, or an answer has another type or
  ///   shape than its memory
  /// @throws IllegalStateException if the model is closed
  List<Tensor> run(List<Tensor> inputs, List<@Nullable Tensor> memory);

  /// Frees its native memory. Idempotent.
  @Override
  void close();
}
