package dev.jiffy.engine;

import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.foreign.ForeignRuntime;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.Importer;
import dev.jiffy.engine.onnx.ModelSource;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.PartitionedImport;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/// Which engine computes what of a model.
final class Engines {
  private Engines() {}

  /// {@return a model's graph, with foreign operators for what another runtime computes}
  ///
  /// @param model the model
  /// @param source where its bytes are
  /// @param options how it is loaded
  /// @throws ModelException if it needs what the engine lacks, and there is no other that has it
  static Graph graph(OnnxModel model, ModelSource source, LoadOptions options) {
    return switch (options.engine()) {
      case JIFFY -> {
        if (options.device() instanceof Device.Cuda) {
          throw new ModelException(
              "Jiffy itself runs on the CPU; the device %s needs the engine auto or onnxruntime"
                  .formatted(options.device()));
        }
        yield Importer.graph(model, options.limits());
      }
      case ONNXRUNTIME -> PartitionedImport.whole(model, source, needed(options), options);
      case AUTO -> {
        if (options.device() instanceof Device.Cuda) {
          yield PartitionedImport.whole(model, source, needed(options), options);
        }
        try {
          yield Importer.graph(model, options.limits());
        } catch (ModelException e) {
          yield partitioned(model, source, options, e);
        }
      }
    };
  }

  private static Graph partitioned(
      OnnxModel model, ModelSource source, LoadOptions options, ModelException refusal) {
    ForeignRuntime runtime = runtime();
    if (runtime == null) {
      throw new ModelException(
          refusal.getMessage()
              + "\nWith the module dev.jiffy.onnxruntime, ONNX Runtime would compute that.",
          refusal);
    }
    try {
      return PartitionedImport.graph(model, source, runtime, options);
    } catch (ModelException e) {
      throw new ModelException(
          "%s\n%s cannot take over: %s"
              .formatted(refusal.getMessage(), runtime.name(), e.getMessage()),
          refusal);
    }
  }

  private static ForeignRuntime needed(LoadOptions options) {
    ForeignRuntime runtime = runtime();
    if (runtime == null) {
      throw new ModelException(
          "the engine %s on %s needs the module dev.jiffy.onnxruntime, which is not there"
              .formatted(options.engine(), options.device()));
    }
    return runtime;
  }

  private static @Nullable ForeignRuntime runtime() {
    return ServiceLoader.load(ForeignRuntime.class).findFirst().orElse(null);
  }

  /// {@return the foreign models of a graph}
  static List<ForeignModel> foreign(Graph graph) {
    List<ForeignModel> foreign = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Foreign(_, ForeignModel model)) {
        foreign.add(model);
      }
    }
    return foreign;
  }
}
