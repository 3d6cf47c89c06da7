package dev.jiffy.bench.fuzz;

import ai.onnxruntime.OrtEnvironment;
import dev.jiffy.engine.Model;
import dev.jiffy.onnxruntime.OnnxRuntimeModel;
import dev.jiffy.tensor.Tensor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What ONNX Runtime answers, asked in a process of its own, which is started anew when it dies.
final class Oracle implements AutoCloseable {
  /// How much address space the process may take, in KiB.
  private static final long MOST_KIB = 8L << 20;

  private static final long PATIENCE_SECONDS = 20;

  private @Nullable Process process;
  private int deaths;

  /// {@return the outputs that are tensors, or null where there is no answer}
  @Nullable Map<String, Tensor> ask(FuzzCase asked) throws IOException {
    Process running = process;
    if (running == null || !running.isAlive()) {
      running = start();
      process = running;
    }
    Process current = running;
    CompletableFuture<@Nullable Map<String, Tensor>> answer =
        CompletableFuture.supplyAsync(() -> exchange(current, asked));
    try {
      return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException _) {
      deaths++;
      running.destroyForcibly();
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static @Nullable Map<String, Tensor> exchange(Process process, FuzzCase asked) {
    try {
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
      Wire.write(out, asked.model());
      Wire.write(out, asked.inputs());
      out.flush();
      DataInputStream in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
      String problem = Wire.text(in);
      Map<String, Tensor> outputs = Wire.tensors(in);
      return problem.isEmpty() ? outputs : null;
    } catch (IOException e) {
      throw new IllegalStateException("ONNX Runtime's process has died", e);
    }
  }

  /// {@return how often ONNX Runtime died or took too long}
  int deaths() {
    return deaths;
  }

  private static Process start() throws IOException {
    String path =
        Stream.of(
                Oracle.class,
                Model.class,
                Tensor.class,
                OnnxRuntimeModel.class,
                OrtEnvironment.class)
            .map(Oracle::place)
            .collect(Collectors.joining(File.pathSeparator));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            "sh",
            "-c",
            "ulimit -v " + MOST_KIB + "; exec \"$@\"",
            "sh",
            java,
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:+SuppressFatalErrorMessage",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            path,
            OracleProcess.class.getName());
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static String place(Class<?> type) {
    return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
    }
  }
}
