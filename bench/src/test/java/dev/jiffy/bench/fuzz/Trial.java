package dev.jiffy.bench.fuzz;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
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
    return run(tried, file, FAST, thread);
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
      return new Ending(session.run(tensors(model, tried)), null, null);
    }
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
