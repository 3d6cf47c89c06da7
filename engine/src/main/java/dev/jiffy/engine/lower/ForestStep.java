package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;

/// Rows that go down decision trees, some rows at a time: first their keys, then the walk, then
/// what the leaves make of them.
final class ForestStep extends Step {
  /// How much of a forest some rows go down before the next part of it: what stays near.
  private static final long NEAR_BYTES = 16 << 10;

  /// The least rows that go down a tree side by side, instead of one after the other down trees
  /// side by side.
  private static final int LEAST_ROWS = 4;

  /// The most rows that go down a part of the forest before the next: as many as possible, since a
  /// large forest comes from far.
  private static final int MOST_ROWS = 1024;

  private static final int MOST_BYTES = 256 << 10;

  /// The arithmetic that takes as long as a comparison.
  private static final double STEP_FLOPS = 32;

  private static final int LANES = TreeShape.LANES;

  private final RowKernels kernels;
  private final PackedForest packed;
  private final Ensemble ensemble;
  private final int targets;
  private final int rows;
  private final int features;
  private final DType input;
  private final DType output;
  private final long[] labels;
  private final Place x;
  private final Place label;
  private final Place scores;
  private final int rowsAtOnce;
  private final TreeShape shape;
  private final KeyTables tables;
  private final boolean[] scored;
  private final double[] bases;

  /// Whether scores are sums and the base, and nothing else.
  private final boolean isPlain;

  /// @param label where the labels of rows go, where they are wanted
  /// @param scores where scores go, where they are wanted
  ForestStep(
      String name,
      Target target,
      PackedForest packed,
      int rows,
      int features,
      TableOp.TreeEnsemble op,
      Place x,
      Place label,
      Place scores) {
    super(
        name,
        Math.clamp(target.parts(STEP_FLOPS * packed.steps() * rows, 0), 1, Math.max(1, rows)));
    this.kernels = target.rows();
    this.packed = packed;
    this.ensemble = packed.ensemble();
    this.targets = ensemble.forest().targets();
    this.rows = rows;
    this.features = features;
    this.input = ensemble.isDouble() ? DType.F64 : DType.F32;
    this.output = op.dtype();
    Tensor names = op.labels();
    this.labels = names == null ? new long[0] : names.toLongs();
    this.x = x;
    this.label = label;
    this.scores = scores;
    int rowBytes = Math.max(packed.keyBytes(), 4 * packed.resultCount());
    int most = Math.clamp(MOST_BYTES / rowBytes & -LANES, LANES, MOST_ROWS);
    this.rowsAtOnce = rows < LEAST_ROWS ? 1 : (int) Math.min((rows + LANES - 1L) & -LANES, most);
    this.shape = packed.shape();
    this.tables = new KeyTables(packed.columns(), features);
    this.scored = packed.scored();
    this.bases = new double[targets];
    for (int i = 0; i < targets && !ensemble.base().isEmpty(); i++) {
      bases[i] = ensemble.base().get(Math.min(i, ensemble.base().size() - 1));
    }
    this.isPlain =
        packed.isSum()
            && names == null
            && ensemble.aggregate() == TreeAggregate.SUM
            && ensemble.transform() == ScoreTransform.NONE
            && (targets == 1 || packed.isWholeScored());
  }

  @Override
  long scratchBytes() {
    return keyBytes() + resultBytes();
  }

  private long keyBytes() {
    return (long) rowsAtOnce * packed.keyBytes();
  }

  private long resultBytes() {
    return (4L * rowsAtOnce * packed.resultCount() + 63) & -64;
  }

  @Override
  long movedBytes() {
    long row = (long) features * input.bytes() + (long) targets * output.bytes();
    return rows * row + packed.bytes();
  }

  @Override
  public void run(Frame frame, int part) {
    long keys = frame.scratch(part);
    long results = keys + keyBytes();
    int to = from(rows, part + 1);
    int row = from(rows, part);
    while (row < to) {
      int count = Math.min(rowsAtOnce, to - row);
      long from = frame.at(x) + (long) row * features * input.bytes();
      makeKeys(from, count, keys);
      if (packed.isSum()) {
        for (long at = results; at < results + resultBytes(); at += 8) {
          Memory.ALL.set(Memory.LONG, at, 0L);
        }
      }
      if (rowsAtOnce == 1) {
        walkRow(keys, results);
      } else {
        walkRows(walked(count) / LANES, keys, results);
      }
      finish(frame, part, row, count, results);
      row += count;
    }
  }

  private void makeKeys(long from, int count, long keys) {
    KeyColumns columns = packed.columns();
    boolean twice = columns.isTwice();
    if (input == DType.F32) {
      kernels.treeKeys(from, count, features, twice, keys, packed.keyBytes());
    }
    for (int row = 0; row < count; row++) {
      long at = keys + (long) row * packed.keyBytes();
      long first = from + (long) row * features * input.bytes();
      if (input == DType.F64) {
        tables.ranks(first, at);
      }
      tables.members(input, first, at + 4L * columns.membersFrom());
    }
    for (int row = 0; row < walked(count); row++) {
      Memory.ALL.set(Memory.INT, keys + (long) row * packed.keyBytes() + 4L * columns.zero(), 0);
    }
  }

  /// The rows that go down the trees: those that fill a block as well, of whose keys only the one
  /// that keeps them in a leaf matters.
  private int walked(int count) {
    return rowsAtOnce == 1 ? count : (count + LANES - 1) & -LANES;
  }

  private void walkRow(long keys, long results) {
    for (int part = 0; part < packed.parts(); part++) {
      int from = packed.groupsFrom(part);
      int count = packed.groupsFrom(part + 1) - from;
      if (count > 0) {
        kernels.walkTrees(
            shape, packed.nodes(), packed.group(from), count, keys, results + 4L * part);
      }
    }
  }

  private void walkRows(int blocks, long keys, long results) {
    int near = packed.treesWithin(NEAR_BYTES);
    long blockBytes = 4L * LANES * (packed.isSum() ? 1 : packed.resultCount());
    for (int part = 0; part < packed.parts(); part++) {
      int from = packed.treesFrom(part);
      int to = packed.treesFrom(part + 1);
      long out = results + 4L * rowsAtOnce * part;
      for (int tree = from; tree < to; tree += near) {
        kernels.walkRows(
            shape,
            packed.nodes(),
            packed.tree(tree),
            Math.min(near, to - tree),
            keys,
            blocks,
            out + (packed.isSum() ? 0 : 4L * LANES * (tree - from)),
            blockBytes);
      }
    }
  }

  /// Where what a tree gave to a row is, of rows whose leaves are not added up.
  private long given(long results, int row, int tree) {
    return rowsAtOnce == 1
        ? results + 4L * tree
        : results
            + 4L * LANES * ((long) packed.resultCount() * (row / LANES) + tree)
            + 4L * (row % LANES);
  }

  private void finish(Frame frame, int part, int first, int count, long results) {
    if (isPlain && frame.at(scores) != 0) {
      for (int target = 0; target < targets; target++) {
        long to = frame.at(scores) + 4L * ((long) first * targets + target);
        plain(results + 4L * rowsAtOnce * target, count, (float) bases[target], to);
      }
      return;
    }
    double[] sums = frame.numbers(part, targets);
    boolean[] has = frame.flags(part, targets);
    for (int row = 0; row < count; row++) {
      if (packed.isSum()) {
        for (int target = 0; target < targets; target++) {
          sums[target] = Memory.getFloat(results + 4L * (rowsAtOnce * target + row));
          has[target] = scored[target];
        }
      } else {
        gather(results, row, sums, has);
      }
      store(frame, first + row, ensemble.finish(sums, has), sums);
    }
  }

  /// Stores sums to which only the base is added.
  private void plain(long sums, int count, float base, long to) {
    for (int row = 0; row < count; row++) {
      Memory.setFloat(to + 4L * targets * row, Memory.getFloat(sums + 4L * row) + base);
    }
  }

  private void store(Frame frame, int row, int chosen, double[] from) {
    long to = frame.at(scores);
    if (to != 0) {
      to += (long) row * targets * output.bytes();
      for (int target = 0; target < targets; target++) {
        if (output == DType.F32) {
          Memory.setFloat(to + 4L * target, (float) from[target]);
        } else {
          TypedMemory.setDouble(output, to + 8L * target, from[target]);
        }
      }
    }
    if (frame.at(label) != 0) {
      long chosenLabel = labels.length > 1 ? labels[chosen] : chosen;
      Memory.ALL.set(Memory.LONG, frame.at(label) + 8L * row, chosenLabel);
    }
  }

  /// Combines what the leaves of all trees weigh.
  private void gather(long results, int row, double[] sums, boolean[] has) {
    Forest forest = ensemble.forest();
    Arrays.fill(sums, 0, targets, 0);
    Arrays.fill(has, 0, targets, false);
    for (int tree = 0; tree < forest.trees(); tree++) {
      ensemble.add(Memory.ALL.get(Memory.INT, given(results, row, tree)), sums, has);
    }
  }
}
