package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Cost;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphText;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Verifier;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Facts inferred for the models of ONNX's own suite agree with the suite's results.
class ConformanceInferenceTest {

  @Test
  void factsAgreeWithResults() throws IOException {
    List<Path> cases;
    try (Stream<Path> folders = Files.list(OperatorCases.NODE)) {
      cases = folders.sorted().toList();
    }
    List<String> problems = new ArrayList<>();
    int checked = 0;
    for (Path folder : cases) {
      try (Arena arena = Arena.ofConfined()) {
        Graph graph = graph(folder, arena);
        if (graph != null) {
          checked++;
          check(folder, graph, problems);
          check(folder, Inference.infer(known(folder, graph)), problems);
        }
      }
    }
    assertEquals(List.of(), problems);
    assertTrue(checked >= 850, "only " + checked + " models are imported");
  }

  private static @Nullable Graph graph(Path folder, Arena arena) {
    try {
      return Importer.graph(OnnxReader.read(folder.resolve("model.onnx"), arena));
    } catch (ModelException _) {
      return null; // what is refused, and why, is another test's matter
    }
  }

  /// The graph with the suite's tensors as constants: shapes that depend on them are known then.
  private static Graph known(Path folder, Graph graph) {
    Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
    List<String> others = new ArrayList<>();
    for (int i = 0; i < graph.inputs().size(); i++) {
      String input = graph.inputs().get(i);
      if (value(folder, "input_" + i, graph.fact(input)) instanceof Tensor tensor) {
        constants.put(input, tensor);
      } else {
        others.add(input);
      }
    }
    return new Graph(
        graph.name(), others, graph.outputs(), graph.nodes(), constants, graph.facts());
  }

  private static Value value(Path folder, String name, Fact fact) {
    Path file = folder.resolve("test_data_set_0").resolve(name + ".pb");
    return TensorFile.read(file, fact.kind(), fact.dtype()).value();
  }

  private static void check(Path folder, Graph graph, List<String> problems) {
    Verifier.verify(graph);
    assertTrue(GraphText.of(graph).startsWith("graph "));
    assertEquals(graph.nodes().size(), Cost.of(graph).nodes().size());
    for (int i = 0; i < graph.outputs().size(); i++) {
      Fact fact = graph.fact(graph.outputs().get(i));
      Value result = value(folder, "output_" + i, fact);
      boolean agrees =
          switch (result) {
            case Tensor tensor -> agree(fact, tensor);
            case TensorSequence sequence ->
                sequence.tensors().stream().allMatch(tensor -> agree(fact, tensor));
            case OptionalValue _ -> true;
          };
      if (!agrees) {
        problems.add(folder.getFileName() + ": " + fact + ", the result is " + result);
      }
    }
  }

  private static boolean agree(Fact fact, Tensor result) {
    // the suite stores bf16 results as u16
    boolean sameType =
        fact.dtype() == result.dtype()
            || (fact.dtype() == DType.BF16 && result.dtype() == DType.U16);
    List<Dim> shape = fact.shape();
    if (shape == null) {
      return sameType;
    }
    boolean sameShape = shape.size() == result.shape().rank();
    for (int i = 0; sameShape && i < shape.size(); i++) {
      sameShape = shape.get(i) instanceof Dim.Symbol || shape.get(i).is(result.shape().dim(i));
    }
    long[] value = fact.concreteValue();
    return sameType && sameShape && (value == null || Arrays.equals(value, result.toLongs()));
  }
}
