package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Decision trees as ONNX has them: in the form of operator set 3, or where that lacks something in
/// that of operator set 5.
final class TreeExports {
  private TreeExports() {}

  /// Writes trees.
  static void export(ExportScope node, TableOp.TreeEnsemble op) {
    Forest forest = op.ensemble().forest();
    boolean hasSets = false;
    for (int i = 0; i < forest.nodes(); i++) {
      hasSets |= forest.mode(i) == NodeMode.MEMBER;
    }
    if (hasSets || op.dtype() == DType.F64) {
      flat(node, op);
    } else {
      numbered(node, op);
    }
  }

  // ---- operator set 3

  private static void numbered(ExportScope node, TableOp.TreeEnsemble op) {
    Ensemble ensemble = op.ensemble();
    Tensor labels = op.labels();
    Numbered lists = new Numbered(ensemble.forest());
    String kind = labels == null ? "target" : "class";
    AttributeSet attributes =
        new AttributeSet()
            .integers("nodes_treeids", lists.trees)
            .integers("nodes_nodeids", lists.ids)
            .integers("nodes_featureids", lists.features)
            .integers("nodes_truenodeids", lists.yes)
            .integers("nodes_falsenodeids", lists.no)
            .integers("nodes_missing_value_tracks_true", lists.missing)
            .texts("nodes_modes", lists.modes)
            .integers(kind + "_treeids", lists.weightTrees)
            .integers(kind + "_nodeids", lists.weightNodes)
            .integers(kind + "_ids", lists.targets)
            .text("post_transform", ensemble.transform().name());
    numbers(attributes, "nodes_values", lists.values, ensemble.isDouble());
    numbers(attributes, kind + "_weights", lists.weights, ensemble.isDouble());
    numbers(attributes, "base_values", ensemble.base(), ensemble.isDouble());
    if (labels == null) {
      attributes.integer("n_targets", ensemble.forest().targets());
      attributes.text("aggregate_function", ensemble.aggregate().name());
      node.table("TreeEnsembleRegressor", attributes, node.input(0));
    } else {
      TableExports.labels(attributes, labels, "classlabels_int64s");
      node.table("TreeEnsembleClassifier", attributes, node.input(0));
    }
  }

  private static void numbers(
      AttributeSet attributes, String name, List<Double> values, boolean isDouble) {
    if (values.isEmpty()) {
      return;
    }
    if (isDouble) {
      attributes.tensor(name + "_as_tensor", tensor(values, true));
    } else {
      attributes.reals(name, values.stream().map(Double::floatValue).toList());
    }
  }

  private static Tensor tensor(List<Double> values, boolean isDouble) {
    double[] numbers = values.stream().mapToDouble(Double::doubleValue).toArray();
    if (isDouble) {
      return Tensor.of(numbers, numbers.length);
    }
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return Tensor.of(floats, floats.length);
  }

  /// The lists of nodes and weights, in which each tree's nodes are numbered from its root on.
  private static final class Numbered {
    private final List<Long> trees = new ArrayList<>();
    private final List<Long> ids = new ArrayList<>();
    private final List<Long> features = new ArrayList<>();
    private final List<Long> yes = new ArrayList<>();
    private final List<Long> no = new ArrayList<>();
    private final List<Long> missing = new ArrayList<>();
    private final List<String> modes = new ArrayList<>();
    private final List<Double> values = new ArrayList<>();
    private final List<Long> weightTrees = new ArrayList<>();
    private final List<Long> weightNodes = new ArrayList<>();
    private final List<Long> targets = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();

    Numbered(Forest forest) {
      for (int tree = 0; tree < forest.trees(); tree++) {
        List<Integer> nodes = new ArrayList<>();
        Map<Integer, Long> numbers = new HashMap<>();
        number(forest.root(tree), nodes, numbers);
        for (int next = 0; next < nodes.size(); next++) {
          int node = nodes.get(next);
          if (!forest.isLeaf(node)) {
            number(forest.yes(node), nodes, numbers);
            number(forest.no(node), nodes, numbers);
          }
        }
        for (int i = 0; i < nodes.size(); i++) {
          add(forest, tree, i, nodes.get(i), numbers);
        }
      }
    }

    private static void number(int node, List<Integer> nodes, Map<Integer, Long> numbers) {
      if (numbers.putIfAbsent(node, (long) nodes.size()) == null) {
        nodes.add(node);
      }
    }

    private void add(Forest forest, long tree, long id, int node, Map<Integer, Long> numbers) {
      boolean isLeaf = forest.isLeaf(node);
      trees.add(tree);
      ids.add(id);
      modes.add(isLeaf ? "LEAF" : "BRANCH_" + forest.mode(node));
      features.add(isLeaf ? 0L : (long) forest.feature(node));
      values.add(isLeaf ? 0 : forest.threshold(node));
      missing.add(forest.takesMissing(node) ? 1L : 0L);
      yes.add(isLeaf ? Long.valueOf(0) : numbers.get(forest.yes(node)));
      no.add(isLeaf ? Long.valueOf(0) : numbers.get(forest.no(node)));
      for (int i = forest.weightsFrom(node); isLeaf && i < forest.weightsTo(node); i++) {
        weightTrees.add(tree);
        weightNodes.add(id);
        targets.add((long) forest.target(i));
        weights.add(forest.weight(i));
      }
    }
  }

  // ---- operator set 5

  private static void flat(ExportScope node, TableOp.TreeEnsemble op) {
    Ensemble ensemble = op.ensemble();
    Forest forest = ensemble.forest();
    if (op.labels() != null || !ensemble.base().isEmpty()) {
      throw node.cannot("sets, or results of f64, with classes or base values");
    }
    int[] places = new int[forest.nodes()];
    Flat lists = new Flat();
    for (int i = 0; i < places.length; i++) {
      places[i] = forest.isLeaf(i) ? lists.leaf(node, forest, i) : lists.count++;
    }
    for (int i = 0; i < places.length; i++) {
      if (!forest.isLeaf(i)) {
        lists.add(forest, i, places);
      }
    }
    List<Long> roots = new ArrayList<>();
    for (int tree = 0; tree < forest.trees(); tree++) {
      int root = forest.root(tree);
      roots.add(forest.isLeaf(root) ? lists.stump(places[root]) : (long) places[root]);
    }
    boolean isDouble = ensemble.isDouble();
    AttributeSet attributes =
        new AttributeSet()
            .integers("nodes_featureids", lists.features)
            .integers("nodes_truenodeids", lists.yes)
            .integers("nodes_falsenodeids", lists.no)
            .integers("nodes_trueleafs", lists.yesLeaves)
            .integers("nodes_falseleafs", lists.noLeaves)
            .integers("nodes_missing_value_tracks_true", lists.missing)
            .integers("leaf_targetids", lists.targets)
            .integers("tree_roots", roots)
            .integer("n_targets", forest.targets())
            .integer("aggregate_function", TreeImports.number(ensemble.aggregate()))
            .integer("post_transform", TreeImports.number(ensemble.transform()))
            .tensor("nodes_splits", tensor(lists.splits, isDouble))
            .tensor("leaf_weights", tensor(lists.weights, isDouble))
            .tensor("nodes_modes", bytes(lists.modes));
    if (!lists.members.isEmpty()) {
      attributes.tensor("membership_values", tensor(lists.members, isDouble));
    }
    node.table("TreeEnsemble", attributes, node.input(0));
  }

  private static Tensor bytes(List<Integer> values) {
    Tensor tensor = Tensor.allocate(DType.U8, Shape.of(values.size()));
    for (int i = 0; i < values.size(); i++) {
      tensor.setLong(i, values.get(i));
    }
    return tensor;
  }

  /// The lists of nodes and of leaves.
  private static final class Flat {
    private int count;
    private final List<Integer> modes = new ArrayList<>();
    private final List<Double> splits = new ArrayList<>();
    private final List<Long> features = new ArrayList<>();
    private final List<Long> yes = new ArrayList<>();
    private final List<Long> no = new ArrayList<>();
    private final List<Long> yesLeaves = new ArrayList<>();
    private final List<Long> noLeaves = new ArrayList<>();
    private final List<Long> missing = new ArrayList<>();
    private final List<Long> targets = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();
    private final List<Double> members = new ArrayList<>();

    int leaf(ExportScope node, Forest forest, int leaf) {
      int weight = forest.weightsFrom(leaf);
      if (forest.weightsTo(leaf) != weight + 1) {
        throw node.cannot("a leaf with other than one weight");
      }
      targets.add((long) forest.target(weight));
      weights.add(forest.weight(weight));
      return weights.size() - 1;
    }

    void add(Forest forest, int node, int[] places) {
      modes.add(TreeImports.number(forest.mode(node)));
      features.add((long) forest.feature(node));
      yes.add((long) places[forest.yes(node)]);
      no.add((long) places[forest.no(node)]);
      yesLeaves.add(forest.isLeaf(forest.yes(node)) ? 1L : 0L);
      noLeaves.add(forest.isLeaf(forest.no(node)) ? 1L : 0L);
      missing.add(forest.takesMissing(node) ? 1L : 0L);
      if (forest.mode(node) == NodeMode.MEMBER) {
        splits.add(0.0);
        Arrays.stream(forest.set(node)).forEach(members::add);
        members.add(Double.NaN);
      } else {
        splits.add(forest.threshold(node));
      }
    }

    /// A tree that is one leaf: a node both of whose children it is.
    long stump(int leaf) {
      modes.add(0);
      features.add(0L);
      splits.add(0.0);
      yes.add((long) leaf);
      no.add((long) leaf);
      yesLeaves.add(1L);
      noLeaves.add(1L);
      missing.add(0L);
      return modes.size() - 1L;
    }
  }
}
