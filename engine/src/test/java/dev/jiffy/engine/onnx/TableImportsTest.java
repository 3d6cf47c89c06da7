package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Operators on tables: what files may say, and what is refused.
final class TableImportsTest {
  /// A tree of three nodes, in the form of operator set 3.
  private static Map<String, AttributeProto> tree() {
    Map<String, AttributeProto> attributes = new LinkedHashMap<>();
    attributes.put("n_targets", Models.integer(1));
    attributes.put("nodes_treeids", Models.ints(0L, 0L, 0L));
    attributes.put("nodes_nodeids", Models.ints(0L, 1L, 2L));
    attributes.put("nodes_featureids", Models.ints(1L, 0L, 0L));
    attributes.put("nodes_truenodeids", Models.ints(1L, 0L, 0L));
    attributes.put("nodes_falsenodeids", Models.ints(2L, 0L, 0L));
    attributes.put("nodes_modes", texts("BRANCH_LEQ", "LEAF", "LEAF"));
    attributes.put("nodes_values", reals(0.5f, 0, 0));
    attributes.put("target_treeids", Models.ints(0L, 0L));
    attributes.put("target_nodeids", Models.ints(2L, 1L));
    attributes.put("target_ids", Models.ints(0L, 0L));
    attributes.put("target_weights", reals(20, 10));
    return attributes;
  }

  private static AttributeProto reals(float... values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return new AttributeProto.Floats(list);
  }

  private static AttributeProto texts(String... values) {
    return new AttributeProto.Strings(List.of(values));
  }

  private static Graph graph(String operator, Map<String, AttributeProto> attributes) {
    return Importer.graph(
        Models.opset(13)
            .input("x", DType.F32, -1, 2)
            .node("ai.onnx.ml", operator, List.of("x"), List.of("y"), attributes)
            .output("y")
            .model());
  }

  private static float[] answers(Graph graph, float... x) {
    Tensor rows = Tensor.of(x, x.length / 2, 2);
    return answers(graph, Map.of("x", rows));
  }

  private static float[] answers(Graph graph, Map<String, Tensor> inputs) {
    return Objects.requireNonNull(Interpreter.run(graph, inputs).get("y")).toFloats();
  }

  private static void refuses(String message, String attribute, AttributeProto value) {
    Map<String, AttributeProto> attributes = tree();
    attributes.put(attribute, value);
    ModelException e =
        assertThrows(ModelException.class, () -> graph("TreeEnsembleRegressor", attributes));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::getMessage);
  }

  @Test
  void nodesAreFoundByTheirNumbers() {
    float[] expected = {10, 20, 20};
    float[] x = {9, 0.5f, 0, 0.75f, 0, Float.NaN};
    Map<String, AttributeProto> attributes = tree();
    assertEquals(
        Arrays.toString(expected),
        Arrays.toString(answers(graph("TreeEnsembleRegressor", attributes), x)));
    attributes.put("nodes_nodeids", Models.ints(7L, 3L, 4L));
    attributes.put("nodes_truenodeids", Models.ints(3L, 0L, 0L));
    attributes.put("nodes_falsenodeids", Models.ints(4L, 0L, 0L));
    attributes.put("target_nodeids", Models.ints(4L, 3L));
    assertEquals(
        Arrays.toString(expected),
        Arrays.toString(answers(graph("TreeEnsembleRegressor", attributes), x)));
    attributes.put("nodes_missing_value_tracks_true", Models.ints(1L, 0L, 0L));
    expected[2] = 10;
    assertEquals(
        Arrays.toString(expected),
        Arrays.toString(answers(graph("TreeEnsembleRegressor", attributes), x)));
  }

  @Test
  void malformedTreesAreRefused() {
    refuses(
        "tree 0 has no node 5, the true child of node 0",
        "nodes_truenodeids",
        Models.ints(5L, 0L, 0L));
    refuses("a path does not end", "nodes_truenodeids", Models.ints(0L, 0L, 0L));
    refuses("tree 0 has two nodes 1", "nodes_nodeids", Models.ints(0L, 1L, 1L));
    refuses(
        "'nodes_nodeids' has 2 elements, but 'nodes_treeids' has 3",
        "nodes_nodeids",
        Models.ints(0L, 1L));
    refuses("not listed together", "nodes_treeids", Models.ints(0L, 1L, 0L));
    refuses("there is no tree 9", "target_treeids", Models.ints(9L, 0L));
    refuses("tree 0 has no node 8, the owner of weight 0", "target_nodeids", Models.ints(8L, 1L));
    refuses("target: expected 0 to 0, got 3", "target_ids", Models.ints(3L, 0L));
    refuses("node mode 'BRANCH'", "nodes_modes", texts("BRANCH", "LEAF", "LEAF"));
    refuses("expected a feature from 0", "nodes_featureids", Models.ints(-1L, 0L, 0L));
    refuses("got 2147483647", "nodes_featureids", Models.ints((long) Integer.MAX_VALUE, 0L, 0L));
    refuses(
        "expected at least 1000001 features", "nodes_featureids", Models.ints(1_000_000L, 0L, 0L));
    refuses("overflow", "nodes_featureids", Models.ints(1L << 40, 0L, 0L));
    refuses("base values: expected none or 1, got 2", "base_values", reals(1, 2));
    refuses("targets: expected at least 1, got 0", "n_targets", Models.integer(0));
    refuses("'nodes_depth' is not known", "nodes_depth", Models.integer(1));
  }

  @Test
  void treesOfTheFifthSetAreChecked() {
    Map<String, AttributeProto> attributes = new LinkedHashMap<>();
    attributes.put("n_targets", Models.integer(1));
    attributes.put("nodes_featureids", Models.ints(1L));
    attributes.put("nodes_truenodeids", Models.ints(0L));
    attributes.put("nodes_falsenodeids", Models.ints(1L));
    attributes.put("nodes_trueleafs", Models.ints(1L));
    attributes.put("nodes_falseleafs", Models.ints(1L));
    attributes.put("nodes_modes", tensor(Tensor.of(new byte[] {6}, 1)));
    attributes.put("nodes_splits", tensor(Tensor.of(new float[] {0}, 1)));
    attributes.put("membership_values", tensor(Tensor.of(new float[] {3, -0.0f, Float.NaN}, 3)));
    attributes.put("leaf_targetids", Models.ints(0L, 0L));
    attributes.put("leaf_weights", tensor(Tensor.of(new float[] {1, 2}, 2)));
    attributes.put("tree_roots", Models.ints(0L));
    assertEquals(
        "[1.0, 1.0, 2.0, 2.0]",
        Arrays.toString(
            answers(graph("TreeEnsemble", attributes), 0, 3, 0, 0, 0, 1, 0, Float.NaN)));
    attributes.put("nodes_falsenodeids", Models.ints(2L));
    ModelException e = assertThrows(ModelException.class, () -> graph("TreeEnsemble", attributes));
    assertTrue(String.valueOf(e.getMessage()).contains("leaf 2, where there are 2"), e::getMessage);
  }

  private static AttributeProto tensor(Tensor tensor) {
    return new AttributeProto.TensorValue(Exporter.initializer("", tensor));
  }

  @Test
  void deepAndWideTreesAreRead() {
    int depth = 100_000;
    Forest.Builder chain = new Forest.Builder(1);
    int leaf = chain.leaf();
    chain.weight(0, 5);
    int next = leaf;
    for (int i = 0; i < depth; i++) {
      int node = chain.branch(NodeMode.LT, 0, i, false);
      chain.children(node, leaf, next);
      next = node;
    }
    chain.root(next);
    assertEquals(depth, chain.build().depth());
  }

  @Test
  void mapsStayTensorsWithLabels(@TempDir Path folder) throws IOException {
    OnnxModel file =
        Models.opset(1)
            .input("x", DType.F32, -1, 2)
            .node(
                "ai.onnx.ml",
                "ZipMap",
                List.of("x"),
                List.of("z"),
                Map.of("classlabels_strings", texts("no", "yes")))
            .node("Identity", List.of("z"), List.of("y"))
            .output("y")
            .model();
    Path path = folder.resolve("maps.onnx");
    OnnxWriter.write(file, path);
    for (boolean optimized : new boolean[] {true, false}) {
      LoadOptions options = LoadOptions.defaults().optimize(optimized);
      try (Model model = Model.load(path, options)) {
        assertEquals(List.of("no", "yes"), model.outputs().getFirst().labels());
      }
    }
    Graph graph = Importer.graph(file);
    TableOp.ZipMap map = assertInstanceOf(TableOp.ZipMap.class, graph.nodes().getFirst().op());
    assertEquals(List.of("no", "yes"), map.labels().strings());
    assertEquals("[1.0, 2.0]", Arrays.toString(answers(graph, 1, 2)));
  }

  @Test
  void categoriesThatAreUnknownMayBeAnError() {
    Map<String, AttributeProto> attributes = new LinkedHashMap<>();
    attributes.put("cats_int64s", Models.ints(4L, 2L));
    assertEquals(
        "[0.0, 1.0, 0.0, 0.0]", Arrays.toString(answers(graph("OneHotEncoder", attributes), 2, 3)));
    attributes.put("zeros", Models.integer(0));
    ModelException e =
        assertThrows(ModelException.class, () -> answers(graph("OneHotEncoder", attributes), 2, 3));
    assertTrue(String.valueOf(e.getMessage()).contains("'3' is none of the 2"), e::getMessage);
  }

  @Test
  void vectorsOfFeaturesAreCutAndFilled() {
    Graph graph =
        Importer.graph(
            Models.opset(13)
                .input("x", DType.F32, -1, 2)
                .input("i", DType.I64, 2, 3)
                .node(
                    "ai.onnx.ml",
                    "FeatureVectorizer",
                    List.of("x", "i"),
                    List.of("y"),
                    Map.of("inputdimensions", Models.ints(3L, 2L)))
                .output("y")
                .model());
    Map<String, Tensor> inputs =
        Map.of(
            "x",
            Tensor.of(new float[] {1, 2, 3, 4}, 2, 2),
            "i",
            Tensor.of(new long[] {5, 6, 7, 8, 9, 10}, 2, 3));
    assertEquals(
        "[1.0, 2.0, 0.0, 5.0, 6.0, 3.0, 4.0, 0.0, 8.0, 9.0]",
        Arrays.toString(answers(graph, inputs)));
  }

  @Test
  void integersAreMoreThanAThresholdBetweenThem() {
    Graph graph =
        Importer.graph(
            Models.opset(13)
                .input("x", DType.I64, 3)
                .node(
                    "ai.onnx.ml",
                    "Binarizer",
                    List.of("x"),
                    List.of("y"),
                    Map.of("threshold", Models.real(-0.5f)))
                .output("y")
                .model());
    Tensor x = Tensor.of(new long[] {-1, 0, 1}, 3);
    assertEquals("[0.0, 1.0, 1.0]", Arrays.toString(answers(graph, Map.of("x", x))));
  }
}
