package dev.jiffy.bench.fuzz;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime in a process of its own, which may die: answers models on standard output that come
/// in on standard input.
final class OracleProcess {
  private OracleProcess() {}

  public static void main(String[] args) throws IOException, OrtException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      while (true) {
        byte[] model = Wire.bytes(in);
        Map<String, Tensor> inputs = Wire.tensors(in);
        Map<String, Tensor> outputs = Map.of();
        String problem = "";
        try {
          outputs = run(environment, options, model, inputs);
        } catch (OrtException | RuntimeException e) {
          problem = "ONNX Runtime: " + e.getMessage();
        }
        Wire.write(out, problem);
        Wire.write(out, outputs);
        out.flush();
      }
    }
  }

  private static Map<String, Tensor> run(
      OrtEnvironment environment,
      OrtSession.SessionOptions options,
      byte[] model,
      Map<String, Tensor> inputs)
      throws OrtException {
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    try (OrtSession session = environment.createSession(model, options)) {
      for (String name : session.getInputNames()) {
        Tensor tensor = inputs.get(name);
        if (tensor == null) {
          throw new IllegalArgumentException("no input '" + name + "'");
        }
        given.put(name, wrap(environment, tensor));
      }
      try (OrtSession.Result result = session.run(given)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          Tensor tensor = tensor(output.getValue());
          if (tensor != null) {
            outputs.put(output.getKey(), tensor);
          }
        }
      }
    } finally {
      OnnxValue.close(given);
    }
    return outputs;
  }

  private static OnnxTensor wrap(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] dims = tensor.shape().dims();
    OnnxJavaType type =
        switch (tensor.dtype().name()) {
          case "F32" -> OnnxJavaType.FLOAT;
          case "F64" -> OnnxJavaType.DOUBLE;
          case "F16" -> OnnxJavaType.FLOAT16;
          case "BF16" -> OnnxJavaType.BFLOAT16;
          case "I8" -> OnnxJavaType.INT8;
          case "I16" -> OnnxJavaType.INT16;
          case "I32" -> OnnxJavaType.INT32;
          case "I64" -> OnnxJavaType.INT64;
          case "U8" -> OnnxJavaType.UINT8;
          case "BOOL" -> OnnxJavaType.BOOL;
          case "STRING" -> OnnxJavaType.STRING;
          default -> throw new IllegalArgumentException("no tensors of " + tensor.dtype());
        };
    if (type == OnnxJavaType.STRING) {
      return OnnxTensor.createTensor(environment, tensor.strings().toArray(String[]::new), dims);
    }
    return OnnxTensor.createTensor(
        environment, tensor.segment().asByteBuffer().order(ByteOrder.nativeOrder()), dims, type);
  }

  /// A tensor of a type that the Java API passes on, else null.
  private static @Nullable Tensor tensor(OnnxValue value) throws OrtException {
    if (!(value instanceof OnnxTensor tensor)) {
      return null;
    }
    TensorInfo info = tensor.getInfo();
    DType dtype =
        switch (info.type) {
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
          case STRING -> DType.STRING;
          case UNKNOWN -> null;
        };
    if (dtype == null) {
      return null;
    }
    if (dtype == DType.STRING) {
      List<String> texts = new ArrayList<>();
      texts(tensor.getValue(), texts);
      return Tensor.ofStrings(texts, info.getShape());
    }
    Tensor copy = Tensor.allocate(dtype, Shape.of(info.getShape()));
    if (copy.shape().elements() > 0) {
      copy.segment().copyFrom(java.lang.foreign.MemorySegment.ofBuffer(tensor.getByteBuffer()));
    }
    return copy;
  }

  private static void texts(Object nested, List<String> texts) {
    if (nested instanceof Object[] array) {
      for (Object element : array) {
        texts(element, texts);
      }
    } else {
      texts.add(String.valueOf(nested));
    }
  }
}
