package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.QuantizedOp.Rounding;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Operators on quantized numbers.
final class QuantizedCases {
  private static final Op.Unary RELU = new Op.Unary(UnaryFunction.RELU);

  private QuantizedCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    scales(cases);
    tables(cases);
    blocks(cases);
    products(cases);
    for (Layout layout : Layout.values()) {
      for (int kind = 0; kind < 3; kind++) {
        convolutions(cases, layout, kind);
      }
    }
    largeSums(cases);
    blockProducts(cases);
    return cases;
  }

  private static Tensor zero(DType type, long value) {
    Tensor zero = Tensor.allocate(type, Shape.of());
    zero.setLong(0, value);
    return zero;
  }

  private static double quantized(double x, double scale, double zero, DType type) {
    double least = type.isUnsigned() ? 0 : -Math.scalb(1.0, type.bits() - 1);
    double most = least + Math.scalb(1.0, type.bits()) - 1;
    return Math.clamp(Math.rint((float) x / (float) scale) + zero, least, most);
  }

  private static void tables(List<OpCase> cases) {
    for (DType type : List.of(DType.U8, DType.I8)) {
      Tensor table = Samples.integers(type, 2, type.isUnsigned() ? 0 : -128, 127, 256);
      for (long n : new long[] {0, 1, 63, 64, 200}) {
        Tensor x = Samples.integers(type, n, type.isUnsigned() ? 0 : -128, 127, n);
        cases.add(
            OpCase.of(
                "of " + type,
                new QuantizedOp.ByteTable(),
                i -> at(table, (long) at(x, i) & 0xff),
                x,
                table));
      }
    }
  }

  private static void scales(List<OpCase> cases) {
    for (DType type : List.of(DType.U8, DType.I8, DType.U16, DType.I16, DType.U4, DType.I4)) {
      for (long n : Samples.SIZES) {
        Tensor x = Samples.floats(n, n);
        Tensor scale = Tensor.of(new float[] {0.013f});
        Tensor zero = zero(type, 3);
        cases.add(
            OpCase.of(
                "one scale to " + type,
                new QuantizedOp.Quantize(1, 0, type),
                i -> quantized(at(x, i), 0.013f, 3, type),
                x,
                scale,
                zero));
        Tensor q = Samples.integers(type, n, type.isUnsigned() ? 0 : -8, 8, n);
        cases.add(
            OpCase.of(
                "one scale from " + type,
                new QuantizedOp.Dequantize(1, 0),
                i -> (float) ((at(q, i) - 3) * 0.013f),
                q,
                scale,
                zero));
      }
    }
    Tensor x = Samples.floats(1, 3, 5, 2);
    Tensor factors = Samples.between(2, 0.01, 0.1, 5);
    Tensor zeros = Samples.integers(DType.I8, 3, -20, 20, 5);
    cases.add(
        OpCase.of(
            "a scale for each index",
            new QuantizedOp.Quantize(-2, 0, DType.I8),
            i -> quantized(at(x, i), at(factors, i[1]), at(zeros, i[1]), DType.I8),
            x,
            factors,
            zeros));
  }

  private static void blocks(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 2, 7, 3);
    Tensor factors = Samples.between(2, 0.1, 0.3, 2, 3, 3);
    Tensor zeros = Samples.integers(DType.I4, 3, -3, 3, 2, 3, 3);
    OpCase.Formula formula =
        i ->
            quantized(
                at(x, i),
                at(factors, i[0], i[1] / 3, i[2]),
                at(zeros, i[0], i[1] / 3, i[2]),
                DType.I4);
    cases.add(
        OpCase.of("blocks", new QuantizedOp.Quantize(1, 3, DType.I4), formula, x, factors, zeros));
    Tensor q = Samples.integers(DType.U8, 4, 0, 256, 2, 7, 3);
    cases.add(
        OpCase.of(
            "blocks",
            new QuantizedOp.Dequantize(1, 3),
            i -> (float) (at(q, i) * (float) at(factors, i[0], i[1] / 3, i[2])),
            q,
            factors));
  }

  /// `activation((sum of (x - zero) · w) · scale + bias)`, rounded.
  private static double finished(
      double sum, double scale, double bias, boolean relu, @Nullable Rounding rounding) {
    double y = sum * scale + bias;
    y = relu ? Math.max(0, y) : y;
    return rounding == null
        ? y
        : Math.clamp(Math.rint(y * rounding.factor()) + rounding.zero(), 0, 255);
  }

  private static double sum(long n, LongToDoubleFunction term) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += term.applyAsDouble(i);
    }
    return sum;
  }

  /// Weights that are bytes, that are once a number is taken from them, or that are not.
  private static Tensor weights(int number, long... dims) {
    return switch (number % 3) {
      case 0 -> Samples.integers(DType.I8, number, -128, 128, dims);
      case 1 -> Samples.integers(DType.I16, number, -100, 156, dims);
      default -> Samples.integers(DType.I16, number, -255, 256, dims);
    };
  }

  private static void products(List<OpCase> cases) {
    int number = 0;
    for (long m : new long[] {1, 5, 13, 40}) {
      for (long k : new long[] {3, 64, 100}) {
        for (long n : new long[] {1, 16, 33, 100}) {
          number++;
          Tensor x = Samples.integers(DType.U8, number, 0, 256, m, k);
          Tensor w = weights(number + 100, k, n);
          Tensor scale = Samples.between(number + 200, 1e-4, 2e-4, n);
          Tensor bias = number % 3 == 0 ? null : Samples.floats(number + 300, n);
          boolean relu = number % 2 == 0;
          Rounding rounding = number % 4 < 2 ? null : new Rounding(relu ? 20.7f : 1, 77);
          int zero = number * 7 % 256;
          Op op = new QuantizedOp.ByteMatMul(zero, relu ? RELU : null, rounding);
          OpCase.Formula formula =
              i ->
                  finished(
                      sum(k, d -> (at(x, i[0], d) - zero) * at(w, d, i[1])),
                      at(scale, i[1]),
                      bias == null ? 0 : at(bias, i[1]),
                      relu,
                      rounding);
          cases.add(OpCase.of("zero " + zero, op, formula, x, w, scale, bias));
          OpCase.Formula sums = i -> sum(k, d -> (at(x, i[0], d) - zero) * at(w, d, i[1]));
          Op whole = new QuantizedOp.ByteSums(null, zero);
          cases.add(OpCase.of("zero " + zero, whole, sums, x, w));
        }
      }
    }
  }

  /// Sums that f32 does not hold.
  private static void largeSums(List<OpCase> cases) {
    Tensor x = Samples.integers(DType.U8, 1, 250, 256, 3, 2000);
    Tensor w = Samples.integers(DType.I8, 2, 120, 128, 2000, 17);
    cases.add(
        OpCase.of(
            "large",
            new QuantizedOp.ByteSums(null, 1),
            i -> sum(2000, d -> (at(x, i[0], d) - 1) * at(w, d, i[1])),
            x,
            w));
  }

  private static void convolutions(List<OpCase> cases, Layout layout, int kind) {
    int number = 0;
    for (long[] c :
        new long[][] {
          {3, 32, 1, 3, 1, 1, 1},
          {4, 17, 1, 3, 2, 1, 1},
          {8, 40, 1, 1, 1, 0, 1},
          {8, 8, 1, 1, 2, 0, 1},
          {12, 64, 1, 3, 1, 0, 1},
          {16, 32, 2, 3, 1, 1, 1},
          {6, 34, 2, 2, 1, 1, 2},
          {10, 10, 10, 3, 1, 1, 1},
          {5, 16, 1, 5, 1, 2, 1},
          {18, 18, 18, 3, 1, 1, 1},
          {80, 80, 80, 3, 2, 1, 1},
          {33, 33, 33, 5, 1, 2, 1},
          {16, 16, 16, 3, 1, 2, 2},
        }) {
      number++;
      long in = c[0];
      long out = c[1];
      long groups = c[2];
      long side = c[3];
      long stride = c[4];
      long pad = c[5];
      long dilation = c[6];
      Op.Window window =
          new Op.Window(
              List.of(side, side),
              List.of(stride, stride),
              List.of(pad, pad, pad, pad),
              List.of(dilation, dilation),
              Op.AutoPad.NOTSET,
              false);
      long[] shape =
          layout == Layout.CHANNELS_LAST ? new long[] {2, 9, 8, in} : new long[] {2, in, 9, 8};
      Tensor q = Samples.integers(DType.U8, number, 0, 256, shape);
      Tensor w = weights(3 * number + kind, out, in / groups, side, side);
      Tensor scale = Samples.between(number + 100, 1e-4, 2e-4, out);
      Tensor bias = number % 3 == 0 ? null : Samples.floats(number + 150, out);
      boolean relu = number % 2 == 0;
      Rounding rounding = number % 4 < 2 ? new Rounding(relu ? 19.3f : 1, 90) : null;
      int zero = number * 31 % 256;
      Op.Conv conv = new Op.Conv(window, groups, layout, relu ? RELU : null);
      String name = layout + " " + List.of(side, stride, pad, dilation, groups);
      OpCase.Formula fixed =
          i -> {
            long o = layout == Layout.CHANNELS_LAST ? i[3] : i[1];
            double sum = sum(conv, p -> at(q, p) - zero, w, in, i);
            return finished(sum, at(scale, o), bias == null ? 0 : at(bias, o), relu, rounding);
          };
      Op op = new QuantizedOp.ByteConv(conv, zero, rounding);
      cases.add(OpCase.of(name, op, fixed, q, w, scale, bias));
      Op.Conv linear = new Op.Conv(window, groups, layout, null);
      OpCase.Formula sums = i -> sum(conv, p -> at(q, p) - zero, w, in, i);
      cases.add(OpCase.of(name, new QuantizedOp.ByteSums(linear, zero), sums, q, w));
      Tensor x = Samples.floats(number, shape);
      float least = Math.min(0, (float) Arrays.stream(x.toDoubles()).min().orElse(0));
      float greatest = Math.max(0, (float) Arrays.stream(x.toDoubles()).max().orElse(0));
      float step = (greatest - least) / 255;
      double origin = Math.rint(-least / step);
      OpCase.Formula dynamic =
          i -> {
            long o = layout == Layout.CHANNELS_LAST ? i[3] : i[1];
            double sum =
                sum(conv, p -> quantized(at(x, p), step, origin, DType.U8) - origin, w, in, i);
            double factor = at(scale, o) * step;
            return finished(sum, factor, bias == null ? 0 : at(bias, o), relu, null);
          };
      cases.add(OpCase.of(name, new QuantizedOp.DynamicConv(conv), dynamic, x, w, scale, bias));
    }
  }

  /// The sum of an image's numbers times weights at one place of the result; images are 9 by 8.
  private static double sum(
      Op.Conv conv, ToDoubleFunction<long[]> image, Tensor w, long in, long[] i) {
    boolean last = conv.layout() == Layout.CHANNELS_LAST;
    long out = w.shape().dim(0);
    long side = w.shape().dim(2);
    long dilation = conv.window().dilations().getFirst();
    long stride = conv.window().strides().getFirst();
    long pad = conv.window().pads().getFirst();
    long o = last ? i[3] : i[1];
    long row = (last ? i[1] : i[2]) * stride - pad;
    long column = (last ? i[2] : i[3]) * stride - pad;
    long inputs = in / conv.groups();
    return sum(
        inputs * side * side,
        t -> {
          long channel = t / (side * side);
          long h = row + t / side % side * dilation;
          long v = column + t % side * dilation;
          if (h < 0 || h >= 9 || v < 0 || v >= 8) {
            return 0;
          }
          long from = o / (out / conv.groups()) * inputs + channel;
          long[] pixel = last ? new long[] {i[0], h, v, from} : new long[] {i[0], from, h, v};
          return image.applyAsDouble(pixel) * at(w, o, channel, t / side % side, t % side);
        });
  }

  private static void blockProducts(List<OpCase> cases) {
    for (long[] size :
        new long[][] {
          {1, 32, 5, 16}, {3, 100, 17, 32}, {70, 128, 33, 64}, {9, 300, 32, 128}, {2, 257, 70, 256}
        }) {
      for (int bits : new int[] {2, 4, 8}) {
        for (boolean bytes : new boolean[] {true, false}) {
          blockProduct(cases, size[0], size[1], size[2], size[3], bits, bytes, 2);
        }
      }
    }
    blockProduct(cases, 3, 40, 17, 32, 4, true, 1e-42);
  }

  private static void blockProduct(
      List<OpCase> cases,
      long m,
      long k,
      long n,
      long block,
      int bits,
      boolean bytes,
      double limit) {
    long blocks = (k + block - 1) / block;
    long zeroBytes = (blocks * bits + 7) / 8;
    Tensor x = Samples.between(1, -limit, limit, m, k);
    Tensor w = Samples.integers(DType.U8, 2, 0, 256, n, blocks, block * bits / 8);
    Tensor scales = Samples.between(3, 0.16 / (1 << bits), 1.6 / (1 << bits), n * blocks);
    Tensor zeros = Samples.integers(DType.U8, 4, 0, 256, n * zeroBytes);
    Tensor bias = Samples.floats(5, n);
    QuantizedOp.BlockMatMul op = new QuantizedOp.BlockMatMul(k, n, block, bits, bytes, null);
    for (boolean plain : new boolean[] {true, false}) {
      OpCase.Formula formula =
          i ->
              (plain ? 0 : at(bias, i[1]))
                  + sum(
                      k,
                      d -> {
                        long b = d / block;
                        double q = packed(w, (i[1] * blocks + b) * block + d % block, bits);
                        long place = i[1] * zeroBytes * 8 / bits + b;
                        double zero = plain ? 1 << (bits - 1) : packed(zeros, place, bits);
                        double value = at(x, i[0], d);
                        float step = step(x, i[0], b * block, Math.min(k, (b + 1) * block));
                        if (bytes && step >= Float.MIN_NORMAL) {
                          value = Math.rint((float) value * (1 / step)) * step;
                        }
                        return value * (q - zero) * at(scales, i[1] * blocks + b);
                      });
      String name = bits + " bits, " + (bytes ? "bytes" : "numbers") + " to " + limit;
      cases.add(
          plain
              ? OpCase.of(name + ", symmetric", op, formula, x, w, scales)
              : OpCase.of(name + ", zeros and bias", op, formula, x, w, scales, zeros, bias));
      if (!plain) {
        Tensor residual = Samples.between(6, -40, 40, m, n);
        cases.add(
            OpCase.of(
                name + ", residual and activation",
                op.with(new Op.Unary(UnaryFunction.LEAKY_RELU, 0.1f, 0)),
                i -> leaky(formula.at(i) + at(residual, i)),
                x,
                w,
                scales,
                zeros,
                bias,
                residual));
      }
    }
  }

  private static double leaky(double x) {
    return x < 0 ? 0.1f * x : x;
  }

  /// A 127th of the greatest magnitude of a part of a row.
  private static float step(Tensor x, long row, long from, long to) {
    double greatest = 0;
    for (long i = from; i < to; i++) {
      greatest = Math.max(greatest, Math.abs(at(x, row, i)));
    }
    return (float) greatest / 127;
  }

  private static double packed(Tensor bytes, long index, int bits) {
    return (bytes.getLong(index * bits / 8) >> (index * bits % 8)) & ((1 << bits) - 1);
  }
}
