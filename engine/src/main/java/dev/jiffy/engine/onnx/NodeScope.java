package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One ONNX node while it is imported: what it says, and the nodes that stand for it. Attributes
/// that nobody takes are reported by [#finish()].
final class NodeScope {
  /// The first operator set whose nodes do not say which memory they may reuse.
  private static final long CONSUMED_INPUTS_UNTIL = 6;

  private final NodeProto node;
  private final String name;
  private final long opset;
  private final Assembly assembly;
  private final Making here;
  private final BodyImport bodies;
  private final Set<String> taken = new HashSet<>();
  private boolean ended;

  /// The scope of a node.
  ///
  /// @param node the node
  /// @param name its name, or one made for it
  /// @param opset the version of the operator set
  /// @param assembly the graph under construction
  /// @param bodies imports a graph that reads some values from around it
  NodeScope(NodeProto node, String name, long opset, Assembly assembly, BodyImport bodies) {
    this.node = node;
    this.name = name;
    this.opset = opset;
    this.assembly = assembly;
    this.here = new Making(assembly, name);
    this.bodies = bodies;
  }

  /// {@return the version of the operator set}
  long opset() {
    return opset;
  }

  // ---- attributes, with the default of ONNX where they are absent

  private <A extends AttributeProto> @Nullable A take(
      String attribute, Class<A> kind, String kindName) {
    taken.add(attribute);
    AttributeProto given = node.attributes().get(attribute);
    if (given != null && !kind.isInstance(given)) {
      throw invalid(
          "attribute '%s' should be %s but is %s".formatted(attribute, kindName, given.kind()));
    }
    return kind.cast(given);
  }

  /// {@return whether an attribute is given}
  boolean hasAttribute(String attribute) {
    taken.add(attribute);
    return node.attributes().containsKey(attribute);
  }

  /// Accepts attributes that do not change what is computed.
  ///
  /// @param ignored their names
  void ignore(String... ignored) {
    taken.addAll(Arrays.asList(ignored));
  }

  /// {@return an integer attribute}
  ///
  /// @param otherwise its value where it is absent
  long integer(String attribute, long otherwise) {
    AttributeProto.IntValue given = take(attribute, AttributeProto.IntValue.class, "INT");
    return given == null ? otherwise : given.value();
  }

  /// {@return an integer attribute that must be there}
  long integer(String attribute) {
    if (!hasAttribute(attribute)) {
      throw missing(attribute);
    }
    return integer(attribute, 0);
  }

  /// {@return a truth value}
  ///
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
  /// @param otherwise its value where it is absent
  float real(String attribute, float otherwise) {
    AttributeProto.FloatValue given = take(attribute, AttributeProto.FloatValue.class, "FLOAT");
    return given == null ? otherwise : given.value();
  }

  /// {@return a text attribute}
  ///
  /// @param otherwise its value where it is absent
  String text(String attribute, String otherwise) {
    AttributeProto.StringValue given = take(attribute, AttributeProto.StringValue.class, "STRING");
    return given == null ? otherwise : given.value();
  }

  /// {@return an attribute whose text names a constant of an enum, in any case}
  ///
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
  List<Long> integers(String attribute) {
    AttributeProto.Ints given = take(attribute, AttributeProto.Ints.class, "INTS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a list of integers within bounds, empty where it is absent}
  ///
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
  List<Float> reals(String attribute) {
    AttributeProto.Floats given = take(attribute, AttributeProto.Floats.class, "FLOATS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a list of integers as an array, empty where it is absent}
  long[] integerArray(String attribute) {
    return LongList.array(integers(attribute));
  }

  /// {@return a list of texts, empty where it is absent}
  List<String> texts(String attribute) {
    AttributeProto.Strings given = take(attribute, AttributeProto.Strings.class, "STRINGS");
    return given == null ? List.of() : given.values();
  }

  /// {@return a tensor attribute, or null where it is absent or of an unsupported type}
  @Nullable Tensor tensor(String attribute) {
    AttributeProto.TensorValue given = take(attribute, AttributeProto.TensorValue.class, "TENSOR");
    if (given != null && given.value().tensor() == null) {
      unsupported("attribute '" + attribute + "' of type " + given.value().type());
    }
    return given == null ? null : given.value().tensor();
  }

  /// {@return a graph}
  GraphProto graph(String attribute) {
    AttributeProto.GraphValue given = take(attribute, AttributeProto.GraphValue.class, "GRAPH");
    if (given == null) {
      throw missing(attribute);
    }
    return given.value();
  }

  /// {@return a type, or null where it is absent}
  @Nullable TypeProto type(String attribute) {
    AttributeProto.TypeValue given = take(attribute, AttributeProto.TypeValue.class, "TYPE_PROTO");
    return given == null ? null : given.value();
  }

  /// {@return an attribute that numbers an element type, or null where it is absent or unsupported}
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

  // ---- inputs and outputs

  /// {@return the number of inputs, absent ones included}
  int inputs() {
    return node.inputs().size();
  }

  /// {@return the number of outputs, absent ones included}
  int outputs() {
    return node.outputs().size();
  }

  /// {@return an input's name, "" where it is absent}
  ///
  /// @param index the position
  String input(int index) {
    return index < node.inputs().size() ? node.inputs().get(index) : "";
  }

  /// Checks that inputs are there, where others between them need not be.
  ///
  /// @param indices their positions
  /// @throws ModelException if one is not
  void require(int... indices) {
    for (int index : indices) {
      if (!has(index)) {
        throw invalid("input " + index + " is missing");
      }
    }
  }

  /// {@return whether an input is there}
  ///
  /// @param index the position
  boolean has(int index) {
    return !input(index).isEmpty();
  }

  /// {@return whether somebody may read an output}
  ///
  /// @param index the position
  boolean wants(int index) {
    return index < node.outputs().size() && !node.outputs().get(index).isEmpty();
  }

  /// {@return the value, where it is a constant, or null}
  ///
  /// @param value the value's name
  @Nullable Tensor known(String value) {
    return assembly.constants().get(value);
  }

  /// {@return what is known of a value, or null where what makes it is not supported}
  ///
  /// @param value the value's name
  @Nullable Fact fact(String value) {
    return assembly.fact(value);
  }

  /// {@return the element type of a value, or null where it is not known}
  ///
  /// @param value the value's name
  @Nullable DType dtype(String value) {
    Fact fact = assembly.fact(value);
    return fact == null ? null : fact.dtype();
  }

  /// {@return the rank of a value, or -1 where it is not known}
  ///
  /// @param value the value's name
  int rank(String value) {
    Fact fact = assembly.fact(value);
    return fact == null ? -1 : fact.rank();
  }

  /// {@return the truth value that a value of one element is known to be, or null}
  ///
  /// @param value the value's name
  @Nullable Boolean truth(String value) {
    return Branches.holds(assembly.fact(value), known(value));
  }

  /// {@return an extent of a value, or null where it is not known}
  ///
  /// @param value the value's name
  /// @param axis the dimension
  @Nullable Long extent(String value, int axis) {
    Fact fact = assembly.fact(value);
    List<Dim> shape = fact == null ? null : fact.shape();
    return shape != null && axis < shape.size() && shape.get(axis) instanceof Dim.Known(long extent)
        ? (Long) extent
        : null;
  }

  /// {@return a graph within this node, imported}
  ///
  /// @param graph the graph
  /// @param given what is known of its inputs
  /// @param captured what becomes its last inputs: values around this node that are no constants
  Graph body(GraphProto graph, List<Fact> given, List<String> captured) {
    return bodies.of(graph, given, captured);
  }

  /// {@return the values that a graph within this node reads from around it, in the order of their
  /// first use}
  ///
  /// @param graph the graph
  Set<String> free(GraphProto graph) {
    return assembly.free().of(graph);
  }

  /// {@return what adds to the graph around this node}
  Making here() {
    return here;
  }

  /// {@return what adds to a new graph within this node}
  Making within() {
    return new Making(new Assembly(assembly), name);
  }

  /// {@return a dimension that nothing is known of}
  ///
  /// @param hint what its name should look like
  Dim freshDim(String hint) {
    return assembly.freshDim(hint);
  }

  // ---- making nodes

  /// Makes the node that gives the first output.
  ///
  /// @param op the operator
  /// @param inputs the values read
  void result(Op op, String... inputs) {
    add(op, trimmed(inputs), List.of(named(node.outputs().getFirst())));
  }

  private String named(String output) {
    return output.isEmpty() ? here.fresh("unread") : output;
  }

  /// Makes a node that gives another output.
  ///
  /// @param index the output's position
  /// @param op the operator
  /// @param inputs the values read
  void result(int index, Op op, String... inputs) {
    add(op, trimmed(inputs), List.of(node.outputs().get(index)));
  }

  /// Makes the node that gives all outputs.
  ///
  /// @param op the operator
  /// @param inputs the values read
  void results(Op op, String... inputs) {
    add(op, trimmed(inputs), node.outputs());
  }

  /// Makes the node that gives all outputs and names those that have no name, where [#results]
  /// leaves them absent: for operators that make every output, whoever reads it, such as Split.
  ///
  /// @param op the operator
  /// @param inputs the values read
  void parts(Op op, String... inputs) {
    add(op, trimmed(inputs), node.outputs().stream().map(this::named).toList());
  }

  /// Makes the node that gives all outputs from all inputs.
  ///
  /// @param op the operator
  void same(Op op) {
    List<String> inputs = node.inputs();
    boolean isTrimmed = inputs.isEmpty() || !inputs.getLast().isEmpty();
    add(op, isTrimmed ? inputs : trimmed(inputs.toArray(String[]::new)), node.outputs());
  }

  /// Makes a node in between.
  ///
  /// @param op the operator
  /// @param inputs the values read
  /// @return the value made
  String make(Op op, String... inputs) {
    return makeAll(op, 1, inputs).getFirst();
  }

  /// Makes a node in between that gives several values.
  ///
  /// @param op the operator
  /// @param count how many
  /// @param inputs the values read
  /// @return the values made
  List<String> makeAll(Op op, int count, String... inputs) {
    return here.makeAll(op, count, trimmed(inputs));
  }

  private void add(Op op, List<String> inputs, List<String> outputs) {
    assembly.add(ended ? here.fresh(op) : name, op, inputs, outputs);
    ended = true;
  }

  private static List<String> trimmed(String... inputs) {
    List<String> list = new ArrayList<>(Arrays.asList(inputs));
    while (!list.isEmpty() && list.getLast().isEmpty()) {
      list.removeLast();
    }
    return list;
  }

  /// {@return the name of a new constant}
  ///
  /// @param tensor its value
  String constant(Tensor tensor) {
    String constant = here.fresh("constant");
    assembly.constant(constant, tensor);
    return constant;
  }

  /// Makes the first output a constant.
  ///
  /// @param tensor its value
  void constantResult(Tensor tensor) {
    String output = node.outputs().getFirst();
    if (!output.isEmpty()) { // the name of whatever is absent
      assembly.constant(output, tensor);
    }
  }

  /// {@return the name of a constant of rank 1}
  ///
  /// @param values its elements
  String longs(List<Long> values) {
    return longs(LongList.array(values));
  }

  /// {@return the name of a constant of rank 1}
  ///
  /// @param values its elements
  String longs(long... values) {
    return assembly
        .vectors()
        .computeIfAbsent(
            LongBuffer.wrap(values.clone()), _ -> constant(Tensor.of(values, values.length)));
  }

  /// {@return the name of a new scalar constant}
  ///
  /// @param value the number
  /// @param like a value with the same element type; f32 where its type is not known
  /// @throws ModelException if its elements are no numbers
  String scalar(double value, String like) {
    DType dtype = dtype(like);
    if (dtype == DType.STRING) {
      throw invalid("'%s': expected numbers, got strings".formatted(like));
    }
    Tensor tensor = Tensor.allocate(dtype == null ? DType.F32 : dtype, Shape.of());
    tensor.setDouble(0, value);
    return constant(tensor);
  }

  // ---- what is wrong

  /// Notes that the engine cannot run the node.
  ///
  /// @param reason why
  void unsupported(String reason) {
    assembly.problem("%s '%s': %s".formatted(node.operator(), name, reason));
  }

  /// {@return whether the engine cannot run something that was seen so far}
  boolean isRefused() {
    return !assembly.problems().isEmpty();
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

  /// {@return the failure with the node's name}
  ///
  /// @param problem what is wrong
  /// @param cause what went wrong underneath
  ModelException failure(String problem, Throwable cause) {
    return new ModelException(
        "node '%s' (%s): %s".formatted(name, node.operator(), problem), cause);
  }

  /// Notes the attributes that nobody took.
  void finish() {
    if (opset < CONSUMED_INPUTS_UNTIL) {
      ignore("consumed_inputs");
    }
    for (String attribute : node.attributes().keySet()) {
      if (!taken.contains(attribute)) {
        unsupported("attribute '" + attribute + "' is not known in operator set " + opset);
      }
    }
  }
}
