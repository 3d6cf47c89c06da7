package dev.jiffy.cli;

import dev.jiffy.bench.CaseFolder;
import dev.jiffy.bench.InputSource;
import dev.jiffy.bench.SyntheticInputs;
import dev.jiffy.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/// The options that say what a model is fed with: recorded cases, or made-up inputs.
final class InputMixin extends Mixed {
  @Option(
      names = "--case",
      paramLabel = "DIR",
      description =
          "A folder with input_0.pb, ... and perhaps output_0.pb, ..., or one with several such"
              + " folders. May be given several times.")
  private final List<Path> folders = new ArrayList<>();

  @Option(
      names = "--shape",
      paramLabel = "INPUT=EXTENTS",
      split = ",",
      converter = {OptionValues.Name.class, OptionValues.Extents.class},
      description = "The extents of a made-up input, as in input_ids=1x128.")
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  @Option(
      names = "--dim",
      paramLabel = "NAME=EXTENT",
      split = ",",
      converter = {OptionValues.Name.class, OptionValues.Extent.class},
      description = "The extent of a named dimension of made-up inputs, as in batch=1,seq=128.")
  private final Map<String, Long> dims = new LinkedHashMap<>();

  /// {@return whether any of the options is given}
  boolean areGiven() {
    return !folders.isEmpty() || !shapes.isEmpty() || !dims.isEmpty();
  }

  /// {@return where the inputs come from, at least one source}
  List<InputSource> sources() {
    if (folders.isEmpty()) {
      return List.of(new SyntheticInputs(shapes, dims));
    }
    if (!shapes.isEmpty() || !dims.isEmpty()) {
      throw usage("--case brings its own shapes: --shape and --dim do not go with it.");
    }
    return folders.stream().<InputSource>map(CaseFolder::new).toList();
  }

  /// {@return where the inputs come from, for a command that takes one source}
  InputSource source() {
    if (folders.size() > 1) {
      throw usage("Only one --case goes with this command.");
    }
    return sources().getFirst();
  }
}
