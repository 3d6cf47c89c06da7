package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A small graph written as nested calls.
final class Sketch {
  static final Op.Window POINT = window(1, 1, 0);

  private final GraphBuilder graph = new GraphBuilder("sketch");
  private final List<String> made = new ArrayList<>();
  private final Random random = new Random(7);
  private final int perturbed;
  private int numbers;

  Sketch() {
    this(-1);
  }

  /// A sketch in which one number, counted in the order of calls, is off by one in fifty.
  Sketch(int perturbed) {
    this.perturbed = perturbed;
  }

  static Op.Window window(long kernel, long stride, long pad) {
    return new Op.Window(
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(pad, pad, pad, pad),
        List.of(),
        Op.AutoPad.NOTSET,
        false);
  }

  static Op conv(Op.Window window, long groups) {
    return new Op.Conv(window, groups, Op.Layout.CHANNELS_FIRST, null);
  }

  String input(String name, Object... dims) {
    return input(name, DType.F32, dims);
  }

  String input(String name, DType dtype, Object... dims) {
    graph.input(name, dtype, dims);
    return name;
  }

  String constant(Tensor tensor) {
    return graph.constant(tensor);
  }

  String number(double value) {
    double own = numbers++ == perturbed ? value * 1.02 + 1e-3 : value;
    return constant(Constants.of(DType.F32, Shape.of(), new double[] {own}));
  }

  int numbers() {
    return numbers;
  }

  String vector(long... values) {
    return constant(Tensor.of(values, values.length));
  }

  String weights(long... dims) {
    return weights(0, dims);
  }

  /// Random constants around a centre.
  String weights(double centre, long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, centre + random.nextGaussian() * 0.5);
    }
    return constant(tensor);
  }

  String op(Op op, String... in) {
    return ops(op, 1, in).getFirst();
  }

  List<String> ops(Op op, int outputs, String... in) {
    List<String> names = graph.add(op, outputs, in);
    made.addAll(names);
    return names;
  }

  /// The second result of an operator whose first nobody reads.
  String second(Op op, String... in) {
    String name = "v" + made.size();
    graph.node(op, List.of("", name), in);
    made.add(name);
    return name;
  }

  String unary(UnaryFunction function, String x) {
    return op(new Op.Unary(function), x);
  }

  String clip(double low, double high, String x) {
    return op(new Op.Unary(UnaryFunction.CLIP, (float) low, (float) high), x);
  }

  String binary(BinaryFunction function, String x, String y) {
    return op(new Op.Binary(function), x, y);
  }

  String add(String x, String y) {
    return binary(BinaryFunction.ADD, x, y);
  }

  String sub(String x, String y) {
    return binary(BinaryFunction.SUB, x, y);
  }

  String mul(String x, String y) {
    return binary(BinaryFunction.MUL, x, y);
  }

  String div(String x, String y) {
    return binary(BinaryFunction.DIV, x, y);
  }

  String reduce(ReduceFunction function, String x, long axis) {
    return op(new Op.Reduce(function, true, false), x, vector(axis));
  }

  String matMul(String x, String y) {
    return op(new Op.MatMul(), x, y);
  }

  String reshape(String x, long... shape) {
    return op(new Op.Reshape(false), x, vector(shape));
  }

  String transpose(String x, int... perm) {
    return op(new Op.Transpose(Axes.list(perm)), x);
  }

  Graph graph(String... outputs) {
    return graph.outputs(outputs).build();
  }

  Graph graph(List<String> outputs) {
    return graph(outputs.toArray(String[]::new));
  }

  /// Every value that a node makes.
  List<String> made() {
    return made;
  }
}
