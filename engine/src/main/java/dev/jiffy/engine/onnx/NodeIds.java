package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the nodes of trees stand in a list, by tree and by their number within the tree.
final class NodeIds {
  /// The number of a node within its tree.
  private record Id(long tree, long node) {}

  /// The nodes of one tree that stand together.
  ///
  /// @param from the first
  /// @param to the one after the last
  private record Range(int from, int to) {}

  private final long[] trees;
  private final long[] ids;
  private final Map<Long, Range> ranges = new HashMap<>();

  /// The nodes that do not stand where their number says.
  private final Map<Id, Integer> others = new HashMap<>();

  private final List<Integer> roots = new ArrayList<>();
  private int[] places = new int[0];

  /// The range that was asked for last.
  private @Nullable Range last;

  /// Most exporters list a tree's nodes together, each at the distance from the first that its
  /// number says; only the others are noted one by one.
  ///
  /// @param trees for each node its tree
  /// @param ids for each node its number
  /// @throws ModelException if a node is listed twice
  NodeIds(long[] trees, long[] ids) {
    this.trees = trees;
    this.ids = ids;
    int begin = 0;
    for (int i = 0; i < trees.length; i++) {
      if (i == 0 || trees[i] != trees[i - 1]) {
        begin = i;
        if (ranges.containsKey(trees[i])) {
          throw new ModelException("the nodes of tree " + trees[i] + " are not listed together");
        }
        roots.add(i);
      }
      if (i + 1 == trees.length || trees[i + 1] != trees[i]) {
        ranges.put(trees[i], new Range(begin, i + 1));
      }
      boolean isInOrder = ids[i] == ids[begin] + i - begin;
      if (!isInOrder && others.put(new Id(trees[i], ids[i]), i) != null) {
        throw twice(i);
      }
    }
    for (Map.Entry<Id, Integer> other : others.entrySet()) {
      Range range = range(other.getKey().tree());
      long at = range.from() + other.getKey().node() - ids[range.from()];
      if (at >= range.from() && at < range.to() && ids[(int) at] == other.getKey().node()) {
        throw twice(other.getValue());
      }
    }
  }

  private Range range(long tree) {
    Range range = last;
    if (range == null || trees[range.from()] != tree) {
      range = ranges.get(tree);
      if (range == null) {
        throw new ModelException("there is no tree " + tree);
      }
      last = range;
    }
    return range;
  }

  private ModelException twice(int node) {
    return new ModelException("tree %d has two nodes %d".formatted(trees[node], ids[node]));
  }

  /// {@return the first node of each tree}
  List<Integer> roots() {
    return roots;
  }

  /// {@return where a node stands}
  ///
  /// @param tree its tree
  /// @param id its number
  /// @param what what it is to another one, for a message
  /// @param of the number of the other one
  /// @throws ModelException if there is none
  int of(long tree, long id, String what, long of) {
    Range range = range(tree);
    long at = range.from() + id - ids[range.from()];
    if (at >= range.from() && at < range.to() && ids[(int) at] == id) {
      return (int) at;
    }
    Integer place = others.get(new Id(tree, id));
    if (place == null) {
      throw new ModelException("tree %d has no node %d, the %s %d".formatted(tree, id, what, of));
    }
    return place;
  }

  /// {@return the order of what belongs to nodes in which the nodes are listed}
  ///
  /// @param trees for each of it the tree
  /// @param ids for each of it the node's number
  int[] order(long[] trees, long[] ids) {
    places = new int[trees.length];
    long[] keys = new long[trees.length];
    for (int i = 0; i < trees.length; i++) {
      places[i] = of(trees[i], ids[i], "owner of weight", i);
      keys[i] = ((long) places[i] << 32) | i;
    }
    Arrays.sort(keys);
    int[] order = new int[keys.length];
    Arrays.setAll(order, i -> (int) keys[i]);
    return order;
  }

  /// {@return where the node stands that something belongs to}
  ///
  /// @param index which of what [#order] has seen
  int at(int index) {
    return places[index];
  }
}
