package dev.jiffy.engine.onnx;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignRuntime;
import dev.jiffy.engine.foreign.ForeignValue;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Imports a model of which some nodes leave to another runtime.
///
/// The model is imported as often as it takes until nothing more is refused: what a foreign node
/// makes is known once the other runtime has loaded it, and only then it is known whether the nodes
/// behind it are supported.
public final class PartitionedImport {
  /// Operators that are not worth staying for.
  private static final Set<String> TRIVIAL = Set.of("Constant", "Identity");

  private final OnnxModel model;
  private final ModelSource source;
  private final ForeignRuntime runtime;
  private final LoadOptions options;

  private PartitionedImport(
      OnnxModel model, ModelSource source, ForeignRuntime runtime, LoadOptions options) {
    this.model = model;
    this.source = source;
    this.runtime = runtime;
    this.options = options;
  }

  /// {@return the model's graph, in which foreign operators stand for what the engine does not
  /// support; one of them is all of it where nothing worthwhile remains}
  ///
  /// Who gets the graph closes the foreign models in it.
  ///
  /// @param model the model
  /// @param source where its bytes are
  /// @param runtime the other runtime
  /// @param options how the other runtime loads
  /// @throws ModelException if the model contradicts itself, or the other runtime does not support
  ///   it either
  public static Graph graph(
      OnnxModel model, ModelSource source, ForeignRuntime runtime, LoadOptions options) {
    return new PartitionedImport(model, source, runtime, options).graph();
  }

  /// {@return the graph of a model that another runtime computes as a whole}
  ///
  /// @param model the model
  /// @param source where its bytes are
  /// @param runtime the other runtime
  /// @param options how the other runtime loads
  /// @throws ModelException if the other runtime does not support it, or it takes or gives what is
  ///   no tensor
  public static Graph whole(
      OnnxModel model, ModelSource source, ForeignRuntime runtime, LoadOptions options) {
    PartitionedImport whole = new PartitionedImport(model, source, runtime, options);
    return whole.whole(_ -> null, model.graph().nodes());
  }

  private Graph graph() {
    Importer importer = Importer.of(model, options.limits().nodes());
    List<NodeProto> nodes = importer.begin(List.of(), List.of());
    List<String> problems = importer.assembly().problems();
    if (!problems.isEmpty()) {
      return whole(_ -> String.join("; ", problems), nodes);
    }
    try (Arena arena = Arena.ofConfined();
        ForeignGroups groups = new ForeignGroups(model, source, runtime, options, arena)) {
      return partitioned(groups, nodes);
    }
  }

  /// Imports until nothing more is refused.
  private Graph partitioned(ForeignGroups groups, List<NodeProto> nodes) {
    Partition partition = new Partition(nodes);
    while (true) {
      PartitionAttempt attempt =
          new PartitionAttempt(Importer.of(model, options.limits().nodes()), partition, groups);
      Graph graph = attempt.graph();
      if (graph != null) {
        groups.keep(graph);
        return graph;
      }
      attempt.learn();
      partition.grow();
      if (isAll(partition, nodes)) {
        return whole(partition::refusal, nodes);
      }
    }
  }

  private static boolean isAll(Partition partition, List<NodeProto> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      if (!partition.leaves(i) && !TRIVIAL.contains(nodes.get(i).operator())) {
        return false;
      }
    }
    return true;
  }

  private Graph whole(IntFunction<@Nullable String> refusal, List<NodeProto> nodes) {
    List<Foreign.Origin> origins = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      origins.add(ForeignGroups.origin(nodes.get(i), i, refusal.apply(i)));
    }
    ForeignModel other =
        switch (source) {
          case ModelSource.InFile(Path file) -> runtime.load(file, options);
          case ModelSource.InMemory _ -> inMemory();
        };
    try {
      return whole(new Foreign(origins, other));
    } catch (RuntimeException | Error e) {
      other.close();
      throw e;
    }
  }

  private ForeignModel inMemory() {
    try (Arena arena = Arena.ofConfined()) {
      return runtime.load(source.bytes(arena), null, options);
    }
  }

  private Graph whole(Foreign op) {
    Map<String, Fact> facts = new LinkedHashMap<>();
    List<@Nullable Fact> in = new ArrayList<>();
    for (ForeignValue input : op.model().inputs()) {
      TensorSpec spec = tensor(input, "input");
      Fact fact = Fact.of(spec.dtype(), spec.shape());
      facts.put(input.name(), fact);
      in.add(fact);
    }
    List<String> inputs = List.copyOf(facts.keySet());
    List<String> outputs = new ArrayList<>();
    for (ForeignValue output : op.model().outputs()) {
      outputs.add(tensor(output, "output").name());
    }
    NameSource symbols = new NameSource();
    List<Fact> out = Inference.infer(op, in, List.of(), outputs.size(), symbols);
    for (int i = 0; i < outputs.size(); i++) {
      facts.put(outputs.get(i), out.get(i));
    }
    Node node = new Node("model", op, inputs, outputs);
    return new Graph(model.graph().name(), inputs, outputs, List.of(node), Map.of(), facts);
  }

  private TensorSpec tensor(ForeignValue value, String what) {
    TensorSpec spec = value.spec();
    if (spec == null) {
      throw new ModelException(
          "%s '%s' has the type %s of %s, which no tensor of Jiffy has"
              .formatted(what, value.name(), value.type(), runtime.name()));
    }
    return spec;
  }
}
