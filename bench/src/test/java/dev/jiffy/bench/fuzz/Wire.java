package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How two processes exchange tensors and files.
final class Wire {
  private Wire() {}

  static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static byte[] bytes(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }

  static void write(DataOutputStream out, String text) throws IOException {
    write(out, text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(DataInputStream in) throws IOException {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }

  static void write(DataOutputStream out, Map<String, Tensor> tensors) throws IOException {
    out.writeInt(tensors.size());
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      write(out, entry.getKey());
      Tensor tensor = entry.getValue();
      write(out, tensor.dtype().name());
      long[] dims = tensor.shape().dims();
      out.writeInt(dims.length);
      for (long dim : dims) {
        out.writeLong(dim);
      }
      if (tensor.dtype() == DType.STRING) {
        for (String text : tensor.strings()) {
          write(out, text);
        }
      } else {
        write(out, tensor.segment().toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }

  static Map<String, Tensor> tensors(DataInputStream in) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int i = in.readInt(); i > 0; i--) {
      String name = text(in);
      DType dtype = DType.valueOf(text(in));
      long[] dims = new long[in.readInt()];
      for (int d = 0; d < dims.length; d++) {
        dims[d] = in.readLong();
      }
      tensors.put(name, tensor(in, dtype, dims));
    }
    return tensors;
  }

  private static Tensor tensor(DataInputStream in, DType dtype, long[] dims) throws IOException {
    Shape shape = Shape.of(dims);
    if (dtype == DType.STRING) {
      List<String> texts = new ArrayList<>();
      for (long i = 0; i < shape.elements(); i++) {
        texts.add(text(in));
      }
      return Tensor.ofStrings(texts, dims);
    }
    Tensor tensor = Tensor.allocate(dtype, shape);
    byte[] bytes = bytes(in);
    java.lang.foreign.MemorySegment.copy(
        bytes, 0, tensor.segment(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    return tensor;
  }
}
