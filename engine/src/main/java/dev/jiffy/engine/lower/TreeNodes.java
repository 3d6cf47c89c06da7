package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.kernel.TreeShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// Nodes of trees on their way into the packed form.
///
/// Children lie behind their parents in blocks: the two of a node and their own, six at most, none
/// of which crosses a line of the cache; a path reads one line for two comparisons. With the root
/// stand the children of the first two levels.
final class TreeNodes {
  private static final int NARROW = 1 << 16;

  /// The narrow nodes of a line.
  private static final int LINE = 8;

  private final Forest forest;
  private final KeyColumns columns;
  private final boolean isSum;

  private int size;
  private int[] bounds = new int[256];
  private int[] keys = new int[256];
  private int[] distances = new int[256];

  /// The node of the forest that each stands for, -1 for those that fill a line.
  private int[] sources = new int[256];

  /// The number of comparisons before each.
  private int[] levels = new int[256];

  /// The nodes of a tree whose children have no place yet.
  private int[] open = new int[256];

  private int opened;
  private int groups;
  private int[] roots = new int[64];
  private int[] depths = new int[64];

  /// Where the trees that are there stand among the lanes of all groups.
  private int[] trees = new int[64];

  private int treeCount;
  private boolean isWide;

  /// No nodes yet.
  ///
  /// @param forest the forest
  /// @param columns the keys that nodes compare
  /// @param isSum whether leaves hold their weight instead of their number
  TreeNodes(Forest forest, KeyColumns columns, boolean isSum) {
    this.forest = forest;
    this.columns = columns;
    this.isSum = isSum;
    isWide = columns.count() > NARROW;
  }

  /// {@return the leaves of a tree}
  ///
  /// @param forest the forest
  /// @param tree the tree
  /// @param seen for each node the last tree that it was seen in; changed
  static int[] leaves(Forest forest, int tree, int[] seen) {
    int[] open = new int[64];
    int[] leaves = new int[64];
    int opened = 0;
    int count = 0;
    open[opened++] = forest.root(tree);
    while (opened > 0) {
      int node = open[--opened];
      if (seen[node] == tree) {
        continue;
      }
      seen[node] = tree;
      if (forest.isLeaf(node)) {
        leaves = grown(leaves, count);
        leaves[count++] = node;
      } else {
        open = grown(open, opened + 1);
        open[opened++] = forest.yes(node);
        open[opened++] = forest.no(node);
      }
    }
    return Arrays.copyOf(leaves, count);
  }

  private static int[] grown(int[] array, int index) {
    return index < array.length ? array : Arrays.copyOf(array, 2 * index);
  }

  /// Adds trees that are walked side by side; fewer than there are lanes are filled up with leaves
  /// that give 0.
  ///
  /// @param some the trees
  /// @param most the most nodes of all
  /// @return whether there was room
  boolean group(List<Integer> some, long most) {
    for (int lane = 0; lane < TreeShape.LANES; lane++) {
      int at = TreeShape.LANES * groups + lane;
      roots = grown(roots, at);
      depths = grown(depths, at);
      trees = grown(trees, treeCount);
      depthOfLast = 0;
      if (lane < some.size()) {
        trees[treeCount++] = at;
        roots[at] = tree(some.get(lane), most);
      } else {
        roots[at] = add(-1, 0);
      }
      depths[at] = depthOfLast;
      if (size > most) {
        return false;
      }
    }
    groups++;
    return true;
  }

  /// The length of the longest path of the tree that was added last.
  private int depthOfLast;

  private int add(int source, int level) {
    if (size == sources.length) {
      int length = size + size / 2;
      bounds = Arrays.copyOf(bounds, length);
      keys = Arrays.copyOf(keys, length);
      distances = Arrays.copyOf(distances, length);
      sources = Arrays.copyOf(sources, length);
      levels = Arrays.copyOf(levels, length);
    }
    sources[size] = source;
    levels[size] = level;
    boolean isLeaf = source < 0 || forest.isLeaf(source);
    bounds[size] = source >= 0 && isLeaf ? gives(source) : 0;
    keys[size] = columns.zero();
    distances[size] = 0;
    depthOfLast = Math.max(depthOfLast, level);
    return size++;
  }

  private int gives(int leaf) {
    int weight = forest.weightsFrom(leaf);
    return isSum ? Float.floatToRawIntBits((float) forest.weight(weight)) : leaf;
  }

  private boolean isLeaf(int at) {
    return forest.isLeaf(sources[at]);
  }

  /// Adds a tree, or part of it where there is no room; returns its root.
  private int tree(int tree, long most) {
    int top = forest.root(tree);
    opened = 0;
    align(forest.isLeaf(top) ? 1 : 1 + block(top));
    int root = add(top, 0);
    if (isLeaf(root)) {
      return root;
    }
    block(root, false);
    for (int next = 0; next < opened && size <= most; next++) {
      block(open[next], true);
    }
    return root;
  }

  /// How many nodes the block behind a node has.
  private int block(int node) {
    int yes = forest.isLeaf(forest.yes(node)) ? 0 : 2;
    int no = forest.isLeaf(forest.no(node)) ? 0 : 2;
    return 2 + yes + no;
  }

  /// Fills the line up where so many nodes do not fit any more.
  private void align(int count) {
    int used = size % LINE;
    if (used + count > LINE) {
      for (int i = used; i < LINE; i++) {
        int _ = add(-1, 0);
      }
    }
  }

  /// Adds the children of a node, and those of its children.
  private void block(int at, boolean isNew) {
    if (isNew) {
      align(block(sources[at]));
    }
    int first = children(at);
    for (int child = first; child < first + 2; child++) {
      if (!isLeaf(child)) {
        int grandchild = children(child);
        keepOpen(grandchild);
        keepOpen(grandchild + 1);
      }
    }
  }

  private void keepOpen(int at) {
    if (!isLeaf(at)) {
      open = grown(open, opened);
      open[opened++] = at;
    }
  }

  /// Adds the two children of a node; returns the first.
  private int children(int at) {
    int node = sources[at];
    KeyColumns.Test test = columns.test(node);
    bounds[at] = test.bound();
    keys[at] = test.column();
    distances[at] = size - at;
    isWide |= distances[at] >= NARROW;
    int first = add(test.yesIsGreater() ? forest.no(node) : forest.yes(node), levels[at] + 1);
    int _ = add(test.yesIsGreater() ? forest.yes(node) : forest.no(node), levels[at] + 1);
    return first;
  }

  /// {@return the number of groups so far}
  int groups() {
    return groups;
  }

  /// {@return the number of trees so far}
  int trees() {
    return treeCount;
  }

  /// {@return the comparisons of all trees so far on their longest paths}
  long steps() {
    long steps = 0;
    for (int i = 0; i < treeCount; i++) {
      steps += depths[trees[i]];
    }
    return steps;
  }

  /// {@return whether the nodes must be wide}
  boolean isWide() {
    return isWide;
  }

  /// {@return the bytes of all nodes}
  long bytes() {
    return (isWide ? 16L : 8L) * size;
  }

  /// {@return the bytes of the list of groups}
  long groupBytes() {
    return (long) TreeShape.GROUP_BYTES * groups;
  }

  /// {@return the bytes of the list of trees}
  long treeBytes() {
    return (long) TreeShape.TREE_BYTES * treeCount;
  }

  /// Writes all nodes.
  ///
  /// @param to takes them
  void writeNodes(MemorySegment to) {
    for (int i = 0; i < size; i++) {
      if (isWide) {
        to.set(ValueLayout.JAVA_INT_UNALIGNED, 16L * i, bounds[i]);
        to.set(ValueLayout.JAVA_INT_UNALIGNED, 16L * i + 4, keys[i]);
        to.set(ValueLayout.JAVA_INT_UNALIGNED, 16L * i + 8, distances[i]);
      } else {
        to.set(ValueLayout.JAVA_INT_UNALIGNED, 8L * i, bounds[i]);
        to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8L * i + 4, (short) keys[i]);
        to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8L * i + 6, (short) distances[i]);
      }
    }
  }

  /// Writes the list of groups.
  ///
  /// @param to takes it
  void writeGroups(MemorySegment to) {
    for (int group = 0; group < groups; group++) {
      long at = (long) TreeShape.GROUP_BYTES * group;
      int longest = 0;
      for (int lane = 0; lane < TreeShape.LANES; lane++) {
        int tree = TreeShape.LANES * group + lane;
        longest = Math.max(longest, depths[tree]);
        to.set(ValueLayout.JAVA_INT_UNALIGNED, at + 4L * lane, roots[tree]);
      }
      to.set(ValueLayout.JAVA_INT_UNALIGNED, at + TreeShape.DEPTH, longest);
    }
  }

  /// Writes the list of trees.
  ///
  /// @param to takes it
  void writeTrees(MemorySegment to) {
    for (int i = 0; i < treeCount; i++) {
      long at = (long) TreeShape.TREE_BYTES * i;
      to.set(ValueLayout.JAVA_INT_UNALIGNED, at, roots[trees[i]]);
      to.set(ValueLayout.JAVA_INT_UNALIGNED, at + 4, depths[trees[i]]);
    }
  }
}
