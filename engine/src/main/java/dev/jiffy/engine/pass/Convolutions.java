package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Per-channel factors and addends around convolutions go into weights and biases, padding into the
/// window. Runs before layouts change: every image is channels first.
final class Convolutions {
  /// A smaller factor is not divided by.
  private static final double MIN_FACTOR = 1e-3;

  private Convolutions() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    if (op instanceof Op.Binary) {
      return factorAfter(draft, node) || addendAfter(draft, node);
    } else if (op instanceof Op.Conv) {
      return factorBefore(draft, node)
          || addendBefore(draft, node)
          || addendFirst(draft, node)
          || padding(draft, node);
    }
    return op instanceof Op.Pool ? padding(draft, node) : batchNorm(draft, node);
  }

  /// Normalisation by constant statistics is one factor and one addend for each channel.
  private static boolean batchNorm(Draft draft, Node node) {
    if (!(node.op() instanceof Op.BatchNorm(float epsilon, Op.Layout layout))
        || layout != Op.Layout.CHANNELS_FIRST
        || node.outputs().size() != 1) {
      return false;
    }
    int rank = draft.fact(node.input(0)).rank();
    Tensor scale = draft.constant(node.input(1));
    Tensor bias = draft.constant(node.input(2));
    Tensor mean = draft.constant(node.input(3));
    Tensor variance = draft.constant(node.input(4));
    if (scale == null || bias == null || mean == null || variance == null || rank < 2) {
      return false;
    }
    DType dtype = draft.fact(node.input(0)).dtype();
    if (scale.dtype() != dtype && dtype != DType.F64) {
      return false; // a narrower type would round the factors
    }
    int channels = Math.toIntExact(scale.shape().elements());
    double[] factors = new double[channels];
    double[] addends = new double[channels];
    for (int c = 0; c < channels; c++) {
      factors[c] = scale.getDouble(c) / Math.sqrt(variance.getDouble(c) + epsilon);
      addends[c] = bias.getDouble(c) - mean.getDouble(c) * factors[c];
    }
    long[] dims = new long[rank - 1];
    Arrays.fill(dims, 1);
    dims[0] = channels;
    Shape shape = Shape.of(dims);
    String scaled =
        draft.add(
            node,
            new Op.Binary(BinaryFunction.MUL),
            node.input(0),
            draft.constant(node.input(1), Constants.of(dtype, shape, factors)));
    return draft.replace(
        node,
        new Op.Binary(BinaryFunction.ADD),
        scaled,
        draft.constant(node.input(2), Constants.of(dtype, shape, addends)));
  }

  /// A constant that meets a convolution's result, one number for each channel.
  private record Addend(Node conv, Tensor weights, Tensor constant, boolean isSecond) {
    double[] numbers(Draft draft) {
      return Objects.requireNonNull(perChannel(draft, conv.output(), constant));
    }
  }

  private static @Nullable Addend after(Draft draft, Node node) {
    for (int side = 0; side < 2; side++) {
      Node conv = plainConv(draft, node.input(side));
      Tensor constant = draft.constant(node.input(1 - side));
      Tensor weights = conv == null ? null : draft.constant(conv.input(1));
      if (conv == null || constant == null || weights == null) {
        continue;
      }
      if (perChannel(draft, conv.output(), constant) != null) {
        return new Addend(conv, weights, constant, side == 0);
      }
    }
    return null;
  }

  private static boolean factorAfter(Draft draft, Node node) {
    boolean isDivision = isBinary(node, BinaryFunction.DIV);
    if (!isDivision && !isBinary(node, BinaryFunction.MUL)) {
      return false;
    }
    Addend found = after(draft, node);
    if (found == null || (isDivision && !found.isSecond)) {
      return false;
    }
    Node conv = found.conv;
    double[] factors = found.numbers(draft);
    if (isDivision) {
      factors = Arrays.stream(factors).map(c -> 1 / c).toArray();
    }
    Tensor bias = draft.constant(conv.input(2));
    if (conv.hasInput(2) && bias == null) {
      return false;
    }
    int axis = conv.op() instanceof Op.Conv ? 0 : 1;
    String weights = draft.constant(conv.input(1), Constants.scaled(found.weights, factors, axis));
    String shift =
        bias == null ? "" : draft.constant(conv.input(2), Constants.scaled(bias, factors, 0));
    return draft.replace(node, conv.op(), MatrixProducts.inputs(conv.input(0), weights, shift));
  }

  private static boolean addendAfter(Draft draft, Node node) {
    boolean isDifference = isBinary(node, BinaryFunction.SUB);
    if (!isDifference && !isBinary(node, BinaryFunction.ADD)) {
      return false;
    }
    Addend found = after(draft, node);
    if (found == null || (isDifference && !found.isSecond)) {
      return false;
    }
    double[] addends = found.numbers(draft);
    if (isDifference) {
      addends = Arrays.stream(addends).map(c -> -c).toArray();
    }
    return withBias(draft, node, found.conv, found.weights, addends, found.conv.input(0));
  }

  private static boolean withBias(
      Draft draft, Node node, Node conv, Tensor weights, double[] addends, String x) {
    Tensor old = draft.constant(conv.input(2));
    if (conv.hasInput(2) && old == null) {
      return false;
    }
    double[] bias = addends.clone();
    if (old != null) {
      double[] before = old.toDoubles();
      for (int c = 0; c < bias.length; c++) {
        bias[c] += before[c];
      }
    }
    String hint = conv.hasInput(2) ? conv.input(2) : conv.input(1) + "/bias";
    String sum = draft.constant(hint, Constants.of(weights.dtype(), Shape.of(bias.length), bias));
    String[] inputs = conv.inputs().toArray(String[]::new);
    inputs = Arrays.copyOf(inputs, Math.max(3, inputs.length));
    inputs[0] = x;
    inputs[2] = sum;
    return draft.replace(node, conv.op(), inputs);
  }

  /// `(x · c) ∗ w` with one factor for each input channel.
  private static boolean factorBefore(Draft draft, Node node) {
    Node before = draft.producer(node.input(0));
    Tensor weights = draft.constant(node.input(1));
    if (before == null
        || weights == null
        || !isBinary(before, BinaryFunction.MUL)
        || !(node.op() instanceof Op.Conv conv)
        || !draft.readOnce(before.output())) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Tensor constant = draft.constant(before.input(1 - side));
      double[] factors = constant == null ? null : perChannel(draft, before.input(side), constant);
      Tensor scaled = factors == null ? null : scaledInputs(weights, conv.groups(), factors);
      if (scaled != null) {
        String[] inputs = node.inputs().toArray(String[]::new);
        inputs[0] = before.input(side);
        inputs[1] = draft.constant(node.input(1), scaled);
        return draft.replace(node, conv, inputs);
      }
    }
    return false;
  }

  /// Weights `[out, in / groups, …]` with a factor for each input channel.
  private static @Nullable Tensor scaledInputs(Tensor weights, long groups, double[] factors) {
    long perGroup = weights.shape().dim(1);
    int outputs = Math.toIntExact(weights.shape().dim(0));
    if (factors.length != groups * perGroup) {
      return null;
    }
    if (groups == 1) {
      return Constants.scaled(weights, factors, 1);
    }
    if (perGroup != 1) {
      return null;
    }
    double[] own = new double[outputs];
    for (int o = 0; o < outputs; o++) {
      own[o] = factors[Math.toIntExact(o / (outputs / groups))];
    }
    return Constants.scaled(weights, own, 0);
  }

  /// `(x + c) ∗ w` without padding, with one addend for each input channel.
  private static boolean addendBefore(Draft draft, Node node) {
    Node before = draft.producer(node.input(0));
    Tensor weights = draft.constant(node.input(1));
    if (before == null
        || weights == null
        || !isBinary(before, BinaryFunction.ADD)
        || !(node.op() instanceof Op.Conv conv)
        || conv.groups() != 1
        || !isUnpadded(conv.window())
        || !draft.readOnce(before.output())) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Tensor constant = draft.constant(before.input(1 - side));
      double[] addends = constant == null ? null : perChannel(draft, before.input(side), constant);
      if (addends != null) {
        return withBias(draft, node, node, weights, response(weights, addends), before.input(side));
      }
    }
    return false;
  }

  /// `(x · c + d) ∗ w` is `(x + d / c) · c ∗ w`: the factor can go into the weights even where the
  /// addend cannot.
  private static boolean addendFirst(Draft draft, Node node) {
    Node sum = draft.producer(node.input(0));
    if (sum == null
        || !isBinary(sum, BinaryFunction.ADD)
        || !draft.readOnce(sum.output())
        || draft.fact(sum.output()).dtype() != DType.F32) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node scaled = draft.producer(sum.input(side));
      Double addend = draft.scalar(sum.input(1 - side));
      if (scaled == null
          || addend == null
          || !isBinary(scaled, BinaryFunction.MUL)
          || !Fusion.sameRank(draft, scaled.output(), sum.output())
          || !draft.readOnce(scaled.output())) {
        continue;
      }
      for (int inner = 0; inner < 2; inner++) {
        Double factor = draft.scalar(scaled.input(1 - inner));
        if (factor == null || Math.abs(factor) < MIN_FACTOR) {
          continue;
        }
        Tensor quotient = Constants.of(DType.F32, Shape.of(), new double[] {addend / factor});
        String shifted =
            draft.add(
                sum,
                new Op.Binary(BinaryFunction.ADD),
                scaled.input(inner),
                draft.constant(sum.input(1 - side), quotient));
        String[] inputs = node.inputs().toArray(String[]::new);
        inputs[0] =
            draft.add(scaled, new Op.Binary(BinaryFunction.MUL), shifted, scaled.input(1 - inner));
        return draft.replace(node, node.op(), inputs);
      }
    }
    return false;
  }

  /// What each output channel makes of an input that is constant in each channel.
  private static double[] response(Tensor weights, double[] addends) {
    int outputs = Math.toIntExact(weights.shape().dim(0));
    int taps = Math.toIntExact(weights.shape().elements(2, weights.shape().rank()));
    double[] elements = weights.toDoubles();
    double[] result = new double[outputs];
    int index = 0;
    for (int o = 0; o < outputs; o++) {
      double sum = 0;
      for (double addend : addends) {
        for (int end = index + taps; index < end; index++) {
          sum += elements[index] * addend;
        }
      }
      result[o] = sum;
    }
    return result;
  }

  /// Zero padding before a convolution, or before a mean that would not count it, is the window's
  /// own.
  private static boolean padding(Draft draft, Node node) {
    Node pad = draft.producer(node.inputs().isEmpty() ? "" : node.input(0), Op.Pad.class);
    if (pad == null
        || !(pad.op() instanceof Op.Pad(Op.PadMode mode))
        || mode != Op.PadMode.CONSTANT
        || pad.hasInput(3)
        || !draft.readOnce(pad.output())) {
      return false;
    }
    Double value = pad.hasInput(2) ? draft.scalar(pad.input(2)) : Double.valueOf(0);
    long[] border = draft.integers(pad.input(1));
    if (value == null || value != 0 || border == null || !isSpatialBorder(border)) {
      return false;
    }
    Op padded =
        switch (node.op()) {
          case Op.Conv conv when !isSame(conv.window()) ->
              new Op.Conv(
                  padded(conv.window(), border), conv.groups(), conv.layout(), conv.activation());
          case Op.Pool pool
              when pool.function() == Op.PoolFunction.AVERAGE
                  && isUnpadded(pool.window())
                  && !pool.window().ceilMode() ->
              new Op.Pool(
                  pool.function(),
                  padded(pool.window(), border),
                  true,
                  pool.storageColumnMajor(),
                  pool.p(),
                  pool.layout());
          default -> null;
        };
    if (padded == null) {
      return false;
    }
    String[] inputs = node.inputs().toArray(String[]::new);
    inputs[0] = pad.input(0);
    return draft.replace(node, padded, inputs);
  }

  private static boolean isSame(Op.Window window) {
    return window.autoPad() == Op.AutoPad.SAME_UPPER || window.autoPad() == Op.AutoPad.SAME_LOWER;
  }

  private static Op.Window padded(Op.Window window, long[] border) {
    int rank = border.length / 2;
    List<Long> own = window.autoPad() == Op.AutoPad.VALID ? List.of() : window.pads();
    List<Long> pads = new ArrayList<>();
    for (int end = 0; end < 2; end++) {
      for (int i = 2; i < rank; i++) {
        long before = own.isEmpty() ? 0 : own.get(end * (rank - 2) + i - 2);
        pads.add(before + border[end * rank + i]);
      }
    }
    return new Op.Window(
        window.kernel(),
        window.strides(),
        pads,
        window.dilations(),
        Op.AutoPad.NOTSET,
        window.ceilMode());
  }

  private static boolean isSpatialBorder(long[] border) {
    int rank = border.length / 2;
    for (int i = 0; i < border.length; i++) {
      if (border[i] < 0 || (i % rank < 2 && border[i] != 0)) {
        return false;
      }
    }
    return rank > 2;
  }

  private static boolean isUnpadded(Op.Window window) {
    return window.autoPad() == Op.AutoPad.VALID
        || (window.autoPad() == Op.AutoPad.NOTSET
            && window.pads().stream().allMatch(pad -> pad == 0));
  }

  private static boolean isBinary(Node node, BinaryFunction function) {
    return node.op() instanceof Op.Binary(BinaryFunction own) && own == function;
  }

  /// {@return the convolution that makes a value that nobody else reads, with neither residual nor
  /// activation, or null}
  ///
  /// @param draft the graph
  /// @param value the value
  private static @Nullable Node plainConv(Draft draft, String value) {
    Node node = draft.producer(value);
    if (node == null || !draft.readOnce(value)) {
      return null;
    }
    boolean isPlain =
        (node.op() instanceof Op.Conv conv
                && conv.activation() == null
                && conv.layout() == Op.Layout.CHANNELS_FIRST
                && !node.hasInput(3))
            || (node.op() instanceof Op.ConvTranspose transpose
                && transpose.activation() == null
                && transpose.layout() == Op.Layout.CHANNELS_FIRST
                && transpose.groups() == 1);
    return isPlain ? node : null;
  }

  private static double @Nullable [] perChannel(Draft draft, String image, Tensor constant) {
    List<Dim> shape = draft.fact(image).shape();
    return shape != null && shape.size() >= 3 && shape.get(1) instanceof Dim.Known(long channels)
        ? Constants.perAxis(constant, shape.size(), 1, channels)
        : null;
  }
}
