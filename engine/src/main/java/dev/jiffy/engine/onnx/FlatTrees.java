package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;

/// Decision trees in the form of operator set 5: nodes and leaves in two lists, by position.
final class FlatTrees {
  private final NodeScope node;
  private final double[] splits;
  private final long[] modes;
  private final long[] features;
  private final long[] yes;
  private final long[] no;
  private final long[] yesLeaves;
  private final long[] noLeaves;
  private final long[] missing;
  private final long[] roots;
  private final long[] targets;
  private final double[] weights;
  private final double[] members;
  private final int targetCount;

  /// Reads the attributes.
  ///
  /// @param node the node
  /// @param splits the thresholds
  FlatTrees(NodeScope node, double[] splits) {
    this.node = node;
    this.splits = splits;
    features = node.integerArray("nodes_featureids");
    yes = node.integerArray("nodes_truenodeids");
    no = node.integerArray("nodes_falsenodeids");
    yesLeaves = node.integerArray("nodes_trueleafs");
    noLeaves = node.integerArray("nodes_falseleafs");
    missing = node.integerArray("nodes_missing_value_tracks_true");
    roots = node.integerArray("tree_roots");
    targets = node.integerArray("leaf_targetids");
    targetCount = Math.toIntExact(node.integer("n_targets"));
    Tensor modeTensor = node.tensor("nodes_modes");
    Tensor weightTensor = node.tensor("leaf_weights");
    Tensor memberTensor = node.tensor("membership_values");
    if (modeTensor == null || weightTensor == null) {
      throw node.invalid("attribute 'nodes_modes' or 'leaf_weights' is missing");
    }
    modes = modeTensor.toLongs();
    weights = weightTensor.toDoubles();
    members = memberTensor == null ? new double[0] : memberTensor.toDoubles();
    expect("nodes_modes", modes.length);
    expect("nodes_featureids", features.length);
    expect("nodes_truenodeids", yes.length);
    expect("nodes_falsenodeids", no.length);
    expect("nodes_trueleafs", yesLeaves.length);
    expect("nodes_falseleafs", noLeaves.length);
    if (missing.length != 0) {
      expect("nodes_missing_value_tracks_true", missing.length);
    }
    TreeImports.same(node, "leaf_weights", weights.length, "leaf_targetids", targets.length);
  }

  private void expect(String attribute, int found) {
    TreeImports.same(node, attribute, found, "nodes_splits", splits.length);
  }

  /// {@return the trees}
  Forest forest() {
    Forest.Builder forest = new Forest.Builder(targetCount);
    int member = 0;
    for (int i = 0; i < splits.length; i++) {
      NodeMode mode = TreeImports.mode(node, modes[i]);
      int feature = Math.toIntExact(features[i]);
      boolean takesMissing = missing.length != 0 && missing[i] == 1;
      if (mode == NodeMode.MEMBER) {
        int end = member;
        while (end < members.length && !Double.isNaN(members[end])) {
          end++;
        }
        double[] set = Arrays.copyOfRange(members, Math.min(member, members.length), end);
        int _ = forest.member(feature, set, takesMissing);
        member = Math.min(end + 1, members.length);
      } else {
        int _ = forest.branch(mode, feature, splits[i], takesMissing);
      }
      forest.children(i, place(yes[i], yesLeaves[i] != 0), place(no[i], noLeaves[i] != 0));
    }
    for (int i = 0; i < weights.length; i++) {
      int _ = forest.leaf();
      forest.weight(Math.toIntExact(targets[i]), weights[i]);
    }
    for (long root : roots) {
      forest.root(root(root));
    }
    return forest.build();
  }

  /// The node of a position in one of the two lists; leaves come after all nodes.
  private int place(long position, boolean isLeaf) {
    int size = isLeaf ? weights.length : splits.length;
    if (position < 0 || position >= size) {
      throw new ModelException(
          "%s %d, where there are %d".formatted(isLeaf ? "leaf" : "node", position, size));
    }
    return (int) position + (isLeaf ? splits.length : 0);
  }

  /// A tree that is one leaf begins at a node whose children are both that leaf.
  private int root(long position) {
    return place(position, false);
  }
}
