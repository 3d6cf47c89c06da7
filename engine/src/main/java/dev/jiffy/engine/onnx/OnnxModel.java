package dev.jiffy.engine.onnx;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An ONNX file as records: what the file says, before anything is understood.
///
/// Immutable, except that the tensors' memory is the file's mapping: it lives as long as the arena
/// given to [OnnxReader]. The names are those of the [ONNX
/// format](https://github.com/onnx/onnx/blob/main/docs/IR.md).
///
/// @param irVersion the version of the file format
/// @param producer who wrote the file, with its version, or ""
/// @param opsets the version of each operator set by domain; the default domain is ""
/// @param metadata properties free for tools to use
/// @param functions the functions that the model defines
/// @param graph the computation
public record OnnxModel(
    long irVersion,
    String producer,
    Map<String, Long> opsets,
    Map<String, String> metadata,
    List<FunctionProto> functions,
    GraphProto graph) {
  /// Copies the collections.
  public OnnxModel {
    opsets = ordered(opsets);
    metadata = ordered(metadata);
    functions = List.copyOf(functions);
  }

  /// A computation, or the body of a control-flow operator.
  ///
  /// @param name the name, or ""
  /// @param nodes the nodes in the file's order
  /// @param initializers the values stored in the file
  /// @param sparseInitializers the names of the values stored in sparse form
  /// @param inputs the values that a caller provides; initializers may be repeated here
  /// @param outputs the values that a caller gets
  /// @param values types of values in between, as far as the file tells
  public record GraphProto(
      String name,
      List<NodeProto> nodes,
      List<TensorProto> initializers,
      List<String> sparseInitializers,
      List<ValueProto> inputs,
      List<ValueProto> outputs,
      List<ValueProto> values) {
    /// Copies the lists.
    public GraphProto {
      nodes = List.copyOf(nodes);
      initializers = List.copyOf(initializers);
      sparseInitializers = List.copyOf(sparseInitializers);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      values = List.copyOf(values);
    }

    /// {@return a computation of which only the nodes are looked at}
    ///
    /// @param name the name
    /// @param nodes the nodes
    static GraphProto of(String name, List<NodeProto> nodes) {
      return new GraphProto(name, nodes, List.of(), List.of(), List.of(), List.of(), List.of());
    }
  }

  /// A function: a computation that nodes apply like an operator.
  ///
  /// @param name the name, which is the operator of nodes that apply it
  /// @param domain its domain
  /// @param overload tells it from others of the same name, or ""
  /// @param inputs the names of its inputs
  /// @param outputs the names of its outputs
  /// @param attributes the attributes that a node must give
  /// @param defaults the attributes that a node may give, with their defaults
  /// @param nodes the nodes in the file's order
  /// @param opsets the version of each operator set that it uses, by domain
  public record FunctionProto(
      String name,
      String domain,
      String overload,
      List<String> inputs,
      List<String> outputs,
      List<String> attributes,
      Map<String, AttributeProto> defaults,
      List<NodeProto> nodes,
      Map<String, Long> opsets) {
    /// Copies the collections.
    public FunctionProto {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      attributes = List.copyOf(attributes);
      defaults = ordered(defaults);
      nodes = List.copyOf(nodes);
      opsets = ordered(opsets);
    }
  }

  /// One application of an operator.
  ///
  /// @param name the name, or ""
  /// @param operator the operator's name
  /// @param domain the operator's domain, "" for ONNX's own
  /// @param overload which of the functions of this name it applies, or ""
  /// @param inputs the names of the values read, "" for an absent one
  /// @param outputs the names of the values made, "" for an absent one
  /// @param attributes the attributes by name
  public record NodeProto(
      String name,
      String operator,
      String domain,
      String overload,
      List<String> inputs,
      List<String> outputs,
      Map<String, AttributeProto> attributes) {
    /// Copies the collections.
    public NodeProto {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      attributes = ordered(attributes);
    }

    /// An application of an operator that has no overloads.
    ///
    /// @param name the name, or ""
    /// @param operator the operator's name
    /// @param domain the operator's domain, "" for ONNX's own
    /// @param inputs the names of the values read, "" for an absent one
    /// @param outputs the names of the values made, "" for an absent one
    /// @param attributes the attributes by name
    public NodeProto(
        String name,
        String operator,
        String domain,
        List<String> inputs,
        List<String> outputs,
        Map<String, AttributeProto> attributes) {
      this(name, operator, domain, "", inputs, outputs, attributes);
    }
  }

  /// The value of an attribute.
  public sealed interface AttributeProto {
    /// {@return the kind as the ONNX format names it}
    default String kind() {
      return switch (this) {
        case FloatValue _ -> "FLOAT";
        case IntValue _ -> "INT";
        case StringValue _ -> "STRING";
        case TensorValue _ -> "TENSOR";
        case GraphValue _ -> "GRAPH";
        case Floats _ -> "FLOATS";
        case Ints _ -> "INTS";
        case Strings _ -> "STRINGS";
        case TypeValue _ -> "TYPE_PROTO";
        case Reference(String name) -> "reference to '" + name + "'";
        case Other(String kind) -> kind;
      };
    }

    /// A float.
    ///
    /// @param value the number
    record FloatValue(float value) implements AttributeProto {}

    /// An integer.
    ///
    /// @param value the number
    record IntValue(long value) implements AttributeProto {}

    /// A text.
    ///
    /// @param value the text
    record StringValue(String value) implements AttributeProto {}

    /// A tensor.
    ///
    /// @param value the tensor
    record TensorValue(TensorProto value) implements AttributeProto {}

    /// A graph: the body of a control-flow operator.
    ///
    /// @param value the graph
    record GraphValue(GraphProto value) implements AttributeProto {}

    /// Floats.
    ///
    /// @param values the numbers
    record Floats(List<Float> values) implements AttributeProto {
      /// Copies the list unless it is immutable.
      public Floats {
        values = values instanceof FloatList ? values : List.copyOf(values);
      }
    }

    /// Integers.
    ///
    /// @param values the numbers
    record Ints(List<Long> values) implements AttributeProto {
      /// Copies the list unless it is immutable.
      public Ints {
        values = values instanceof LongList ? values : List.copyOf(values);
      }
    }

    /// Texts.
    ///
    /// @param values the texts
    record Strings(List<String> values) implements AttributeProto {
      /// Copies the list.
      public Strings {
        values = List.copyOf(values);
      }
    }

    /// A type.
    ///
    /// @param value the type
    record TypeValue(TypeProto value) implements AttributeProto {}

    /// In a node of a function: an attribute that the node applying the function gives.
    ///
    /// @param name the name of that attribute
    record Reference(String name) implements AttributeProto {}

    /// A kind that no operator of Jiffy has: lists of tensors and graphs, sparse tensors.
    ///
    /// @param kind the kind
    record Other(String kind) implements AttributeProto {}
  }

  /// A named tensor.
  ///
  /// @param name the name, or ""
  /// @param type what the file says of the type, and of the shape where there is no tensor to ask
  /// @param tensor the tensor, or null where its element type is one that Jiffy does not have
  public record TensorProto(String name, String type, @Nullable Tensor tensor) {}

  /// A named value and its type.
  ///
  /// @param name the name
  /// @param type the type
  public record ValueProto(String name, TypeProto type) {
    /// {@return the tensor that it is, or null where it is anything else or of a type that Jiffy
    /// does not have; dimensions without a name are called `?`}
    public @Nullable TensorSpec spec() {
      if (!(type instanceof TypeProto.TensorType(int elementType, List<DimensionProto> shape))) {
        return null;
      }
      DType dtype = ElementTypes.dtype(elementType);
      return dtype == null
          ? null
          : new TensorSpec(
              name, dtype, shape == null ? null : shape.stream().map(ValueProto::dim).toList());
    }

    private static Dim dim(DimensionProto dim) {
      Long value = dim.value();
      return value != null && value >= 0
          ? Dim.of(value)
          : Dim.of(dim.name().isEmpty() ? "?" : dim.name());
    }
  }

  /// The type of a value.
  public sealed interface TypeProto {
    /// A dense tensor.
    ///
    /// @param elementType the number of the element type, as the ONNX format counts them
    /// @param shape the dimensions, or null where the rank is unknown
    record TensorType(int elementType, @Nullable List<DimensionProto> shape) implements TypeProto {
      /// Copies the list.
      public TensorType {
        shape = shape == null ? null : List.copyOf(shape);
      }
    }

    /// A sequence.
    ///
    /// @param element the type of its elements
    record SequenceType(TypeProto element) implements TypeProto {}

    /// A value that may be absent.
    ///
    /// @param element the type of what is there
    record OptionalType(TypeProto element) implements TypeProto {}

    /// Anything else: a map, a sparse tensor, or no type at all.
    ///
    /// @param kind what it is
    record OtherType(String kind) implements TypeProto {}
  }

  /// One dimension of a tensor type.
  ///
  /// Names without a letter, such as `?` and `-1`, and `None` are what exporters write of extents
  /// that are not known: they name nothing, so that two of them may differ.
  ///
  /// @param value the extent, or null where it is not a number
  /// @param name the extent's name, or ""
  public record DimensionProto(@Nullable Long value, String name) {
    /// Drops a name that names nothing.
    public DimensionProto {
      name = !name.equals("None") && hasLetter(name) ? name : "";
    }

    private static boolean hasLetter(String name) {
      for (int i = 0; i < name.length(); i = name.offsetByCodePoints(i, 1)) {
        if (Character.isLetter(name.codePointAt(i))) {
          return true;
        }
      }
      return false;
    }
  }

  private static <V> Map<String, V> ordered(Map<String, V> map) {
    return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
