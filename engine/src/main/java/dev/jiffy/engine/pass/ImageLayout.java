package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Convolutions, pools and resampling take images channels last, between two transposes. Pools of
/// whole images take them as they come.
final class ImageLayout {
  private static final Op.Layout LAST = Op.Layout.CHANNELS_LAST;

  private ImageLayout() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    int rank = node.inputs().isEmpty() ? -1 : draft.fact(node.input(0)).rank();
    if (rank < 3 || node.outputs().size() != 1) {
      return false;
    }
    return switch (node.op()) {
      case Op.Conv op when op.layout() != LAST ->
          convert(
              draft, node, rank, new Op.Conv(op.window(), op.groups(), LAST, op.activation()), 3);
      case QuantizedOp.ByteConv(Op.Conv op, int zero, var rounding) when op.layout() != LAST -> {
        Op.Conv last = new Op.Conv(op.window(), op.groups(), LAST, op.activation());
        yield convert(draft, node, rank, new QuantizedOp.ByteConv(last, zero, rounding), -1);
      }
      case QuantizedOp.ByteSums(Op.Conv op, int zero) when op != null && op.layout() != LAST -> {
        Op.Conv last = new Op.Conv(op.window(), op.groups(), LAST, null);
        yield convert(draft, node, rank, new QuantizedOp.ByteSums(last, zero), -1);
      }
      case QuantizedOp.DynamicConv(Op.Conv op) when op.layout() != LAST -> {
        Op.Conv last = new Op.Conv(op.window(), op.groups(), LAST, op.activation());
        yield convert(draft, node, rank, new QuantizedOp.DynamicConv(last), -1);
      }
      case Op.ConvTranspose op when op.layout() != LAST ->
          convert(
              draft,
              node,
              rank,
              new Op.ConvTranspose(
                  op.window(),
                  op.groups(),
                  op.outputPadding(),
                  op.outputShape(),
                  LAST,
                  op.activation()),
              -1);
      case Op.Pool op when op.layout() != LAST ->
          convert(
              draft,
              node,
              rank,
              new Op.Pool(
                  op.function(),
                  op.window(),
                  op.countPadding(),
                  op.storageColumnMajor(),
                  op.p(),
                  LAST),
              -1);
      case Op.GlobalPool op
          when op.layout() != LAST && Sinking.sunk(draft, node.input(0)) != null ->
          convert(draft, node, rank, new Op.GlobalPool(op.function(), op.p(), LAST), -1);
      case Op.BatchNorm op when op.layout() != LAST ->
          convert(draft, node, rank, new Op.BatchNorm(op.epsilon(), LAST), -1);
      case ImageOp.Resize op when op.layout() != LAST -> resize(draft, node, rank, op);
      default -> false;
    };
  }

  /// Converts an operator whose first input, whose input `image` and whose output are images.
  private static boolean convert(Draft draft, Node node, int rank, Op op, int image) {
    String[] inputs = node.inputs().toArray(String[]::new);
    for (int i = 0; i < inputs.length; i++) {
      if ((i == 0 || i == image) && !inputs[i].isEmpty()) {
        inputs[i] = Sinking.transposed(draft, node, inputs[i], Axes.toLast(rank));
      }
    }
    String result = draft.add(node, op, inputs);
    return draft.replace(node, new Op.Transpose(Axes.list(Axes.toFirst(rank))), result);
  }

  private static boolean resize(Draft draft, Node node, int rank, ImageOp.Resize op) {
    if (op.coordinates() == ImageOp.CoordinateMode.TF_CROP_AND_RESIZE) {
      return false;
    }
    int[] toLast = Axes.toLast(rank);
    int[] place = Axes.inverse(toLast);
    List<Long> axes =
        op.axes().stream().map(axis -> (long) place[Axes.normal(axis, rank)]).toList();
    String scales = node.input(2);
    String sizes = node.input(3);
    if (isChannelsLast(draft, node)) {
      return draft.replace(node, laidOut(op, op.axes()), node.inputs().toArray(String[]::new));
    }
    if (axes.isEmpty()) {
      scales = scales.isEmpty() ? "" : picked(draft, node, scales, toLast);
      sizes = sizes.isEmpty() ? "" : picked(draft, node, sizes, toLast);
    }
    String x = Sinking.transposed(draft, node, node.input(0), toLast);
    String result = draft.add(node, laidOut(op, axes), MatrixProducts.inputs(x, "", scales, sizes));
    return draft.replace(node, new Op.Transpose(Axes.list(Axes.toFirst(rank))), result);
  }

  /// {@return whether the last dimension is left as it is, but not the second}
  private static boolean isChannelsLast(Draft draft, Node node) {
    List<Dim> x = draft.fact(node.input(0)).shape();
    List<Dim> y = draft.fact(node.output()).shape();
    return x != null && y != null && x.getLast().equals(y.getLast()) && !x.get(1).equals(y.get(1));
  }

  private static ImageOp.Resize laidOut(ImageOp.Resize op, List<Long> axes) {
    return new ImageOp.Resize(
        op.interpolation(),
        op.coordinates(),
        op.nearest(),
        op.cubicA(),
        op.excludeOutside(),
        op.extrapolation(),
        op.antialias(),
        axes,
        op.aspect(),
        LAST);
  }

  /// {@return a vector with its elements in another order}
  private static String picked(Draft draft, Node origin, String vector, int[] order) {
    @Nullable Tensor tensor = draft.constant(vector);
    if (tensor == null) {
      long[] indices = Arrays.stream(order).asLongStream().toArray();
      return draft.add(origin, new Op.Gather(0), vector, draft.vector(vector + "/order", indices));
    }
    Tensor result = Tensor.allocate(tensor.dtype(), tensor.shape());
    for (int i = 0; i < order.length; i++) {
      if (tensor.dtype().isFloat()) {
        result.setDouble(i, tensor.getDouble(order[i]));
      } else {
        result.setLong(i, tensor.getLong(order[i]));
      }
    }
    return draft.constant(vector, result);
  }
}
