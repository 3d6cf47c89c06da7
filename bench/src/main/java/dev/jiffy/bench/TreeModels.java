package dev.jiffy.bench;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Made-up forests, and rows for any forest.
final class TreeModels {
  /// The features of made-up forests.
  static final int FEATURES = 20;

  private static final long OPSET = 17;

  /// How far the features of rows are from the thresholds of a forest, relative to them.
  private static final double SPREAD = 0.05;

  private TreeModels() {}

  /// Writes a forest for regression: complete trees of comparisons with normally distributed
  /// thresholds.
  ///
  /// @param trees how many
  /// @param depth the comparisons on each path
  /// @param file where it goes
  static void write(int trees, int depth, Path file) throws IOException {
    Random random = new Random(trees + 1000L * depth);
    Forest.Builder forest = new Forest.Builder(1);
    for (int tree = 0; tree < trees; tree++) {
      forest.root(node(forest, depth, random));
    }
    Ensemble ensemble =
        new Ensemble(
            forest.build(), TreeAggregate.SUM, ScoreTransform.NONE, List.of(0.5), null, false);
    GraphBuilder graph =
        new GraphBuilder("%d trees of depth %d".formatted(trees, depth))
            .input("x", DType.F32, "rows", FEATURES)
            .node(new TableOp.TreeEnsemble(ensemble, null, DType.F32), "scores", "x");
    OnnxWriter.write(graph.build(), OPSET, file);
  }

  private static int node(Forest.Builder forest, int depth, Random random) {
    if (depth == 0) {
      int leaf = forest.leaf();
      forest.weight(0, (float) (0.1 * random.nextGaussian()));
      return leaf;
    }
    int feature = random.nextInt(FEATURES);
    int node = forest.branch(NodeMode.LEQ, feature, (float) random.nextGaussian(), false);
    forest.children(node, node(forest, depth - 1, random), node(forest, depth - 1, random));
    return node;
  }

  /// {@return whether a graph has trees}
  ///
  /// @param graph the graph
  static boolean hasTrees(Graph graph) {
    return graph.nodes().stream().anyMatch(node -> node.op() instanceof TableOp.TreeEnsemble);
  }

  /// {@return rows whose features lie near thresholds of a graph's trees, so that all paths are
  /// gone}
  ///
  /// @param graph the graph
  /// @param rows how many
  /// @param features the features of a row
  /// @param random chooses them
  static Tensor rows(Graph graph, int rows, int features, Random random) {
    List<List<Double>> thresholds = new ArrayList<>();
    for (int i = 0; i < features; i++) {
      thresholds.add(new ArrayList<>());
    }
    for (Node node : graph.nodes()) {
      if (node.op() instanceof TableOp.TreeEnsemble trees) {
        add(trees.ensemble().forest(), thresholds);
      }
    }
    Tensor x = Tensor.allocate(DType.F32, Shape.of(rows, features));
    for (int i = 0; i < rows * features; i++) {
      List<Double> near = thresholds.get(i % features);
      double threshold = near.isEmpty() ? 1 : near.get(random.nextInt(near.size()));
      x.setDouble(i, threshold * (1 + SPREAD * random.nextGaussian()));
    }
    return x;
  }

  private static void add(Forest forest, List<List<Double>> thresholds) {
    for (int node = 0; node < forest.nodes(); node++) {
      boolean isNumber =
          switch (forest.mode(node)) {
            case LEQ, LT, GTE, GT, EQ, NEQ -> true;
            case MEMBER, LEAF -> false;
          };
      if (isNumber && forest.feature(node) < thresholds.size()) {
        thresholds.get(forest.feature(node)).add(forest.threshold(node));
      }
    }
  }
}
