package dev.jiffy.bench;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// ONNX Runtime as fast as its Java API lets it be: every optimization, the operators of a graph
/// one after the other on `threads` spinning threads, its memory arena and pattern on, inputs and
/// outputs in native memory that is made once and that it reads and writes in place.
///
/// Outputs that are not dense tensors of numbers are left in its own memory.
final class OnnxRuntimeEngine implements Engine {
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxValue> pinned = new LinkedHashMap<>();
  private final Set<String> unpinned = new HashSet<>();
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private long firstNanos;

  OnnxRuntimeEngine(Path file, int threads) {
    try {
      environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "jiffy");
      environment.setTelemetry(false);
      try (SessionOptions options = new SessionOptions()) {
        options.setOptimizationLevel(OptLevel.ALL_OPT);
        options.setExecutionMode(ExecutionMode.SEQUENTIAL);
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setMemoryPatternOptimization(true);
        options.setCPUArenaAllocator(true);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
        options.addConfigEntry("session.intra_op.allow_spinning", "1");
        session = environment.createSession(file.toString(), options);
      }
    } catch (OrtException e) {
      throw failure("cannot load " + file, e);
    }
  }

  @Override
  public String version() {
    return environment.getVersion();
  }

  /// {@return how long the first run of the inputs took, in milliseconds}
  double firstMs() {
    return Latency.ms(firstNanos);
  }

  /// Sets the inputs of the runs that follow, and runs once to learn the shapes of the outputs.
  @Override
  public void prepare(Map<String, Tensor> tensors) {
    release();
    try {
      for (Map.Entry<String, Tensor> input : tensors.entrySet()) {
        inputs.put(input.getKey(), wrap(input.getKey(), input.getValue()));
      }
      long start = System.nanoTime();
      try (OrtSession.Result result = session.run(inputs)) {
        firstNanos = System.nanoTime() - start;
        for (Map.Entry<String, NodeInfo> output : session.getOutputInfo().entrySet()) {
          pin(output.getKey(), result.get(output.getKey()).orElseThrow());
        }
      }
    } catch (OrtException e) {
      throw failure("cannot run", e);
    }
  }

  private void pin(String name, OnnxValue value) throws OrtException {
    if (!(value instanceof OnnxTensor tensor)) {
      unpinned.add(name);
      return;
    }
    TensorInfo info = tensor.getInfo();
    Shape shape = Shape.of(info.getShape());
    if (info.type == OnnxJavaType.STRING) {
      unpinned.add(name);
      outputs.put(name, Tensor.ofStrings(strings(tensor.getValue()), info.getShape()));
      return;
    }
    Tensor memory = Tensor.allocate(dtype(name, info), shape);
    pinned.put(name, wrap(name, memory));
    outputs.put(name, memory);
  }

  private static List<String> strings(Object nested) {
    List<String> strings = new ArrayList<>();
    if (nested instanceof Object[] array) {
      for (Object element : array) {
        strings.addAll(strings(element));
      }
    } else {
      strings.add(String.valueOf(nested));
    }
    return strings;
  }

  private OnnxTensor wrap(String name, Tensor tensor) throws OrtException {
    long[] dims = tensor.shape().dims();
    if (tensor.dtype() == DType.STRING) {
      return OnnxTensor.createTensor(environment, tensor.strings().toArray(String[]::new), dims);
    }
    OnnxJavaType type =
        switch (tensor.dtype()) {
          case F32 -> OnnxJavaType.FLOAT;
          case F64 -> OnnxJavaType.DOUBLE;
          case F16 -> OnnxJavaType.FLOAT16;
          case BF16 -> OnnxJavaType.BFLOAT16;
          case I8 -> OnnxJavaType.INT8;
          case I16 -> OnnxJavaType.INT16;
          case I32 -> OnnxJavaType.INT32;
          case I64 -> OnnxJavaType.INT64;
          case U8 -> OnnxJavaType.UINT8;
          case BOOL -> OnnxJavaType.BOOL;
          case U16, U32, U64, STRING ->
              throw new ModelException(
                  "ONNX Runtime's Java API has no tensors of %s, which '%s' is"
                      .formatted(tensor.dtype(), name));
        };
    return OnnxTensor.createTensor(
        environment, tensor.segment().asByteBuffer().order(ByteOrder.nativeOrder()), dims, type);
  }

  private static DType dtype(String name, TensorInfo info) {
    return switch (info.type) {
      case FLOAT -> DType.F32;
      case DOUBLE -> DType.F64;
      case FLOAT16 -> DType.F16;
      case BFLOAT16 -> DType.BF16;
      case INT8 -> DType.I8;
      case INT16 -> DType.I16;
      case INT32 -> DType.I32;
      case INT64 -> DType.I64;
      case UINT8 -> DType.U8;
      case BOOL -> DType.BOOL;
      case STRING, UNKNOWN ->
          throw new ModelException(
              "ONNX Runtime's Java API cannot pass output '%s' of type %s"
                  .formatted(name, info.onnxType));
    };
  }

  @Override
  public void run() {
    try {
      session.run(inputs, unpinned, pinned).close();
    } catch (OrtException e) {
      throw failure("cannot run", e);
    }
  }

  @Override
  public Map<String, Tensor> outputs() {
    return outputs;
  }

  private void release() {
    OnnxValue.close(inputs);
    OnnxValue.close(pinned);
    inputs.clear();
    pinned.clear();
    unpinned.clear();
    outputs.clear();
  }

  @Override
  public void close() {
    release();
    try {
      session.close();
    } catch (OrtException e) {
      throw failure("cannot close the session", e);
    }
  }

  private static ModelException failure(String what, OrtException cause) {
    return new ModelException("ONNX Runtime " + what + ": " + cause.getMessage(), cause);
  }
}
