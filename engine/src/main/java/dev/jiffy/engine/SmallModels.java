package dev.jiffy.engine;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Small models made up here, of what most models are made of.
///
/// Their weights mean nothing.
public final class SmallModels {
  private static final int WIDTH = 32;

  private final Map<String, Fact> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();

  private SmallModels() {}

  /// {@return a layer of a transformer, as exporters write it}
  public static Graph text() {
    SmallModels graph = new SmallModels();
    graph.inputs.put("ids", Fact.of(DType.I64, List.of(Dim.of("batch"), Dim.of("length"))));
    String x = graph.add(new Op.Gather(0), graph.weights(1000, WIDTH), "ids");
    String scores =
        graph.add(
            new Op.MatMul(),
            graph.heads(graph.linear(x), 0, 2, 1, 3),
            graph.heads(graph.linear(x), 0, 2, 3, 1));
    scores = graph.add(new Op.Binary(BinaryFunction.DIV), scores, graph.number(2.8f));
    String weighted =
        graph.add(
            new Op.MatMul(),
            graph.add(new Op.Softmax(-1, false), scores),
            graph.heads(graph.linear(x), 0, 2, 1, 3));
    String merged =
        graph.add(
            new Op.Reshape(false),
            graph.add(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), weighted),
            graph.vector(0, 0, WIDTH));
    String attended = graph.norm(graph.sum(x, graph.linear(merged)));
    String inner = graph.gelu(graph.linear(attended));
    return graph.graph("text", graph.norm(graph.sum(attended, graph.linear(inner))));
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
    SmallModels graph = new SmallModels();
    graph.inputs.put("image", Fact.of(DType.F32, 1, 3, 16, 16));
    String x = graph.normalized(graph.conv("image", 3, 3, 1));
    x = graph.add(new Op.Unary(UnaryFunction.RELU), x);
    String fine = graph.add(new Op.Unary(UnaryFunction.RELU), graph.conv(x, WIDTH, 3, 1));
    Op.Window halves = window(2, 2, 0);
    Op.Layout first = Op.Layout.CHANNELS_FIRST;
    x = graph.add(new Op.Pool(Op.PoolFunction.MAX, halves, false, false, 0, first), fine);
    String wide = graph.conv(graph.conv(x, WIDTH, 3, WIDTH), WIDTH, 1, 1);
    x = graph.sum(graph.add(new Op.Unary(UnaryFunction.SIGMOID), wide), x);
    x = graph.add(new Op.Concat(1), graph.doubled(x), fine);
    x = graph.add(new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, first), x);
    x = graph.add(new Op.Flatten(1), x);
    Op gemm = new Op.Gemm(1, 1, false, true);
    x = graph.add(gemm, x, graph.weights(10, 2 * WIDTH), graph.weights(10));
    return graph.graph("image", x);
  }

  private String conv(String value, int channels, int kernel, int groups) {
    Op conv = new Op.Conv(window(kernel, 1, kernel / 2), groups, Op.Layout.CHANNELS_FIRST, null);
    return add(conv, value, weights(WIDTH, channels / groups, kernel, kernel), weights(WIDTH));
  }

  /// Twice as high and as wide.
  private String doubled(String value) {
    Op resize = Op.Resize.linear(Op.Layout.CHANNELS_FIRST);
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
    String name = "value" + nodes.size();
    nodes.add(new Node(name, op, List.of(values), List.of(name)));
    return name;
  }

  private String constant(Tensor tensor) {
    String name = "constant" + constants.size();
    constants.put(name, tensor);
    return name;
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
      values[i] = center + ((i * 37 + constants.size() * 11) % 101 - 50) / 250f;
    }
    return constant(Tensor.of(values, shape));
  }

  private String number(float value) {
    return constant(Tensor.of(new float[] {value}));
  }

  private String vector(long... values) {
    return constant(Tensor.of(values, values.length));
  }

  private Graph graph(String name, String output) {
    List<String> names = List.copyOf(inputs.keySet());
    return Inference.infer(new Graph(name, names, List.of(output), nodes, constants, inputs));
  }
}
