package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Random small graphs of the operators that passes look at.
final class RandomGraphs {
  private static final UnaryFunction[] UNARY = {
    UnaryFunction.RELU,
    UnaryFunction.SIGMOID,
    UnaryFunction.TANH,
    UnaryFunction.ABS,
    UnaryFunction.NEG,
    UnaryFunction.SOFTPLUS
  };
  private static final int STEPS = 14;

  private final Random random;
  private final Sketch sketch = new Sketch();
  private final List<String> values = new ArrayList<>();

  private RandomGraphs(long seed) {
    random = new Random(seed);
  }

  static Graph graph(long seed) {
    return new RandomGraphs(seed).build();
  }

  private Graph build() {
    boolean isNamed = random.nextBoolean();
    values.add(sketch.input("x", isNamed ? "batch" : 1 + random.nextInt(2), 4, 4, 6));
    values.add(sketch.input("y", isNamed ? "batch" : 2, 4, 6));
    for (int step = 0; step < STEPS; step++) {
      String value = step(values.get(random.nextInt(values.size())));
      if (value != null) {
        values.add(value);
      }
    }
    List<String> outputs = new ArrayList<>(List.of(values.getLast()));
    String other = values.get(2 + random.nextInt(values.size() - 2));
    if (!outputs.contains(other)) {
      outputs.add(other);
    }
    return sketch.graph(outputs);
  }

  private List<Dim> shape(String value) {
    return Objects.requireNonNull(sketch.graph(value).fact(value).shape());
  }

  private static long extent(Dim dim) {
    return dim instanceof Dim.Known(long known) ? known : -1;
  }

  private @Nullable String step(String x) {
    List<Dim> shape = shape(x);
    int rank = shape.size();
    if (rank < 2) {
      return null;
    }
    int axis = 1 + random.nextInt(rank - 1);
    long extent = extent(shape.get(axis));
    return switch (random.nextInt(20)) {
      case 0 -> sketch.unary(UNARY[random.nextInt(UNARY.length)], x);
      case 1 -> sketch.binary(function(), x, constant(shape));
      case 2 -> sketch.binary(function(), constant(shape), x);
      case 3 -> partner(x, shape);
      case 4, 5 -> transpose(x, rank);
      case 6 -> merge(x, shape, axis);
      case 7 -> split(x, shape, axis);
      case 8 -> sketch.op(new Op.Unsqueeze(), x, sketch.vector(random.nextInt(rank + 1)));
      case 9 -> sketch.op(new Op.Concat(axis), x, sketch.unary(UnaryFunction.NEG, x));
      case 10 -> extent < 2 ? null : halves(x, axis, extent);
      case 11 -> extent < 2 ? null : slice(x, axis, extent);
      case 12 -> pad(x, rank, axis);
      case 13 -> sketch.op(new Op.Softmax(axis, random.nextInt(4) == 0), x);
      case 14 ->
          sketch.op(
              new Op.Reduce(ReduceFunction.MEAN, random.nextBoolean(), false),
              x,
              sketch.vector(axis));
      case 15 -> product(x, shape);
      case 16, 17 -> convolution(x, shape);
      case 18 -> pool(x, shape);
      default -> extent < 1 ? null : gather(x, axis, extent);
    };
  }

  private BinaryFunction function() {
    return switch (random.nextInt(4)) {
      case 0 -> BinaryFunction.ADD;
      case 1 -> BinaryFunction.SUB;
      case 2 -> BinaryFunction.MAX;
      default -> BinaryFunction.MUL;
    };
  }

  /// A number, or numbers that vary along one dimension.
  private String constant(List<Dim> shape) {
    int axis = random.nextInt(shape.size());
    long extent = extent(shape.get(axis));
    if (extent < 0 || random.nextInt(3) == 0) {
      return sketch.number(1 + random.nextInt(3) * 0.5);
    }
    long[] dims = new long[shape.size() - axis];
    java.util.Arrays.fill(dims, 1);
    dims[0] = extent;
    return sketch.weights(1, dims);
  }

  private @Nullable String partner(String x, List<Dim> shape) {
    for (String other : values.reversed()) {
      if (!other.equals(x) && shape(other).equals(shape)) {
        return sketch.binary(random.nextBoolean() ? BinaryFunction.ADD : function(), x, other);
      }
    }
    return null;
  }

  private String transpose(String x, int rank) {
    int[] perm = new int[rank];
    for (int i = 0; i < rank; i++) {
      int j = random.nextInt(i + 1);
      perm[i] = perm[j];
      perm[j] = i;
    }
    return sketch.transpose(x, perm);
  }

  private @Nullable String merge(String x, List<Dim> shape, int axis) {
    if (axis < 2 || extent(shape.get(axis)) < 0 || extent(shape.get(axis - 1)) < 0) {
      return null;
    }
    return reshaped(
        x, shape, axis - 1, axis + 1, extent(shape.get(axis)) * extent(shape.get(axis - 1)));
  }

  private @Nullable String split(String x, List<Dim> shape, int axis) {
    long extent = extent(shape.get(axis));
    return extent < 2 || extent % 2 != 0 ? null : reshaped(x, shape, axis, axis + 1, 2, extent / 2);
  }

  private @Nullable String reshaped(String x, List<Dim> shape, int from, int to, long... extents) {
    List<Long> target = new ArrayList<>();
    for (int i = 0; i < shape.size(); i++) {
      if (i == from) {
        for (long extent : extents) {
          target.add(extent);
        }
      }
      if (i < from || i >= to) {
        long extent = extent(shape.get(i));
        if (extent < 0 && target.contains(-1L)) {
          return null;
        }
        target.add(extent);
      }
    }
    return sketch.reshape(x, target.stream().mapToLong(Long::longValue).toArray());
  }

  private String halves(String x, int axis, long extent) {
    return sketch
        .ops(new Op.Split(axis, 0), 2, x, sketch.vector(1, extent - 1))
        .get(random.nextInt(2));
  }

  private String slice(String x, int axis, long extent) {
    return sketch.op(
        new Op.Slice(),
        x,
        sketch.vector(random.nextInt(2)),
        sketch.vector(extent - random.nextInt(2) + (extent == 2 ? 1 : 0)),
        sketch.vector(axis),
        sketch.vector(1 + random.nextInt(2)));
  }

  private String pad(String x, int rank, int axis) {
    long[] pads = new long[2 * rank];
    pads[axis] = random.nextInt(2);
    pads[rank + rank - 1] = random.nextInt(2);
    return sketch.op(new Op.Pad(Op.PadMode.CONSTANT), x, sketch.vector(pads));
  }

  private @Nullable String product(String x, List<Dim> shape) {
    long columns = extent(shape.getLast());
    if (columns < 0) {
      return null;
    }
    String y = sketch.matMul(x, sketch.weights(columns, 4));
    return random.nextBoolean() ? y : sketch.add(y, sketch.weights(4));
  }

  private @Nullable String convolution(String x, List<Dim> shape) {
    if (shape.size() != 4 || shape.stream().skip(1).anyMatch(dim -> extent(dim) < 0)) {
      return null;
    }
    long channels = extent(shape.get(1));
    boolean isDepthwise = random.nextInt(3) == 0;
    long kernel = random.nextBoolean() ? 1 : 3;
    String y =
        sketch.op(
            Sketch.conv(
                Sketch.window(kernel, 1 + random.nextInt(2), kernel / 2),
                isDepthwise ? channels : 1),
            x,
            sketch.weights(isDepthwise ? channels : 4, isDepthwise ? 1 : channels, kernel, kernel));
    long out = isDepthwise ? channels : 4;
    return switch (random.nextInt(4)) {
      case 0 ->
          sketch.op(
              new Op.BatchNorm(1e-3f, Op.Layout.CHANNELS_FIRST),
              y,
              sketch.weights(out),
              sketch.weights(out),
              sketch.weights(out),
              sketch.weights(4.0, out));
      case 1 -> sketch.clip(0, 6, y);
      case 2 -> sketch.add(y, sketch.weights(out, 1, 1));
      default -> y;
    };
  }

  private @Nullable String pool(String x, List<Dim> shape) {
    if (shape.size() != 4 || shape.stream().skip(2).anyMatch(dim -> extent(dim) < 2)) {
      return null;
    }
    return random.nextInt(3) == 0
        ? sketch.op(new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, Op.Layout.CHANNELS_FIRST), x)
        : sketch.op(
            new Op.Pool(
                random.nextBoolean() ? Op.PoolFunction.MAX : Op.PoolFunction.AVERAGE,
                Sketch.window(2, 1, 0),
                false,
                false,
                0,
                Op.Layout.CHANNELS_FIRST),
            x);
  }

  private String gather(String x, int axis, long extent) {
    long index = random.nextInt((int) extent);
    Tensor indices =
        switch (random.nextInt(3)) {
          case 0 -> Tensor.of(new long[] {index});
          case 1 -> Tensor.of(new long[] {-1 - index}, 1);
          default -> Tensor.of(new long[] {index, 0}, 2);
        };
    return sketch.op(new Op.Gather(axis), x, sketch.constant(indices));
  }
}
