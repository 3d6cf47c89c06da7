package dev.jiffy.server;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Small ONNX models, written field by field as the format's protocol buffers number them.
final class OnnxBytes {
  static final int FLOAT = 1;
  static final int INT64 = 7;

  private final ByteArrayOutputStream graph = new ByteArrayOutputStream();

  /// Adds an input; dimensions are names or numbers.
  OnnxBytes input(String name, int type, Object... dims) {
    field(graph, 11, value(name, type, dims));
    return this;
  }

  /// Adds an output; dimensions are names or numbers.
  OnnxBytes output(String name, int type, Object... dims) {
    field(graph, 12, value(name, type, dims));
    return this;
  }

  /// Adds a node with one output; attributes are integers by name.
  OnnxBytes node(String operator, String output, String inputs, Object... attributes) {
    ByteArrayOutputStream node = new ByteArrayOutputStream();
    for (String input : inputs.split(",", -1)) {
      field(node, 1, text(input));
    }
    field(node, 2, text(output));
    field(node, 3, text(output));
    field(node, 4, text(operator));
    for (int i = 0; i < attributes.length; i += 2) {
      ByteArrayOutputStream attribute = new ByteArrayOutputStream();
      field(attribute, 1, text((String) attributes[i]));
      number(attribute, 3, (Integer) attributes[i + 1]);
      number(attribute, 20, 2);
      field(node, 5, attribute.toByteArray());
    }
    field(graph, 1, node.toByteArray());
    return this;
  }

  /// Adds a constant of f32.
  OnnxBytes floats(String name, float[] values, long... dims) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return constant(name, FLOAT, raw.array(), dims);
  }

  /// Adds a constant of i64.
  OnnxBytes longs(String name, long[] values, long... dims) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return constant(name, INT64, raw.array(), dims);
  }

  /// Adds a constant of f32 whose elements lie in another file.
  OnnxBytes external(String name, String location, long... dims) {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    for (long dim : dims) {
      number(tensor, 1, dim);
    }
    number(tensor, 2, FLOAT);
    field(tensor, 8, text(name));
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    field(entry, 1, text("location"));
    field(entry, 2, text(location));
    field(tensor, 13, entry.toByteArray());
    number(tensor, 14, 1);
    field(graph, 5, tensor.toByteArray());
    return this;
  }

  private OnnxBytes constant(String name, int type, byte[] raw, long... dims) {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    for (long dim : dims) {
      number(tensor, 1, dim);
    }
    number(tensor, 2, type);
    field(tensor, 8, text(name));
    field(tensor, 9, raw);
    field(graph, 5, tensor.toByteArray());
    return this;
  }

  /// {@return the file}
  byte[] bytes() {
    field(graph, 2, text("graph"));
    ByteArrayOutputStream opset = new ByteArrayOutputStream();
    field(opset, 1, text(""));
    number(opset, 2, 17);
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    number(model, 1, 8);
    field(model, 7, graph.toByteArray());
    field(model, 8, opset.toByteArray());
    return model.toByteArray();
  }

  private static byte[] value(String name, int type, Object... dims) {
    ByteArrayOutputStream shape = new ByteArrayOutputStream();
    for (Object dim : dims) {
      ByteArrayOutputStream extent = new ByteArrayOutputStream();
      if (dim instanceof Integer number) {
        number(extent, 1, number);
      } else {
        field(extent, 2, text((String) dim));
      }
      field(shape, 1, extent.toByteArray());
    }
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    number(tensor, 1, type);
    field(tensor, 2, shape.toByteArray());
    ByteArrayOutputStream typed = new ByteArrayOutputStream();
    field(typed, 1, tensor.toByteArray());
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    field(value, 1, text(name));
    field(value, 2, typed.toByteArray());
    return value.toByteArray();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void number(ByteArrayOutputStream out, int field, long value) {
    variable(out, (long) field << 3);
    variable(out, value);
  }

  private static void field(ByteArrayOutputStream out, int field, byte[] bytes) {
    variable(out, ((long) field << 3) | 2);
    variable(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void variable(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
