package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.FunctionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads an ONNX file into records.
///
/// The file is mapped into memory. Weights stored as raw bytes, or in files beside the model,
/// become views of the mapping and are not touched here. What is malformed throws [ModelException]
/// with the byte offset; field numbers are those of
/// [onnx.proto](https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
public final class OnnxReader {
  private final Arena arena;
  private final ExternalFiles files;

  private OnnxReader(Arena arena, ExternalFiles files) {
    this.arena = arena;
    this.files = files;
  }

  /// {@return the model in a file}
  ///
  /// @param file the file; data in other files lies in its folder
  /// @param arena decides how long the tensors' memory lives
  /// @throws ModelException if the file cannot be read or is malformed
  public static OnnxModel read(Path file, Arena arena) {
    return read(new ModelSource.InFile(file), arena);
  }

  /// {@return the model of a source}
  ///
  /// @param source where its bytes are; tensors are views of them where they lie off the heap
  /// @param arena decides how long the memory of tensors lives that are none
  /// @throws ModelException if the source cannot be read or is malformed
  public static OnnxModel read(ModelSource source, Arena arena) {
    MemorySegment bytes = source.bytes(arena);
    try {
      return new OnnxReader(arena, new ExternalFiles(source.folder(), arena))
          .model(WireReader.of(bytes, "ModelProto"));
    } catch (ModelException e) {
      throw new ModelException(source.described() + ": " + e.getMessage(), e);
    }
  }

  private OnnxModel model(WireReader fields) {
    long irVersion = 0;
    String producer = "";
    String version = "";
    Map<String, Long> opsets = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    List<FunctionProto> functions = new ArrayList<>();
    GraphProto graph = null;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> irVersion = fields.integer();
        case 2 -> producer = fields.string();
        case 3 -> version = fields.string();
        case 7 -> {
          if (graph != null) {
            throw fields.malformed("the model has a second graph");
          }
          graph = graph(fields.message("GraphProto"));
        }
        case 8 -> opset(fields.message("OperatorSetIdProto"), opsets);
        case 14 -> entry(fields.message("metadata_props"), metadata);
        case 25 -> functions.add(function(fields.message("FunctionProto")));
        default -> fields.skip();
      }
    }
    if (graph == null) {
      throw new ModelException("not an ONNX model: it holds no graph");
    }
    return new OnnxModel(
        irVersion, (producer + " " + version).strip(), opsets, metadata, functions, graph);
  }

  private static void opset(WireReader fields, Map<String, Long> opsets) {
    String domain = "";
    long version = 0;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> domain = fields.string();
        case 2 -> version = fields.integer();
        default -> fields.skip();
      }
    }
    Long other = opsets.get(domain(domain));
    opsets.put(domain(domain), other == null ? version : Math.max(other, version));
  }

  private static String domain(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }

  /// Adds a pair of texts to a map.
  static void entry(WireReader fields, Map<String, String> map) {
    String key = "";
    String value = "";
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> key = fields.string();
        case 2 -> value = fields.string();
        default -> fields.skip();
      }
    }
    map.put(key, value);
  }

  private FunctionProto function(WireReader fields) {
    String name = "";
    String domain = "";
    String overload = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<String> attributes = new ArrayList<>();
    Map<String, AttributeProto> defaults = new LinkedHashMap<>();
    List<NodeProto> nodes = new ArrayList<>();
    Map<String, Long> opsets = new LinkedHashMap<>();
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> name = fields.string();
        case 4 -> inputs.add(fields.string());
        case 5 -> outputs.add(fields.string());
        case 6 -> attributes.add(fields.string());
        case 7 -> nodes.add(node(fields.message("NodeProto")));
        case 9 -> opset(fields.message("OperatorSetIdProto"), opsets);
        case 10 -> domain = fields.string();
        case 11 -> attribute(fields, defaults);
        case 13 -> overload = fields.string();
        default -> fields.skip();
      }
    }
    return new FunctionProto(
        name, domain(domain), overload, inputs, outputs, attributes, defaults, nodes, opsets);
  }

  private void attribute(WireReader fields, Map<String, AttributeProto> attributes) {
    AttributeReader attribute = new AttributeReader(this);
    AttributeProto value = attribute.read(fields.message("AttributeProto"));
    if (attributes.put(attribute.name(), value) != null) {
      throw fields.malformed("attribute '" + attribute.name() + "' is given twice");
    }
  }

  /// {@return the graph in a message}
  GraphProto graph(WireReader fields) {
    String name = "";
    List<NodeProto> nodes = new ArrayList<>();
    List<TensorProto> initializers = new ArrayList<>();
    List<String> sparse = new ArrayList<>();
    List<ValueProto> inputs = new ArrayList<>();
    List<ValueProto> outputs = new ArrayList<>();
    List<ValueProto> values = new ArrayList<>();
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> nodes.add(node(fields.message("NodeProto")));
        case 2 -> name = fields.string();
        case 5 -> initializers.add(tensor(fields));
        case 11 -> inputs.add(value(fields.message("graph input")));
        case 12 -> outputs.add(value(fields.message("graph output")));
        case 13 -> values.add(value(fields.message("value_info")));
        case 15 -> sparse.add(sparse(fields.message("SparseTensorProto")));
        default -> fields.skip();
      }
    }
    return new GraphProto(name, nodes, initializers, sparse, inputs, outputs, values);
  }

  /// {@return the tensor in a field}
  TensorProto tensor(WireReader fields) {
    return TensorReader.read(fields.message("TensorProto"), arena, files);
  }

  private String sparse(WireReader fields) {
    String name = "";
    while (fields.next()) {
      if (fields.field() == 1) {
        name = tensor(fields).name();
      } else {
        fields.skip();
      }
    }
    return name;
  }

  private NodeProto node(WireReader fields) {
    String name = "";
    String operator = "";
    String domain = "";
    String overload = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, AttributeProto> attributes = new LinkedHashMap<>();
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> inputs.add(fields.string());
        case 2 -> outputs.add(fields.string());
        case 3 -> name = fields.string();
        case 4 -> operator = fields.string();
        case 5 -> attribute(fields, attributes);
        case 7 -> domain = fields.string();
        case 8 -> overload = fields.string();
        default -> fields.skip();
      }
    }
    return new NodeProto(name, operator, domain(domain), overload, inputs, outputs, attributes);
  }

  private static ValueProto value(WireReader fields) {
    String name = "";
    TypeProto type = new TypeProto.OtherType("no type");
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> name = fields.string();
        case 2 -> type = type(fields.message("TypeProto"));
        default -> fields.skip();
      }
    }
    return new ValueProto(name, type);
  }

  /// {@return the type in a message}
  static TypeProto type(WireReader fields) {
    TypeProto type = new TypeProto.OtherType("no type");
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> type = tensorType(fields.message("TypeProto.Tensor"));
        case 4 -> type = new TypeProto.SequenceType(element(fields.message("TypeProto.Sequence")));
        case 5 -> type = other(fields, "map");
        case 7 -> type = other(fields, "opaque");
        case 8 -> type = other(fields, "sparse tensor");
        case 9 -> type = new TypeProto.OptionalType(element(fields.message("TypeProto.Optional")));
        default -> fields.skip();
      }
    }
    return type;
  }

  private static TypeProto element(WireReader fields) {
    TypeProto element = new TypeProto.OtherType("no type");
    while (fields.next()) {
      if (fields.field() == 1) {
        element = type(fields.message("TypeProto"));
      } else {
        fields.skip();
      }
    }
    return element;
  }

  private static TypeProto other(WireReader fields, String kind) {
    fields.skip();
    return new TypeProto.OtherType(kind);
  }

  private static TypeProto tensorType(WireReader fields) {
    int elementType = 0;
    List<DimensionProto> shape = null;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> elementType = fields.integer32();
        case 2 -> {
          shape = new ArrayList<>();
          WireReader dims = fields.message("TensorShapeProto");
          while (dims.next()) {
            if (dims.field() == 1) {
              shape.add(dimension(dims.message("Dimension")));
            } else {
              dims.skip();
            }
          }
        }
        default -> fields.skip();
      }
    }
    return new TypeProto.TensorType(elementType, shape);
  }

  private static DimensionProto dimension(WireReader fields) {
    DimensionProto dimension = new DimensionProto(null, "");
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> dimension = new DimensionProto(fields.integer(), "");
        case 2 -> dimension = new DimensionProto(null, fields.string());
        default -> fields.skip();
      }
    }
    return dimension;
  }
}
