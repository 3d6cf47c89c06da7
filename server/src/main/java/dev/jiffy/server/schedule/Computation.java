package dev.jiffy.server.schedule;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// What answers requests for tensors: a model, or several of them one after the other. Shared
/// between threads.
public interface Computation {
  /// {@return what it takes}
  List<TensorSpec> inputs();

  /// {@return what it gives}
  List<TensorSpec> outputs();

  /// {@return what its parts take from and give to each other, by which it can be told whether
  /// requests may be computed together; nothing where it has no parts}
  default List<TensorSpec> between() {
    return List.of();
  }

  /// {@return working memory for one thread}
  Memory newMemory();

  /// {@return whether a run may wait for something else, so that no event loop can do it}
  default boolean mayWait() {
    return false;
  }

  /// The working memory of one thread.
  interface Memory extends AutoCloseable {
    /// {@return the outputs, valid until the next run}
    ///
    /// @param inputs a tensor for every input; read during the call only
    /// @throws dev.jiffy.engine.ModelException if they do not fit
    Map<String, Tensor> run(Map<String, Tensor> inputs);

    /// {@return its bytes; any thread may ask}
    long bytes();

    /// Frees it. Idempotent.
    @Override
    void close();
  }

  /// {@return what a model computes}
  ///
  /// @param model the model, which must stay open
  static Computation of(Model model) {
    return new Computation() {
      @Override
      public List<TensorSpec> inputs() {
        return model.inputs();
      }

      @Override
      public List<TensorSpec> outputs() {
        return model.outputs();
      }

      @Override
      @SuppressWarnings("MustBeClosedChecker") // the memory closes it
      public Memory newMemory() {
        Session session = model.newSession();
        return new Memory() {
          @Override
          public Map<String, Tensor> run(Map<String, Tensor> inputs) {
            return session.runReusing(inputs);
          }

          @Override
          public long bytes() {
            return session.memoryBytes();
          }

          @Override
          public void close() {
            session.close();
          }
        };
      }
    };
  }
}
