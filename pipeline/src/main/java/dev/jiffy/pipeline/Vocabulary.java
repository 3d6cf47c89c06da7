package dev.jiffy.pipeline;

import java.util.Arrays;

/// Words and the pieces that continue them, for the longest match at a position.
///
/// A prefix tree whose edges lie in one hash table, keyed by node and character.
final class Vocabulary {
  /// The node of the empty beginning of a word.
  static final int WORD = 0;

  /// The node of the empty beginning of a continuing piece.
  static final int PIECE = 1;

  private static final int NONE = -1;

  private long[] keys = new long[1 << 16];
  private int[] targets = new int[1 << 16];
  private int[] ids = new int[1 << 15];
  private int nodes = 2;
  private int edges;

  Vocabulary() {
    Arrays.fill(keys, NONE);
    Arrays.fill(ids, NONE);
  }

  /// Adds a word or piece.
  ///
  /// @param root [#WORD] or [#PIECE]
  void add(int root, String text, int id) {
    int node = root;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      int next = next(node, c);
      node = next == NONE ? grow(node, c) : next;
    }
    ids[node] = id;
  }

  private int grow(int node, int c) {
    if (++edges > keys.length / 2) {
      rehash();
    }
    if (nodes == ids.length) {
      ids = Arrays.copyOf(ids, 2 * nodes);
      Arrays.fill(ids, nodes, ids.length, NONE);
    }
    put(key(node, c), nodes);
    return nodes++;
  }

  private void rehash() {
    long[] oldKeys = keys;
    int[] oldTargets = targets;
    keys = new long[2 * oldKeys.length];
    targets = new int[keys.length];
    Arrays.fill(keys, NONE);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != NONE) {
        put(oldKeys[i], oldTargets[i]);
      }
    }
  }

  private void put(long key, int target) {
    int slot = slot(key);
    while (keys[slot] != NONE) {
      slot = (slot + 1) & (keys.length - 1);
    }
    keys[slot] = key;
    targets[slot] = target;
  }

  private static long key(int node, int c) {
    return ((long) node << 21) | c;
  }

  private int slot(long key) {
    return (int) ((key * 0x9e3779b97f4a7c15L) >>> 40) & (keys.length - 1);
  }

  /// {@return the node behind an edge, negative where there is none}
  int next(int node, int c) {
    long key = key(node, c);
    for (int slot = slot(key); keys[slot] != NONE; slot = (slot + 1) & (keys.length - 1)) {
      if (keys[slot] == key) {
        return targets[slot];
      }
    }
    return NONE;
  }

  /// {@return the word or piece that ends at a node, negative where there is none}
  int id(int node) {
    return ids[node];
  }
}
