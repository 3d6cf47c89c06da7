package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.TableOp;

/// Lowers operators on tables.
final class Tables {
  private Tables() {}

  static boolean lower(Node node, TableOp op, Lowering lowering) {
    return switch (op) {
      case TableOp.ZipMap _ -> Views.lowerWhole(node, lowering);
      case TableOp.TreeEnsemble _, TableOp.VectorKernels _, TableOp.Votes _ -> false;
      case TableOp.Classify _, TableOp.Scores _, TableOp.MapValues _ -> false;
    };
  }
}
