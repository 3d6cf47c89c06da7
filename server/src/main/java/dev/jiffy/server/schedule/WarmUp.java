package dev.jiffy.server.schedule;

import dev.jiffy.engine.Session;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.pipeline.TextSession;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Runs a model on made-up inputs, so that the first requests find compiled code.
///
/// A text model gets a sentence. Another gets tensors of its shapes, in which a named extent is 1
/// as the first of a shape and 16 elsewhere; integers are 0, so that indices are valid, and floats
/// 0.5. A model that does not take them stays cold.
public final class WarmUp {
  private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
  private static final List<String> TEXTS = List.of("A sentence of a few common words.");
  private static final long EXTENT = 16;
  private static final double FLOAT = 0.5;

  private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final double FASTER = 0.97;
  private static final int SETTLED_ROUNDS = 3;

  private WarmUp() {}

  /// Runs a model until its time per run settles. What fails is logged.
  ///
  /// @param runner the model's owner threads, one of which does the work
  /// @param most the time after which no further run begins; zero for none at all
  public static void run(Runner runner, Duration most) {
    if (most.isZero()) {
      return;
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    boolean taken =
        runner.offer(sessions -> {
          try {
            warm(sessions, most.toNanos());
          } catch (RuntimeException | OutOfMemoryError e) {
            LOG.log(Level.WARNING, "model " + runner.model().name() + " could not be warmed up", e);
          } finally {
            done.complete(null);
          }
        });
    if (taken) {
      done.join();
    }
  }

  private static void warm(ModelSessions sessions, long nanos) {
    LoadedModel model = sessions.model();
    if (model.text() != null) {
      TextSession text = sessions.text();
      repeat(() -> text.embed(TEXTS), nanos);
      return;
    }
    Map<String, Tensor> inputs = inputs(model.model().inputs());
    if (inputs == null) {
      LOG.log(Level.INFO, "model " + model.name() + " is not warmed up: no inputs can be made up");
      return;
    }
    Session session = sessions.session();
    repeat(() -> session.runReusing(inputs), nanos);
  }

  /// Runs in rounds until several in a row bring no gain.
  private static void repeat(Runnable run, long most) {
    long start = System.nanoTime();
    long now = start;
    double best = Double.MAX_VALUE;
    int settled = 0;
    while (settled < SETTLED_ROUNDS && now - start < most) {
      long round = now;
      int runs = 0;
      do {
        run.run();
        runs++;
        now = System.nanoTime();
      } while (now - round < ROUND_NANOS && now - start < most);
      double mean = (double) (now - round) / runs;
      settled = mean < best * FASTER ? 0 : settled + 1;
      best = Math.min(best, mean);
    }
  }

  private static @Nullable Map<String, Tensor> inputs(List<TensorSpec> specs) {
    Map<String, Long> extents = new HashMap<>();
    Map<String, Tensor> inputs = new HashMap<>();
    for (TensorSpec spec : specs) {
      List<Dim> dims = spec.shape();
      if (dims == null || spec.dtype() == DType.STRING) {
        return null;
      }
      long[] shape = new long[dims.size()];
      for (int axis = 0; axis < shape.length; axis++) {
        long guess = axis == 0 ? 1 : EXTENT;
        shape[axis] =
            switch (dims.get(axis)) {
              case Dim.Known(long value) -> value;
              case Dim.Symbol(String name) -> extents.computeIfAbsent(name, _ -> guess);
            };
      }
      Tensor tensor = Tensor.allocate(spec.dtype(), Shape.of(shape));
      if (spec.dtype().isFloat()) {
        for (long i = 0; i < tensor.shape().elements(); i++) {
          tensor.setDouble(i, FLOAT);
        }
      }
      inputs.put(spec.name(), tensor);
    }
    return inputs;
  }
}
