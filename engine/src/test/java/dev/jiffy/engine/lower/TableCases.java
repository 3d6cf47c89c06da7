package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.SupportVectorKernel;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Lookup;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Operators on tables: trees of all kinds, and what else there is.
final class TableCases {
  private static final double[] SPECIAL = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 1e30, -1e-30
  };

  private static final List<NodeMode> MODES =
      Arrays.stream(NodeMode.values()).filter(mode -> mode != NodeMode.LEAF).toList();

  private TableCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    int seed = 0;
    for (int trees : new int[] {0, 1, 7, 8, 9, 40}) {
      for (int depth : new int[] {0, 1, 3, 7}) {
        for (int rows : new int[] {0, 1, 3, 4, 8, 13, 70}) {
          cases.add(trees(seed++, trees, depth, rows));
        }
      }
    }
    cases.add(chain());
    cases.add(sharing());
    cases.add(manyFeatures());
    cases.add(manyRows());
    others(cases);
    return cases;
  }

  /// One tree of two leaves, written down as a formula.
  private static OpCase manyRows() {
    Forest.Builder forest = new Forest.Builder(1);
    int root = forest.branch(NodeMode.LEQ, 1, 0.25, false);
    forest.children(root, leaf(forest, 3), leaf(forest, -4));
    forest.root(root);
    Tensor x = Samples.floats(1, 2000, 2);
    return OpCase.of(
        "one comparison",
        op(forest, TreeAggregate.SUM, DType.F32),
        i -> x.getDouble(2 * i[0] + 1) <= 0.25 ? 3 : -4,
        x);
  }

  private static int leaf(Forest.Builder forest, double weight) {
    int leaf = forest.leaf();
    forest.weight(0, weight);
    return leaf;
  }

  private static Op op(Forest.Builder forest, TreeAggregate aggregate, DType dtype) {
    boolean isDouble = dtype == DType.F64;
    return new TableOp.TreeEnsemble(
        new Ensemble(forest.build(), aggregate, ScoreTransform.NONE, List.of(), null, isDouble),
        null,
        dtype);
  }

  /// A path of many comparisons.
  private static OpCase chain() {
    Forest.Builder forest = new Forest.Builder(1);
    int next = leaf(forest, -1);
    int length = 2000;
    for (int i = length - 1; i >= 0; i--) {
      int node = forest.branch(NodeMode.LT, 0, i, false);
      forest.children(node, leaf(forest, i), next);
      next = node;
    }
    forest.root(next);
    Tensor x = Samples.between(3, -1, length + 1, 20, 1);
    return OpCase.of(
        "a long path",
        op(forest, TreeAggregate.SUM, DType.F32),
        i -> {
          double number = x.getDouble(i[0]);
          return number >= length - 1 ? -1 : Math.max(0, Math.floor(number) + 1);
        },
        x);
  }

  /// Nodes that are reached on several paths.
  private static OpCase sharing() {
    Forest.Builder forest = new Forest.Builder(1);
    int next = leaf(forest, 0);
    int yes = leaf(forest, 1);
    for (int i = 0; i < 4; i++) {
      int node = forest.branch(NodeMode.EQ, 0, i, false);
      forest.children(node, yes, next);
      next = node;
    }
    forest.root(next);
    Tensor x = Tensor.of(new float[] {0, 1, 2, 3, 4, 0.5f, -1, Float.NaN, 3, 3}, 10, 1);
    return OpCase.of(
        "a chain of equalities",
        op(forest, TreeAggregate.SUM, DType.F32),
        i -> List.of(1, 1, 1, 1, 0, 0, 0, 0, 1, 1).get((int) i[0]),
        x);
  }

  /// More features than 16 bits can number.
  private static OpCase manyFeatures() {
    int features = 70_000;
    Forest.Builder forest = new Forest.Builder(1);
    for (int i = 0; i < 9; i++) {
      int root = forest.branch(NodeMode.GTE, features - 1 - i, 0, false);
      forest.children(root, leaf(forest, i), leaf(forest, -i));
      forest.root(root);
    }
    return OpCase.of(
        "many features",
        op(forest, TreeAggregate.SUM, DType.F32),
        null,
        Samples.floats(4, 9, features));
  }

  private static OpCase trees(int seed, int trees, int depth, int rows) {
    Random random = new Random(seed);
    boolean isDouble = random.nextInt(4) == 0;
    boolean isClassifier = random.nextInt(2) == 0;
    int targets = (isClassifier ? 2 : 1) + random.nextInt(3);
    int features = 1 + random.nextInt(30);
    boolean isSparse = random.nextBoolean();
    Forest.Builder forest = new Forest.Builder(targets);
    for (int tree = 0; tree < trees; tree++) {
      int target = isSparse ? tree % targets : -1;
      forest.root(node(random, forest, depth, features, targets, target));
    }
    List<TreeAggregate> aggregates = List.of(TreeAggregate.values());
    TreeAggregate aggregate =
        isClassifier
            ? TreeAggregate.SUM
            : aggregates.get(random.nextInt(random.nextBoolean() ? 1 : aggregates.size()));
    List<ScoreTransform> transforms =
        List.of(
            ScoreTransform.NONE,
            ScoreTransform.SOFTMAX,
            ScoreTransform.LOGISTIC,
            ScoreTransform.SOFTMAX_ZERO);
    List<Double> base = new ArrayList<>();
    for (int i = 0; i < targets && seed % 2 == 0; i++) {
      base.add(0.25 * i - 0.5);
    }
    Ensemble ensemble =
        new Ensemble(
            forest.build(),
            aggregate,
            transforms.get(random.nextInt(transforms.size())),
            base,
            isClassifier ? new Ensemble.Decision(false, random.nextBoolean()) : null,
            isDouble);
    Tensor x = Tensor.allocate(isDouble ? DType.F64 : DType.F32, Shape.of(rows, features));
    for (long i = 0; i < x.shape().elements(); i++) {
      x.setDouble(i, number(random));
    }
    @Nullable Tensor labels = isClassifier ? labels(targets) : null;
    Op op = new TableOp.TreeEnsemble(ensemble, labels, DType.F32);
    return new OpCase("seed " + seed, op, Arrays.asList(x), isClassifier ? 2 : 1, null);
  }

  private static Tensor labels(int count) {
    long[] labels = new long[count];
    Arrays.setAll(labels, i -> 10 - 3 * i);
    return Tensor.of(labels, count);
  }

  private static double number(Random random) {
    return random.nextInt(12) == 0
        ? SPECIAL[random.nextInt(SPECIAL.length)]
        : (random.nextInt(21) - 10) * 0.5;
  }

  private static int node(
      Random random, Forest.Builder forest, int depth, int features, int targets, int target) {
    if (depth == 0 || random.nextInt(8) == 0) {
      int leaf = forest.leaf();
      boolean isDense = target < 0 && random.nextInt(4) > 0;
      int own = target < 0 ? random.nextInt(targets) : target;
      for (int i = 0; i < (isDense ? targets : 1); i++) {
        forest.weight(isDense ? i : own, (random.nextInt(17) - 8) * 0.0625);
      }
      return leaf;
    }
    NodeMode mode = MODES.get(random.nextInt(MODES.size()));
    boolean takesMissing = random.nextBoolean();
    int feature = random.nextInt(features);
    int node =
        mode == NodeMode.MEMBER
            ? forest.member(feature, new double[] {1, 2, -0.0}, takesMissing)
            : forest.branch(mode, feature, (float) number(random), takesMissing);
    int yes = node(random, forest, depth - 1, features, targets, target);
    int no = node(random, forest, depth - 1, features, targets, target);
    forest.children(node, yes, no);
    return node;
  }

  private static void others(List<OpCase> cases) {
    Tensor x = Samples.floats(5, 6, 3);
    for (SupportVectorKernel.Shape shape : SupportVectorKernel.Shape.values()) {
      Op op = new TableOp.VectorKernels(new SupportVectorKernel(shape, 0.25f, 0.5f, 2));
      cases.add(OpCase.of(shape.toString(), op, null, x, Samples.floats(6, 3, 5)));
    }
    for (ScoreTransform transform : ScoreTransform.values()) {
      if (transform != ScoreTransform.PROBIT) {
        cases.add(OpCase.of(transform.toString(), new TableOp.Scores(transform), null, x));
      }
    }
    for (ClassChoice choice : ClassChoice.values()) {
      Op op = new TableOp.Classify(choice, ScoreTransform.LOGISTIC, labels(3));
      cases.add(new OpCase(choice.toString(), op, Arrays.asList(x), 2, null));
      for (int classes : new int[] {1, 2, 5}) {
        boolean isKnown = choice == ClassChoice.GREATEST;
        Tensor labels = labels(isKnown ? classes : 1);
        Tensor scores = Samples.floats(7, 9, classes);
        scores.setDouble(0, Double.NaN);
        scores.setDouble(3, Double.POSITIVE_INFINITY);
        Op plain = new TableOp.Classify(choice, ScoreTransform.NONE, labels);
        cases.add(new OpCase(choice + " of " + classes, plain, Arrays.asList(scores), 1, null));
      }
    }
    Tensor keys = Tensor.of(new long[] {3, 1}, 2);
    Tensor values = Tensor.of(new float[] {0.5f, -1}, 2);
    Op map = new TableOp.MapValues(new Lookup(keys, values, Tensor.of(new float[] {9}, 1)));
    Tensor numbers = Tensor.of(new long[] {1, 2, 3}, 3);
    cases.add(OpCase.of("numbers", map, i -> new double[] {-1, 9, 0.5}[(int) i[0]], numbers));
    for (long distance : new long[] {5, 1L << 40}) {
      Tensor apart = Tensor.of(new long[] {7, 7 - distance, 7}, 3);
      Tensor each = Tensor.of(new float[] {0.5f, -1, 2}, 3);
      Op lookup = new TableOp.MapValues(new Lookup(apart, each, Tensor.of(new float[] {9}, 1)));
      Tensor some =
          Tensor.of(new long[] {7, 8, 7 - distance, 6, Long.MIN_VALUE, Long.MAX_VALUE}, 6);
      double[] found = {0.5, 9, -1, 9, 9, 9};
      cases.add(OpCase.of("apart" + distance, lookup, i -> found[(int) i[0]], some));
    }
    Op zip = new TableOp.ZipMap(labels(3));
    cases.add(OpCase.of("columns", zip, i -> x.getDouble(3 * i[0] + i[1]), x));
  }
}
