package dev.jiffy.engine;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Small models made up here, of what most models are made of.
///
/// Their weights mean nothing.
public final class SmallModels {
  private static final int WIDTH = 32;

  private final GraphBuilder graph;
  private int constants;

  private SmallModels(String name) {
    graph = new GraphBuilder(name);
  }

  /// {@return a layer of a transformer, as exporters write it}
  public static Graph text() {
    SmallModels model = new SmallModels("text");
    model.graph.input("ids", DType.I64, "batch", "length");
    String x = model.add(new Op.Gather(0), model.weights(1000, WIDTH), "ids");
    String scores =
        model.add(
            new Op.MatMul(),
            model.heads(model.linear(x), 0, 2, 1, 3),
            model.heads(model.linear(x), 0, 2, 3, 1));
    scores = model.add(new Op.Binary(BinaryFunction.DIV), scores, model.number(2.8f));
    String weighted =
        model.add(
            new Op.MatMul(),
            model.add(new Op.Softmax(-1, false), scores),
            model.heads(model.linear(x), 0, 2, 1, 3));
    String merged =
        model.add(
            new Op.Reshape(false),
            model.add(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), weighted),
            model.vector(0, 0, WIDTH));
    String attended = model.norm(model.sum(x, model.linear(merged)));
    String inner = model.gelu(model.linear(attended));
    model.norm(model.sum(attended, model.linear(inner)));
    return model.graph.build();
  }

  private String heads(String value, long... order) {
    String split = add(new Op.Reshape(false), value, vector(0, 0, 4, WIDTH / 4));
    return add(new Op.Transpose(List.of(order[0], order[1], order[2], order[3])), split);
  }

  private String linear(String value) {
    return sum(weights(WIDTH), add(new Op.MatMul(), value, weights(WIDTH, WIDTH)));
  }

  private String gelu(String value) {
    String scaled = add(new Op.Binary(BinaryFunction.DIV), value, number((float) Math.sqrt(2)));
    String gate = sum(add(new Op.Unary(UnaryFunction.ERF), scaled), number(1));
    return product(product(value, gate), number(0.5f));
  }

  private String norm(String value) {
    Op mean = new Op.Reduce(ReduceFunction.MEAN, true, false);
    String deviation = add(new Op.Binary(BinaryFunction.SUB), value, add(mean, value, vector(-1)));
    String square = add(new Op.Binary(BinaryFunction.POW), deviation, number(2));
    String variance = sum(add(mean, square, vector(-1)), number(1e-5f));
    String root = add(new Op.Unary(UnaryFunction.SQRT), variance);
    String normal = add(new Op.Binary(BinaryFunction.DIV), deviation, root);
    return sum(product(normal, scales(WIDTH)), weights(WIDTH));
  }

  /// {@return convolutions in a row, plain, depthwise and pointwise, at two resolutions that are
  /// put together again, and a classifier}
  public static Graph image() {
    SmallModels model = new SmallModels("image");
    model.graph.input("image", DType.F32, 1, 3, 16, 16);
    String x = model.normalized(model.conv("image", 3, 3, 1));
    x = model.add(new Op.Unary(UnaryFunction.RELU), x);
    String fine = model.add(new Op.Unary(UnaryFunction.RELU), model.conv(x, WIDTH, 3, 1));
    Op.Window halves = window(2, 2, 0);
    Op.Layout first = Op.Layout.CHANNELS_FIRST;
    x = model.add(new Op.Pool(Op.PoolFunction.MAX, halves, false, false, 0, first), fine);
    String wide = model.conv(model.conv(x, WIDTH, 3, WIDTH), WIDTH, 1, 1);
    x = model.sum(model.add(new Op.Unary(UnaryFunction.SIGMOID), wide), x);
    x = model.add(new Op.Concat(1), model.doubled(x), fine);
    x = model.add(new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, first), x);
    x = model.add(new Op.Flatten(1), x);
    Op gemm = new Op.Gemm(1, 1, false, true);
    model.add(gemm, x, model.weights(10, 2 * WIDTH), model.weights(10));
    return model.graph.build();
  }

  private String conv(String value, int channels, int kernel, int groups) {
    Op conv = new Op.Conv(window(kernel, 1, kernel / 2), groups, Op.Layout.CHANNELS_FIRST, null);
    return add(conv, value, weights(WIDTH, channels / groups, kernel, kernel), weights(WIDTH));
  }

  /// Twice as high and as wide.
  private String doubled(String value) {
    Op resize = ImageOp.Resize.linear(Op.Layout.CHANNELS_FIRST);
    return add(resize, value, "", constant(Tensor.of(new float[] {1, 1, 2, 2}, 4)));
  }

  private static Op.Window window(long kernel, long stride, long pad) {
    return new Op.Window(
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(pad, pad, pad, pad),
        List.of(1L, 1L),
        Op.AutoPad.NOTSET,
        false);
  }

  private String normalized(String value) {
    Op norm = new Op.BatchNorm(1e-5f, Op.Layout.CHANNELS_FIRST);
    return add(norm, value, scales(WIDTH), weights(WIDTH), weights(WIDTH), scales(WIDTH));
  }

  // ---- what graphs are made of

  private String sum(String a, String b) {
    return add(new Op.Binary(BinaryFunction.ADD), a, b);
  }

  private String product(String a, String b) {
    return add(new Op.Binary(BinaryFunction.MUL), a, b);
  }

  private String add(Op op, String... values) {
    return graph.add(op, values);
  }

  private String constant(Tensor tensor) {
    constants++;
    return graph.constant(tensor);
  }

  /// Numbers from -0.2 to 0.2, others for each constant.
  private String weights(long... shape) {
    return numbers(0, shape);
  }

  /// The same around 1.
  private String scales(long... shape) {
    return numbers(1, shape);
  }

  private String numbers(float center, long... shape) {
    float[] values = new float[(int) Shape.of(shape).elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = center + ((i * 37 + constants * 11) % 101 - 50) / 250f;
    }
    return constant(Tensor.of(values, shape));
  }

  private String number(float value) {
    return constant(Tensor.of(new float[] {value}));
  }

  private String vector(long... values) {
    return constant(Tensor.of(values, values.length));
  }
}
