package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.FunctionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The functions that a model defines, put in the place of the nodes that apply them.
///
/// A function sees its inputs and attributes only. All other names in it, also those of graphs
/// within its nodes, become new ones at each application.
final class Functions {
  /// The most nodes that applications may become: functions that apply others twice grow fast.
  private static final int MOST_NODES = 1_000_000;

  private final Map<Key, FunctionProto> functions = new HashMap<>();
  private final Deque<FunctionProto> applied = new ArrayDeque<>();
  private int nodes;

  /// What tells functions apart.
  private record Key(String domain, String name, String overload) {
    @Override
    public String toString() {
      return "'%s' of domain '%s', overload '%s'".formatted(name, domain, overload);
    }
  }

  /// The functions of a model.
  ///
  /// @param functions the functions
  /// @throws ModelException if nothing tells two of them apart
  Functions(List<FunctionProto> functions) {
    for (FunctionProto function : functions) {
      Key key = new Key(function.domain(), function.name(), function.overload());
      if (this.functions.put(key, function) != null) {
        throw new ModelException("two functions are named " + key);
      }
    }
  }

  /// {@return the function that a node applies, or null where it applies an operator}
  ///
  /// @param node the node
  @Nullable FunctionProto find(NodeProto node) {
    return functions.isEmpty()
        ? null
        : functions.get(new Key(node.domain(), node.operator(), node.overload()));
  }

  /// Begins an application.
  ///
  /// @param function the function
  /// @param node the name of the node that applies it
  /// @throws ModelException if the function applies itself, or there is too much of it
  void enter(FunctionProto function, String node) {
    String where = "node '%s': function '%s'".formatted(node, function.name());
    if (applied.contains(function)) {
      throw new ModelException(where + " applies itself");
    }
    nodes += function.nodes().size();
    if (nodes > MOST_NODES) {
      throw new ModelException(
          where + ": the model's functions become more than %d nodes".formatted(MOST_NODES));
    }
    applied.push(function);
  }

  /// Ends the last application.
  void leave() {
    applied.pop();
  }

  /// {@return the nodes of a function in the place of one that applies it}
  ///
  /// @param function the function
  /// @param node the node that applies it
  /// @param name that node's name
  /// @param fresh gives new names that look like others
  List<NodeProto> inlined(
      FunctionProto function, NodeProto node, String name, UnaryOperator<String> fresh) {
    String where = "node '%s' (function '%s')".formatted(name, function.name());
    if (node.inputs().size() > function.inputs().size()
        || node.outputs().size() > function.outputs().size()) {
      throw new ModelException(
          "%s has %d inputs and %d outputs, the function %d and %d"
              .formatted(
                  where,
                  node.inputs().size(),
                  node.outputs().size(),
                  function.inputs().size(),
                  function.outputs().size()));
    }
    for (String attribute : node.attributes().keySet()) {
      if (!function.attributes().contains(attribute)
          && !function.defaults().containsKey(attribute)) {
        throw new ModelException(
            "%s: the function has no attribute '%s'".formatted(where, attribute));
      }
    }
    Map<String, AttributeProto> attributes = new HashMap<>(function.defaults());
    attributes.putAll(node.attributes());
    Map<String, String> names = new HashMap<>();
    names.put("", "");
    for (int i = 0; i < function.inputs().size(); i++) {
      names.put(function.inputs().get(i), i < node.inputs().size() ? node.inputs().get(i) : "");
    }
    List<NodeProto> last = new ArrayList<>();
    for (int i = 0; i < node.outputs().size(); i++) {
      String inner = function.outputs().get(i);
      String outer = node.outputs().get(i);
      if (!outer.isEmpty() && names.putIfAbsent(inner, outer) != null) {
        List<String> source = List.of(names.get(inner));
        last.add(new NodeProto(outer, "Identity", "", source, List.of(outer), Map.of()));
      }
    }
    Application application = new Application(name, names, attributes, fresh);
    List<NodeProto> inlined = new ArrayList<>();
    function.nodes().forEach(inner -> inlined.add(application.node(inner)));
    inlined.addAll(last);
    return inlined;
  }

  /// One application: the names that values get, and the attributes that the node gives.
  private record Application(
      String node,
      Map<String, String> names,
      Map<String, AttributeProto> attributes,
      UnaryOperator<String> fresh) {
    String name(String inner) {
      return names.computeIfAbsent(inner, _ -> fresh.apply(node + "/" + inner));
    }

    List<String> names(List<String> inner) {
      return inner.stream().map(this::name).toList();
    }

    NodeProto node(NodeProto inner) {
      Map<String, AttributeProto> given = new LinkedHashMap<>();
      inner
          .attributes()
          .forEach((key, value) -> {
            AttributeProto known = attribute(value);
            if (known != null) {
              given.put(key, known);
            }
          });
      String called = inner.name().isEmpty() ? inner.operator() : inner.name();
      return new NodeProto(
          node + "/" + called,
          inner.operator(),
          inner.domain(),
          inner.overload(),
          names(inner.inputs()),
          names(inner.outputs()),
          given);
    }

    private @Nullable AttributeProto attribute(AttributeProto value) {
      return switch (value) {
        case AttributeProto.Reference(String outer) -> attributes.get(outer);
        case AttributeProto.GraphValue(GraphProto body) ->
            new AttributeProto.GraphValue(graph(body));
        default -> value;
      };
    }

    private GraphProto graph(GraphProto graph) {
      return new GraphProto(
          graph.name(),
          graph.nodes().stream().map(this::node).toList(),
          graph.initializers().stream()
              .map(each -> new TensorProto(name(each.name()), each.type(), each.tensor()))
              .toList(),
          names(graph.sparseInitializers()),
          values(graph.inputs()),
          values(graph.outputs()),
          List.of());
    }

    private List<ValueProto> values(List<ValueProto> values) {
      return values.stream().map(each -> new ValueProto(name(each.name()), each.type())).toList();
    }
  }
}
