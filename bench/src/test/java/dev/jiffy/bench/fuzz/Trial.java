package dev.jiffy.bench.fuzz;

import dev.jiffy.bench.fuzz.Agreement.Difference;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// One case run on Jiffy in two ways: as users do, and node by node on the scalar kernels.
final class Trial {
  /// The most processor time of a case; on a busy machine that may take a while.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int MOST_WAITED_SECONDS = 600;

  private static final LoadOptions FAST =
      LoadOptions.defaults()
          .threads(2)
          .engine(EngineChoice.JIFFY)
          .iterations(10_000)
          .limits(new Limits(64 << 20, 256 << 20, 10_000));
  private static final LoadOptions PLAIN =
      FAST.threads(1).optimize(false).kernels(KernelPath.SCALAR);

  /// How one way ended.
  ///
  /// @param outputs the answer, or null
  /// @param refusal why there is none, where it was refused
  /// @param bug what happened that must not
  record Ending(
      @Nullable Map<String, Tensor> outputs, @Nullable String refusal, @Nullable String bug) {}

  private Trial() {}

  static Ending fast(FuzzCase tried, Path file, ExecutorService thread) throws IOException {
    KernelPath kernels = tried.seed() % 4 == 0 ? KernelPath.VECTOR : FAST.kernels();
    return run(tried, file, FAST.kernels(kernels), thread);
  }

  static Ending plain(FuzzCase tried, Path file, ExecutorService thread) throws IOException {
    return run(tried, file, PLAIN, thread);
  }

  private static Ending run(FuzzCase tried, Path file, LoadOptions options, ExecutorService thread)
      throws IOException {
    Files.write(file, tried.model());
    var pending = thread.submit(() -> answer(tried, file, options));
    try {
      Duration start = processorTime();
      for (int waited = 0; waited < MOST_WAITED_SECONDS; waited++) {
        try {
          return pending.get(1, TimeUnit.SECONDS);
        } catch (TimeoutException _) {
          if (processorTime().minus(start).compareTo(PATIENCE) > 0) {
            break;
          }
        }
      }
      return new Ending(null, null, "took longer than " + PATIENCE.toSeconds() + " s");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof ModelException refusal) {
        String message = String.valueOf(refusal.getMessage());
        return message.length() < 10
            ? new Ending(null, null, "refused without a reason: " + message)
            : new Ending(null, message, null);
      }
      return new Ending(null, null, trace(cause == null ? e : cause));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static Duration processorTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private static Map<String, Tensor> tensors(Model model, FuzzCase tried) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (TensorSpec spec : model.inputs()) {
      Tensor tensor = tried.inputs().get(spec.name());
      if (tensor != null) {
        inputs.put(spec.name(), tensor);
      }
    }
    return inputs;
  }

  private static Ending answer(FuzzCase tried, Path file, LoadOptions options) {
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      Map<String, Tensor> inputs = tensors(model, tried);
      Map<String, Tensor> others = taller(inputs);
      Map<String, Tensor> before = runOrNot(session, others);
      Map<String, Tensor> outputs = session.run(inputs);
      List<Difference> differences = new ArrayList<>();
      if (!Quirks.isRandom(tried.operators())) {
        differences.addAll(Agreement.differences(outputs, session.run(inputs)));
        differences.addAll(Agreement.differences(before, runOrNot(session, others)));
      }
      return differences.isEmpty()
          ? new Ending(outputs, null, null)
          : new Ending(null, null, "the second run differs in " + differences.getFirst().text());
    }
  }

  private static Map<String, Tensor> runOrNot(Session session, Map<String, Tensor> inputs) {
    try {
      return session.run(inputs);
    } catch (ModelException _) {
      return Map.of();
    }
  }

  /// Inputs that are longer along the first dimension, which the first input has in common with
  /// others.
  private static Map<String, Tensor> taller(Map<String, Tensor> inputs) {
    Map<String, Tensor> taller = new LinkedHashMap<>(inputs);
    long common = inputs.values().stream().mapToLong(Trial::height).findFirst().orElse(0);
    taller.replaceAll((_, tensor) -> height(tensor) == common ? taller(tensor) : tensor);
    return taller;
  }

  private static long height(Tensor tensor) {
    return tensor.shape().rank() == 0 ? 0 : tensor.shape().dim(0);
  }

  private static Tensor taller(Tensor tensor) {
    long elements = tensor.shape().elements();
    if (elements == 0 || tensor.shape().rank() == 0 || tensor.dtype() == DType.STRING) {
      return tensor;
    }
    long[] dims = tensor.shape().dims();
    dims[0]++;
    Tensor taller = Tensor.allocate(tensor.dtype(), Shape.of(dims));
    for (long i = 0; i < taller.shape().elements(); i++) {
      if (tensor.dtype().isFloat()) {
        taller.setDouble(i, tensor.getDouble(i % elements));
      } else {
        taller.setLong(i, tensor.getLong(i % elements));
      }
    }
    return taller;
  }

  private static String trace(Throwable thrown) {
    StringBuilder text = new StringBuilder(thrown.toString());
    for (int i = 0; i < Math.min(12, thrown.getStackTrace().length); i++) {
      text.append("\n    at ").append(thrown.getStackTrace()[i]);
    }
    if (thrown.getCause() != null) {
      text.append("\n  caused by ").append(thrown.getCause());
    }
    return text.toString();
  }
}
