package dev.jiffy.engine.function;

/// A forest of one tree, which makes one comparison.
public final class OneComparison {
  private OneComparison() {}

  /// {@return the forest: 1 for the first target where a feature is at most the threshold,
  /// otherwise 2 for the last one}
  ///
  /// @param targets how many there are
  /// @param feature the feature
  /// @param threshold the threshold
  public static Forest forest(int targets, int feature, double threshold) {
    Forest.Builder forest = new Forest.Builder(targets);
    int root = forest.branch(NodeMode.LEQ, feature, threshold, false);
    int yes = forest.leaf();
    forest.weight(0, 1);
    int no = forest.leaf();
    forest.weight(targets - 1, 2);
    forest.children(root, yes, no);
    forest.root(root);
    return forest.build();
  }
}
