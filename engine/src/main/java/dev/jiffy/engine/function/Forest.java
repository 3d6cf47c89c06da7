package dev.jiffy.engine.function;

import java.util.Arrays;

/// Decision trees: nodes that compare one feature of a row with a threshold and lead to one of two
/// others, and leaves with weights for targets.
///
/// Immutable. Two forests are equal only if they are the same. Every path from a root ends at a
/// leaf; a node may be reached on several paths.
public final class Forest {
  private static final NodeMode[] MODES = NodeMode.values();

  private final byte[] modes;
  private final int[] features;
  private final double[] thresholds;
  private final boolean[] missing;
  private final int[] first;
  private final int[] second;
  private final int[] targets;
  private final double[] weights;
  private final double[][] sets;
  private final int[] roots;
  private final int targetCount;
  private final int depth;
  private final int featureCount;

  private Forest(Builder from, int depth) {
    modes = Arrays.copyOf(from.modes, from.nodes);
    features = Arrays.copyOf(from.features, from.nodes);
    thresholds = Arrays.copyOf(from.thresholds, from.nodes);
    missing = Arrays.copyOf(from.missing, from.nodes);
    first = Arrays.copyOf(from.first, from.nodes);
    second = Arrays.copyOf(from.second, from.nodes);
    targets = Arrays.copyOf(from.targets, from.weightCount);
    weights = Arrays.copyOf(from.weights, from.weightCount);
    sets = Arrays.copyOf(from.sets, from.setCount);
    roots = Arrays.copyOf(from.roots, from.rootCount);
    targetCount = from.targetCount;
    this.depth = depth;
    int most = -1;
    for (int node = 0; node < from.nodes; node++) {
      most = isLeaf(node) ? most : Math.max(most, features[node]);
    }
    featureCount = most + 1;
  }

  /// {@return the number of trees}
  public int trees() {
    return roots.length;
  }

  /// {@return the number of nodes, leaves included}
  public int nodes() {
    return modes.length;
  }

  /// {@return the number of targets, or classes, that leaves have weights for}
  public int targets() {
    return targetCount;
  }

  /// {@return the number of comparisons on the longest path}
  public int depth() {
    return depth;
  }

  /// {@return one more than the greatest feature that is compared; rows must have as many}
  public int features() {
    return featureCount;
  }

  /// {@return the node at which a tree begins}
  ///
  /// @param tree the tree
  public int root(int tree) {
    return roots[tree];
  }

  /// {@return how a node compares}
  ///
  /// @param node the node
  public NodeMode mode(int node) {
    return MODES[modes[node]];
  }

  /// {@return whether a path ends at a node}
  ///
  /// @param node the node
  public boolean isLeaf(int node) {
    return mode(node) == NodeMode.LEAF;
  }

  /// {@return the feature that a node compares}
  ///
  /// @param node the node, no leaf
  public int feature(int node) {
    return features[node];
  }

  /// {@return what a node compares with}
  ///
  /// @param node the node, neither leaf nor [NodeMode#MEMBER]
  public double threshold(int node) {
    return thresholds[node];
  }

  /// {@return the numbers that a node looks for, ascending, each once}
  ///
  /// @param node a node of [NodeMode#MEMBER]
  public double[] set(int node) {
    return sets[(int) thresholds[node]].clone();
  }

  /// {@return whether a comparison holds for NaN whatever its mode}
  ///
  /// @param node the node
  public boolean takesMissing(int node) {
    return missing[node];
  }

  /// {@return where the path goes where the comparison holds}
  ///
  /// @param node the node, no leaf
  public int yes(int node) {
    return first[node];
  }

  /// {@return where the path goes where the comparison does not hold}
  ///
  /// @param node the node, no leaf
  public int no(int node) {
    return second[node];
  }

  /// {@return the first weight of a leaf}
  ///
  /// @param leaf the leaf
  public int weightsFrom(int leaf) {
    return first[leaf];
  }

  /// {@return the weight after a leaf's last}
  ///
  /// @param leaf the leaf
  public int weightsTo(int leaf) {
    return first[leaf] + second[leaf];
  }

  /// {@return the target that a weight is for}
  ///
  /// @param weight which weight
  public int target(int weight) {
    return targets[weight];
  }

  /// {@return a weight}
  ///
  /// @param weight which weight
  public double weight(int weight) {
    return weights[weight];
  }

  /// {@return the leaf at which a row ends up}
  ///
  /// @param tree the tree
  /// @param row the features of the row
  public int leaf(int tree, double[] row) {
    int node = roots[tree];
    while (!isLeaf(node)) {
      node = holds(node, row[features[node]]) ? first[node] : second[node];
    }
    return node;
  }

  private boolean holds(int node, double x) {
    if (missing[node] && Double.isNaN(x)) {
      return true;
    }
    double threshold = thresholds[node];
    return switch (mode(node)) {
      case LEQ -> x <= threshold;
      case LT -> x < threshold;
      case GTE -> x >= threshold;
      case GT -> x > threshold;
      case EQ -> x == threshold;
      case NEQ -> x != threshold;
      case MEMBER -> Arrays.binarySearch(sets[(int) threshold], x + 0.0) >= 0;
      case LEAF -> throw new IllegalStateException("a leaf compares nothing");
    };
  }

  @Override
  public String toString() {
    return "%d trees, %d nodes, depth %d".formatted(trees(), nodes(), depth);
  }

  /// Collects the nodes of a forest.
  public static final class Builder {
    private final int targetCount;
    private int nodes;
    private byte[] modes = new byte[64];
    private int[] features = new int[64];
    private double[] thresholds = new double[64];
    private boolean[] missing = new boolean[64];
    private int[] first = new int[64];
    private int[] second = new int[64];
    private int weightCount;
    private int[] targets = new int[64];
    private double[] weights = new double[64];
    private int setCount;
    private double[][] sets = new double[8][];
    private int rootCount;
    private int[] roots = new int[8];

    /// A builder without nodes.
    ///
    /// @param targets the number of targets, at least 1
    public Builder(int targets) {
      if (targets < 1) {
        throw new IllegalArgumentException("targets: expected at least 1, got " + targets);
      }
      this.targetCount = targets;
    }

    /// {@return a new node that compares a feature with a number}
    ///
    /// @param mode how, neither [NodeMode#MEMBER] nor [NodeMode#LEAF]
    /// @param feature the feature
    /// @param threshold the number
    /// @param takesMissing whether NaN takes the first way whatever the mode
    public int branch(NodeMode mode, int feature, double threshold, boolean takesMissing) {
      if (feature < 0 || feature == Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "node %d: expected a feature from 0 to %d, got %d"
                .formatted(nodes, Integer.MAX_VALUE - 1, feature));
      }
      return node(mode, feature, threshold, takesMissing);
    }

    /// {@return a new node that looks for a feature in a set}
    ///
    /// @param feature the feature
    /// @param set the numbers
    /// @param takesMissing whether NaN takes the first way
    public int member(int feature, double[] set, boolean takesMissing) {
      if (setCount == sets.length) {
        sets = Arrays.copyOf(sets, 2 * setCount);
      }
      // adding zero makes one zero of two
      sets[setCount] = Arrays.stream(set).map(x -> x + 0.0).sorted().distinct().toArray();
      return branch(NodeMode.MEMBER, feature, setCount++, takesMissing);
    }

    /// {@return a new leaf without weights}
    public int leaf() {
      int leaf = node(NodeMode.LEAF, 0, 0, false);
      first[leaf] = weightCount;
      return leaf;
    }

    /// Adds a weight to the newest leaf.
    ///
    /// @param target what it is for
    /// @param weight the weight
    public void weight(int target, double weight) {
      if (target < 0 || target >= targetCount) {
        throw new IllegalArgumentException(
            "target: expected 0 to %d, got %d".formatted(targetCount - 1, target));
      }
      if (weightCount == weights.length) {
        targets = Arrays.copyOf(targets, grown(weightCount));
        weights = Arrays.copyOf(weights, targets.length);
      }
      targets[weightCount] = target;
      weights[weightCount++] = weight;
      second[nodes - 1]++;
    }

    @SuppressWarnings("EnumOrdinal") // An index into a table of this run, never stored.
    private int node(NodeMode mode, int feature, double threshold, boolean takesMissing) {
      if (nodes == modes.length) {
        int size = grown(nodes);
        modes = Arrays.copyOf(modes, size);
        features = Arrays.copyOf(features, size);
        thresholds = Arrays.copyOf(thresholds, size);
        missing = Arrays.copyOf(missing, size);
        first = Arrays.copyOf(first, size);
        second = Arrays.copyOf(second, size);
      }
      modes[nodes] = (byte) mode.ordinal();
      features[nodes] = feature;
      thresholds[nodes] = threshold;
      missing[nodes] = takesMissing;
      return nodes++;
    }

    private static int grown(int size) {
      return Math.addExact(size, size / 2 + 1);
    }

    /// Tells where a node leads.
    ///
    /// @param node the node, no leaf
    /// @param yes the node where the comparison holds
    /// @param no the node where it does not
    public void children(int node, int yes, int no) {
      first[node] = yes;
      second[node] = no;
    }

    /// Begins a tree at a node.
    ///
    /// @param node the node
    public void root(int node) {
      if (rootCount == roots.length) {
        roots = Arrays.copyOf(roots, grown(rootCount));
      }
      roots[rootCount++] = node;
    }

    /// {@return the forest}
    ///
    /// @throws IllegalArgumentException if a path does not end
    public Forest build() {
      return new Forest(this, depth());
    }

    /// Walks every tree depth first, each node once; the longest path from a node is known when all
    /// behind it has been walked.
    private int depth() {
      int[] below = new int[nodes];
      Arrays.fill(below, UNSEEN);
      int[] path = new int[64];
      int deepest = 0;
      for (int tree = 0; tree < rootCount; tree++) {
        int length = 0;
        path[length++] = checked(roots[tree]);
        while (length > 0) {
          int node = path[length - 1];
          if (MODES[modes[node]] == NodeMode.LEAF) {
            below[node] = 0;
            length--;
            continue;
          }
          below[node] = Math.max(below[node], OPEN);
          int next = next(node, below);
          if (next < 0) {
            below[node] = 1 + Math.max(below[first[node]], below[second[node]]);
            length--;
            continue;
          }
          if (below[next] == OPEN) {
            throw new IllegalArgumentException(
                "tree %d leads back to where it came from: a path does not end".formatted(tree));
          }
          if (length == path.length) {
            path = Arrays.copyOf(path, grown(length));
          }
          path[length++] = next;
        }
        deepest = Math.max(deepest, below[roots[tree]]);
      }
      return deepest;
    }

    private static final int UNSEEN = -2;
    private static final int OPEN = -1;

    /// A child that has not been walked to its end, or -1.
    private int next(int node, int[] below) {
      int yes = checked(first[node]);
      int no = checked(second[node]);
      return below[yes] < 0 ? yes : below[no] < 0 ? no : -1;
    }

    private int checked(int node) {
      if (node < 0 || node >= nodes) {
        throw new IllegalArgumentException(
            "expected a node from 0 to %d, got %d".formatted(nodes - 1, node));
      }
      return node;
    }
  }
}
