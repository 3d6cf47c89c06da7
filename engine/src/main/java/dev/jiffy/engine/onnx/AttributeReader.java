package dev.jiffy.engine.onnx;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads ONNX's `AttributeProto`, one per reader.
final class AttributeReader {
  private static final String[] KINDS = {
    "UNDEFINED",
    "FLOAT",
    "INT",
    "STRING",
    "TENSOR",
    "GRAPH",
    "FLOATS",
    "INTS",
    "STRINGS",
    "TENSORS",
    "GRAPHS",
    "SPARSE_TENSOR",
    "SPARSE_TENSORS",
    "TYPE_PROTO",
    "TYPE_PROTOS"
  };

  private final OnnxReader reader;

  private String name = "";
  private long type;
  private String reference = "";
  private float real;
  private long integer;
  private String text = "";
  private @Nullable TensorProto tensor;
  private @Nullable GraphProto graph;
  private @Nullable TypeProto typeProto;
  private final FloatList.Builder reals = new FloatList.Builder();
  private final LongList.Builder integers = new LongList.Builder();
  private final List<String> texts = new ArrayList<>();

  /// The last two texts that differed: long lists have few.
  private final String[] recent = {"", ""};

  /// The kind that the first value field stands for, used where the file names no type.
  private long implied;

  /// A reader for one attribute.
  ///
  /// @param reader reads tensors, graphs and types
  AttributeReader(OnnxReader reader) {
    this.reader = reader;
  }

  /// {@return the attribute's name, known after [#read]}
  String name() {
    return name;
  }

  /// {@return the attribute in a message}
  ///
  /// @param fields a cursor at its begin
  AttributeProto read(WireReader fields) {
    while (fields.next()) {
      field(fields);
    }
    if (!reference.isEmpty()) {
      return new AttributeProto.Reference(reference);
    }
    long kind = type != 0 ? type : implied;
    if (kind == 4 && tensor != null) {
      return new AttributeProto.TensorValue(tensor);
    }
    if (kind == 5 && graph != null) {
      return new AttributeProto.GraphValue(graph);
    }
    if (kind == 13 && typeProto != null) {
      return new AttributeProto.TypeValue(typeProto);
    }
    return switch (Math.clamp(kind, 0, KINDS.length)) {
      case 1 -> new AttributeProto.FloatValue(real);
      case 2 -> new AttributeProto.IntValue(integer);
      case 3 -> new AttributeProto.StringValue(text);
      case 6 -> new AttributeProto.Floats(reals.build());
      case 7 -> new AttributeProto.Ints(integers.build());
      case 8 -> new AttributeProto.Strings(texts);
      default ->
          new AttributeProto.Other(
              kind >= 0 && kind < KINDS.length ? KINDS[(int) kind] : "kind " + kind);
    };
  }

  private void field(WireReader fields) {
    switch (fields.field()) {
      case 1 -> name = fields.string();
      case 2 -> {
        real = fields.float32();
        imply(1);
      }
      case 3 -> {
        integer = fields.integer();
        imply(2);
      }
      case 4 -> {
        text = fields.string();
        imply(3);
      }
      case 5 -> {
        tensor = reader.tensor(fields);
        imply(4);
      }
      case 6 -> {
        graph = reader.graph(fields.message("GraphProto"));
        imply(5);
      }
      case 7 -> {
        floats(fields);
        imply(6);
      }
      case 8 -> {
        integers(fields);
        imply(7);
      }
      case 9 -> {
        texts.add(text(fields));
        imply(8);
      }
      case 14 -> {
        typeProto = OnnxReader.type(fields.message("TypeProto"));
        imply(13);
      }
      case 20 -> type = fields.integer();
      case 21 -> reference = fields.string();
      default -> fields.skip();
    }
  }

  private void imply(int kind) {
    implied = implied == 0 ? kind : implied;
  }

  private String text(WireReader fields) {
    String found = fields.string(recent);
    if (!found.equals(recent[0])) {
      recent[1] = recent[0];
      recent[0] = found;
    }
    return found;
  }

  private void integers(WireReader fields) {
    if (fields.isBytes()) {
      WireReader packed = fields.packed();
      while (!packed.atEnd()) {
        integers.add(packed.nextInteger());
      }
    } else {
      integers.add(fields.integer());
    }
  }

  private void floats(WireReader fields) {
    if (fields.isBytes()) {
      WireReader packed = fields.packed();
      while (!packed.atEnd()) {
        reals.add(packed.nextFloat32());
      }
    } else {
      reals.add(fields.float32());
    }
  }
}
