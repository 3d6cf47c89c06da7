package dev.jiffy.engine;

import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.lower.Cut;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.lower.Lowering;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.lower.Weights;
import dev.jiffy.engine.onnx.ModelSource;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.engine.onnx.OnnxReader;
import dev.jiffy.engine.pass.Passes;
import dev.jiffy.tensor.Shape;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A model's file, looked at without running it: what it says, its graph at every stage of loading,
/// and what would run where.
///
/// The file stays mapped as long as this object or a graph of it is reachable. For one thread.
public final class Inspection implements AutoCloseable {
  /// The stage at which the graph is as the file has it.
  public static final String IMPORT = "import";

  /// The stage at which the graph is as it runs.
  public static final String OPTIMIZED = "optimized";

  private final Path path;
  private final OnnxModel file;
  private final LoadOptions options;
  private @Nullable Graph imported;

  private Inspection(Path path, OnnxModel file, LoadOptions options) {
    this.path = path;
    this.file = file;
    this.options = options;
  }

  /// {@return the inspection of an ONNX file}
  ///
  /// @param file the file; external data lies beside it
  /// @param options how it would be loaded
  /// @throws ModelException if the file cannot be read or is malformed, or this machine does not
  ///   allow what the options ask for
  public static Inspection of(Path file, LoadOptions options) {
    OnnxModel model = OnnxReader.read(file, Arena.ofAuto());
    return new Inspection(file, model, Kernels.HERE.decided(options));
  }

  /// {@return what the file says}
  public OnnxModel file() {
    return file;
  }

  /// {@return what the file says that a caller provides, as far as it is tensors that Jiffy has}
  public List<TensorSpec> declaredInputs() {
    Set<String> constants = new HashSet<>();
    file.graph().initializers().forEach(constant -> constants.add(constant.name()));
    return specs(file.graph().inputs()).stream()
        .filter(spec -> !constants.contains(spec.name()))
        .toList();
  }

  /// {@return what the file says that a caller gets, as far as it is tensors that Jiffy has}
  public List<TensorSpec> declaredOutputs() {
    return specs(file.graph().outputs());
  }

  private static List<TensorSpec> specs(List<ValueProto> values) {
    List<TensorSpec> specs = new ArrayList<>();
    for (ValueProto value : values) {
      TensorSpec spec = value.spec();
      if (spec != null) {
        specs.add(spec);
      }
    }
    return List.copyOf(specs);
  }

  /// {@return the names of the stages, in order: import, each pass, optimized}
  public static List<String> stages() {
    List<String> stages = new ArrayList<>();
    stages.add(IMPORT);
    stages.addAll(Passes.names());
    stages.add(OPTIMIZED);
    return List.copyOf(stages);
  }

  /// {@return the graph at a stage}
  ///
  /// @param stage one of [#stages()]; a pass stands for the graph after it
  /// @throws IllegalArgumentException if there is no such stage
  /// @throws ModelException if the model needs what no engine has
  public Graph graph(String stage) {
    if (!stages().contains(stage)) {
      throw new IllegalArgumentException(
          "there is no stage '%s'; the stages are %s"
              .formatted(stage, String.join(", ", stages())));
    }
    return switch (stage) {
      case IMPORT -> imported();
      case OPTIMIZED -> options.optimize() ? Variants.rewritten(imported()) : imported();
      default -> Passes.upTo(stage, imported(), Interpreter::evaluate);
    };
  }

  private Graph imported() {
    Graph graph = imported;
    if (graph == null) {
      graph = Engines.graph(file, new ModelSource.InFile(path), options);
      imported = graph;
    }
    return graph;
  }

  /// {@return what of the model another runtime would compute, empty where Jiffy computes all}
  ///
  /// @throws ModelException if the model needs what no engine has
  public Optional<Handover> handover() {
    return Handover.of(imported(), file.graph().nodes().size());
  }

  /// {@return where each node would run, as far as that is known before shapes are}
  ///
  /// @throws ModelException if the model needs what no engine has
  public List<Placement> placements() {
    return Placement.of(graph(OPTIMIZED), null);
  }

  /// {@return where each step of a run would be computed, and what it costs}
  ///
  /// @param shapes a shape for every input
  /// @throws ModelException if the model needs what no engine has, or a shape does not fit it
  public List<Placement> placements(Map<String, Shape> shapes) {
    Graph optimized = graph(OPTIMIZED);
    Graph variant = new Variants(optimized, options.optimize(), false).of(shapes, Map.of());
    Graph bound = Inference.bind(variant, shapes);
    Target target = Kernels.HERE.target(options);
    Weights weights = new Weights(target, Arena.ofAuto());
    if (Lowering.plan(bound, target, weights) != null) {
      return places(bound, target, weights);
    }
    Cut cut = Cut.of(bound);
    List<Placement> places = new ArrayList<>();
    if (!cut.first().nodes().isEmpty()) {
      places.addAll(places(cut.first(), target, weights));
    }
    places.addAll(Placement.of(bound.withNodes(cut.nodes()), "node by node"));
    places.addAll(Placement.of(cut.rest(), "plans for shapes known by then"));
    return places;
  }

  private List<Placement> places(Graph graph, Target target, Weights weights) {
    List<Placement> places = new ArrayList<>();
    for (StepCost step : Lowering.costs(graph, target, weights)) {
      places.add(Placement.of(step, options.kernels()));
    }
    return places;
  }

  /// Frees what other runtimes hold.
  @Override
  public void close() {
    if (imported != null) {
      Engines.foreign(imported).forEach(ForeignModel::close);
    }
  }
}
