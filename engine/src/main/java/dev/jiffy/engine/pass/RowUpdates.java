package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Updates of single elements whose indices repeat along each row are updates of rows; so writes
/// PyTorch what graph networks sum up at each node.
final class RowUpdates {
  private RowUpdates() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Node expand = draft.producer(node.input(1), Op.Expand.class);
    if (expand == null
        || !(node.op() instanceof Op.ScatterElements(long axis, Op.ScatterMode mode))
        || draft.fact(expand.input(0)).dtype() != DType.I64) {
      return false;
    }
    List<Dim> x = draft.fact(node.input(0)).shape();
    List<Dim> all = draft.fact(expand.output()).shape();
    List<Dim> rows = draft.fact(expand.input(0)).shape();
    if (x == null || all == null || rows == null || rows.size() != x.size() || rows.size() < 2) {
      return false;
    }
    boolean isFirst = axis == 0 || axis == -x.size();
    if (!isFirst || !all.getFirst().equals(rows.getFirst())) {
      return false;
    }
    for (int i = 1; i < x.size(); i++) {
      boolean isWhole = all.get(i).equals(x.get(i)) && rows.get(i).equals(Dim.of(1));
      if (!isWhole || !(x.get(i) instanceof Dim.Known(long extent)) || extent == 0) {
        return false;
      }
    }
    String tuples = expand.input(0);
    if (rows.size() > 2) {
      tuples = draft.add(expand, new Op.Reshape(false), tuples, draft.vector("tuples", -1, 1));
    }
    return draft.replace(node, new Op.ScatterNd(mode), node.input(0), tuples, node.input(2));
  }
}
