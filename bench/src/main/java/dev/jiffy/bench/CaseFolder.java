package dev.jiffy.bench;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.onnx.CaseFiles;
import java.nio.file.Path;
import java.util.List;

/// Cases recorded in files, in the layout of the ONNX backend tests: see [CaseFiles].
///
/// @param folder one such folder, or one with several of them, which are then taken by name
public record CaseFolder(Path folder) implements InputSource {
  @Override
  public List<Case> cases(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return CaseFiles.folders(folder).stream()
        .map(set ->
            new Case(
                String.valueOf(set.getFileName()),
                CaseFiles.inputs(set, inputs),
                CaseFiles.outputs(set, outputs)))
        .toList();
  }
}
