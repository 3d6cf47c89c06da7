package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.kernel.TreeKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The keys of a row that a forest compares, and what its nodes compare with them.
///
/// Every comparison becomes `key > bound`: keys of numbers are in the order of the numbers, and a
/// comparison that NaN passes or not, as a node wants, reads one of two keys that differ in that
/// alone. Whether a number is in a set is a key of its own.
///
/// First come the keys of all features, then where needed the second ones, then those of sets, then
/// one that is always 0.
final class KeyColumns {
  /// Whether a feature is in a set.
  ///
  /// @param feature the feature
  /// @param takesMissing whether NaN counts as in it
  /// @param set the numbers
  record Member(int feature, boolean takesMissing, List<Double> set) {}

  /// What a node compares.
  ///
  /// @param column the key
  /// @param bound with what
  /// @param yesIsGreater whether the comparison of the node holds where the key is greater
  record Test(int column, int bound, boolean yesIsGreater) {}

  private static final int NEVER_GREATER = -1;
  private static final int ONLY_NAN_IS_GREATER = -2;

  private final Forest forest;
  private final int features;
  private final boolean isDouble;
  private final boolean isTwice;
  private final Map<Member, Integer> members = new LinkedHashMap<>();

  /// For each feature the numbers that are compared with, ascending; of f64 only.
  private final double[][] cuts;

  /// The columns of a forest.
  ///
  /// @param forest the forest
  /// @param features the number of features of a row
  /// @param isDouble whether features are f64
  KeyColumns(Forest forest, int features, boolean isDouble) {
    this.forest = forest;
    this.features = features;
    this.isDouble = isDouble;
    List<List<Double>> found = new ArrayList<>();
    for (int i = 0; i < features; i++) {
      found.add(new ArrayList<>());
    }
    boolean twice = false;
    for (int node = 0; node < forest.nodes(); node++) {
      switch (forest.mode(node)) {
        case LEAF -> {}
        case EQ, NEQ, MEMBER -> members.putIfAbsent(member(node), members.size());
        case LEQ, LT, GTE, GT -> {
          twice |= isLow(node);
          if (isDouble) {
            found.get(forest.feature(node)).add(cut(node));
          }
        }
      }
    }
    this.isTwice = twice;
    this.cuts =
        found.stream()
            .map(numbers ->
                numbers.stream()
                    .mapToDouble(Double::doubleValue)
                    .filter(x -> !Double.isNaN(x))
                    .sorted()
                    .distinct()
                    .toArray())
            .toArray(double[][]::new);
  }

  private Member member(int node) {
    NodeMode mode = forest.mode(node);
    boolean takesMissing = mode != NodeMode.NEQ && forest.takesMissing(node);
    double[] set =
        mode == NodeMode.MEMBER ? forest.set(node) : new double[] {forest.threshold(node) + 0.0};
    return new Member(forest.feature(node), takesMissing, Arrays.stream(set).boxed().toList());
  }

  private static boolean isAtMost(NodeMode mode) {
    return mode == NodeMode.LEQ || mode == NodeMode.LT;
  }

  /// Whether NaN has to be less than everything.
  private boolean isLow(int node) {
    return isAtMost(forest.mode(node)) == forest.takesMissing(node);
  }

  /// The greatest number that a node does not call greater, or NaN where there is none.
  private double cut(int node) {
    double threshold = forest.threshold(node) + 0.0;
    NodeMode mode = forest.mode(node);
    if (mode == NodeMode.LEQ || mode == NodeMode.GT) {
      return threshold;
    }
    return threshold == Double.NEGATIVE_INFINITY ? Double.NaN : Math.nextDown(threshold);
  }

  /// {@return the number of keys}
  int count() {
    return first() + members.size() + 1;
  }

  private int first() {
    return isTwice ? 2 * features : features;
  }

  /// {@return whether each feature has two keys}
  boolean isTwice() {
    return isTwice;
  }

  /// {@return the key that is always 0}
  int zero() {
    return count() - 1;
  }

  /// {@return where the keys of sets begin}
  int membersFrom() {
    return first();
  }

  /// {@return the sets, in the order of their keys}
  List<Member> members() {
    return List.copyOf(members.keySet());
  }

  /// {@return the numbers that a feature is compared with, ascending}
  ///
  /// @param feature the feature
  double[] cuts(int feature) {
    return cuts[feature];
  }

  /// {@return what a node compares}
  ///
  /// @param node the node, no leaf
  Test test(int node) {
    NodeMode mode = forest.mode(node);
    if (mode == NodeMode.EQ || mode == NodeMode.MEMBER || mode == NodeMode.NEQ) {
      Integer member = members.get(member(node));
      if (member == null) {
        throw new IllegalStateException("node " + node + " has no set");
      }
      return new Test(first() + member, 0, mode == NodeMode.NEQ);
    }
    int column = forest.feature(node) + (isLow(node) ? features : 0);
    boolean yesIsGreater = !isAtMost(mode);
    if (Double.isNaN(forest.threshold(node))) {
      // holds for no number: all are on the other side, and NaN is where the node wants it
      int nobody = forest.takesMissing(node) ? ONLY_NAN_IS_GREATER : NEVER_GREATER;
      return new Test(column, yesIsGreater ? nobody : 0, yesIsGreater);
    }
    return new Test(column, isDouble ? rank(node) : bound(node), yesIsGreater);
  }

  private int rank(int node) {
    double cut = cut(node);
    return Double.isNaN(cut) ? 0 : 1 + Arrays.binarySearch(cuts[forest.feature(node)], cut);
  }

  private int bound(int node) {
    NodeMode mode = forest.mode(node);
    int key = TreeKeys.key((float) forest.threshold(node));
    return mode == NodeMode.LEQ || mode == NodeMode.GT ? key : key - 1;
  }
}
