package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Columns that are put back to images in steps of more than a pixel: where the step divides the
/// extent of a block, pieces as long as the step lie side by side, and blocks of pieces begin at
/// each pixel.
final class Folds {
  private Folds() {}

  /// Along one dimension, the extents of what a block consists of.
  ///
  /// @param pieces how many pieces it has
  /// @param step the pixels of a piece
  /// @param blocks how many blocks there are
  private record Extents(long pieces, long step, long blocks) {}

  static boolean apply(Draft draft, Node node) {
    List<Dim> x = draft.fact(node.input(0)).shape();
    long[] image = draft.integers(node.input(1));
    long[] block = draft.integers(node.input(2));
    if (!(node.op() instanceof ImageOp.Fold(Op.Window window))
        || window.strides().stream().allMatch(stride -> stride == 1)
        || image == null
        || block == null
        || x == null
        || !(x.get(1) instanceof Dim.Known(long columns))) {
      return false;
    }
    List<Extents> extents = new ArrayList<>();
    for (int d = 0; d < block.length; d++) {
      Extents along = extents(window, d, block.length, block[d], image[d]);
      if (along == null) {
        return false;
      }
      extents.add(along);
    }
    long taps = Arrays.stream(block).reduce(1, Math::multiplyExact);
    return taps > 0 && fold(draft, node, window, extents, columns / taps);
  }

  private static @Nullable Extents extents(
      Op.Window window, int axis, int rank, long block, long image) {
    List<Long> pads = window.pads();
    long stride = window.strides().get(axis);
    long dilation = window.dilations().isEmpty() ? 1 : window.dilations().get(axis);
    long padded = image + (pads.isEmpty() ? 0 : pads.get(axis) + pads.get(rank + axis));
    long rest = padded - (block - 1) * dilation - 1;
    boolean fits = stride == 1 || (dilation == 1 && block % stride == 0 && rest % stride == 0);
    return fits ? new Extents(block / stride, stride, rest / stride + 1) : null;
  }

  private static boolean fold(
      Draft draft, Node node, Op.Window window, List<Extents> extents, long channels) {
    int rank = extents.size();
    long[] apart = new long[2 + 3 * rank];
    List<Long> order = new ArrayList<>(List.of(0L, 1L));
    long[] joined = {0, channels, 1};
    long[] pieces = new long[rank];
    List<Long> dilations = new ArrayList<>();
    apart[1] = channels;
    for (int d = 0; d < rank; d++) {
      Extents along = extents.get(d);
      apart[2 + 2 * d] = along.pieces;
      apart[3 + 2 * d] = along.step;
      apart[2 + 2 * rank + d] = along.blocks;
      order.add(2 + 2L * d);
      joined[1] *= along.pieces;
      joined[2] *= along.step * along.blocks;
      pieces[d] = along.pieces;
      boolean isGiven = along.step == 1 && !window.dilations().isEmpty();
      dilations.add(isGiven ? window.dilations().get(d) : along.step);
    }
    for (long d = 0; d < rank; d++) {
      order.add(2 + 2L * rank + d);
      order.add(3 + 2 * d);
    }
    String name = node.output();
    String split =
        draft.add(node, new Op.Reshape(false), node.input(0), draft.vector(name + "/apart", apart));
    String turned = draft.add(node, new Op.Transpose(order), split);
    String side =
        draft.add(node, new Op.Reshape(false), turned, draft.vector(name + "/joined", joined));
    Op.Window near =
        new Op.Window(
            window.kernel(), List.of(), window.pads(), dilations, window.autoPad(), false);
    return draft.replace(
        node, new ImageOp.Fold(near), side, node.input(1), draft.vector(name + "/pieces", pieces));
  }
}
