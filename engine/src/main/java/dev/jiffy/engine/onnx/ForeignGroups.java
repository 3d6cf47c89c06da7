package dev.jiffy.engine.onnx;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignRuntime;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Loads groups of nodes into another runtime, each once, however many attempts need it.
///
/// Closes what no graph was kept for.
final class ForeignGroups implements AutoCloseable {
  private final ModelSource source;
  private final ForeignRuntime runtime;
  private final LoadOptions options;
  private final Excerpts excerpts;
  private final IdentityHashMap<NodeProto, Integer> positions = new IdentityHashMap<>();
  private final Map<String, Integer> readers = new HashMap<>();
  private final Map<Key, ForeignModel> loaded = new HashMap<>();
  private final FreeNames free = new FreeNames();

  /// By what a loaded group is known again.
  private record Key(List<Integer> nodes, Map<String, Fact> inputs, List<String> outputs) {}

  /// Groups of a model's nodes.
  ///
  /// @param arena decides how long the file stays mapped
  ForeignGroups(
      OnnxModel model,
      ModelSource source,
      ForeignRuntime runtime,
      LoadOptions options,
      Arena arena) {
    this.source = source;
    this.runtime = runtime;
    this.options = options;
    this.excerpts = Excerpts.of(source, arena);
    for (NodeProto node : model.graph().nodes()) {
      positions.put(node, positions.size());
      Set.copyOf(free.of(node)).forEach(name -> readers.merge(name, 1, Integer::sum));
    }
    for (ValueProto output : model.graph().outputs()) {
      readers.merge(output.name(), 1, Integer::sum);
    }
  }

  /// {@return a node's position in the file}
  int position(NodeProto node) {
    Integer position = positions.get(node);
    if (position == null) {
      throw new IllegalStateException("no node of the file: " + node);
    }
    return position;
  }

  /// {@return what is read outside of a group}
  ///
  /// @param group the nodes of the group
  List<String> outputs(List<NodeProto> group) {
    Map<String, Integer> within = new HashMap<>();
    for (NodeProto node : group) {
      Set.copyOf(free.of(node)).forEach(name -> within.merge(name, 1, Integer::sum));
    }
    List<String> outputs = new ArrayList<>();
    for (NodeProto node : group) {
      for (String output : node.outputs()) {
        if (!output.isEmpty() && readers.getOrDefault(output, 0) > within.getOrDefault(output, 0)) {
          outputs.add(output);
        }
      }
    }
    return outputs;
  }

  /// {@return a group, loaded}
  ///
  /// @param content the group
  /// @throws dev.jiffy.engine.ModelException if the runtime does not support it
  ForeignModel load(Excerpts.Content content) {
    Key key = new Key(content.nodes(), content.inputs(), content.outputs());
    ForeignModel known = loaded.get(key);
    if (known != null) {
      return known;
    }
    try (Arena arena = Arena.ofConfined()) {
      ForeignModel model = runtime.load(excerpts.write(content, arena), source.folder(), options);
      loaded.put(key, model);
      return model;
    }
  }

  /// {@return where a foreign node comes from}
  static Foreign.Origin origin(NodeProto node, int index, @Nullable String refusal) {
    String domain = node.domain().isEmpty() ? "" : node.domain() + ".";
    return new Foreign.Origin(Importer.name(node, index), domain + node.operator(), refusal);
  }

  /// Lets a graph have what it holds.
  void keep(Graph graph) {
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Foreign foreign) {
        loaded.values().remove(foreign.model());
      }
    }
  }

  @Override
  public void close() {
    loaded.values().forEach(ForeignModel::close);
  }
}
