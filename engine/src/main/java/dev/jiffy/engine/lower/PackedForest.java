package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An ensemble in the form that kernels read.
///
/// Where every leaf has one weight and every tree one target, leaves hold their weights, and trees
/// are sorted by target, so that the weights of each are added up while the trees are walked.
/// Otherwise leaves hold their number, and what they weigh is looked up behind the walk.
///
/// Immutable; lives as long as the memory that it was packed into.
final class PackedForest {
  /// The most nodes: a node that is reached on several paths is there several times, and nodes that
  /// give nothing fill lanes and lines of the cache.
  private static final long MOST_NODES = 1L << 28;

  /// How many times the nodes of the file there may be of larger files.
  private static final int TIMES = 64;

  private static final long FEW_NODES = 1L << 20;

  private static final int MOST_COLUMNS = 1 << 18;

  private final Ensemble ensemble;
  private final KeyColumns columns;
  private final boolean isSum;
  private final boolean isWide;
  private final MemorySegment nodes;
  private final MemorySegment groups;
  private final MemorySegment trees;
  private final long steps;

  /// Where the trees of each target begin, and the end of all: among groups and among trees. All
  /// trees stand together where leaves hold their number.
  private final int[] groupBegins;

  private final int[] treeBegins;
  private final boolean[] scored;

  private PackedForest(
      Ensemble ensemble,
      KeyColumns columns,
      boolean isSum,
      TreeNodes packed,
      int[] groupBegins,
      int[] treeBegins,
      SegmentAllocator memory) {
    this.ensemble = ensemble;
    this.columns = columns;
    this.isSum = isSum;
    this.isWide = packed.isWide();
    this.nodes = memory.allocate(packed.bytes(), Tensor.ALIGNMENT);
    this.groups = memory.allocate(packed.groupBytes(), Tensor.ALIGNMENT);
    this.trees = memory.allocate(packed.treeBytes(), Tensor.ALIGNMENT);
    this.steps = packed.steps();
    this.groupBegins = groupBegins;
    this.treeBegins = treeBegins;
    packed.writeNodes(nodes);
    packed.writeGroups(groups);
    packed.writeTrees(trees);
    scored = new boolean[ensemble.forest().targets()];
    for (int target = 0; target < scored.length && isSum; target++) {
      scored[target] = treeBegins[target] < treeBegins[target + 1];
    }
  }

  /// {@return the packed form, or null where a forest needs too much of it}
  ///
  /// @param ensemble the ensemble
  /// @param features the number of features of a row
  /// @param memory where it goes
  static @Nullable PackedForest of(Ensemble ensemble, int features, SegmentAllocator memory) {
    Forest forest = ensemble.forest();
    if (features > MOST_COLUMNS) {
      return null;
    }
    KeyColumns columns = new KeyColumns(forest, features, ensemble.isDouble());
    if (columns.count() > MOST_COLUMNS) {
      return null;
    }
    int[] targets = targets(ensemble);
    boolean isSum = targets.length == forest.trees();
    List<List<Integer>> trees = new ArrayList<>();
    for (int i = 0; i < (isSum ? forest.targets() : 1); i++) {
      trees.add(new ArrayList<>());
    }
    for (int tree = 0; tree < forest.trees(); tree++) {
      trees.get(isSum ? targets[tree] : 0).add(tree);
    }
    long most = Math.min(MOST_NODES, Math.max(FEW_NODES, (long) TIMES * forest.nodes()));
    TreeNodes packed = new TreeNodes(forest, columns, isSum);
    int[] groupBegins = new int[trees.size() + 1];
    int[] treeBegins = new int[trees.size() + 1];
    for (int i = 0; i < trees.size(); i++) {
      for (int from = 0; from < trees.get(i).size(); from += TreeShape.LANES) {
        int to = Math.min(from + TreeShape.LANES, trees.get(i).size());
        if (!packed.group(trees.get(i).subList(from, to), most)) {
          return null;
        }
      }
      groupBegins[i + 1] = packed.groups();
      treeBegins[i + 1] = packed.trees();
    }
    return new PackedForest(ensemble, columns, isSum, packed, groupBegins, treeBegins, memory);
  }

  /// For each tree the one target that all its leaves have one weight for; empty where it is not so
  /// for all trees.
  private static int[] targets(Ensemble ensemble) {
    Forest forest = ensemble.forest();
    boolean adds =
        ensemble.aggregate() == TreeAggregate.SUM || ensemble.aggregate() == TreeAggregate.AVERAGE;
    int[] owners = new int[forest.trees()];
    if (ensemble.isDouble() || !adds) {
      return new int[0];
    }
    int[] seen = new int[forest.nodes()];
    Arrays.fill(seen, -1);
    for (int tree = 0; tree < owners.length; tree++) {
      owners[tree] = -1;
      for (int leaf : TreeNodes.leaves(forest, tree, seen)) {
        int weight = forest.weightsFrom(leaf);
        boolean isOne = forest.weightsTo(leaf) == weight + 1;
        int target = isOne ? forest.target(weight) : -1;
        if (!isOne || (owners[tree] >= 0 && owners[tree] != target)) {
          return new int[0];
        }
        owners[tree] = target;
      }
    }
    return owners;
  }

  Ensemble ensemble() {
    return ensemble;
  }

  KeyColumns columns() {
    return columns;
  }

  /// {@return whether weights are added up while trees are walked}
  boolean isSum() {
    return isSum;
  }

  /// {@return the shape for kernels}
  TreeShape shape() {
    return new TreeShape(isWide, isSum, keyBytes());
  }

  /// {@return bytes from the keys of a row to those of the next}
  int keyBytes() {
    return (4 * columns.count() + 63) & -64;
  }

  /// {@return how often trees begin anew: once for each target, or once}
  int parts() {
    return treeBegins.length - 1;
  }

  /// {@return the first group of a part, or the number of groups}
  int groupsFrom(int part) {
    return groupBegins[part];
  }

  /// {@return the first tree of a part, or the number of trees}
  int treesFrom(int part) {
    return treeBegins[part];
  }

  /// {@return the results of a row that leaves are not added up in}
  int resultCount() {
    return isSum ? parts() : TreeShape.LANES * Math.max(1, groupBegins[parts()]);
  }

  /// {@return for each target whether every row has a weight for it; of sums only}
  boolean[] scored() {
    return scored.clone();
  }

  /// {@return whether every row has a weight for every target; of sums only}
  boolean isWholeScored() {
    boolean all = isSum;
    for (boolean one : scored) {
      all &= one;
    }
    return all;
  }

  /// {@return how many trees have so many bytes of nodes, at least 1}
  ///
  /// @param bytes the bytes
  int treesWithin(long bytes) {
    return (int) Math.max(1, bytes * treesFrom(parts()) / Math.max(1, nodes.byteSize()));
  }

  /// {@return the address of the nodes}
  long nodes() {
    return nodes.address();
  }

  /// {@return the address of a group}
  long group(int group) {
    return groups.address() + (long) TreeShape.GROUP_BYTES * group;
  }

  /// {@return the address of a tree}
  long tree(int tree) {
    return trees.address() + (long) TreeShape.TREE_BYTES * tree;
  }

  /// {@return the comparisons on the longest paths of all trees}
  long steps() {
    return steps;
  }

  /// {@return the bytes of the packed form}
  long bytes() {
    return nodes.byteSize() + groups.byteSize() + trees.byteSize();
  }
}
