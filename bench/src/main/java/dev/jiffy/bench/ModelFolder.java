package dev.jiffy.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Finds models and their recorded cases in a folder and all folders below.
public final class ModelFolder {
  private ModelFolder() {}

  /// A model.
  ///
  /// @param model its file
  /// @param source its cases: those of the folder of the same name with sets of inputs in it, the
  ///   one beside the model before others, or made-up inputs where there is none
  public record Entry(Path model, InputSource source) {}

  /// {@return the models in a folder, by path}
  ///
  /// @param folder the folder
  /// @throws IllegalArgumentException if it is no folder or has no model
  public static List<Entry> entries(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(folder + ": expected a folder of models");
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.sorted().toList();
      List<Entry> entries =
          all.stream()
              .filter(file -> file.toString().endsWith(".onnx") && Files.isRegularFile(file))
              .map(file -> new Entry(file, source(file, all)))
              .toList();
      if (entries.isEmpty()) {
        throw new IllegalArgumentException(folder + ": no file whose name ends in .onnx");
      }
      return entries;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputSource source(Path model, List<Path> all) {
    String file = String.valueOf(model.getFileName());
    Path name = Path.of(file.substring(0, file.length() - ".onnx".length()));
    Path beside = model.resolveSibling(name).normalize();
    return all.stream()
        .filter(path -> "input_0.pb".equals(String.valueOf(path.getFileName())))
        .map(path -> path.resolve("../..").normalize())
        .filter(path -> name.equals(path.getFileName()))
        .min(Comparator.comparing(path -> !path.equals(beside)))
        .<InputSource>map(CaseFolder::new)
        .orElseGet(() -> new SyntheticInputs(Map.of(), Map.of()));
  }
}
