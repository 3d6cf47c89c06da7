package dev.jiffy.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.jiffy.engine.Device;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Opens sessions of ONNX Runtime: every optimization, the operators of a graph one after the other
/// on as many threads as asked for, its memory arena and pattern on.
final class OrtSessions {
  private OrtSessions() {}

  private static volatile @Nullable OrtEnvironment known;

  /// {@return the environment of the process}
  ///
  /// @throws ModelException if there is no native library for this machine
  static OrtEnvironment environment() throws OrtException {
    OrtEnvironment environment = known;
    if (environment != null) {
      return environment;
    }
    try {
      environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "jiffy");
    } catch (LinkageError e) {
      throw new ModelException(
          "the native library of ONNX Runtime cannot be loaded here: " + e.getMessage(), e);
    }
    environment.setTelemetry(false);
    known = environment;
    return environment;
  }

  /// {@return the session of a model in a file}
  static OrtSession open(Path file, LoadOptions options) throws OrtException {
    OrtEnvironment environment = environment();
    try (SessionOptions settings = settings(environment, options)) {
      settings.addConfigEntry("session.intra_op.allow_spinning", "1");
      return environment.createSession(file.toString(), settings);
    }
  }

  /// {@return the session of nodes between which others run, so that its threads do not spin}
  static OrtSession open(MemorySegment onnx, @Nullable Path folder, LoadOptions options)
      throws OrtException {
    OrtEnvironment environment = environment();
    try (SessionOptions settings = settings(environment, options)) {
      settings.addConfigEntry("session.intra_op.allow_spinning", "0");
      if (folder != null) {
        settings.addConfigEntry(
            "session.model_external_initializers_file_folder_path", folder.toString());
      }
      return environment.createSession(onnx.asByteBuffer(), settings);
    }
  }

  /// {@return the session of a model as it stands, on one thread}
  static OrtSession openUnoptimized(byte[] onnx) throws OrtException {
    OrtEnvironment environment = environment();
    try (SessionOptions settings = settings(environment, LoadOptions.defaults().threads(1))) {
      settings.setOptimizationLevel(OptLevel.NO_OPT);
      return environment.createSession(onnx, settings);
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the caller closes them
  private static SessionOptions settings(OrtEnvironment environment, LoadOptions options)
      throws OrtException {
    SessionOptions settings = new SessionOptions();
    try {
      settings.setOptimizationLevel(OptLevel.ALL_OPT);
      settings.setExecutionMode(ExecutionMode.SEQUENTIAL);
      settings.setIntraOpNumThreads(
          options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads());
      settings.setInterOpNumThreads(1);
      settings.setMemoryPatternOptimization(true);
      settings.setCPUArenaAllocator(true);
      settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      if (options.device() instanceof Device.Cuda cuda) {
        add(cuda, settings, environment);
      }
      return settings;
    } catch (OrtException | RuntimeException e) {
      settings.close();
      throw e;
    }
  }

  private static void add(Device.Cuda cuda, SessionOptions settings, OrtEnvironment environment) {
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
      throw new ModelException(
          ("device %s: this build of ONNX Runtime %s has no CUDA provider, only %s; put"
                  + " com.microsoft.onnxruntime:onnxruntime_gpu in the place of onnxruntime")
              .formatted(cuda, environment.getVersion(), OrtEnvironment.getAvailableProviders()));
    }
    try {
      settings.addCUDA(cuda.index());
    } catch (OrtException e) {
      throw new ModelException(
          "device %s: ONNX Runtime %s cannot use it; it needs CUDA and cuDNN: %s"
              .formatted(cuda, environment.getVersion(), e.getMessage()),
          e);
    }
  }
}
