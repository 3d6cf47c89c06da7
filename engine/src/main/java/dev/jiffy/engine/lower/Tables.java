package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.Shape;

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
      case TableOp.Classify _, TableOp.MapValues _ -> false;
    };
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
