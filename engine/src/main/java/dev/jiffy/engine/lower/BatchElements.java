package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether a graph computes the elements of a batch apart from each other and in order, so that
/// parts of a batch can be computed one by one.
///
/// Asked of the same graph with the facts of a batch and of a part of it. A value is _spread_ where
/// only its first extent differs, and by as much as the batch does. Facts rule out whatever mixes
/// extents; the rules here rule out what mixes elements and leaves extents as they are. What has no
/// rule is computed as a whole.
final class BatchElements {
  private final Graph whole;
  private final Graph part;
  private final long times;
  private final Needs needs;

  private BatchElements(Graph whole, Graph part, long times) {
    this.whole = whole;
    this.part = part;
    this.times = times;
    this.needs = Needs.of(whole, whole.producers());
  }

  /// {@return whether parts of a batch can be computed by themselves}
  ///
  /// @param whole the graph with facts for the batch
  /// @param part the same graph with facts for a part of it
  /// @param times how many parts there are
  static boolean areApart(Graph whole, Graph part, long times) {
    BatchElements elements = new BatchElements(whole, part, times);
    return elements.areSpread(whole.inputs())
        && elements.areSpread(whole.outputs())
        && whole.nodes().stream()
            .allMatch(node -> !elements.needs.runs(node) || elements.isApart(node));
  }

  private boolean areSpread(List<String> values) {
    return values.stream().allMatch(this::isSpread);
  }

  private boolean isSpread(String value) {
    Shape all = whole.fact(value).concreteShape();
    Shape few = part.fact(value).concreteShape();
    if (needs.isKnown(value) || all == null || few == null || all.rank() != few.rank()) {
      return false;
    }
    for (int d = 1; d < all.rank(); d++) {
      if (all.dim(d) != few.dim(d)) {
        return false;
      }
    }
    return all.rank() > 0 && few.dim(0) > 0 && all.dim(0) == Math.multiplyExact(times, few.dim(0));
  }

  private boolean isApart(Node node) {
    boolean isSpread = false;
    for (int i = 0; i < node.inputs().size(); i++) {
      String input = node.input(i);
      if (node.hasInput(i) && isSpread(input)) {
        isSpread = true;
      } else if (node.hasInput(i) && !steersOrIsAlike(node, i)) {
        return false;
      }
    }
    List<String> made = node.outputs().stream().filter(output -> !output.isEmpty()).toList();
    if (!isSpread && made.stream().allMatch(this::isAlike)) {
      return !Packing.hasWeights(node.op()) && !(node.op() instanceof RandomOp);
    }
    return areSpread(made) && keepsApart(node);
  }

  /// Whether a part reads the same there as the batch does.
  private boolean steersOrIsAlike(Node node, int input) {
    String value = node.input(input);
    return isAlike(value) || (needs.isKnown(value) && Needs.isParameter(node.op(), input));
  }

  private boolean isAlike(String value) {
    return whole.fact(value).equals(part.fact(value));
  }

  /// Whether element by element of a batch becomes element by element of the result, given that the
  /// result is spread and everything that is read is spread or the same for all parts.
  private boolean keepsApart(Node node) {
    return switch (node.op()) {
      case Op.Identity _, Op.Reshape _, Op.Flatten _, Op.Squeeze _, Op.Unsqueeze _ -> true;
      case Op.Unary _, Op.Cast _, Op.Binary _, Op.Where _, Op.Expand _ -> areAligned(node);
      case Op.ConstantOfShape _ -> true;
      case Op.Transpose transpose ->
          !transpose.perm().isEmpty() && transpose.perm().getFirst() == 0;
      case Op.MatMul _ -> areAligned(node);
      case AttentionOp.Attention _ -> rank(node.input(0)) == 3 && isAlikeOrOfRank(node.input(3), 4);
      case AttentionOp.CausalAttention _ -> isAlikeOrOfRank(node.input(4), 4);
      case AttentionOp.AppendRows _ -> true;
      case QuantizedOp.BlockMatMul _ ->
          isSpread(node.input(0)) && !isSpread(node.input(1)) && areAligned(node);
      case Op.Softmax softmax -> !isFirst(softmax.axis(), node.input(0));
      case Op.LayerNorm norm -> !isFirst(norm.axis(), node.input(0)) && areAligned(node);
      case Op.CumSum _ -> hasLaterAxes(node, 1);
      case Op.Reduce _ -> true;
      case Op.ArgReduce reduce -> !isFirst(reduce.axis(), node.input(0));
      case Op.Concat concat -> !isFirst(concat.axis(), node.output());
      case Op.Split split -> !isFirst(split.axis(), node.input(0));
      case Op.Slice _ -> hasLaterAxes(node, 3);
      case Op.Pad _ -> node.hasInput(3) ? hasLaterAxes(node, 3) : isPaddedLater(node);
      case Op.Gather gather -> isLookup(node, gather.axis());
      case Op.GatherElements gather ->
          !isFirst(gather.axis(), node.input(0)) && areSpread(node.inputs());
      case Op.Conv _ -> !isSpread(node.input(1)) && areAligned(node);
      case Op.ConvTranspose _, Op.BatchNorm _, Op.InstanceNorm _ -> isFirstAlone(node);
      case ImageOp.Resize _ -> isFirstAlone(node) && first(node.input(0)) == first(node.output());
      case Op.Pool _ -> node.outputs().size() == 1;
      case Op.GlobalPool _, Op.Lrn _, Op.DepthToSpace _, Op.SpaceToDepth _ -> true;
      case QuantizedOp.Quantize _, QuantizedOp.Dequantize _, QuantizedOp.ByteTable _ ->
          isFirstAlone(node);
      case QuantizedOp.ByteConv _, QuantizedOp.ByteMatMul _ ->
          !isSpread(node.input(1)) && areAligned(node);
      default -> false;
    };
  }

  /// Whether everything that is spread has the rank of the result, so that first extents meet.
  private boolean areAligned(Node node) {
    int rank = rank(node.output());
    return node.inputs().stream()
        .allMatch(input -> input.isEmpty() || !isSpread(input) || rank(input) == rank);
  }

  private boolean isFirstAlone(Node node) {
    return node.inputs().stream().skip(1).allMatch(input -> input.isEmpty() || !isSpread(input));
  }

  private boolean isAlikeOrOfRank(String value, int rank) {
    return value.isEmpty() || !isSpread(value) || rank(value) == rank;
  }

  private int rank(String value) {
    return whole.fact(value).rank();
  }

  private long first(String value) {
    Shape shape = whole.fact(value).concreteShape();
    return shape == null || shape.rank() == 0 ? -1 : shape.dim(0);
  }

  private boolean isFirst(long axis, String value) {
    return axis == 0 || axis == -rank(value);
  }

  /// Whether rows of a table are looked up, or places within each element of the batch.
  private boolean isLookup(Node node, long axis) {
    return isSpread(node.input(0))
        ? !isFirst(axis, node.input(0)) && !isSpread(node.input(1))
        : isFirst(axis, node.input(0)) && isSpread(node.input(1));
  }

  /// Whether the axes that an input tells are known and none of them is the first.
  private boolean hasLaterAxes(Node node, int input) {
    long[] axes = known(node.input(input));
    return axes != null && Arrays.stream(axes).noneMatch(axis -> isFirst(axis, node.input(0)));
  }

  /// Whether the first extent has neither border nor cut.
  private boolean isPaddedLater(Node node) {
    long[] pads = known(node.input(1));
    return pads != null && pads[0] == 0 && pads[pads.length / 2] == 0;
  }

  private long @Nullable [] known(String value) {
    Tensor constant = whole.constants().get(value);
    return value.isEmpty()
        ? null
        : constant != null ? constant.toLongs() : whole.fact(value).concreteValue();
  }
}
