package dev.jiffy.bench;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Ensemble.Decision;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Trees that XGBoost has trained on made-up rows, one number in ten of which is missing.
final class BoostedTrees implements AutoCloseable {
  /// What is learnt.
  enum Objective {
    /// A number.
    SQUARED_ERROR("reg:squarederror"),
    /// Whether that number is above 1, as a probability.
    LOGISTIC("binary:logistic");

    private final String name;

    Objective(String name) {
      this.name = name;
    }
  }

  static final int FEATURES = 20;
  private static final int ROWS = 2000;
  private static final int ROUNDS = 100;
  private static final int DEPTH = 6;

  final Booster booster;
  private final Objective objective;

  /// Trains.
  ///
  /// @param objective what is learnt
  BoostedTrees(Objective objective) throws XGBoostError {
    this.objective = objective;
    float[] rows = rows(ROWS, new Random(3));
    DMatrix table = new DMatrix(rows, ROWS, FEATURES, Float.NaN);
    try {
      table.setLabel(labels(rows));
      Map<String, Object> settings =
          Map.of("objective", objective.name, "max_depth", DEPTH, "nthread", 1, "verbosity", 0);
      booster = XGBoost.train(table, settings, ROUNDS, Map.of(), null, null);
    } finally {
      table.dispose();
    }
  }

  /// {@return rows with missing numbers, one after the other}
  ///
  /// @param count how many
  /// @param random makes them
  static float[] rows(int count, Random random) {
    float[] rows = new float[count * FEATURES];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.nextInt(10) == 0 ? Float.NaN : (float) random.nextGaussian();
    }
    return rows;
  }

  private float[] labels(float[] rows) {
    float[] labels = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      double sum = 0;
      for (int i = 0; i < FEATURES; i++) {
        float x = rows[row * FEATURES + i];
        sum += Float.isNaN(x) ? 0.3 : Math.sin(2 * x) + (i % 3 == 0 ? x * x : 0.2 * x);
      }
      labels[row] = (float) (objective == Objective.LOGISTIC ? (sum > 1 ? 1 : 0) : sum);
    }
    return labels;
  }

  /// {@return what XGBoost answers to rows}
  ///
  /// @param rows the rows
  float[] predict(float[] rows) throws XGBoostError {
    DMatrix table = new DMatrix(rows, rows.length / FEATURES, FEATURES, Float.NaN);
    try {
      float[][] scores = booster.predict(table);
      float[] all = new float[scores.length];
      for (int i = 0; i < all.length; i++) {
        all[i] = scores[i][0];
      }
      return all;
    } finally {
      table.dispose();
    }
  }

  /// {@return these trees as a model of ONNX}
  ///
  /// What XGBoost begins its sums with is a tree of one leaf before the others, so that both add
  /// the same numbers in the same order.
  Graph graph() throws XGBoostError {
    JsonNode learner = JsonMapper.shared().readTree(booster.toByteArray("json")).get("learner");
    boolean isClassifier = objective == Objective.LOGISTIC;
    Forest.Builder forest = new Forest.Builder(isClassifier ? 2 : 1);
    int start = forest.leaf();
    forest.weight(0, start(learner));
    forest.root(start);
    for (JsonNode tree : learner.at("/gradient_booster/model/trees")) {
      forest.root(node(forest, tree, 0));
    }
    Ensemble ensemble =
        new Ensemble(
            forest.build(),
            TreeAggregate.SUM,
            isClassifier ? ScoreTransform.LOGISTIC : ScoreTransform.NONE,
            List.of(),
            isClassifier ? new Decision(true, false) : null,
            false);
    Tensor labels = isClassifier ? Tensor.of(new long[] {0, 1}, 2) : null;
    return RandomEnsembles.graph(
        new TableOp.TreeEnsemble(ensemble, labels, DType.F32), DType.F32, FEATURES);
  }

  /// The score that trees add to: the file has a list of one number, of a classifier a probability.
  private float start(JsonNode learner) {
    String text = learner.at("/learner_model_param/base_score").asString();
    float base = Float.parseFloat(text.replaceAll("[\\[\\]]", ""));
    return objective == Objective.LOGISTIC ? (float) -Math.log(1 / base - 1) : base;
  }

  private static int node(Forest.Builder forest, JsonNode tree, int node) {
    int left = tree.get("left_children").get(node).intValue();
    double condition = tree.get("split_conditions").get(node).doubleValue();
    if (left < 0) {
      int leaf = forest.leaf();
      forest.weight(0, (float) condition);
      return leaf;
    }
    int feature = tree.get("split_indices").get(node).intValue();
    boolean takesMissing = tree.get("default_left").get(node).intValue() != 0;
    int branch = forest.branch(NodeMode.LT, feature, (float) condition, takesMissing);
    int yes = node(forest, tree, left);
    int no = node(forest, tree, tree.get("right_children").get(node).intValue());
    forest.children(branch, yes, no);
    return branch;
  }

  @Override
  public void close() {
    booster.dispose();
  }
}
