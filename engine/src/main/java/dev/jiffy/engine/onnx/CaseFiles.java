package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Cases recorded in files, in the layout of the ONNX backend tests: `input_0.pb`, `input_1.pb`, …
/// and, where answers are known, `output_0.pb`, ….
///
/// A file's value belongs to the input or output of its name; where the names in the files are not
/// those of the model, the files' order counts. What is no tensor comes in the model's order: a
/// file does not say what kind of value it holds.
public final class CaseFiles {
  private CaseFiles() {}

  /// {@return the folders of cases, by name}
  ///
  /// @param folder one such folder, or one with several of them
  /// @throws IllegalArgumentException if it is neither
  /// @throws UncheckedIOException if it cannot be read
  public static List<Path> folders(Path folder) {
    if (Files.exists(folder.resolve("input_0.pb")) || Files.exists(folder.resolve("output_0.pb"))) {
      return List.of(folder);
    }
    try (Stream<Path> children = Files.list(folder)) {
      List<Path> sets =
          children
              .filter(child ->
                  Files.exists(child.resolve("input_0.pb"))
                      || Files.exists(child.resolve("output_0.pb")))
              .sorted()
              .toList();
      if (sets.isEmpty()) {
        throw new IllegalArgumentException(
            folder + ": neither input_0.pb nor a folder with one in it");
      }
      return sets;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return the inputs of a case}
  ///
  /// @param set the case's folder
  /// @param inputs what the model takes
  /// @throws ModelException if the files are not as many, or cannot be read
  public static Map<String, Value> inputs(Path set, List<TensorSpec> inputs) {
    return match(set, "input", inputs, true);
  }

  /// {@return the outputs of a case that were recorded}
  ///
  /// @param set the case's folder
  /// @param outputs what the model gives
  /// @throws ModelException if there are more files, or one cannot be read
  public static Map<String, Value> outputs(Path set, List<TensorSpec> outputs) {
    return match(set, "output", outputs, false);
  }

  private static Map<String, Value> match(
      Path set, String kind, List<TensorSpec> specs, boolean all) {
    int count = 0;
    while (Files.exists(set.resolve(kind + "_" + count + ".pb"))) {
      count++;
    }
    List<String> names = specs.stream().map(TensorSpec::name).toList();
    if (count > names.size() || (all && count < names.size())) {
      throw new ModelException(
          "%s has %d %s files, but the model has %d %ss: %s"
              .formatted(set, count, kind, names.size(), kind, names));
    }
    List<NamedValue> files = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TensorSpec spec = specs.get(i);
      Path file = set.resolve(kind + "_" + i + ".pb");
      files.add(TensorFile.read(file, spec.kind(), spec.dtype()));
    }
    Set<String> named = new HashSet<>();
    boolean byName = files.stream().allMatch(f -> names.contains(f.name()) && named.add(f.name()));
    Map<String, Value> matched = new LinkedHashMap<>();
    for (int i = 0; i < files.size(); i++) {
      matched.put(byName ? files.get(i).name() : names.get(i), aligned(files.get(i).value()));
    }
    return matched;
  }

  private static Value aligned(Value value) {
    return switch (value) {
      case Tensor tensor -> aligned(tensor);
      case TensorSequence sequence ->
          new TensorSequence(
              sequence.dtype(), sequence.tensors().stream().map(CaseFiles::aligned).toList());
      case OptionalValue(@Nullable Value inner) ->
          inner == null ? value : new OptionalValue(aligned(inner));
    };
  }

  /// {@return a copy in memory of its own, whose alignment no engine can complain about}
  private static Tensor aligned(Tensor tensor) {
    if (tensor.dtype() == DType.STRING) {
      return tensor;
    }
    Tensor copy = Tensor.allocate(tensor.dtype(), tensor.shape());
    copy.segment().copyFrom(tensor.segment());
    return copy;
  }
}
