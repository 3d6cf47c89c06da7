package dev.jiffy.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.jiffy.tensor.Tensor;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Runs of the same inputs: inputs and outputs lie in native memory that is made once and that ONNX
/// Runtime reads and writes in place.
///
/// Outputs that are not dense tensors of numbers, or not of the shape that the model declares, are
/// left in its own memory. For one thread.
public final class RepeatedRun implements AutoCloseable {
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
  private final Set<String> unpinned = new HashSet<>();
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private long firstNanos;

  /// Runs once, to learn the shapes of the outputs.
  RepeatedRun(OrtSession session, Map<String, Tensor> arguments) {
    this.session = session;
    try {
      for (Map.Entry<String, Tensor> input : arguments.entrySet()) {
        inputs.put(input.getKey(), OrtTensors.wrap(input.getKey(), input.getValue()));
      }
      long start = System.nanoTime();
      try (OrtSession.Result result = session.run(inputs)) {
        firstNanos = System.nanoTime() - start;
        for (Map.Entry<String, NodeInfo> output : session.getOutputInfo().entrySet()) {
          pin(output.getValue(), result.get(output.getKey()).orElseThrow());
        }
      }
    } catch (OrtException e) {
      close();
      throw OnnxRuntimeModel.failure("cannot run", e);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void pin(NodeInfo declared, OnnxValue value) throws OrtException {
    String name = declared.getName();
    if (!(value instanceof OnnxTensor)) {
      unpinned.add(name);
      return;
    }
    Tensor memory = OrtTensors.copy(name, value);
    outputs.put(name, memory);
    if (!OrtTensors.isWrittenInPlace(memory.dtype())
        || !OrtTensors.isDeclared(memory.shape(), declared)) {
      unpinned.add(name);
    } else {
      pinned.put(name, OrtTensors.wrap(name, memory));
    }
  }

  /// {@return how long the first run took}
  public long firstNanos() {
    return firstNanos;
  }

  /// Runs once more.
  ///
  /// @throws dev.jiffy.engine.ModelException if ONNX Runtime fails
  public void run() {
    try {
      session.run(inputs, unpinned, pinned).close();
    } catch (OrtException e) {
      throw OnnxRuntimeModel.failure("cannot run", e);
    }
  }

  /// {@return the answers by name: tensors of the memory that every run writes}
  public Map<String, Tensor> outputs() {
    return outputs;
  }

  @Override
  public void close() {
    OnnxValue.close(inputs);
    OnnxValue.close(pinned);
    inputs.clear();
    pinned.clear();
  }
}
