package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.CaseFiles;
import dev.jiffy.server.schedule.Computation;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Compares what a model gives with what was recorded, before it is served.
final class RecordedCases {
  private RecordedCases() {}

  /// Runs a model on every case of a folder.
  ///
  /// @param computation what is run
  /// @param folder the cases, in the layout of the ONNX backend tests
  /// @param tolerance how far an element may be off, relative to the recorded one where that is
  ///   greater than 1
  /// @return how many cases there are
  /// @throws ModelException if a case cannot be read or run, or its outputs differ by more
  static int check(Computation computation, Path folder, double tolerance) {
    List<Path> cases;
    try {
      cases = CaseFiles.folders(folder);
    } catch (IllegalArgumentException e) {
      throw new ModelException(String.valueOf(e.getMessage()), e);
    }
    try (Computation.Memory memory = computation.newMemory()) {
      for (Path each : cases) {
        Map<String, Tensor> inputs = tensors(each, CaseFiles.inputs(each, computation.inputs()));
        Map<String, Tensor> recorded =
            tensors(each, CaseFiles.outputs(each, computation.outputs()));
        Map<String, Tensor> outputs = memory.run(inputs);
        recorded.forEach((name, expected) -> {
          Tensor output = outputs.get(name);
          if (output == null) {
            throw new ModelException("%s: the model gave no '%s'".formatted(each, name));
          }
          compare(each, name, expected, output, tolerance);
        });
      }
    }
    return cases.size();
  }

  private static Map<String, Tensor> tensors(Path where, Map<String, Value> values) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    values.forEach((name, value) -> {
      if (!(value instanceof Tensor tensor)) {
        throw new ModelException("%s: '%s' is no tensor".formatted(where, name));
      }
      tensors.put(name, tensor);
    });
    return tensors;
  }

  private static void compare(
      Path where, String name, Tensor expected, Tensor got, double tolerance) {
    if (expected.dtype() != got.dtype() || !expected.shape().equals(got.shape())) {
      throw new ModelException(
          "%s: output '%s': expected %s%s, got %s%s"
              .formatted(
                  where, name, expected.dtype(), expected.shape(), got.dtype(), got.shape()));
    }
    if (expected.dtype() == DType.STRING) {
      if (!expected.strings().equals(got.strings())) {
        throw new ModelException("%s: output '%s' differs".formatted(where, name));
      }
      return;
    }
    for (long i = 0; i < expected.shape().elements(); i++) {
      double wanted = expected.getDouble(i);
      double given = got.getDouble(i);
      boolean isSame = Double.compare(wanted, given) == 0;
      if (!isSame && !(Math.abs(wanted - given) <= tolerance * Math.max(1, Math.abs(wanted)))) {
        throw new ModelException(
            "%s: output '%s', element %d: expected %s within %s, got %s"
                .formatted(where, name, i, wanted, tolerance, given));
      }
    }
  }
}
