package dev.jiffy.engine.kernel;

/// Walks rows down trees without a branch that depends on the row: eight trees or rows side by
/// side, so that while one waits for memory others go on.
final class TreeWalk {
  private static final long LOW = 0xffff_ffffL;

  private TreeWalk() {}

  private static int integer(long address) {
    return Memory.ALL.get(Memory.INT, address);
  }

  private static long root(TreeShape shape, long nodes, long address) {
    return nodes + (integer(address) & LOW) * shape.nodeBytes();
  }

  /// Walks one row, as [RowKernels#walkTrees] says.
  static void row(TreeShape shape, long nodes, long groups, int count, long keys, long out) {
    for (int i = 0; i < count; i++) {
      long group = groups + (long) TreeShape.GROUP_BYTES * i;
      int depth = integer(group + TreeShape.DEPTH);
      long a = root(shape, nodes, group);
      long b = root(shape, nodes, group + 4);
      long c = root(shape, nodes, group + 8);
      long d = root(shape, nodes, group + 12);
      long e = root(shape, nodes, group + 16);
      long f = root(shape, nodes, group + 20);
      long g = root(shape, nodes, group + 24);
      long h = root(shape, nodes, group + 28);
      for (int level = 0; level < depth; level++) {
        a = next(shape, a, keys);
        b = next(shape, b, keys);
        c = next(shape, c, keys);
        d = next(shape, d, keys);
        e = next(shape, e, keys);
        f = next(shape, f, keys);
        g = next(shape, g, keys);
        h = next(shape, h, keys);
      }
      if (shape.isSum()) {
        float sum = Memory.getFloat(out);
        sum = sum + Memory.getFloat(a) + Memory.getFloat(b) + Memory.getFloat(c);
        sum = sum + Memory.getFloat(d) + Memory.getFloat(e) + Memory.getFloat(f);
        Memory.setFloat(out, sum + Memory.getFloat(g) + Memory.getFloat(h));
      } else {
        store(out + 4L * TreeShape.LANES * i, a, b, c, d, e, f, g, h);
      }
    }
  }

  /// Walks blocks of rows, as [RowKernels#walkRows] says.
  static void rows(
      TreeShape shape,
      long nodes,
      long trees,
      int count,
      long keys,
      int blocks,
      long out,
      long outBytes) {
    for (int block = 0; block < blocks; block++) {
      long k = keys + (long) TreeShape.LANES * shape.keyBytes() * block;
      for (int tree = 0; tree < count; tree++) {
        long to = out + block * outBytes + (shape.isSum() ? 0 : 4L * TreeShape.LANES * tree);
        tree(shape, nodes, trees + (long) TreeShape.TREE_BYTES * tree, k, to);
      }
    }
  }

  private static void tree(TreeShape shape, long nodes, long tree, long keys, long out) {
    long step = shape.keyBytes();
    int depth = integer(tree + 4);
    long a = root(shape, nodes, tree);
    long b = a;
    long c = a;
    long d = a;
    long e = a;
    long f = a;
    long g = a;
    long h = a;
    for (int level = 0; level < depth; level++) {
      a = next(shape, a, keys);
      b = next(shape, b, keys + step);
      c = next(shape, c, keys + 2 * step);
      d = next(shape, d, keys + 3 * step);
      e = next(shape, e, keys + 4 * step);
      f = next(shape, f, keys + 5 * step);
      g = next(shape, g, keys + 6 * step);
      h = next(shape, h, keys + 7 * step);
    }
    if (shape.isSum()) {
      add(out, a);
      add(out + 4, b);
      add(out + 8, c);
      add(out + 12, d);
      add(out + 16, e);
      add(out + 20, f);
      add(out + 24, g);
      add(out + 28, h);
    } else {
      store(out, a, b, c, d, e, f, g, h);
    }
  }

  private static void add(long out, long leaf) {
    Memory.setFloat(out, Memory.getFloat(out) + Memory.getFloat(leaf));
  }

  private static void store(
      long out, long a, long b, long c, long d, long e, long f, long g, long h) {
    put(out, a);
    put(out + 4, b);
    put(out + 8, c);
    put(out + 12, d);
    put(out + 16, e);
    put(out + 20, f);
    put(out + 24, g);
    put(out + 28, h);
  }

  private static void put(long out, long leaf) {
    Memory.ALL.set(Memory.INT, out, integer(leaf));
  }

  private static long next(TreeShape shape, long node, long keys) {
    long word = Memory.ALL.get(Memory.LONG, node);
    if (shape.isWide()) {
      long key = integer(keys + 4 * (word >>> 32)) & LOW;
      return node + 16 * ((integer(node + 8) & LOW) + (((word & LOW) - key) >>> 63));
    }
    long key = integer(keys + ((word >>> 30) & 0x3fffc)) & LOW;
    return node + 8 * ((word >>> 48) + (((word & LOW) - key) >>> 63));
  }
}
