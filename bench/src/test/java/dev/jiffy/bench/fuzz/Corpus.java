package dev.jiffy.bench.fuzz;

import dev.jiffy.bench.OperatorCases;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// ONNX's own cases of single operators: what models are made of.
final class Corpus {

  /// Models of more bytes, such as those of images, take too long.
  private static final long MOST_BYTES = 100_000;

  /// A model with its recorded inputs.
  ///
  /// @param name the case's name
  /// @param model the model
  /// @param inputs the tensors among the recorded inputs, by name
  record Seed(String name, Proto model, Map<String, Tensor> inputs) {
    Proto graph() {
      Proto graph = model.message(7);
      return graph == null ? new Proto(Proto.Kind.GRAPH) : graph;
    }
  }

  /// All cases.
  final List<Seed> seeds = new ArrayList<>();

  /// The cases of one node, by its operator.
  final Map<String, List<Seed>> single = new TreeMap<>();

  /// All texts that attributes hold.
  final List<String> texts;

  Corpus() {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> folders = Files.list(OperatorCases.NODE)) {
      for (Path folder : folders.sorted().toList()) {
        read(folder, found);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    texts = List.copyOf(found);
  }

  private void read(Path folder, Set<String> found) throws IOException {
    Path file = folder.resolve("model.onnx");
    Path data = folder.resolve("test_data_set_0");
    if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
      return;
    }
    Proto model = Proto.of(Proto.Kind.MODEL, Files.readAllBytes(file));
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (int i = 0; Files.isRegularFile(data.resolve("input_" + i + ".pb")); i++) {
      Path input = data.resolve("input_" + i + ".pb");
      try {
        inputs.put(
            Proto.of(Proto.Kind.TENSOR, Files.readAllBytes(input)).text(8),
            TensorFile.read(input).tensor());
      } catch (ModelException | IndexOutOfBoundsException _) {
        // no tensor, or none that is known
      }
    }
    Seed seed = new Seed(String.valueOf(folder.getFileName()), model, inputs);
    seeds.add(seed);
    List<Proto> nodes = seed.graph().messages(1);
    if (nodes.size() == 1
        && nodes.getFirst().messages(5).stream().allMatch(a -> a.message(6) == null)) {
      single.computeIfAbsent(nodes.getFirst().text(4), _ -> new ArrayList<>()).add(seed);
    }
    for (Proto node : nodes) {
      for (Proto attribute : node.messages(5)) {
        found.addAll(attribute.texts(4));
      }
    }
  }
}
