package dev.jiffy.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignValue;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A model, or some nodes of one, in a session of ONNX Runtime.
///
/// Safe for use by several threads until it is closed.
public final class OnnxRuntimeModel implements ForeignModel {
  private static final AtomicInteger OPEN = new AtomicInteger();

  private final OrtSession session;
  private final String version;
  private final List<ForeignValue> inputs = new ArrayList<>();
  private final List<ForeignValue> outputs = new ArrayList<>();
  private final AtomicBoolean isClosed = new AtomicBoolean();

  private OnnxRuntimeModel(OrtSession session) throws OrtException {
    this.session = session;
    this.version = OrtSessions.environment().getVersion();
    OPEN.incrementAndGet();
    try {
      for (NodeInfo input : session.getInputInfo().values()) {
        inputs.add(OrtTensors.value(input));
      }
      for (NodeInfo output : session.getOutputInfo().values()) {
        outputs.add(OrtTensors.value(output));
      }
    } catch (OrtException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /// {@return the model in a file}
  ///
  /// @param file the ONNX file; external data lies beside it
  /// @param options the threads and the device to use
  /// @throws ModelException if ONNX Runtime cannot load it, or has no such device
  public static OnnxRuntimeModel load(Path file, LoadOptions options) {
    try {
      return new OnnxRuntimeModel(OrtSessions.open(file, options));
    } catch (OrtException e) {
      throw failure("cannot load " + file, e);
    }
  }

  /// {@return a model as it stands: nothing is optimized, one thread computes; what other answers
  /// can be held against}
  ///
  /// @param onnx the ONNX bytes
  /// @throws ModelException if ONNX Runtime cannot load it
  public static OnnxRuntimeModel unoptimized(byte[] onnx) {
    try {
      return new OnnxRuntimeModel(OrtSessions.openUnoptimized(onnx));
    } catch (OrtException e) {
      throw failure("cannot load the model", e);
    }
  }

  /// {@return some nodes of a model, written as a model of their own}
  ///
  /// @param onnx the ONNX bytes, off the heap; read during the call only
  /// @param folder where external data lies, null where there is none
  /// @param options the threads and the device to use
  /// @throws ModelException if ONNX Runtime cannot load it, or has no such device
  static OnnxRuntimeModel load(MemorySegment onnx, @Nullable Path folder, LoadOptions options) {
    try {
      return new OnnxRuntimeModel(OrtSessions.open(onnx, folder, options));
    } catch (OrtException e) {
      throw failure("cannot load nodes", e);
    }
  }

  /// {@return how many are open in this process}
  static int open() {
    return OPEN.get();
  }

  /// {@return the version of ONNX Runtime}
  public String version() {
    return version;
  }

  @Override
  public String runtime() {
    return "ONNX Runtime " + version;
  }

  @Override
  public List<ForeignValue> inputs() {
    return inputs;
  }

  @Override
  public List<ForeignValue> outputs() {
    return outputs;
  }

  @Override
  public List<Tensor> run(List<Tensor> arguments, List<@Nullable Tensor> memory) {
    if (isClosed.get()) {
      throw new IllegalStateException("the model is closed");
    }
    Map<String, OnnxTensor> read = new LinkedHashMap<>();
    Map<String, OnnxTensor> written = new LinkedHashMap<>();
    Set<String> made = new HashSet<>();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        String name = inputs.get(i).name();
        read.put(name, OrtTensors.wrap(name, arguments.get(i)));
      }
      for (int i = 0; i < outputs.size(); i++) {
        String name = outputs.get(i).name();
        Tensor place = memory.get(i);
        if (place == null || !OrtTensors.isWrittenInPlace(place.dtype())) {
          made.add(name);
        } else {
          written.put(name, OrtTensors.wrap(name, place));
        }
      }
      try (OrtSession.Result result = session.run(read, made, written)) {
        return answers(result, memory);
      }
    } catch (OrtException e) {
      throw failure("cannot run", e);
    } finally {
      OnnxValue.close(read);
      OnnxValue.close(written);
    }
  }

  private List<Tensor> answers(OrtSession.Result result, List<@Nullable Tensor> memory)
      throws OrtException {
    List<Tensor> answers = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      String name = outputs.get(i).name();
      Tensor place = memory.get(i);
      if (place == null) {
        answers.add(OrtTensors.copy(name, result.get(name).orElseThrow()));
        continue;
      }
      if (!OrtTensors.isWrittenInPlace(place.dtype())) {
        copy(name, OrtTensors.copy(name, result.get(name).orElseThrow()), place);
      }
      answers.add(place);
    }
    return answers;
  }

  private static void copy(String name, Tensor from, Tensor to) {
    if (from.dtype() != to.dtype() || !from.shape().equals(to.shape())) {
      throw new ModelException(
          "output '%s': expected %s%s, got %s%s"
              .formatted(name, to.dtype(), to.shape(), from.dtype(), from.shape()));
    }
    if (from.dtype() != DType.STRING) {
      to.segment().copyFrom(from.segment());
      return;
    }
    List<String> strings = from.strings();
    for (int k = 0; k < strings.size(); k++) {
      to.setString(k, strings.get(k));
    }
  }

  /// {@return runs of the same inputs, in memory that is made once}
  ///
  /// @param arguments a tensor for each input, by name; read in place until the result is closed
  /// @throws ModelException if ONNX Runtime fails
  public RepeatedRun repeated(Map<String, Tensor> arguments) {
    return new RepeatedRun(session, arguments);
  }

  /// {@return the failure of ONNX Runtime}
  static ModelException failure(String what, OrtException cause) {
    return new ModelException("ONNX Runtime " + what + ": " + cause.getMessage(), cause);
  }

  @Override
  public void close() {
    if (isClosed.compareAndSet(false, true)) {
      OPEN.decrementAndGet();
      try {
        session.close();
      } catch (OrtException e) {
        throw failure("cannot close the session", e);
      }
    }
  }

  @Override
  public String toString() {
    return runtime();
  }
}
