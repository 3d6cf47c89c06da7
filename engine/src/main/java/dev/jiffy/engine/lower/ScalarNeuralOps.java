package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.kernel.scalar.ScalarConvolution;
import dev.jiffy.engine.kernel.scalar.ScalarLinear;
import dev.jiffy.engine.kernel.scalar.ScalarNormalization;
import dev.jiffy.engine.kernel.scalar.ScalarPooling;
import dev.jiffy.engine.kernel.scalar.ScalarQuantization;
import dev.jiffy.engine.kernel.scalar.ScalarRecurrence;
import dev.jiffy.engine.kernel.scalar.Sliding;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Matrix products, convolutions, pools and normalisations on the scalar kernels.
final class ScalarNeuralOps {
  private ScalarNeuralOps() {}

  static void matMul(Op.MatMul op, Operands o) {
    ScalarLinear.matMul(
        o.in(0),
        o.in(1),
        op.transposeA(),
        op.transposeB(),
        (double) op.alpha(),
        o.optional(2),
        o.optional(3),
        Linear.activation(op.activation()),
        o.out());
  }

  static void quantizedMatMul(Op.QuantizedMatMul op, Operands o) {
    ScalarQuantization.matMul(
        o.in(0),
        o.in(1),
        o.in(2),
        o.optional(3),
        o.optional(4),
        op.shift(),
        Linear.activation(op.activation()),
        o.out());
  }

  static void attention(AttentionOp.Attention op, Operands o) {
    int heads = Math.toIntExact(op.heads());
    ScalarLinear.attention(
        o.in(0), o.in(1), o.in(2), o.optional(3), heads, (double) op.scale(), o.out());
  }

  static void attention(AttentionOp.CausalAttention op, Operands o) {
    ScalarLinear.attention(
        o.in(0),
        o.in(1),
        o.in(2),
        o.in(3),
        o.optional(4),
        Math.toIntExact(op.heads()),
        op.window(),
        (double) op.scale(),
        (double) op.cap(),
        o.out());
  }

  static void recurrent(RecurrentOp.Recurrent op, Operands o) {
    ScalarRecurrence.run(
        Recurrences.of(op),
        o.in(0),
        o.in(1),
        o.in(2),
        o.optional(3),
        o.optional(4),
        o.optional(5),
        o.optional(6),
        o.optional(7),
        o.optionalOut(0),
        o.optionalOut(1),
        o.optionalOut(2));
  }

  static void recurrent(RecurrentOp.DynamicRecurrent op, Operands o) {
    int first = op.states();
    List<Tensor> weights = new ArrayList<>();
    List<Tensor> scales = new ArrayList<>();
    for (int input = 1; input < first; input += 2) {
      weights.add(o.in(input));
      scales.add(o.in(input + 1));
    }
    ScalarRecurrence.runDynamic(
        Recurrences.of(op.layer()),
        o.in(0),
        weights,
        scales,
        o.optional(first),
        o.optional(first + 1),
        o.optional(first + 2),
        o.optionalOut(0),
        o.optionalOut(1),
        o.optionalOut(2));
  }

  /// Returns the extents between batch and channels or after both.
  static int[] spatial(Tensor tensor, Layout layout) {
    long[] dims = tensor.shape().dims();
    int shift = layout == Layout.CHANNELS_LAST ? 1 : 2;
    int rank = dims.length - 2;
    if (rank < 1 || rank > Sliding.RANK) {
      throw new ModelException(
          "windows need one to three spatial dimensions, got shape " + tensor.shape());
    }
    int[] spatial = new int[rank];
    for (int d = 0; d < rank; d++) {
      spatial[d] = Math.toIntExact(dims[d + shift]);
    }
    return spatial;
  }

  private static boolean isLast(Layout layout) {
    return layout == Layout.CHANNELS_LAST;
  }

  static void conv(Op.Conv op, Operands o) {
    WindowGeometry geometry =
        WindowGeometry.of(
            op.window(),
            spatial(o.in(1), Layout.CHANNELS_FIRST),
            spatial(o.in(0), op.layout()),
            spatial(o.out(), op.layout()));
    ScalarConvolution.conv(
        o.in(0),
        o.in(1),
        o.optional(2),
        o.optional(3),
        geometry.sliding(),
        Math.toIntExact(op.groups()),
        isLast(op.layout()),
        Linear.activation(op.activation()),
        o.out());
  }

  static void convTranspose(Op.ConvTranspose op, Operands o) {
    WindowGeometry geometry =
        WindowGeometry.transposed(
            op,
            spatial(o.in(1), Layout.CHANNELS_FIRST),
            spatial(o.in(0), op.layout()),
            spatial(o.out(), op.layout()));
    ScalarConvolution.convTranspose(
        o.in(0),
        o.in(1),
        o.optional(2),
        geometry.sliding(),
        Math.toIntExact(op.groups()),
        isLast(op.layout()),
        Linear.activation(op.activation()),
        o.out());
  }

  static void pool(Op.Pool op, Operands o) {
    Tensor shaped = o.optionalOut(0) == null ? o.optionalOut(1) : o.optionalOut(0);
    if (shaped == null) {
      return;
    }
    int[] in = spatial(o.in(0), op.layout());
    int[] kernel = WindowGeometry.numbers(op.window().kernel(), in.length, 1);
    Sliding sliding =
        WindowGeometry.of(op.window(), kernel, in, spatial(shaped, op.layout())).sliding();
    boolean last = isLast(op.layout());
    switch (op.function()) {
      case MAX ->
          ScalarPooling.max(
              o.in(0), sliding, last, op.storageColumnMajor(), o.optionalOut(0), o.optionalOut(1));
      case AVERAGE -> ScalarPooling.average(o.in(0), sliding, op.countPadding(), last, o.out());
      case LP -> ScalarPooling.norm(o.in(0), sliding, op.p(), last, o.out());
    }
  }

  static void globalPool(Op.GlobalPool op, Operands o) {
    Shape shape = o.in(0).shape();
    int rank = shape.rank();
    boolean last = isLast(op.layout());
    long size = last ? shape.elements(1, rank - 1) : shape.elements(2, rank);
    long channels = last ? shape.dim(rank - 1) : shape.dim(1);
    Tensor x = flat(o.in(0), shape.dim(0), size, channels, last);
    Tensor y = flat(o.out(), shape.dim(0), 1, channels, last);
    int[] none = {0};
    int[] one = {1};
    Sliding sliding = new Sliding(new int[] {Math.toIntExact(size)}, one, none, none, one);
    switch (op.function()) {
      case MAX -> ScalarPooling.max(x, sliding, last, false, y, null);
      case AVERAGE -> ScalarPooling.average(x, sliding, false, last, y);
      case LP -> ScalarPooling.norm(x, sliding, op.p(), last, y);
    }
  }

  private static Tensor flat(Tensor x, long batch, long size, long channels, boolean last) {
    return last ? x.reshape(batch, size, channels) : x.reshape(batch, channels, size);
  }

  static void batchNorm(Op.BatchNorm op, Operands o) {
    ScalarNormalization.batchNorm(
        o.in(0),
        o.in(1),
        o.in(2),
        o.in(3),
        o.in(4),
        (double) op.epsilon(),
        isLast(op.layout()),
        o.out());
  }

  static void layerNorm(Op.LayerNorm op, Operands o) {
    ScalarNormalization.layerNorm(
        o.in(0),
        o.optional(3),
        o.optional(1),
        o.optional(2),
        o.axis(op.axis()),
        (double) op.epsilon(),
        o.optionalOut(0),
        o.optionalOut(1),
        o.optionalOut(2));
  }

  static void instanceNorm(Op.InstanceNorm op, Operands o) {
    ScalarNormalization.instanceNorm(o.in(0), o.in(1), o.in(2), (double) op.epsilon(), o.out());
  }

  static void lrn(Op.Lrn op, Operands o) {
    ScalarNormalization.localResponse(
        o.in(0), (double) op.alpha(), (double) op.beta(), (double) op.bias(), op.size(), o.out());
  }
}
