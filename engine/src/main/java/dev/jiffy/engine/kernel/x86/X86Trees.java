package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.TreeShape;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/// Decision trees as machine code.
final class X86Trees implements CodeTable.Emitter {
  /// The most trees, counted once for each row, of one call: the JVM cannot stop a thread within.
  private static final int MOST = 1 << 14;

  /// The most features of one call.
  private static final int MOST_FEATURES = 1 << 16;

  private final int vectorBytes;
  private final CodeTable keys;
  private final CodeTable walks = new CodeTable("trees", 4, this);
  private final ConcurrentHashMap<TreeShape, MemorySegment> byRows = new ConcurrentHashMap<>();

  X86Trees(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    keys = new CodeTable("treeKeys", 2, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return table.equals("treeKeys")
        ? new TreeKeyCode(vectorBytes, form != 0).emit()
        : new TreeCode(new TreeShape((form & 1) != 0, (form & 2) != 0, 0), false).emit();
  }

  void keys(long x, int rows, int features, boolean twice, long to, int keyBytes) {
    if (features == 0) {
      return;
    }
    long end = Masks.rest(vectorBytes, features);
    int most = Math.max(1, MOST_FEATURES / features);
    for (long row = 0; row < rows; row += most) {
      long _ =
          Code.call(
              keys.get(twice ? 1 : 0),
              x + 4L * features * row,
              to + (long) keyBytes * row,
              4L * features,
              end,
              Math.min(most, rows - row),
              keyBytes);
    }
  }

  void walkTrees(TreeShape shape, long nodes, long groups, int count, long keys, long out) {
    MemorySegment code = walks.get((shape.isWide() ? 1 : 0) | (shape.isSum() ? 2 : 0));
    int most = MOST / TreeShape.LANES;
    for (int group = 0; group < count; group += most) {
      long from = groups + (long) TreeShape.GROUP_BYTES * group;
      long to = from + (long) TreeShape.GROUP_BYTES * Math.min(most, count - group);
      long results = out + (shape.isSum() ? 0 : 4L * TreeShape.LANES * group);
      call(code, from, to, nodes, keys, 1, results, 0);
    }
  }

  void walkRows(
      TreeShape shape,
      long nodes,
      long trees,
      int count,
      long keys,
      int blocks,
      long out,
      long outBytes) {
    MemorySegment known = byRows.get(shape);
    MemorySegment code = known == null ? emit(shape) : known;
    int most = MOST / TreeShape.LANES;
    for (int tree = 0; tree < count; tree += most) {
      int some = Math.min(most, count - tree);
      long from = trees + (long) TreeShape.TREE_BYTES * tree;
      long to = from + (long) TreeShape.TREE_BYTES * some;
      int step = most / some;
      for (int block = 0; block < blocks; block += step) {
        long k = keys + (long) TreeShape.LANES * shape.keyBytes() * block;
        long results = out + block * outBytes + (shape.isSum() ? 0 : 4L * TreeShape.LANES * tree);
        int now = Math.min(step, blocks - block);
        call(code, from, to, nodes, k, now, results, outBytes);
      }
    }
  }

  private MemorySegment emit(TreeShape shape) {
    return byRows.computeIfAbsent(
        shape, _ -> Code.load("treeRows", new TreeCode(shape, true).emit()));
  }

  private static void call(
      MemorySegment code,
      long from,
      long to,
      long nodes,
      long keys,
      int blocks,
      long out,
      long outBytes) {
    Code.call(code, from, to, nodes, keys, blocks, 0, out, outBytes, 0, 0, 0, 0, 0, 0, 0, 0);
  }
}
