package dev.jiffy.server.schedule;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.pipeline.TextSession;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Runs a model on made-up inputs, so that the first requests find compiled code and a scheduler
/// that knows what one costs.
///
/// A text model gets a sentence. Another gets tensors of its shapes, in which a named extent is 1
/// as the first of a shape and 16 elsewhere; integers are 0, so that indices are valid, an
/// attention mask is 1, and floats are 0.5 to 1. Where requests can be computed together, batches
/// are tried as well. A model that does not take them stays cold.
public final class WarmUp {
  private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
  private static final List<String> TEXTS = List.of("A sentence of a few common words.");
  private static final long EXTENT = 16;
  private static final double FLOAT = 0.5;

  private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final double FASTER = 0.97;
  private static final int SETTLED_ROUNDS = 3;

  /// How much of the time single requests get where batches are tried as well.
  private static final double SINGLE = 0.6;

  private WarmUp() {}

  /// Runs a model on the calling thread until its time per run settles. What fails is logged.
  ///
  /// @param name the model's name, for messages
  /// @param computation what is run
  /// @param pipeline its text pipeline, null if it has none
  /// @param scheduler learns what a run costs
  /// @param most the time after which no further run begins; zero for none at all
  public static void run(
      String name,
      Computation computation,
      @Nullable TextPipeline pipeline,
      Scheduler scheduler,
      Duration most) {
    if (most.isZero()) {
      return;
    }
    try (ModelSessions sessions = new ModelSessions(computation, pipeline)) {
      if (pipeline != null) {
        TextSession text = sessions.text();
        repeat(new Question.Texts(TEXTS), () -> text.embed(TEXTS), scheduler, most.toNanos());
        return;
      }
      if (!canMakeUp(computation.inputs())) {
        LOG.log(Level.INFO, "model " + name + " is not warmed up: no inputs can be made up");
        return;
      }
      long end = System.nanoTime() + most.toNanos();
      long single = (long) (most.toNanos() * (scheduler.isBatching() ? SINGLE : 1));
      Map<String, Tensor> inputs = inputs(computation.inputs(), 0);
      Computation.Memory session = sessions.session();
      repeat(new Question.Tensors(inputs), () -> session.run(inputs), scheduler, single);
      if (scheduler.isBatching()) {
        scheduler.study(
            row -> new Question.Tensors(inputs(computation.inputs(), row)), sessions, end);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      LOG.log(Level.WARNING, "model " + name + " could not be warmed up", e);
    }
  }

  /// Runs in rounds until several in a row bring no gain.
  private static void repeat(Question question, Runnable run, Scheduler scheduler, long most) {
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
      for (int i = 0; i < Math.min(runs, Scheduler.KNOWN); i++) {
        scheduler.learn(question, (long) mean);
      }
    }
  }

  private static boolean canMakeUp(List<TensorSpec> specs) {
    return specs.stream().noneMatch(spec -> spec.shape() == null || spec.dtype() == DType.STRING);
  }

  /// {@return inputs for a row; those of different rows differ}
  private static Map<String, Tensor> inputs(List<TensorSpec> specs, int row) {
    Map<String, Long> extents = new HashMap<>();
    Map<String, Tensor> inputs = new HashMap<>();
    for (TensorSpec spec : specs) {
      List<Dim> dims = spec.shape() == null ? List.of() : spec.shape();
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
          tensor.setDouble(i, FLOAT + (i * 7 + row * 13L) % 31 / 64.0);
        }
      } else if (spec.name().equals(Batching.MASK)) {
        for (long i = 0; i < tensor.shape().elements(); i++) {
          tensor.setLong(i, 1);
        }
      }
      inputs.put(spec.name(), tensor);
    }
    return inputs;
  }
}
