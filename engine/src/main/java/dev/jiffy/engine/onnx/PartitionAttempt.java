package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignValue;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One attempt at importing a model with some of its nodes leaving: either the graph, or what else
/// has to leave.
final class PartitionAttempt {
  private final Importer importer;
  private final Assembly assembly;
  private final Partition partition;
  private final ForeignGroups groups;
  private final List<NodeProto> nodes;

  /// Values that Jiffy has no tensor for, and why; those of the file and those of foreign nodes.
  private final Map<String, String> strange;

  /// Who makes each of those that foreign nodes make.
  private final Map<String, Integer> makers = new HashMap<>();

  /// Values of which nothing is known, as what makes them is refused.
  private final Set<String> lost = new HashSet<>();

  private final Map<Integer, String> refused = new LinkedHashMap<>();
  private final List<Join> joins = new ArrayList<>();
  private boolean isShrunk;

  /// A node that must leave in the group of another.
  private record Join(int source, int reader, String reason) {}

  /// An attempt.
  ///
  /// @param importer the model's importer, which has not read its graph yet
  /// @param partition which nodes leave
  /// @param groups loads those that do
  PartitionAttempt(Importer importer, Partition partition, ForeignGroups groups) {
    this.importer = importer;
    this.assembly = importer.assembly();
    this.partition = partition;
    this.groups = groups;
    this.nodes = importer.begin(List.of(), List.of());
    this.strange = importer.strange();
  }

  /// {@return the graph, or null where more nodes must leave}
  @Nullable Graph graph() {
    Map<Integer, List<Integer>> leaving = partition.groups();
    for (int i : partition.order()) {
      if (!partition.leaves(i)) {
        stay(i);
        continue;
      }
      List<Integer> group = leaving.remove(partition.level(i));
      if (group != null) {
        leave(group);
      }
    }
    if (isShrunk || !refused.isEmpty() || !joins.isEmpty()) {
      return null;
    }
    for (ValueProto output : importer.outputs()) {
      String reason = strange.get(output.name());
      if (reason != null) {
        throw new ModelException(
            "output '%s' is no tensor that Jiffy has: %s".formatted(output.name(), reason));
      }
    }
    return Branches.inlined(importer.end(List.of()));
  }

  /// Lets what this attempt could not import leave.
  void learn() {
    refused.forEach(partition::leave);
    joins.forEach(join -> partition.join(join.source(), join.reader(), join.reason()));
  }

  private void stay(int index) {
    NodeProto node = nodes.get(index);
    boolean isLost = false;
    for (String name : assembly.free().of(node)) {
      isLost |= lost.contains(name);
      if (strange.containsKey(name)) {
        refuse(index, name);
        return;
      }
    }
    if (isLost) {
      lost.addAll(node.outputs());
      return;
    }
    List<String> problems = assembly.problems();
    try {
      importer.lift(node, index);
    } catch (ModelException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    if (!problems.isEmpty()) {
      refused.put(index, String.join("; ", problems));
      problems.clear();
      lost.addAll(node.outputs());
    }
  }

  /// Refuses a node that reads a value that Jiffy has no tensor for.
  private void refuse(int index, String value) {
    String reason = "it reads what Jiffy has no tensor for: " + strange.get(value);
    Integer maker = makers.get(value);
    if (maker == null) {
      refused.put(index, reason);
    } else {
      joins.add(new Join(maker, index, reason));
    }
    lost.addAll(nodes.get(index).outputs());
  }

  /// Lets what makes a sequence leave with a node that reads it.
  private void takeAlong(String value, Fact fact, int reader) {
    String reason = "'%s' is %s, which passes between no engines".formatted(value, fact);
    for (int i = 0; i < nodes.size(); i++) {
      if (nodes.get(i).outputs().contains(value)) {
        refused.put(i, reason);
        joins.add(new Join(i, reader, reason));
        return;
      }
    }
    throw new ModelException(reason);
  }

  private void leave(List<Integer> group) {
    Set<String> made = new HashSet<>();
    Map<String, Integer> read = new LinkedHashMap<>();
    for (int i : group) {
      assembly.free().of(nodes.get(i)).forEach(name -> read.putIfAbsent(name, i));
      made.addAll(nodes.get(i).outputs());
    }
    read.keySet().removeAll(made);
    read.remove("");
    Map<String, Fact> inputs = new LinkedHashMap<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    List<String> copied = new ArrayList<>();
    boolean isLost = false;
    for (Map.Entry<String, Integer> each : read.entrySet()) {
      String name = each.getKey();
      Fact fact = assembly.fact(name);
      Tensor constant = assembly.constants().get(name);
      if (makers.containsKey(name)) {
        refuse(each.getValue(), name);
        isLost = true;
      } else if (strange.containsKey(name)) {
        copied.add(name);
      } else if (constant != null) {
        constants.put(name, constant);
      } else if (fact != null && fact.isTensor()) {
        inputs.put(name, fact);
      } else if (fact != null) {
        takeAlong(name, fact, each.getValue());
        isLost = true;
      } else {
        isLost = true;
      }
    }
    List<String> outputs = groups.outputs(group.stream().map(nodes::get).toList());
    if (isLost || outputs.isEmpty()) {
      lost.addAll(made);
      return;
    }
    List<Integer> positions = group.stream().map(i -> groups.position(nodes.get(i))).toList();
    Excerpts.Content content = new Excerpts.Content(positions, inputs, constants, copied, outputs);
    List<Foreign.Origin> origins = new ArrayList<>();
    for (int i : group) {
      origins.add(ForeignGroups.origin(nodes.get(i), i, partition.refusal(i)));
    }
    try {
      add(groups.load(content), origins, group);
    } catch (ModelException e) {
      if (!partition.shrink()) {
        throw e;
      }
      isShrunk = true;
      lost.addAll(made);
    }
  }

  private void add(ForeignModel model, List<Foreign.Origin> origins, List<Integer> group) {
    List<String> outputs = new ArrayList<>();
    for (ForeignValue output : model.outputs()) {
      outputs.add(output.name());
      if (output.spec() == null) {
        strange.put(output.name(), "'" + output.name() + "' of type " + output.type());
        for (int i : group) {
          if (nodes.get(i).outputs().contains(output.name())) {
            makers.put(output.name(), i);
          }
        }
      }
    }
    if (outputs.stream().anyMatch(strange::containsKey)) {
      outputs.stream().filter(name -> !strange.containsKey(name)).forEach(lost::add);
      return;
    }
    assembly.add(
        assembly.fresh(origins.getFirst().node()),
        new Foreign(origins, model),
        model.inputs().stream().map(ForeignValue::name).toList(),
        outputs);
  }
}
