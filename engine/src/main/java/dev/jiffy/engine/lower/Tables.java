package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.stream.LongStream;

/// Lowers operators on tables.
final class Tables {
  private Tables() {}

  static boolean lower(Node node, TableOp op, Lowering lowering) {
    return switch (op) {
      case TableOp.ZipMap _ -> Views.lowerWhole(node, lowering);
      case TableOp.TreeEnsemble trees -> lower(node, trees, lowering);
      case TableOp.VectorKernels _, TableOp.Votes _ -> false;
      case TableOp.Scores _ ->
          Views.isWhole(lowering.graph(), node) && Views.lowerWhole(node, lowering);
      case TableOp.Classify classify -> lower(node, classify, lowering);
      case TableOp.MapValues _ -> false;
    };
  }

  private static boolean lower(Node node, TableOp.Classify op, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    boolean wantsScores = node.outputs().size() > 1 && !node.outputs().get(1).isEmpty();
    if (wantsScores || op.labels().dtype() != DType.I64 || shape.elements() == 0) {
      return false;
    }
    int n = Math.toIntExact(shape.dim(1));
    boolean isNamed = op.labels().shape().elements() > 1;
    long[] labels = isNamed ? op.labels().toLongs() : LongStream.range(0, Math.max(2, n)).toArray();
    if (labels.length < n) {
      return false;
    }
    int compared = op.choice() == ClassChoice.SIGN ? 1 : n;
    Place x = lowering.place(node.input(0));
    Place y = lowering.result(node.output());
    lowering.add(
        new SliceStep(
            Lowering.label(node),
            lowering.target(),
            4.0 * shape.elements(),
            shape.dim(0),
            4L * n,
            Long.BYTES,
            x,
            y,
            (from, to, rows, _, _) -> classify(op.choice(), n, compared, labels, from, rows, to)),
        x,
        y);
    return true;
  }

  /// Stores the label of each row.
  ///
  /// @param n the scores of a row
  /// @param compared how many of them choose
  private static void classify(
      ClassChoice choice, int n, int compared, long[] labels, long x, long rows, long y) {
    for (long row = 0; row < rows; row++) {
      long scores = x + 4 * row * n;
      int best = 0;
      float most = Memory.getFloat(scores);
      for (int i = 1; i < compared; i++) {
        float score = Memory.getFloat(scores + 4L * i);
        best = score > most ? i : best;
        most = score > most ? score : most;
      }
      Memory.ALL.set(Memory.LONG, y + 8 * row, labels[choice.of(best, most)]);
    }
  }

  private static boolean lower(Node node, TableOp.TreeEnsemble op, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    long features = shape.dim(shape.rank() - 1);
    long rows = shape.rank() == 1 ? 1 : shape.dim(0);
    if (features > Integer.MAX_VALUE || rows > Integer.MAX_VALUE) {
      return false;
    }
    PackedForest packed = lowering.weights().forest(op.ensemble(), (int) features);
    if (packed == null) {
      return false;
    }
    int last = op.labels() == null ? 0 : 1;
    Place x = lowering.place(node.input(0));
    Place label = last == 0 ? Place.ABSENT : lowering.result(node, 0);
    Place scores = lowering.result(node, last);
    lowering.add(
        new ForestStep(
            Lowering.label(node),
            lowering.target(),
            packed,
            (int) rows,
            (int) features,
            op,
            x,
            label,
            scores),
        x,
        label,
        scores);
    return true;
  }
}
