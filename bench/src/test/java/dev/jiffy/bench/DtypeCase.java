package dev.jiffy.bench;

import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A node of which one type varies: that of some of its operands, of an attribute, or of both.
final class DtypeCase {
  /// The types as the ONNX format numbers them.
  private static final List<@Nullable DType> NUMBERED =
      Arrays.asList(
          null,
          DType.F32,
          DType.U8,
          DType.I8,
          DType.U16,
          DType.I16,
          DType.I32,
          DType.I64,
          DType.STRING,
          DType.BOOL,
          DType.F16,
          DType.F64,
          DType.U32,
          DType.U64,
          null,
          null,
          DType.BF16,
          null,
          null,
          null,
          null,
          DType.U4,
          DType.I4);

  /// The operator set.
  static final long OPSET = 22;

  private final String operator;
  private final Set<DType> types;
  private final List<@Nullable Operand> operands = new ArrayList<>();
  private final Map<String, Function<DType, AttributeProto>> attributes = new LinkedHashMap<>();
  private final List<@Nullable DType> results = new ArrayList<>();

  /// What a node reads.
  ///
  /// @param of the tensor for a type
  /// @param isConstant whether it is known before the run
  private record Operand(Function<DType, Tensor> of, boolean isConstant) {}

  /// A node.
  ///
  /// @param operator its operator
  /// @param types the types that the standard allows
  DtypeCase(String operator, Set<DType> types) {
    this.operator = operator;
    this.types = types;
  }

  // ---- what it is made of

  /// Adds an input of the type that varies, with small integers.
  DtypeCase x(long... dims) {
    operands.add(new Operand(type -> filled(type, dims), false));
    return this;
  }

  /// Adds an input of the type that varies: a vector.
  DtypeCase of(double... values) {
    operands.add(new Operand(type -> tensor(type, values, values.length), false));
    return this;
  }

  /// Adds a constant of the type that varies: one element.
  DtypeCase scalar(double value) {
    return of(value).shaped().known();
  }

  /// Gives the last operand another shape.
  DtypeCase shaped(long... dims) {
    Operand last = last();
    operands.add(new Operand(type -> last.of.apply(type).reshape(dims), last.isConstant));
    return this;
  }

  /// Makes the last operand a constant.
  DtypeCase known() {
    operands.add(new Operand(last().of, true));
    return this;
  }

  private Operand last() {
    return Objects.requireNonNull(operands.removeLast());
  }

  /// Adds an input of another type.
  DtypeCase input(Tensor tensor) {
    operands.add(new Operand(_ -> tensor, false));
    return this;
  }

  /// Adds a constant of another type.
  DtypeCase constant(Tensor tensor) {
    operands.add(new Operand(_ -> tensor, true));
    return this;
  }

  /// Adds a constant vector of i64.
  DtypeCase numbers(long... values) {
    return constant(Tensor.of(values, values.length));
  }

  /// Leaves out an operand.
  DtypeCase absent() {
    operands.add(null);
    return this;
  }

  DtypeCase with(String attribute, long value) {
    attributes.put(attribute, _ -> new AttributeProto.IntValue(value));
    return this;
  }

  DtypeCase with(String attribute, String value) {
    attributes.put(attribute, _ -> new AttributeProto.StringValue(value));
    return this;
  }

  DtypeCase with(String attribute, Long... values) {
    attributes.put(attribute, _ -> new AttributeProto.Ints(List.of(values)));
    return this;
  }

  /// Adds an attribute that is the number of the type that varies.
  DtypeCase typed(String attribute) {
    attributes.put(attribute, type -> new AttributeProto.IntValue(number(type)));
    return this;
  }

  /// Adds an attribute that is one element of the type that varies.
  DtypeCase element(String attribute, double value) {
    attributes.put(
        attribute,
        type ->
            new AttributeProto.TensorValue(
                new TensorProto("", "", tensor(type, new double[] {value}, 1))));
    return this;
  }

  /// Adds results of fixed types; null stands for the type that varies. Without any there is one
  /// result of that type.
  DtypeCase gives(@Nullable DType... fixed) {
    results.addAll(Arrays.asList(fixed));
    return this;
  }

  // ---- what it is

  /// {@return the types that the standard allows}
  Set<DType> types() {
    return types;
  }

  /// {@return the type of each result}
  ///
  /// @param type the type that varies
  List<DType> results(DType type) {
    return results.isEmpty()
        ? List.of(type)
        : results.stream().map(result -> result == null ? type : result).toList();
  }

  /// {@return the inputs of the model for a type}
  Map<String, Tensor> inputs(DType type) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      Operand operand = operands.get(i);
      if (operand != null && !operand.isConstant) {
        inputs.put("x" + i, operand.of.apply(type));
      }
    }
    return inputs;
  }

  /// {@return the model for a type; its outputs are `y0` and so on}
  OnnxModel model(DType type) {
    List<ValueProto> inputs = new ArrayList<>();
    inputs(type).forEach((name, tensor) -> inputs.add(value(name, tensor)));
    return model(
        OPSET,
        type,
        inputs,
        constants(type, type, false),
        List.of(),
        names("y", results(type).size()));
  }

  /// {@return a model that computes the same numbers in another type, without inputs; those of its
  /// outputs that are no strings are f64}
  ///
  /// @param type the type that varies
  /// @param other the type to take in its place
  /// @param opset the operator set
  OnnxModel model(DType type, DType other, long opset) {
    List<NodeProto> casts = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<DType> made = results(other);
    for (int i = 0; i < made.size(); i++) {
      if (made.get(i) == DType.STRING) {
        outputs.add("y" + i);
      } else {
        Map<String, AttributeProto> to = Map.of("to", new AttributeProto.IntValue(11));
        casts.add(new NodeProto("c" + i, "Cast", "", List.of("y" + i), List.of("z" + i), to));
        outputs.add("z" + i);
      }
    }
    return model(opset, other, List.of(), constants(type, other, true), casts, outputs);
  }

  private OnnxModel model(
      long opset,
      DType type,
      List<ValueProto> inputs,
      List<TensorProto> constants,
      List<NodeProto> more,
      List<String> outputs) {
    List<String> read = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      read.add(operands.get(i) == null ? "" : "x" + i);
    }
    Map<String, AttributeProto> settings = new LinkedHashMap<>();
    attributes.forEach((name, value) -> settings.put(name, value.apply(type)));
    List<NodeProto> nodes = new ArrayList<>();
    nodes.add(new NodeProto("n", operator, "", read, names("y", results(type).size()), settings));
    nodes.addAll(more);
    List<ValueProto> made = new ArrayList<>();
    outputs.forEach(name -> made.add(new ValueProto(name, new TypeProto.OtherType("no type"))));
    GraphProto graph =
        new GraphProto(operator, nodes, constants, List.of(), inputs, made, List.of());
    return new OnnxModel(10, "test", Map.of("", opset), Map.of(), List.of(), graph);
  }

  private static List<String> names(String prefix, int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(prefix + i);
    }
    return names;
  }

  private List<TensorProto> constants(DType type, DType other, boolean all) {
    List<TensorProto> constants = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      Operand operand = operands.get(i);
      if (operand != null && (all || operand.isConstant)) {
        Tensor tensor = operand.of.apply(type);
        boolean varies = operand.of.apply(other).dtype() != tensor.dtype();
        constants.add(new TensorProto("x" + i, "", varies ? converted(tensor, other) : tensor));
      }
    }
    return constants;
  }

  private static Tensor converted(Tensor tensor, DType type) {
    Tensor converted = Tensor.allocate(type, tensor.shape());
    for (long i = 0; i < tensor.shape().elements(); i++) {
      boolean isText = tensor.dtype() == DType.STRING;
      converted.setDouble(i, isText ? number(tensor.getString(i)) : tensor.getDouble(i));
    }
    return converted;
  }

  /// {@return the text that stands for a number of at most two digits: in the same order, empty for
  /// 0}
  static String text(double value) {
    return value == 0 ? "" : "v%02.0f".formatted(value);
  }

  private static double number(String text) {
    return text.isEmpty() ? 0 : Double.parseDouble(text.substring(1));
  }

  private static ValueProto value(String name, Tensor tensor) {
    List<DimensionProto> dims = new ArrayList<>();
    for (long dim : tensor.shape().dims()) {
      dims.add(new DimensionProto(dim, ""));
    }
    return new ValueProto(name, new TypeProto.TensorType(number(tensor.dtype()), dims));
  }

  /// {@return the number of a type in the ONNX format}
  static int number(DType type) {
    return NUMBERED.indexOf(type);
  }

  private static Tensor filled(DType type, long... dims) {
    double[] values = new double[Math.toIntExact(Shape.of(dims).elements())];
    for (int i = 0; i < values.length; i++) {
      int number = 7 * i % 11;
      boolean isSigned = type.isFloat() || (type.isInteger() && !type.isUnsigned());
      values[i] = number - (isSigned ? 5 : 0);
    }
    return tensor(type, values, dims);
  }

  private static Tensor tensor(DType type, double[] values, long... dims) {
    Tensor tensor = Tensor.allocate(type, Shape.of(dims));
    for (int i = 0; i < values.length; i++) {
      if (type == DType.STRING) {
        tensor.setString(i, text(values[i]));
      } else {
        boolean isOdd = (long) values[i] % 2 != 0;
        double value = type == DType.BOOL ? (isOdd ? 1 : 0) : values[i];
        tensor.setDouble(i, type.isUnsigned() ? Math.abs(value) : value);
      }
    }
    return tensor;
  }

  @Override
  public String toString() {
    return operator + attributes.keySet() + " of " + operands.size() + " operands";
  }
}
