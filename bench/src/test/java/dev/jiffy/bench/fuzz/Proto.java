package dev.jiffy.bench.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A protocol buffer as a tree that can be changed: fields in the order of the file, those that
/// hold messages of ONNX as messages.
final class Proto {
  /// The messages of ONNX, with the fields that hold other messages.
  enum Kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    VALUE,
    TYPE,
    TENSOR_TYPE,
    SHAPE,
    DIMENSION,
    OPSET,
    FUNCTION,
    OTHER;

    private Kind of(int field) {
      Map<Integer, Kind> kinds =
          switch (this) {
            case MODEL -> Map.of(7, GRAPH, 8, OPSET, 25, FUNCTION);
            case GRAPH -> Map.of(1, NODE, 5, TENSOR, 11, VALUE, 12, VALUE, 13, VALUE);
            case NODE -> Map.of(5, ATTRIBUTE);
            case FUNCTION -> Map.of(7, NODE);
            case ATTRIBUTE -> Map.of(5, TENSOR, 6, GRAPH);
            case VALUE -> Map.of(2, TYPE);
            case TYPE -> Map.of(1, TENSOR_TYPE);
            case TENSOR_TYPE -> Map.of(2, SHAPE);
            case SHAPE -> Map.of(1, DIMENSION);
            case TENSOR, DIMENSION, OPSET, OTHER -> Map.of();
          };
      return kinds.getOrDefault(field, OTHER);
    }
  }

  /// A field: a number, bytes (of text, packed numbers, a float), or a message.
  ///
  /// @param number the field's number
  /// @param wire 0 for a number, 1 and 5 for 8 and 4 bytes, 2 for any bytes
  /// @param value the number
  /// @param bytes the bytes
  /// @param message the message
  @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
  record Field(int number, int wire, long value, byte[] bytes, @Nullable Proto message) {}

  private static final byte[] NOTHING = {};

  final Kind kind;
  final List<Field> fields = new ArrayList<>();

  Proto(Kind kind) {
    this.kind = kind;
  }

  // ---- reading

  /// {@return the message in some bytes, which are well formed}
  static Proto of(Kind kind, byte[] bytes) {
    Proto proto = new Proto(kind);
    int[] at = {0};
    while (at[0] < bytes.length) {
      long tag = varint(bytes, at);
      int number = (int) (tag >>> 3);
      int wire = (int) (tag & 7);
      if (wire == 0) {
        proto.fields.add(new Field(number, wire, varint(bytes, at), NOTHING, null));
        continue;
      }
      int length = wire == 1 ? 8 : wire == 5 ? 4 : (int) varint(bytes, at);
      byte[] content = java.util.Arrays.copyOfRange(bytes, at[0], at[0] + length);
      at[0] += length;
      Kind inner = kind.of(number);
      boolean nested = wire == 2 && inner != Kind.OTHER;
      proto.fields.add(new Field(number, wire, 0, content, nested ? of(inner, content) : null));
    }
    return proto;
  }

  private static long varint(byte[] bytes, int[] at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = bytes[at[0]++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  // ---- writing

  byte[] toByteArray() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Field field : fields) {
      varint(out, ((long) field.number << 3) | field.wire);
      if (field.wire == 0) {
        varint(out, field.value);
        continue;
      }
      byte[] content = field.message == null ? field.bytes : field.message.toByteArray();
      if (field.wire == 2) {
        varint(out, content.length);
      }
      out.writeBytes(content);
    }
    return out.toByteArray();
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  Proto copy() {
    Proto copy = new Proto(kind);
    for (Field field : fields) {
      copy.fields.add(
          field.message == null
              ? field
              : new Field(field.number, field.wire, 0, field.bytes, field.message.copy()));
    }
    return copy;
  }

  // ---- looking

  /// {@return the places of the fields of a number}
  List<Integer> places(int number) {
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.get(i).number == number) {
        places.add(i);
      }
    }
    return places;
  }

  List<Proto> messages(int number) {
    return places(number).stream()
        .map(place -> fields.get(place).message)
        .filter(Objects::nonNull)
        .toList();
  }

  @Nullable Proto message(int number) {
    List<Proto> messages = messages(number);
    return messages.isEmpty() ? null : messages.getLast();
  }

  List<String> texts(int number) {
    return places(number).stream()
        .map(place -> new String(fields.get(place).bytes, StandardCharsets.UTF_8))
        .toList();
  }

  String text(int number) {
    List<String> texts = texts(number);
    return texts.isEmpty() ? "" : texts.getLast();
  }

  long number(int number) {
    List<Integer> places = places(number);
    return places.isEmpty() ? 0 : fields.get(places.getLast()).value;
  }

  // ---- changing

  Proto add(int number, long value) {
    fields.add(new Field(number, 0, value, NOTHING, null));
    return this;
  }

  Proto add(int number, byte[] bytes) {
    fields.add(new Field(number, 2, 0, bytes, null));
    return this;
  }

  Proto add(int number, String text) {
    return add(number, text.getBytes(StandardCharsets.UTF_8));
  }

  Proto add(int number, Proto message) {
    fields.add(new Field(number, 2, 0, NOTHING, message));
    return this;
  }

  void set(int place, long value) {
    fields.set(place, new Field(fields.get(place).number, 0, value, NOTHING, null));
  }

  void set(int place, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    fields.set(place, new Field(fields.get(place).number, 2, 0, bytes, null));
  }

  Proto add(int number, float value) {
    fields.add(number(number, value));
    return this;
  }

  void set(int place, float value) {
    fields.set(place, number(fields.get(place).number, value));
  }

  private static Field number(int number, float value) {
    int bits = Float.floatToRawIntBits(value);
    byte[] bytes = {
      (byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24),
    };
    return new Field(number, 5, 0, bytes, null);
  }

  void remove(int number) {
    fields.removeIf(field -> field.number == number);
  }

  Proto with(int number, String text) {
    remove(number);
    return add(number, text);
  }

  Proto with(int number, long value) {
    remove(number);
    return add(number, value);
  }
}
