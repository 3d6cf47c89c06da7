package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The attributes of one ONNX node, taken by name with ONNX's default.
abstract class NodeAttributes {
  private final Map<String, AttributeProto> attributes;
  private final Set<String> taken = new HashSet<>();

  /// The attributes of a node.
  ///
  /// @param attributes by name
  NodeAttributes(Map<String, AttributeProto> attributes) {
    this.attributes = attributes;
  }

  /// Notes that the engine cannot run the node.
  ///
  /// @param reason why
  abstract void unsupported(String reason);

  private <A extends AttributeProto> @Nullable A take(
      String attribute, Class<A> kind, String kindName) {
    taken.add(attribute);
    AttributeProto given = attributes.get(attribute);
    if (given != null && !kind.isInstance(given)) {
      throw invalid(
          "attribute '%s' should be %s but is %s".formatted(attribute, kindName, given.kind()));
    }
    return kind.cast(given);
  }

  /// {@return whether an attribute is given}
  ///
  /// @param attribute its name
  boolean hasAttribute(String attribute) {
    taken.add(attribute);
    return attributes.containsKey(attribute);
  }

  /// Accepts attributes that do not change what is computed.
  ///
  /// @param ignored their names
  void ignore(String... ignored) {
    taken.addAll(Arrays.asList(ignored));
  }

  /// {@return an integer attribute}
  ///
  /// @param attribute its name
  /// @param otherwise its value where it is absent
  long integer(String attribute, long otherwise) {
    AttributeProto.IntValue given = take(attribute, AttributeProto.IntValue.class, "INT");
    return given == null ? otherwise : given.value();
  }

  /// {@return an integer attribute that must be there}
  ///
  /// @param attribute its name
  long integer(String attribute) {
    if (!hasAttribute(attribute)) {
      throw missing(attribute);
    }
    return integer(attribute, 0);
  }

  /// {@return a truth value}
  ///
  /// @param attribute its name
  /// @param otherwise its value where it is absent
  boolean flag(String attribute, boolean otherwise) {
    long value = integer(attribute, otherwise ? 1 : 0);
    if (value != 0 && value != 1) {
      throw invalid("attribute '%s' should be 0 or 1 but is %d".formatted(attribute, value));
    }
    return value != 0;
  }

  /// {@return a float attribute}
  ///
  /// @param attribute its name
  /// @param otherwise its value where it is absent
  float real(String attribute, float otherwise) {
    AttributeProto.FloatValue given = take(attribute, AttributeProto.FloatValue.class, "FLOAT");
    return given == null ? otherwise : given.value();
  }

  /// {@return a text attribute}
  ///
  /// @param attribute its name
  /// @param otherwise its value where it is absent
  String text(String attribute, String otherwise) {
    AttributeProto.StringValue given = take(attribute, AttributeProto.StringValue.class, "STRING");
    return given == null ? otherwise : given.value();
  }

  /// {@return an attribute whose text names a constant of an enum, in any case}
  ///
  /// @param attribute its name
  /// @param otherwise its value where it is absent
  /// @param <E> the enum
  <E extends Enum<E>> E choice(String attribute, E otherwise) {
    String text = text(attribute, otherwise.name());
    for (E constant : otherwise.getDeclaringClass().getEnumConstants()) {
      if (constant.name().equals(text.toUpperCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw invalid("attribute '%s' is '%s', which ONNX does not define".formatted(attribute, text));
  }

  /// {@return a list of integers, empty where it is absent}
  ///
  /// @param attribute its name
  List<Long> integers(String attribute) {
    AttributeProto.Ints given = take(attribute, AttributeProto.Ints.class, "INTS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a list of integers within bounds, empty where it is absent}
  ///
  /// @param attribute its name
  /// @param least the least of them that is allowed
  /// @param most the greatest
  List<Long> integers(String attribute, int least, int most) {
    List<Long> values = integers(attribute);
    for (long value : values) {
      if (value < least || value > most) {
        throw invalid(
            "attribute '%s' should be from %d to %d but is %s"
                .formatted(attribute, least, most, values));
      }
    }
    return values;
  }

  /// {@return a list of floats, empty where it is absent}
  ///
  /// @param attribute its name
  List<Float> reals(String attribute) {
    AttributeProto.Floats given = take(attribute, AttributeProto.Floats.class, "FLOATS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a list of integers as an array, empty where it is absent}
  ///
  /// @param attribute its name
  long[] integerArray(String attribute) {
    return LongList.array(integers(attribute));
  }

  /// {@return a list of floats as an array, empty where it is absent}
  ///
  /// @param attribute its name
  float[] realArray(String attribute) {
    return FloatList.array(reals(attribute));
  }

  /// {@return a list of texts, empty where it is absent}
  ///
  /// @param attribute its name
  List<String> texts(String attribute) {
    AttributeProto.Strings given = take(attribute, AttributeProto.Strings.class, "STRINGS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a tensor attribute, or null where it is absent or of an unsupported type}
  ///
  /// @param attribute its name
  @Nullable Tensor tensor(String attribute) {
    AttributeProto.TensorValue given = take(attribute, AttributeProto.TensorValue.class, "TENSOR");
    if (given != null && given.value().tensor() == null) {
      unsupported("attribute '" + attribute + "' of type " + given.value().type());
    }
    return given == null ? null : given.value().tensor();
  }

  /// {@return a graph}
  ///
  /// @param attribute its name
  GraphProto graph(String attribute) {
    AttributeProto.GraphValue given = take(attribute, AttributeProto.GraphValue.class, "GRAPH");
    if (given == null) {
      throw missing(attribute);
    }
    return given.value();
  }

  /// {@return a type, or null where it is absent}
  ///
  /// @param attribute its name
  @Nullable TypeProto type(String attribute) {
    AttributeProto.TypeValue given = take(attribute, AttributeProto.TypeValue.class, "TYPE_PROTO");
    return given == null ? null : given.value();
  }

  /// {@return an attribute that numbers an element type, or null where it is absent or unsupported}
  ///
  /// @param attribute its name
  @Nullable DType elementType(String attribute) {
    if (!hasAttribute(attribute)) {
      return null;
    }
    long number = integer(attribute);
    DType dtype = ElementTypes.dtype(number);
    if (dtype == null) {
      unsupported("attribute '" + attribute + "' is " + ElementTypes.name(number));
    }
    return dtype;
  }

  /// Notes the attributes that nobody took.
  ///
  /// @param opset the version of the operator set, which does not know them
  void refuseRest(long opset) {
    for (String attribute : attributes.keySet()) {
      if (!taken.contains(attribute)) {
        unsupported("attribute '" + attribute + "' is not known in operator set " + opset);
      }
    }
  }

  /// {@return the failure of a node that contradicts ONNX, without the node's name}
  ///
  /// @param problem what is wrong
  ModelException invalid(String problem) {
    return new ModelException(problem);
  }

  private ModelException missing(String attribute) {
    return invalid("attribute '" + attribute + "' is missing");
  }
}
