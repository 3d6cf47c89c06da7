package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Ensemble.Decision;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decision trees in the forms of the operator sets 1 and 3, which number nodes within trees.
final class TreeImports {
  private TreeImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "TreeEnsembleClassifier" -> Operator.of(1, 1, 1, 2, TreeImports::classifier);
      case "TreeEnsembleRegressor" -> Operator.of(1, 1, 1, 1, TreeImports::regressor);
      case "TreeEnsemble" -> Operator.of(5, 1, 1, 1, TreeImports::ensemble);
      default -> null;
    };
  }

  private static void classifier(NodeScope node) {
    Tensor labels = TableImports.labels(node, "classlabels_strings", "classlabels_int64s");
    long classes = labels.shape().elements();
    Weights weights = new Weights(node, "class");
    Forest forest = forest(node, Math.toIntExact(classes), weights);
    Set<Long> used = new HashSet<>();
    boolean isPositive = true;
    for (int i = 0; i < weights.targets.length; i++) {
      used.add(weights.targets[i]);
      isPositive &= !(weights.values[i] < 0);
    }
    Decision decision = new Decision(classes == 2 && used.size() == 1, isPositive);
    finish(node, forest, TreeAggregate.SUM, decision, labels);
  }

  private static void regressor(NodeScope node) {
    TreeAggregate aggregate = node.choice("aggregate_function", TreeAggregate.SUM);
    int targets = Math.toIntExact(node.integer("n_targets"));
    finish(node, forest(node, targets, new Weights(node, "target")), aggregate, null, null);
  }

  private static void finish(
      NodeScope node,
      Forest forest,
      TreeAggregate aggregate,
      @Nullable Decision decision,
      @Nullable Tensor labels) {
    ScoreTransform transform = node.choice("post_transform", ScoreTransform.NONE);
    List<Double> base = Arrays.stream(numbers(node, "base_values")).boxed().toList();
    boolean isDouble = isDouble(node);
    Ensemble ensemble = new Ensemble(forest, aggregate, transform, base, decision, isDouble);
    make(node, new TableOp.TreeEnsemble(ensemble, labels, DType.F32), isDouble);
  }

  /// Makes the node; whole numbers are compared as f32.
  private static void make(NodeScope node, TableOp.TreeEnsemble op, boolean isDouble) {
    DType compared = isDouble ? DType.F64 : DType.F32;
    DType found = node.dtype(node.input(0));
    String x =
        found == compared ? node.input(0) : node.make(new Op.Cast(compared, true), node.input(0));
    node.results(op, x);
  }

  /// Whether numbers are compared and summed as f64: where the input or an attribute is.
  private static boolean isDouble(NodeScope node) {
    boolean isDouble = node.dtype(node.input(0)) == DType.F64;
    for (String name : List.of("nodes_values", "target_weights", "class_weights", "base_values")) {
      isDouble |= isDouble(node, name + "_as_tensor");
    }
    return isDouble;
  }

  private static boolean isDouble(NodeScope node, String attribute) {
    Tensor tensor = node.tensor(attribute);
    return tensor != null && tensor.dtype() == DType.F64;
  }

  /// The numbers of an attribute, which may be a tensor instead.
  private static double[] numbers(NodeScope node, String attribute) {
    Tensor tensor = node.tensor(attribute + "_as_tensor");
    if (tensor != null) {
      return tensor.toDoubles();
    }
    float[] floats = FloatList.array(node.reals(attribute));
    double[] numbers = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      numbers[i] = floats[i];
    }
    return numbers;
  }

  /// What leaves weigh, as the attributes list it: for each weight its tree, node and target.
  private static final class Weights {
    private final long[] trees;
    private final long[] nodes;
    private final long[] targets;
    private final double[] values;

    Weights(NodeScope node, String kind) {
      trees = node.integerArray(kind + "_treeids");
      nodes = node.integerArray(kind + "_nodeids");
      targets = node.integerArray(kind + "_ids");
      values = numbers(node, kind + "_weights");
      same(node, kind + "_nodeids", nodes.length, kind + "_treeids", trees.length);
      same(node, kind + "_ids", targets.length, kind + "_treeids", trees.length);
      same(node, kind + "_weights", values.length, kind + "_treeids", trees.length);
    }
  }

  static void same(NodeScope node, String name, int found, String other, int expected) {
    if (found != expected) {
      throw node.invalid(
          "attribute '%s' has %d elements, but '%s' has %d"
              .formatted(name, found, other, expected));
    }
  }

  private static Forest forest(NodeScope node, int targets, Weights weights) {
    node.ignore("nodes_hitrates", "nodes_hitrates_as_tensor");
    long[] trees = node.integerArray("nodes_treeids");
    long[] ids = node.integerArray("nodes_nodeids");
    long[] features = node.integerArray("nodes_featureids");
    long[] yes = node.integerArray("nodes_truenodeids");
    long[] no = node.integerArray("nodes_falsenodeids");
    long[] missing = node.integerArray("nodes_missing_value_tracks_true");
    List<String> modes = node.texts("nodes_modes");
    double[] values = numbers(node, "nodes_values");
    int count = trees.length;
    same(node, "nodes_nodeids", ids.length, "nodes_treeids", count);
    same(node, "nodes_featureids", features.length, "nodes_treeids", count);
    same(node, "nodes_truenodeids", yes.length, "nodes_treeids", count);
    same(node, "nodes_falsenodeids", no.length, "nodes_treeids", count);
    same(node, "nodes_modes", modes.size(), "nodes_treeids", count);
    same(node, "nodes_values", values.length, "nodes_treeids", count);
    if (missing.length != 0) {
      same(node, "nodes_missing_value_tracks_true", missing.length, "nodes_treeids", count);
    }
    NodeIds places = new NodeIds(trees, ids);
    int[] order = places.order(weights.trees, weights.nodes);
    Forest.Builder forest = new Forest.Builder(targets);
    int weight = 0;
    for (int i = 0; i < count; i++) {
      NodeMode mode = mode(node, modes.get(i));
      boolean takesMissing = missing.length != 0 && missing[i] == 1;
      if (mode == NodeMode.LEAF) {
        int _ = forest.leaf();
      } else {
        int _ = forest.branch(mode, Math.toIntExact(features[i]), values[i], takesMissing);
        forest.children(
            i,
            places.of(trees[i], yes[i], "true child of node", ids[i]),
            places.of(trees[i], no[i], "false child of node", ids[i]));
      }
      // weights of nodes that are no leaves are there in files of old exporters, to no effect
      for (; weight < order.length && places.at(order[weight]) == i; weight++) {
        if (mode == NodeMode.LEAF) {
          int k = order[weight];
          forest.weight(Math.toIntExact(weights.targets[k]), weights.values[k]);
        }
      }
    }
    for (int root : places.roots()) {
      forest.root(root);
    }
    return forest.build();
  }

  private static NodeMode mode(NodeScope node, String name) {
    return switch (name) {
      case "BRANCH_LEQ" -> NodeMode.LEQ;
      case "BRANCH_LT" -> NodeMode.LT;
      case "BRANCH_GTE" -> NodeMode.GTE;
      case "BRANCH_GT" -> NodeMode.GT;
      case "BRANCH_EQ" -> NodeMode.EQ;
      case "BRANCH_NEQ" -> NodeMode.NEQ;
      case "LEAF" -> NodeMode.LEAF;
      default -> throw node.invalid("node mode '" + name + "', which ONNX does not define");
    };
  }

  // ---- operator set 5

  /// The modes by the numbers of operator set 5.
  private static final NodeMode[] NUMBERED = {
    NodeMode.LEQ, NodeMode.LT, NodeMode.GTE, NodeMode.GT, NodeMode.EQ, NodeMode.NEQ, NodeMode.MEMBER
  };

  private static final TreeAggregate[] AGGREGATES = {
    TreeAggregate.AVERAGE, TreeAggregate.SUM, TreeAggregate.MIN, TreeAggregate.MAX
  };

  private static final ScoreTransform[] TRANSFORMS = {
    ScoreTransform.NONE,
    ScoreTransform.SOFTMAX,
    ScoreTransform.LOGISTIC,
    ScoreTransform.SOFTMAX_ZERO,
    ScoreTransform.PROBIT
  };

  private static void ensemble(NodeScope node) {
    node.ignore("nodes_hitrates");
    Tensor splits = node.tensor("nodes_splits");
    DType dtype = node.dtype(node.input(0));
    if (splits == null || dtype == null) {
      throw node.invalid("attribute 'nodes_splits' or the type of the input is missing");
    }
    if (dtype != DType.F32 && dtype != DType.F64) {
      node.unsupported("input of type " + dtype);
      return;
    }
    boolean isDouble = dtype == DType.F64 || splits.dtype() == DType.F64;
    Ensemble ensemble =
        new Ensemble(
            new FlatTrees(node, splits.toDoubles()).forest(),
            one(node, "aggregate_function", 1, AGGREGATES),
            one(node, "post_transform", 0, TRANSFORMS),
            List.of(),
            null,
            isDouble);
    make(node, new TableOp.TreeEnsemble(ensemble, null, dtype), isDouble);
  }

  private static <T> T one(NodeScope node, String attribute, int otherwise, T[] values) {
    long number = node.integer(attribute, otherwise);
    if (number < 0 || number >= values.length) {
      throw node.invalid(
          "attribute '%s': expected 0 to %d, got %d"
              .formatted(attribute, values.length - 1, number));
    }
    return values[(int) number];
  }

  /// {@return the mode that operator set 5 gives a number}
  ///
  /// @param node the node, for messages
  /// @param number the number
  static NodeMode mode(NodeScope node, long number) {
    if (number < 0 || number >= NUMBERED.length) {
      throw node.invalid("node mode %d, which ONNX does not define".formatted(number));
    }
    return NUMBERED[(int) number];
  }

  /// {@return the number of a mode in operator set 5}
  ///
  /// @param mode the mode, none of a leaf
  static int number(NodeMode mode) {
    return Arrays.asList(NUMBERED).indexOf(mode);
  }

  /// {@return the number of an aggregate in operator set 5}
  ///
  /// @param aggregate the aggregate
  static int number(TreeAggregate aggregate) {
    return Arrays.asList(AGGREGATES).indexOf(aggregate);
  }

  /// {@return the number of a transform in operator set 5}
  ///
  /// @param transform the transform
  static int number(ScoreTransform transform) {
    return Arrays.asList(TRANSFORMS).indexOf(transform);
  }
}
