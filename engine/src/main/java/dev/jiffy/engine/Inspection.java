package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.Importer;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxReader;
import dev.jiffy.engine.pass.Passes;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A model's file, looked at without running it: what it says, and its graph at every stage of
/// loading.
///
/// The file stays mapped as long as this object or a graph of it is reachable.
public final class Inspection {
  /// The stage at which the graph is as the file has it.
  public static final String IMPORT = "import";

  /// The stage at which the graph is as it runs.
  public static final String OPTIMIZED = "optimized";

  private final OnnxModel file;

  private Inspection(OnnxModel file) {
    this.file = file;
  }

  /// {@return the inspection of an ONNX file}
  ///
  /// @param file the file; external data lies beside it
  /// @throws ModelException if the file cannot be read or is malformed
  public static Inspection of(Path file) {
    return new Inspection(OnnxReader.read(file, Arena.ofAuto()));
  }

  /// {@return what the file says}
  public OnnxModel file() {
    return file;
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
  /// @throws ModelException if the model needs what the engine lacks
  public Graph graph(String stage) {
    if (!stages().contains(stage)) {
      throw new IllegalArgumentException(
          "there is no stage '%s'; the stages are %s"
              .formatted(stage, String.join(", ", stages())));
    }
    Graph imported = Importer.graph(file);
    return switch (stage) {
      case IMPORT -> imported;
      case OPTIMIZED -> Variants.rewritten(imported);
      default -> Passes.upTo(stage, imported, Interpreter::evaluate);
    };
  }
}
