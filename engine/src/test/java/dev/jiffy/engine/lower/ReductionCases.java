package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;
import static dev.jiffy.engine.lower.Samples.vector;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/// Many elements made one, and what runs along one dimension.
final class ReductionCases {
  private ReductionCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (ReduceFunction function : ReduceFunction.values()) {
      reduce(cases, function);
    }
    for (DType type : List.of(DType.F64, DType.I32, DType.I64)) {
      sums(cases, type);
    }
    softmax(cases);
    orders(cases);
    normalizations(cases);
    return cases;
  }

  private static void reduce(List<OpCase> cases, ReduceFunction function) {
    for (long size : Samples.SIZES) {
      if (size == 0 && (function == ReduceFunction.MAX || function == ReduceFunction.MIN)) {
        continue;
      }
      Tensor x = Samples.between(1, 0.1, 1.5, 3, size);
      cases.add(
          OpCase.of(
              function + " rows",
              new Op.Reduce(function, false, false),
              i -> define(function, line(size, k -> at(x, i[0], k))),
              x,
              vector(-1)));
    }
    Tensor x = Samples.between(2, 0.1, 1.5, 2, 5, 17);
    Op keep = new Op.Reduce(function, true, false);
    cases.add(
        OpCase.of(
            function + " middle",
            keep,
            i -> define(function, line(5, k -> at(x, i[0], k, i[2]))),
            x,
            vector(1)));
    cases.add(
        OpCase.of(
            function + " ends",
            keep,
            i -> define(function, line(34, k -> at(x, k / 17, i[1], k % 17))),
            x,
            vector(0, 2)));
    Tensor turns = Samples.between(4, 0.1, 1.5, 2, 3, 1, 4, 5, 3);
    cases.add(
        OpCase.of(
            function + " in turns",
            new Op.Reduce(function, false, false),
            i ->
                define(function, line(24, k -> at(turns, k / 12, i[0], 0, k / 3 % 4, i[2], k % 3))),
            turns,
            vector(0, 3, 5)));
    cases.add(
        OpCase.of(function + " all", keep, i -> define(function, line(170, x::getDouble)), x));
    Tensor negative = Samples.floats(3, 7, 9);
    if (function != ReduceFunction.LOG_SUM) {
      cases.add(
          OpCase.of(
              function + " signs",
              keep,
              i -> define(function, line(9, k -> at(negative, i[0], k))),
              negative,
              vector(1)));
    }
  }

  private static void sums(List<OpCase> cases, DType type) {
    Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
    for (long size : Samples.SIZES) {
      Tensor x = Samples.as(type, Samples.integers(DType.I32, 1, -99, 99, 3, size));
      OpCase.Formula rows = i -> define(ReduceFunction.SUM, line(size, k -> at(x, i[0], k)));
      cases.add(OpCase.of(type + " rows", sum, rows, x, vector(-1)));
    }
    Tensor x = Samples.as(type, Samples.integers(DType.I32, 2, -99, 99, 2, 5, 17, 3));
    OpCase.Formula turns =
        i -> define(ReduceFunction.SUM, line(34, k -> at(x, k / 17, i[0], k % 17, i[1])));
    cases.add(OpCase.of(type + " in turns", sum, turns, x, vector(0, 2)));
    if (type != DType.F64) {
      Tensor most = Tensor.allocate(type, Shape.of(2, 3));
      for (int i = 0; i < 6; i++) {
        most.setLong(i, type == DType.I32 ? Integer.MAX_VALUE : Long.MAX_VALUE);
      }
      cases.add(OpCase.of(type + " too great", sum, null, most, vector(1)));
    }
  }

  private interface Element {
    double at(long k);
  }

  private static double[] line(long size, Element element) {
    return LongStream.range(0, size).mapToDouble(element::at).toArray();
  }

  private static double define(ReduceFunction function, double[] x) {
    DoubleStream values = DoubleStream.of(x);
    return switch (function) {
      case SUM -> values.sum();
      case MEAN -> values.sum() / x.length;
      case MAX -> values.max().orElseThrow();
      case MIN -> values.min().orElseThrow();
      case PROD -> values.reduce(1, (a, b) -> a * b);
      case L1 -> values.map(Math::abs).sum();
      case L2 -> Math.sqrt(values.map(v -> v * v).sum());
      case LOG_SUM -> Math.log(values.sum());
      case LOG_SUM_EXP -> Math.log(values.map(Math::exp).sum());
      case SUM_SQUARE -> values.map(v -> v * v).sum();
    };
  }

  private static void softmax(List<OpCase> cases) {
    for (long size : Samples.SIZES) {
      Tensor x = Samples.between(1, -9, 9, 3, size);
      for (boolean log : new boolean[] {false, true}) {
        cases.add(
            OpCase.of(
                log ? "log rows" : "rows",
                new Op.Softmax(-1, log),
                i -> {
                  double sum = DoubleStream.of(line(size, k -> Math.exp(at(x, i[0], k)))).sum();
                  return log ? at(x, i) - Math.log(sum) : Math.exp(at(x, i)) / sum;
                },
                x));
      }
    }
    Tensor x = Samples.floats(2, 2, 7, 5);
    cases.add(
        OpCase.of(
            "middle",
            new Op.Softmax(1, false),
            i ->
                Math.exp(at(x, i))
                    / DoubleStream.of(line(7, k -> Math.exp(at(x, i[0], k, i[2])))).sum(),
            x));
    Tensor huge = Tensor.of(new float[] {3e38f, 3e38f, -3e38f, Float.NEGATIVE_INFINITY}, 1, 4);
    cases.add(OpCase.of("huge", new Op.Softmax(1, false), i -> i[1] < 2 ? 0.5 : 0, huge));
  }

  private static void orders(List<OpCase> cases) {
    Tensor x = Samples.integers(DType.F32, 1, 0, 20, 3, 17);
    Tensor planes = Samples.integers(DType.F32, 2, 0, 9, 3, 6, 5);
    float nan = Float.NaN;
    Tensor odd = Tensor.of(new float[] {0, -0f, 0, -0f, -1, nan, 2, nan, -0f, 0, -0f, 1}, 3, 4);
    for (boolean largest : new boolean[] {true, false}) {
      for (boolean last : new boolean[] {true, false}) {
        cases.add(
            OpCase.of(
                (largest ? "max" : "min") + (last ? " last" : " first"),
                new Op.ArgReduce(largest, 1, false, last),
                i -> (double) best(line(17, k -> at(x, i[0], k)), largest, last),
                x));
        int[] places =
            largest
                ? last ? new int[] {3, 3, 3} : new int[] {0, 1, 3}
                : last ? new int[] {3, 0, 2} : new int[] {0, 0, 0};
        cases.add(
            OpCase.of(
                (largest ? "max" : "min") + (last ? " last" : " first") + " of zeros and NaN",
                new Op.ArgReduce(largest, 1, false, last),
                i -> places[(int) i[0]],
                odd));
        cases.add(
            OpCase.of(
                (largest ? "max" : "min") + (last ? " last" : " first") + " in the middle",
                new Op.ArgReduce(largest, -2, true, last),
                i -> (double) best(line(6, k -> at(planes, i[0], k, i[2])), largest, last),
                planes));
      }
      for (DType type : List.of(DType.U8, DType.I8)) {
        Tensor bytes =
            Samples.integers(
                type, 3, type == DType.U8 ? 250 : -3, type == DType.U8 ? 256 : 4, 4, 300, 21);
        cases.add(
            OpCase.of(
                (largest ? "max" : "min") + " of bytes",
                new Op.ArgReduce(largest, 2, false, false),
                i -> (double) best(line(21, k -> at(bytes, i[0], i[1], k)), largest, false),
                bytes));
      }
      cases.add(
          new OpCase(
              largest ? "largest" : "smallest",
              new Op.TopK(1, largest, true),
              List.of(x, vector(5)),
              2,
              i -> {
                double[] sorted = DoubleStream.of(line(17, k -> at(x, i[0], k))).sorted().toArray();
                return sorted[largest ? 16 - (int) i[1] : (int) i[1]];
              }));
    }
    topK(cases);
    cases.add(
        OpCase.of(
            "rows",
            new Op.Hardmax(1),
            i -> best(line(17, k -> at(x, i[0], k)), true, false) == i[1] ? 1 : 0,
            x));
    cases.add(
        OpCase.of(
            "running",
            new Op.CumSum(false, false),
            i -> DoubleStream.of(line(i[1] + 1, k -> at(x, i[0], k))).sum(),
            x,
            Tensor.of(new long[] {1})));
    cases.add(
        OpCase.of(
            "exclusive from the end",
            new Op.CumSum(true, true),
            i -> DoubleStream.of(line(2 - i[0], k -> at(x, 2 - k, i[1]))).sum(),
            x,
            Tensor.of(new long[] {0})));
    for (DType type : List.of(DType.F32, DType.I64, DType.I32, DType.F16)) {
      Tensor numbers = Samples.integers(type, 3, -9, 9, 3, 17, 5);
      for (long axis = -1; axis < 3; axis++) {
        Tensor along = Tensor.of(new long[] {axis});
        for (boolean exclusive : new boolean[] {true, false}) {
          cases.add(OpCase.of("of " + type, new Op.CumSum(exclusive, true), null, numbers, along));
          cases.add(OpCase.of("of " + type, new Op.CumSum(exclusive, false), null, numbers, along));
        }
      }
    }
    Tensor condition = Samples.integers(DType.BOOL, 2, 0, 2, 3, 5);
    cases.add(OpCase.of("pairs", new Op.NonZero(), null, condition));
    cases.add(
        OpCase.of(
            "columns",
            new Op.Compress(1L),
            i -> at(x, i[0], 2 * i[1] + 1),
            x,
            Tensor.of(new boolean[] {false, true, false, true}, 4)));
  }

  private static long best(double[] x, boolean largest, boolean last) {
    double wanted =
        largest ? DoubleStream.of(x).max().orElseThrow() : DoubleStream.of(x).min().orElseThrow();
    LongStream hits = LongStream.range(0, x.length).filter(k -> x[(int) k] == wanted);
    return last ? hits.max().orElseThrow() : hits.min().orElseThrow();
  }

  private static void normalizations(List<OpCase> cases) {
    for (long size : Samples.SIZES) {
      if (size == 0) {
        continue;
      }
      Tensor x = Samples.floats(1, 3, size);
      Tensor residual = Samples.floats(2, 3, size);
      Tensor scale = Samples.floats(3, size);
      Tensor bias = Samples.floats(4, size);
      Op op = new Op.LayerNorm(-1, 1e-5f);
      cases.add(
          OpCase.of(
              "rows",
              op,
              i ->
                  normal(line(size, k -> at(x, i[0], k)), (int) i[1], 1e-5f) * scale.getDouble(i[1])
                      + bias.getDouble(i[1]),
              x,
              scale,
              bias));
      cases.add(
          OpCase.of(
              "residual",
              op,
              i -> {
                double[] sums = line(size, k -> at(x, i[0], k) + at(residual, i[0], k));
                return normal(sums, (int) i[1], 1e-5f) * scale.getDouble(i[1])
                    + bias.getDouble(i[1]);
              },
              x,
              scale,
              bias,
              residual));
    }
    Tensor x = Samples.floats(5, 2, 3, 4, 5);
    Tensor scale = Samples.floats(6, 3);
    Tensor bias = Samples.floats(7, 3);
    Tensor mean = Samples.floats(8, 3);
    Tensor variance = Samples.between(9, 0.5, 2, 3);
    cases.add(
        OpCase.of(
            "channels",
            new Op.InstanceNorm(1e-3f),
            i ->
                normal(
                            line(20, k -> at(x, i[0], i[1], k / 5, k % 5)),
                            (int) (i[2] * 5 + i[3]),
                            1e-3f)
                        * scale.getDouble(i[1])
                    + bias.getDouble(i[1]),
            x,
            scale,
            bias));
    for (Op.Layout layout : Op.Layout.values()) {
      Tensor image = layout == Op.Layout.CHANNELS_LAST ? Samples.floats(5, 2, 4, 5, 3) : x;
      cases.add(
          OpCase.of(
              layout + "",
              new Op.BatchNorm(1e-3f, layout),
              i -> {
                long c = layout == Op.Layout.CHANNELS_LAST ? i[3] : i[1];
                double deviation = Math.sqrt(variance.getDouble(c) + 1e-3f);
                return (at(image, i) - mean.getDouble(c)) / deviation * scale.getDouble(c)
                    + bias.getDouble(c);
              },
              image,
              scale,
              bias,
              mean,
              variance));
    }
    cases.add(
        OpCase.of(
            "3 channels",
            new Op.Lrn(0.1f, 0.75f, 2, 3),
            i -> {
              double sum = 0;
              for (long c = Math.max(0, i[1] - 1); c <= Math.min(2, i[1] + 1); c++) {
                sum += Math.pow(at(x, i[0], c, i[2], i[3]), 2);
              }
              return at(x, i) / Math.pow(2 + 0.1f / 3.0 * sum, 0.75);
            },
            x));
    cases.add(
        OpCase.of(
            "length 1",
            new Op.LpNormalization(3, 2),
            i -> {
              double[] row = line(5, k -> at(x, i[0], i[1], i[2], k));
              return at(x, i) / Math.sqrt(DoubleStream.of(row).map(v -> v * v).sum());
            },
            x));
  }

  private static double normal(double[] x, int at, double epsilon) {
    double mean = DoubleStream.of(x).sum() / x.length;
    double variance = DoubleStream.of(x).map(v -> (v - mean) * (v - mean)).sum() / x.length;
    return (x[at] - mean) / Math.sqrt(variance + epsilon);
  }

  /// Equal elements, types of any width, more elements than are looked through at once.
  private static void topK(List<OpCase> cases) {
    List<Tensor> tensors = new ArrayList<>();
    for (DType type : DType.values()) {
      if (type != DType.STRING && type != DType.BOOL) {
        long least = type.isUnsigned() ? 0 : -3;
        tensors.add(Samples.integers(type, 1, least, 7, 300, 3));
      }
    }
    tensors.add(Samples.floats(2, 300, 3));
    tensors.add(Samples.floats(3, 2, 0));
    tensors.add(Tensor.of(Samples.EXTREMES, Samples.EXTREMES.length, 1));
    for (Tensor x : tensors) {
      for (long k : new long[] {0, 1, 2, x.shape().dim(0)}) {
        for (boolean largest : new boolean[] {true, false}) {
          Op op = new Op.TopK(0, largest, true);
          cases.add(new OpCase("of columns", op, List.of(x, vector(k)), 2, null));
        }
      }
    }
  }
}
