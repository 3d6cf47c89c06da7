package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.TreeKeys;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;

/// A few decision trees.
final class TreeCheck {
  private final Comparison comparison;
  private final RowKernels[] both;

  TreeCheck(Comparison comparison, RowKernels rows) {
    this.comparison = comparison;
    both = new RowKernels[] {rows, new ScalarRowKernels()};
  }

  /// Complete trees of three comparisons on a path, and one more than are walked side by side.
  void trees() {
    int features = 19;
    int count = TreeShape.LANES + 1;
    int blocks = 2;
    TreeShape shape = new TreeShape(false, true, 192);
    long x = comparison.numbers(TreeShape.LANES * blocks * features);
    long nodes = comparison.memory(8L * 15 * count);
    long trees = comparison.memory((long) TreeShape.TREE_BYTES * count);
    long groups = comparison.memory(2L * TreeShape.GROUP_BYTES);
    for (int tree = 0; tree < count; tree++) {
      tree(nodes + 8L * 15 * tree, 2 * features);
      set(trees + (long) TreeShape.TREE_BYTES * tree, 15 * tree);
      set(trees + (long) TreeShape.TREE_BYTES * tree + 4, 3);
      long group = groups + (long) TreeShape.GROUP_BYTES * (tree / TreeShape.LANES);
      set(group + 4L * (tree % TreeShape.LANES), 15 * tree);
      set(group + TreeShape.DEPTH, 3);
    }
    int results = TreeShape.LANES * blocks + 1;
    for (RowKernels kernels : both) {
      walk(kernels, shape, x, features, nodes, trees, groups, comparison.result(results));
    }
    comparison.near("trees", 0);
  }

  private static void set(long address, int value) {
    Memory.ALL.set(Memory.INT, address, value);
  }

  private void tree(long nodes, int keys) {
    long numbers = comparison.numbers(15);
    for (int i = 0; i < 15; i++) {
      float number = Memory.getFloat(numbers + 4L * i);
      boolean isLeaf = i > 6;
      set(nodes + 8L * i, isLeaf ? Float.floatToRawIntBits(number) : TreeKeys.key(number));
      set(nodes + 8L * i + 4, isLeaf ? keys : (5 * i % keys) | ((i + 1) << 16));
    }
  }

  private void walk(
      RowKernels kernels,
      TreeShape shape,
      long x,
      int features,
      long nodes,
      long trees,
      long groups,
      long y) {
    int count = TreeShape.LANES + 1;
    int lines = 2 * TreeShape.LANES;
    long keys = comparison.memory((long) lines * shape.keyBytes());
    kernels.treeKeys(x, lines, features, true, keys, shape.keyBytes());
    kernels.walkRows(shape, nodes, trees, count, keys, 2, y, 4L * TreeShape.LANES);
    kernels.walkTrees(shape, nodes, groups, 2, keys, y + 4L * lines);
  }
}
