package dev.jiffy.bench;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Ensemble.Decision;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decision trees of every kind, by the number of a seed, as models of one node.
///
/// Numbers are small integers and halves, so that thresholds are often met exactly; among them are
/// NaN, infinities and both zeros.
final class RandomEnsembles {
  private static final double[] SPECIAL = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 1e30, -1e-30
  };

  private final Random random;
  private final boolean isFlat;
  private final boolean isClassifier;
  private final int features;
  private final int targets;
  private final DType input;

  /// A kind of ensemble.
  ///
  /// @param seed its number
  RandomEnsembles(long seed) {
    random = new Random(seed);
    isFlat = random.nextInt(4) == 0;
    isClassifier = !isFlat && random.nextInt(2) == 0;
    features = 1 + random.nextInt(6);
    targets = (isClassifier ? 2 : 1) + random.nextInt(3);
    input = random.nextInt(4) == 0 ? DType.F64 : DType.F32;
  }

  private <T> T one(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private double number() {
    return random.nextInt(12) == 0
        ? SPECIAL[random.nextInt(SPECIAL.length)]
        : (random.nextInt(21) - 10) * 0.5;
  }

  private double threshold() {
    double threshold = number();
    return Double.isNaN(threshold) ? 0 : threshold;
  }

  /// {@return rows of features}
  ///
  /// @param rows how many
  Tensor rows(int rows) {
    Tensor x = Tensor.allocate(input, Shape.of(rows, features));
    for (int i = 0; i < rows * features; i++) {
      x.setDouble(i, number());
    }
    return x;
  }

  /// {@return a model whose input is `x`}
  Graph graph() {
    boolean isDouble = input == DType.F64;
    Forest forest = forest();
    List<ScoreTransform> transforms = new ArrayList<>(List.of(ScoreTransform.values()));
    if (isDouble || targets == 1 || isClassifier) {
      transforms.remove(ScoreTransform.PROBIT);
    }
    ScoreTransform transform = one(transforms);
    List<Double> base = new ArrayList<>();
    if (!isFlat && random.nextBoolean()) {
      for (int i = 0; i < targets; i++) {
        base.add((random.nextInt(9) - 4) * 0.25);
      }
    }
    Decision decision = isClassifier ? decision(forest) : null;
    TreeAggregate aggregate =
        isClassifier ? TreeAggregate.SUM : one(List.of(TreeAggregate.values()));
    Tensor labels = isClassifier ? labels() : null;
    Ensemble ensemble = new Ensemble(forest, aggregate, transform, base, decision, isDouble);
    DType scores = isFlat ? input : DType.F32;
    return graph(new TableOp.TreeEnsemble(ensemble, labels, scores), input, features);
  }

  /// {@return a model of one node}
  ///
  /// @param op the trees
  /// @param input the type of the features
  /// @param features how many there are
  static Graph graph(TableOp.TreeEnsemble op, DType input, int features) {
    List<String> outputs = op.labels() == null ? List.of("scores") : List.of("label", "scores");
    return new GraphBuilder("trees")
        .input("x", input, "rows", features)
        .node(op, outputs, "x")
        .build();
  }

  private Tensor labels() {
    long[] labels = new long[targets];
    for (int i = 0; i < targets; i++) {
      labels[i] = targets == 2 ? i : 5 + 2 * i;
    }
    return Tensor.of(labels, targets);
  }

  private static Decision decision(Forest forest) {
    Set<Integer> used = new HashSet<>();
    boolean isPositive = true;
    for (int node = 0; node < forest.nodes(); node++) {
      for (int i = forest.weightsFrom(node);
          forest.isLeaf(node) && i < forest.weightsTo(node);
          i++) {
        used.add(forest.target(i));
        isPositive &= forest.weight(i) >= 0;
      }
    }
    return new Decision(forest.targets() == 2 && used.size() == 1, isPositive);
  }

  private Forest forest() {
    Forest.Builder builder = new Forest.Builder(targets);
    List<NodeMode> modes = new ArrayList<>(List.of(NodeMode.values()));
    modes.remove(NodeMode.LEAF);
    if (!isFlat) {
      modes.remove(NodeMode.MEMBER);
    }
    if (random.nextBoolean()) {
      modes = List.of(one(modes));
    }
    boolean hasMissing = random.nextBoolean();
    boolean isPositive = random.nextInt(3) == 0;
    Integer only = isClassifier && targets == 2 && random.nextBoolean() ? (Integer) 0 : null;
    int trees = 1 + random.nextInt(random.nextBoolean() ? 5 : 40);
    int depth = 1 + random.nextInt(6);
    for (int tree = 0; tree < trees; tree++) {
      builder.root(node(builder, modes, depth, hasMissing, isPositive, only));
    }
    return builder.build();
  }

  private int node(
      Forest.Builder builder,
      List<NodeMode> modes,
      int depth,
      boolean hasMissing,
      boolean isPositive,
      @Nullable Integer only) {
    if (depth == 0 || (!isFlat && random.nextInt(6) == 0)) {
      return leaf(builder, isPositive, only);
    }
    boolean takesMissing = hasMissing && random.nextBoolean();
    NodeMode mode = one(modes);
    int node;
    if (mode == NodeMode.MEMBER) {
      double[] set = new double[1 + random.nextInt(4)];
      for (int i = 0; i < set.length; i++) {
        set[i] = random.nextInt(random.nextBoolean() ? 6 : 100);
      }
      node = builder.member(random.nextInt(features), set, takesMissing);
    } else {
      node = builder.branch(mode, random.nextInt(features), threshold(), takesMissing);
    }
    int yes = node(builder, modes, depth - 1, hasMissing, isPositive, only);
    int no = node(builder, modes, depth - 1, hasMissing, isPositive, only);
    builder.children(node, yes, no);
    return node;
  }

  private int leaf(Forest.Builder builder, boolean isPositive, @Nullable Integer only) {
    int leaf = builder.leaf();
    int first = only != null ? only : random.nextInt(targets);
    boolean isWhole = !isFlat && only == null && targets > 1 && random.nextBoolean();
    for (int i = 0; i < (isWhole ? targets : 1); i++) {
      double weight = (random.nextInt(17) - (isPositive ? 0 : 8)) * 0.0625;
      builder.weight(isWhole ? i : first, weight);
    }
    return leaf;
  }
}
