package dev.jiffy.engine.onnx;

import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which nodes of a graph leave to another runtime, and the groups in which they do.
///
/// Every node has a level: even ones stay, odd ones leave, and a node's level is the least of its
/// kind that none of the nodes that it reads from exceeds. All nodes of one odd level leave as one
/// group. Values pass from lower levels to higher ones only, so that groups never wait for each
/// other, and a group is as large as it can be.
final class Partition {
  /// The most nodes between two groups that leave too, where none of them is heavy: crossing over
  /// and back costs more than they do.
  private static final int FEW = 8;

  /// Operators that stay, however few they are.
  private static final Set<String> HEAVY =
      Set.of(
          "Attention",
          "Conv",
          "ConvTranspose",
          "Einsum",
          "GRU",
          "Gemm",
          "If",
          "LSTM",
          "Loop",
          "MatMul",
          "RNN",
          "Scan");

  private static final String BETWEEN = "it lies between nodes that leave";

  private final List<NodeProto> nodes;
  private final List<int[]> sources = new ArrayList<>();
  private final Map<Integer, String> reasons = new LinkedHashMap<>();
  private int[] levels;
  private boolean grows = true;

  /// The partition of which nobody leaves yet.
  ///
  /// @param nodes the nodes in topological order
  Partition(List<NodeProto> nodes) {
    this.nodes = nodes;
    this.levels = new int[nodes.size()];
    Map<String, Integer> producers = new HashMap<>();
    FreeNames free = new FreeNames();
    for (int i = 0; i < nodes.size(); i++) {
      sources.add(
          new HashSet<>(free.of(nodes.get(i)))
              .stream().filter(producers::containsKey).mapToInt(producers::get).sorted().toArray());
      for (String output : nodes.get(i).outputs()) {
        producers.put(output, i);
      }
    }
  }

  /// {@return whether a node leaves}
  ///
  /// @param node its position
  boolean leaves(int node) {
    return reasons.containsKey(node);
  }

  /// {@return why Jiffy does not compute a node, or null where it stays or leaves along with
  /// others}
  ///
  /// @param node its position
  @Nullable String refusal(int node) {
    String reason = reasons.get(node);
    return BETWEEN.equals(reason) ? null : reason;
  }

  /// {@return a node's level}
  ///
  /// @param node its position
  int level(int node) {
    return levels[node];
  }

  /// Lets a node leave.
  ///
  /// @param node its position
  /// @param reason why
  void leave(int node, String reason) {
    reasons.putIfAbsent(node, reason);
    level();
  }

  /// Lets two nodes leave in one group, with all nodes between them.
  ///
  /// @param source a node that leaves
  /// @param reader a node that reads from it
  /// @param reason why
  void join(int source, int reader, String reason) {
    leave(reader, reason);
    while (levels[reader] > levels[source]) {
      BitSet before = ancestors(List.of(reader));
      for (int i = 0; i < nodes.size(); i++) {
        if (before.get(i) && levels[i] > levels[source] && levels[i] % 2 == 0) {
          reasons.putIfAbsent(i, reason);
        }
      }
      level();
    }
  }

  /// Lets leave what lies between groups and is not worth crossing over for.
  void grow() {
    for (boolean grew = grows; grew; ) {
      grew = false;
      BitSet before = ancestors(List.copyOf(reasons.keySet()));
      for (List<Integer> between : groups(0).values()) {
        List<Integer> few = between.stream().filter(before::get).toList();
        boolean follows = levels[between.getFirst()] > 0;
        if (follows
            && !few.isEmpty()
            && few.size() <= FEW
            && few.stream().noneMatch(node -> HEAVY.contains(nodes.get(node).operator()))) {
          few.forEach(node -> reasons.put(node, BETWEEN));
          grew = true;
        }
      }
      level();
    }
  }

  /// Takes back what left only for lying between groups, for good.
  ///
  /// @return whether anything did
  boolean shrink() {
    grows = false;
    boolean shrank = reasons.values().removeIf(BETWEEN::equals);
    level();
    return shrank;
  }

  /// {@return the nodes that leave, in groups by their levels, in the order in which they run}
  Map<Integer, List<Integer>> groups() {
    return groups(1);
  }

  private Map<Integer, List<Integer>> groups(int kind) {
    Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
    for (int i = 0; i < levels.length; i++) {
      if (levels[i] % 2 == kind) {
        groups.computeIfAbsent(levels[i], _ -> new ArrayList<>()).add(i);
      }
    }
    return groups;
  }

  /// {@return the positions of all nodes in an order in which groups are not interrupted and every
  /// value is made before it is read}
  List<Integer> order() {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < levels.length; i++) {
      order.add(i);
    }
    order.sort((a, b) -> Integer.compare(levels[a], levels[b]));
    return order;
  }

  private void level() {
    for (int i = 0; i < levels.length; i++) {
      int kind = leaves(i) ? 1 : 0;
      int level = kind;
      for (int source : sources.get(i)) {
        level = Math.max(level, levels[source] + (levels[source] % 2 == kind ? 0 : 1));
      }
      levels[i] = level;
    }
  }

  private BitSet ancestors(List<Integer> of) {
    BitSet ancestors = new BitSet();
    of.forEach(ancestors::set);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      if (ancestors.get(i)) {
        for (int source : sources.get(i)) {
          ancestors.set(source);
        }
      }
    }
    return ancestors;
  }
}
