package dev.jiffy.engine.onnx;

import dev.jiffy.engine.Limits;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.FunctionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Turns the records of an ONNX file into a graph of portable operators.
///
/// Operators of the sets [#OLDEST_OPSET] to [#NEWEST_OPSET] are lifted to their newest form, and
/// what ONNX defines by composition is expanded. Whatever the engine cannot run (operators, types,
/// attributes) is collected over the whole model and reported in one [ModelException].
public final class Importer {
  /// The oldest operator set understood.
  public static final long OLDEST_OPSET = 1;

  /// The newest operator set understood.
  public static final long NEWEST_OPSET = 22;

  private final GraphProto proto;
  private final Assembly assembly;
  private final List<String> inputs = new ArrayList<>();
  private final NameSource symbols;
  private final OperatorSets sets;
  private final Functions functions;

  private Importer(
      GraphProto proto,
      Assembly assembly,
      NameSource symbols,
      OperatorSets sets,
      Functions functions) {
    this.proto = proto;
    this.assembly = assembly;
    this.symbols = symbols;
    this.sets = sets;
    this.functions = functions;
  }

  /// {@return the model's graph, with all that is known of its values}
  ///
  /// Tensors are shared with the model.
  ///
  /// @param model the model
  /// @throws ModelException if the model contradicts itself or needs what the engine does not have
  public static Graph graph(OnnxModel model) {
    return graph(model, Limits.DEFAULTS);
  }

  /// {@return the model's graph, with all that is known of its values}
  ///
  /// @param model the model
  /// @param limits how large the graph may be
  /// @throws ModelException as the other
  public static Graph graph(OnnxModel model, Limits limits) {
    Importer importer = of(model, limits.nodes());
    Graph graph = importer.graph(List.of(), List.of());
    if (!importer.assembly.problems().isEmpty()) {
      throw new ModelException(refusal(importer.assembly.problems()));
    }
    return Branches.inlined(graph);
  }

  /// {@return what is told of a model that needs what the engine does not have}
  ///
  /// @param problems what it needs, and where
  static String refusal(Collection<String> problems) {
    return "the model needs what Jiffy does not support:\n  " + String.join("\n  ", problems);
  }

  /// {@return the importer of a model, which has not read anything of its graph yet}
  ///
  /// @param model the model
  /// @param mostNodes the most nodes that there may be, functions expanded
  static Importer of(OnnxModel model, int mostNodes) {
    GraphProto proto = model.graph();
    NameSource symbols = new NameSource(dimensionNames(proto));
    Assembly assembly = new Assembly(() -> valueNames(proto), symbols, mostNodes);
    OperatorSets sets = new OperatorSets("model", model.opsets());
    return new Importer(proto, assembly, symbols, sets, new Functions(model.functions()));
  }

  /// {@return the graph under construction}
  Assembly assembly() {
    return assembly;
  }

  /// The graph, unfinished where something is not supported.
  ///
  /// @param given what is known of the inputs of a graph within another
  /// @param captured the values that it reads from around it
  private Graph graph(List<Fact> given, List<String> captured) {
    List<NodeProto> nodes = begin(given, captured);
    for (String problem : strange().values()) {
      assembly.problem(problem);
    }
    for (int i = 0; i < nodes.size(); i++) {
      lift(nodes.get(i), i);
    }
    return end(captured);
  }

  /// Reads all but the nodes.
  ///
  /// @param given what is known of the inputs of a graph within another
  /// @param captured the values that it reads from around it
  /// @return the nodes in topological order
  List<NodeProto> begin(List<Fact> given, List<String> captured) {
    constants();
    inputs(given);
    Set<String> around = new HashSet<>(captured);
    around.addAll(assembly.constants().keySet());
    return NodeOrder.sorted(proto, around, assembly.free());
  }

  /// {@return the initializers that the engine has no tensor for, and why}
  Map<String, String> strange() {
    Map<String, String> strange = new LinkedHashMap<>();
    for (TensorProto initializer : proto.initializers()) {
      if (initializer.tensor() == null) {
        String name = initializer.name();
        strange.put(name, "initializer '" + name + "' of type " + initializer.type());
      }
    }
    for (String name : proto.sparseInitializers()) {
      strange.put(name, "initializer '" + name + "' is sparse");
    }
    return strange;
  }

  /// {@return the graph once all nodes are lifted}
  ///
  /// @param captured the values that a graph within another reads from around it
  Graph end(List<String> captured) {
    inputs.addAll(captured);
    List<String> outputs = assembly.problems().isEmpty() ? madeOutputs() : List.of();
    return assembly.graph(proto.name(), inputs, outputs);
  }

  /// A graph within this one.
  private Graph body(GraphProto body, List<Fact> given, List<String> captured) {
    Assembly within = new Assembly(assembly);
    for (String name : assembly.free().of(body)) {
      Tensor constant = assembly.constants().get(name);
      if (constant != null) {
        within.constant(name, constant);
      }
    }
    for (String name : captured) {
      Fact fact = assembly.fact(name);
      if (fact != null) {
        within.fact(name, fact);
      }
    }
    return new Importer(body, within, symbols, sets, functions).graph(given, captured);
  }

  private void constants() {
    Set<String> seen = new HashSet<>();
    for (TensorProto initializer : proto.initializers()) {
      String name = initializer.name();
      if (name.isEmpty()) {
        throw new ModelException("an initializer of type " + initializer.type() + " has no name");
      }
      Tensor tensor = initializer.tensor();
      if (!seen.add(name)) {
        throw new ModelException("two initializers are named '" + name + "'");
      }
      if (tensor != null) {
        assembly.constant(name, tensor);
      }
    }
  }

  private void inputs(List<Fact> given) {
    Set<String> seen = new HashSet<>();
    for (ValueProto input : proto.inputs()) {
      String name = input.name();
      if (name.isEmpty() || !seen.add(name)) {
        throw new ModelException(
            name.isEmpty() ? "an input has no name" : "two inputs are named '" + name + "'");
      }
      if (assembly.constants().containsKey(name)) {
        continue;
      }
      Fact fact = inputs.size() < given.size() ? given.get(inputs.size()) : fact(input);
      inputs.add(name);
      if (fact != null) {
        assembly.fact(name, fact);
      }
    }
  }

  private @Nullable Fact fact(ValueProto input) {
    return switch (input.type()) {
      case TypeProto.TensorType tensor -> fact(input.name(), tensor);
      case TypeProto.SequenceType(TypeProto.TensorType tensor) ->
          as(Value.Kind.SEQUENCE, fact(input.name(), tensor));
      case TypeProto.OptionalType(TypeProto.TensorType tensor) ->
          as(Value.Kind.OPTIONAL_TENSOR, fact(input.name(), tensor));
      case TypeProto.OptionalType(TypeProto.SequenceType(TypeProto.TensorType tensor)) ->
          as(Value.Kind.OPTIONAL_SEQUENCE, fact(input.name(), tensor));
      case TypeProto.SequenceType _, TypeProto.OptionalType _ -> refused(input, "nested");
      case TypeProto.OtherType other -> refused(input, other.kind());
    };
  }

  private @Nullable Fact refused(ValueProto input, String kind) {
    assembly.problem("input '" + input.name() + "' is no tensor but " + kind);
    return null;
  }

  private static @Nullable Fact as(Value.Kind kind, @Nullable Fact tensor) {
    return tensor == null ? null : tensor.as(kind);
  }

  private @Nullable Fact fact(String name, TypeProto.TensorType tensor) {
    DType dtype = ElementTypes.dtype(tensor.elementType());
    if (dtype == null) {
      assembly.problem("input '" + name + "' of type " + ElementTypes.name(tensor.elementType()));
      return null;
    }
    return Fact.of(dtype, dims(name, tensor));
  }

  private @Nullable List<Dim> dims(String input, TypeProto.TensorType type) {
    List<DimensionProto> shape = type.shape();
    if (shape == null) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (DimensionProto dim : shape) {
      Long value = dim.value();
      if (value != null && value >= 0) {
        dims.add(Dim.of(value));
      } else if (dim.name().isEmpty()) {
        dims.add(Dim.of(symbols.fresh(input + "_" + dims.size())));
      } else {
        dims.add(assembly.dim(dim.name()));
      }
    }
    return dims;
  }

  /// {@return a node's name, or one made for it}
  ///
  /// @param node the node
  /// @param index its position in topological order
  static String name(NodeProto node, int index) {
    return node.name().isEmpty() ? node.operator() + "_" + index : node.name();
  }

  /// Makes the nodes that stand for one of the file's.
  ///
  /// @param node the node
  /// @param index its position in topological order
  void lift(NodeProto node, int index) {
    String name = name(node, index);
    String domain = node.domain();
    FunctionProto function = functions.find(node);
    if (function != null) {
      apply(function, node, name);
      return;
    }
    Operators operators = Operators.of(domain);
    // exporters of tables name operator sets of old in which they use nothing but copies
    boolean isTimeless = domain.isEmpty() && node.operator().equals("Identity");
    long opset =
        operators == null
            ? 0
            : isTimeless ? operators.newest() : sets.version(domain, operators, assembly);
    Operator operator = operators == null ? null : sets.find(operators, node.operator(), opset);
    if (operator == null) {
      assembly.problem(
          "operator '%s'%s, node '%s'"
              .formatted(node.operator(), domain.isEmpty() ? "" : " of domain " + domain, name));
      return;
    }
    NodeScope scope = new NodeScope(node, name, opset, assembly, this::body);
    try {
      operator.lift(scope);
      scope.finish();
    } catch (ModelException | IllegalArgumentException | ArithmeticException e) {
      ModelException failure = scope.failure(String.valueOf(e.getMessage()), e);
      if (assembly.problems().isEmpty() || assembly.isFull()) {
        throw failure;
      }
      if (assembly.free().of(node).stream().allMatch(this::isKnown)) {
        assembly.problem(String.valueOf(failure.getMessage()));
      }
    }
  }

  private boolean isKnown(String value) {
    return value.isEmpty() || assembly.fact(value) != null;
  }

  /// {@return the outputs as the file declares them}
  List<ValueProto> outputs() {
    return proto.outputs();
  }

  /// The nodes of a function in the place of one that applies it.
  private void apply(FunctionProto function, NodeProto node, String name) {
    functions.enter(function, name);
    List<NodeProto> nodes = functions.inlined(function, node, name, assembly::fresh);
    GraphProto body = GraphProto.of(name, nodes);
    OperatorSets own = new OperatorSets("function " + function.name(), function.opsets());
    Importer within = new Importer(body, assembly, symbols, own, functions);
    List<NodeProto> sorted = NodeOrder.sorted(body, node.inputs(), assembly.free());
    for (int i = 0; i < sorted.size(); i++) {
      within.lift(sorted.get(i), i);
    }
    functions.leave();
  }

  private List<String> madeOutputs() {
    if (proto.outputs().isEmpty()) {
      throw new ModelException("the graph has no outputs");
    }
    Set<String> made = new HashSet<>(assembly.constants().keySet());
    made.addAll(inputs);
    for (Node node : assembly.nodes()) {
      made.addAll(node.outputs());
    }
    Set<String> outputs = new LinkedHashSet<>();
    for (ValueProto output : proto.outputs()) {
      if (output.name().isEmpty() || !made.contains(output.name())) {
        throw new ModelException("nothing makes the output '" + output.name() + "'");
      }
      if (!outputs.add(output.name())) {
        throw new ModelException("two outputs are named '" + output.name() + "'");
      }
    }
    return List.copyOf(outputs);
  }

  private static Set<String> valueNames(GraphProto proto) {
    Set<String> names = new HashSet<>();
    names.add("");
    addValueNames(proto, names);
    return names;
  }

  private static void addValueNames(GraphProto proto, Set<String> names) {
    for (TensorProto initializer : proto.initializers()) {
      names.add(initializer.name());
    }
    for (ValueProto input : proto.inputs()) {
      names.add(input.name());
    }
    for (ValueProto output : proto.outputs()) {
      names.add(output.name());
    }
    for (NodeProto node : proto.nodes()) {
      names.addAll(node.inputs());
      names.addAll(node.outputs());
      for (AttributeProto attribute : node.attributes().values()) {
        if (attribute instanceof AttributeProto.GraphValue(GraphProto body)) {
          addValueNames(body, names);
        }
      }
    }
  }

  private static Set<String> dimensionNames(GraphProto proto) {
    Set<String> names = new HashSet<>();
    for (ValueProto input : proto.inputs()) {
      if (input.type() instanceof TypeProto.TensorType tensor && tensor.shape() != null) {
        for (DimensionProto dim : tensor.shape()) {
          names.add(dim.name());
        }
      }
    }
    return names;
  }
}
