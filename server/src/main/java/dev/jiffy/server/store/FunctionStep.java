package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.server.function.FunctionException;
import dev.jiffy.server.function.TensorFunction;
import dev.jiffy.server.schedule.Computation;
import dev.jiffy.tensor.Tensor;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A function in Java as a computation. What it takes and gives is checked, and what it gives later
/// is not waited for for ever. Shared between threads.
final class FunctionStep implements Computation {
  private final String name;
  private final TensorFunction function;
  private final Duration timeout;

  /// @param name the function's name, for messages
  /// @param function the function
  /// @param timeout how long what it gives later is waited for
  FunctionStep(String name, TensorFunction function, Duration timeout) {
    this.name = name;
    this.function = function;
    this.timeout = timeout;
  }

  @Override
  public List<TensorSpec> inputs() {
    return function.inputs();
  }

  @Override
  public List<TensorSpec> outputs() {
    return function.outputs();
  }

  @Override
  public boolean mayWait() {
    return true;
  }

  @Override
  public Memory newMemory() {
    return new Memory() {
      @Override
      public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        return called(inputs);
      }

      @Override
      public long bytes() {
        return 0;
      }

      @Override
      public void close() {}
    };
  }

  private Map<String, Tensor> called(Map<String, Tensor> inputs) {
    Map<String, Long> extents = new HashMap<>();
    for (TensorSpec spec : function.inputs()) {
      Tensor tensor = inputs.get(spec.name());
      if (tensor == null || !fits(spec, tensor, extents)) {
        throw new ModelException(
            "function '%s' takes '%s' as %s%s, got %s"
                .formatted(name, spec.name(), spec.dtype(), spec.shape(), told(tensor)));
      }
    }
    Map<String, Tensor> outputs = outputs(inputs);
    for (TensorSpec spec : function.outputs()) {
      Tensor tensor = outputs.get(spec.name());
      if (tensor == null || !fits(spec, tensor, extents)) {
        throw failed(
            new IllegalStateException(
                "expected '%s' as %s%s with %s, got %s"
                    .formatted(spec.name(), spec.dtype(), spec.shape(), extents, told(tensor))));
      }
    }
    return outputs;
  }

  private Map<String, Tensor> outputs(Map<String, Tensor> inputs) {
    CompletableFuture<Map<String, Tensor>> made = null;
    try {
      made = function.apply(Map.copyOf(inputs)).toCompletableFuture();
      return made.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ModelException e) {
      throw e;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ModelException own ? own : failed(e.getCause());
    } catch (TimeoutException e) {
      if (made != null) {
        made.cancel(true);
      }
      throw new FunctionException(
          "function '%s' took longer than %d ms".formatted(name, timeout.toMillis()), e);
    } catch (InterruptedException | RuntimeException | LinkageError e) {
      throw failed(e); // whatever a function throws is its own
    } finally {
      var _ = Thread.interrupted(); // would close the files that the answer is written to
    }
  }

  private FunctionException failed(@Nullable Throwable cause) {
    return new FunctionException(
        "function '%s' failed; the server's log says why".formatted(name), cause);
  }

  /// {@return whether a tensor has the type and shape that is said of it}
  ///
  /// @param extents what names of dimensions stand for; grows
  private static boolean fits(TensorSpec spec, Tensor tensor, Map<String, Long> extents) {
    List<Dim> dims = spec.shape();
    boolean fits =
        tensor.dtype() == spec.dtype() && (dims == null || dims.size() == tensor.shape().rank());
    for (int i = 0; fits && dims != null && i < dims.size(); i++) {
      long extent = tensor.shape().dim(i);
      fits =
          switch (dims.get(i)) {
            case Dim.Known(long value) -> value == extent;
            case Dim.Symbol(String symbol) -> {
              Long known = extents.putIfAbsent(symbol, extent);
              yield known == null || known == extent;
            }
          };
    }
    return fits;
  }

  private static String told(@Nullable Tensor tensor) {
    return tensor == null ? "nothing" : tensor.dtype() + tensor.shape().toString();
  }
}
