package dev.jiffy.bench.fuzz;

import dev.jiffy.engine.foreign.ForeignValue;
import dev.jiffy.onnxruntime.OnnxRuntimeModel;
import dev.jiffy.tensor.Tensor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime in a process of its own, which may die: answers models on standard output that come
/// in on standard input.
final class OracleProcess {
  private OracleProcess() {}

  public static void main(String[] args) throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    while (true) {
      byte[] model = Wire.bytes(in);
      Map<String, Tensor> inputs = Wire.tensors(in);
      Map<String, Tensor> outputs = Map.of();
      String problem = "";
      try {
        outputs = run(model, inputs);
      } catch (RuntimeException e) {
        problem = "ONNX Runtime: " + e.getMessage();
      }
      Wire.write(out, problem);
      Wire.write(out, outputs);
      out.flush();
    }
  }

  private static Map<String, Tensor> run(byte[] model, Map<String, Tensor> inputs) {
    try (OnnxRuntimeModel loaded = OnnxRuntimeModel.unoptimized(model)) {
      List<Tensor> given = new ArrayList<>();
      for (ForeignValue input : loaded.inputs()) {
        Tensor tensor = inputs.get(input.name());
        if (tensor == null) {
          throw new IllegalArgumentException("no input '" + input.name() + "'");
        }
        given.add(tensor);
      }
      List<@Nullable Tensor> memory = Collections.nCopies(loaded.outputs().size(), null);
      List<Tensor> answers = loaded.run(given, memory);
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      for (int i = 0; i < answers.size(); i++) {
        outputs.put(loaded.outputs().get(i).name(), answers.get(i));
      }
      return outputs;
    }
  }
}
