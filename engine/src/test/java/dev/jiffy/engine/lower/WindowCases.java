package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Convolutions, pools and resampling over two spatial dimensions, in both layouts, and over three.
final class WindowCases {
  private WindowCases() {}

  /// Numbers of a square window.
  ///
  /// @param kernel its side
  /// @param stride the step
  /// @param pad the padding on every side
  /// @param dilation the distance between taps
  private record Square(long kernel, long stride, long pad, long dilation) {
    Op.Window window() {
      return new Op.Window(
          List.of(kernel, kernel),
          List.of(stride, stride),
          List.of(pad, pad, pad, pad),
          List.of(dilation, dilation),
          Op.AutoPad.NOTSET,
          false);
    }
  }

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (Layout layout : Layout.values()) {
      convolutions(cases, layout);
      transposed(cases, layout);
      pools(cases, layout);
      overhanging(cases, layout);
      apart(cases, layout);
      resizes(cases, layout);
    }
    volumes(cases);
    resizesOfBytes(cases);
    return cases;
  }

  private static Op.Window cube(long kernel, long stride, long pad, long dilation) {
    return new Op.Window(
        Collections.nCopies(3, kernel),
        Collections.nCopies(3, stride),
        Collections.nCopies(6, pad),
        Collections.nCopies(3, dilation),
        Op.AutoPad.NOTSET,
        false);
  }

  private static void volumes(List<OpCase> cases) {
    Op.Unary relu = new Op.Unary(UnaryFunction.RELU);
    Tensor x = Samples.floats(1, 2, 7, 5, 6, 6);
    Tensor bias = Samples.floats(3, 6);
    long[][] numbers = {
      {1, 1, 0, 1}, {1, 2, 0, 1}, {3, 1, 1, 1}, {3, 2, 1, 1}, {3, 1, 2, 2}, {2, 2, 0, 1}
    };
    for (long[] n : numbers) {
      Op.Window window = cube(n[0], n[1], n[2], n[3]);
      for (Op.Unary activation : Arrays.asList(null, relu)) {
        for (long groups : new long[] {1, 2, 6}) {
          String name = "volume " + Arrays.toString(n) + " groups " + groups;
          Op conv = new Op.Conv(window, groups, Layout.CHANNELS_LAST, activation);
          Tensor w = Samples.floats(2, 6, 6 / groups, n[0], n[0], n[0]);
          cases.add(OpCase.of(name, conv, null, x, w, bias));
          if (n[1] == 1) {
            Tensor residual = Samples.floats(4, 2, 7, 5, 6, 6);
            cases.add(OpCase.of(name + " residual", conv, null, x, w, bias, residual));
          }
          Op transposed =
              new Op.ConvTranspose(
                  window, groups, List.of(), List.of(), Layout.CHANNELS_LAST, activation);
          cases.add(OpCase.of(name, transposed, null, x, w, bias));
        }
      }
      for (Op.PoolFunction function : List.of(Op.PoolFunction.MAX, Op.PoolFunction.AVERAGE)) {
        for (boolean countPadding : new boolean[] {false, true}) {
          Op pool = new Op.Pool(function, window, countPadding, false, 2, Layout.CHANNELS_LAST);
          if (n[2] < n[0]) {
            String name = "volume %s %s %s".formatted(function, Arrays.toString(n), countPadding);
            cases.add(OpCase.of(name, pool, null, x));
          }
        }
      }
    }
    Op padded =
        new Op.Conv(
            new Op.Window(
                List.of(),
                List.of(3L, 1L, 2L),
                List.of(4L, 1L, 0L, 3L, 0L, 1L),
                List.of(),
                Op.AutoPad.NOTSET,
                false),
            1,
            Layout.CHANNELS_LAST,
            null);
    cases.add(OpCase.of("of padding alone", padded, null, x, Samples.floats(2, 3, 6, 2, 2, 2)));
  }

  private static Tensor image(Layout layout, long seed, long n, long c, long h, long w) {
    return layout == Layout.CHANNELS_LAST
        ? Samples.floats(seed, n, h, w, c)
        : Samples.floats(seed, n, c, h, w);
  }

  private static double pixel(Layout layout, Tensor x, long n, long c, long h, long w) {
    return layout == Layout.CHANNELS_LAST ? at(x, n, h, w, c) : at(x, n, c, h, w);
  }

  /// Returns batch, channel, row, column of an index.
  private static long[] position(Layout layout, long[] i) {
    return layout == Layout.CHANNELS_LAST ? new long[] {i[0], i[3], i[1], i[2]} : i;
  }

  private static void convolutions(List<OpCase> cases, Layout layout) {
    for (Square square :
        List.of(
            new Square(1, 1, 0, 1),
            new Square(1, 2, 0, 1),
            new Square(3, 1, 1, 1),
            new Square(3, 2, 1, 1),
            new Square(3, 1, 2, 2),
            new Square(5, 2, 2, 1),
            new Square(2, 2, 0, 1))) {
      conv(cases, layout, square, 1, 3, 16, null, false);
      conv(cases, layout, square, 1, 17, 33, UnaryFunction.RELU, false);
      conv(cases, layout, square, 7, 7, 7, UnaryFunction.RELU, false);
      conv(cases, layout, square, 16, 16, 32, null, false);
      conv(cases, layout, square, 2, 8, 6, null, false);
      conv(cases, layout, square, 6, 12, 18, UnaryFunction.RELU, true);
      conv(cases, layout, square, 1, 5, 8, UnaryFunction.SIGMOID, true);
    }
    for (Square square :
        List.of(new Square(3, 1, 1, 1), new Square(5, 1, 2, 1), new Square(5, 2, 2, 1))) {
      for (long channels : new long[] {1, 2, 3, 4, 8}) {
        conv(cases, layout, square, 1, 3, channels, UnaryFunction.RELU, channels < 3, 20);
      }
    }
  }

  private static void conv(
      List<OpCase> cases,
      Layout layout,
      Square square,
      long groups,
      long in,
      long out,
      @Nullable UnaryFunction function,
      boolean withResidual) {
    conv(cases, layout, square, groups, in, out, function, withResidual, 7);
  }

  private static void conv(
      List<OpCase> cases,
      Layout layout,
      Square square,
      long groups,
      long in,
      long out,
      @Nullable UnaryFunction function,
      boolean withResidual,
      long width) {
    long height = 9;
    Tensor x = image(layout, 1, 2, in, height, width);
    Tensor w = Samples.floats(2, out, in / groups, square.kernel, square.kernel);
    Tensor bias = Samples.floats(3, out);
    long reach = (square.kernel - 1) * square.dilation + 1;
    long rows = (height + 2 * square.pad - reach) / square.stride + 1;
    long columns = (width + 2 * square.pad - reach) / square.stride + 1;
    Tensor residual = withResidual ? image(layout, 4, 2, out, rows, columns) : null;
    Op.Unary activation = function == null ? null : new Op.Unary(function);
    OpCase.Formula formula =
        i -> {
          long[] p = position(layout, i);
          double sum = bias.getDouble(p[1]) + (residual == null ? 0 : at(residual, i));
          long first = p[1] / (out / groups) * (in / groups);
          for (long c = 0; c < in / groups; c++) {
            for (long kh = 0; kh < square.kernel; kh++) {
              for (long kw = 0; kw < square.kernel; kw++) {
                long h = p[2] * square.stride - square.pad + kh * square.dilation;
                long v = p[3] * square.stride - square.pad + kw * square.dilation;
                if (h >= 0 && h < height && v >= 0 && v < width) {
                  sum += at(w, p[1], c, kh, kw) * pixel(layout, x, p[0], first + c, h, v);
                }
              }
            }
          }
          return MatrixCases.activated(sum, activation);
        };
    cases.add(
        OpCase.of(
            "%s %s groups %d %d to %d %s".formatted(layout, square, groups, in, out, function),
            new Op.Conv(square.window(), groups, layout, activation),
            formula,
            x,
            w,
            bias,
            residual));
  }

  private static void transposed(List<OpCase> cases, Layout layout) {
    for (Square square :
        List.of(
            new Square(2, 2, 0, 1),
            new Square(3, 2, 1, 1),
            new Square(4, 2, 1, 1),
            new Square(2, 3, 1, 1),
            new Square(3, 2, 2, 2),
            new Square(3, 1, 1, 2))) {
      List<Long> extra = square.stride > 1 ? List.of(1L, 0L) : List.of();
      for (long groups : new long[] {1, 2, 6}) {
        long out = groups == 6 ? 6 : 4;
        Tensor x = image(layout, 1, 2, 6, 5, 4);
        Tensor w = Samples.floats(2, 6, out / groups, square.kernel, square.kernel);
        Tensor bias = Samples.floats(3, out);
        OpCase.Formula formula =
            i -> {
              long[] p = position(layout, i);
              double sum = bias.getDouble(p[1]);
              long group = p[1] / (out / groups);
              for (long c = 0; c < 6 / groups; c++) {
                long channel = group * (6 / groups) + c;
                for (long kh = 0; kh < square.kernel; kh++) {
                  for (long kw = 0; kw < square.kernel; kw++) {
                    long h = p[2] + square.pad - kh * square.dilation;
                    long v = p[3] + square.pad - kw * square.dilation;
                    boolean hit = h % square.stride == 0 && v % square.stride == 0;
                    h = Math.floorDiv(h, square.stride);
                    v = Math.floorDiv(v, square.stride);
                    if (hit && h >= 0 && h < 5 && v >= 0 && v < 4) {
                      sum +=
                          at(w, channel, p[1] % (out / groups), kh, kw)
                              * pixel(layout, x, p[0], channel, h, v);
                    }
                  }
                }
              }
              return sum;
            };
        cases.add(
            OpCase.of(
                "%s %s groups %d".formatted(layout, square, groups),
                new Op.ConvTranspose(square.window(), groups, extra, List.of(), layout, null),
                formula,
                x,
                w,
                bias));
      }
    }
    List<Long> strides = List.of(2L, 3L);
    List<Long> pads = List.of(0L, 2L, 1L, 1L);
    for (Op.AutoPad autoPad : Op.AutoPad.values()) {
      Op.Window window = new Op.Window(List.of(), strides, pads, List.of(), autoPad, false);
      for (List<Long> extents : List.of(List.<Long>of(), List.of(9L, 11L), List.of(13L, 16L))) {
        Op op = new Op.ConvTranspose(window, 1, List.of(), extents, layout, null);
        Tensor x = image(layout, 1, 2, 6, 5, 4);
        cases.add(
            OpCase.of(
                "%s %s %s".formatted(layout, autoPad, extents),
                op,
                null,
                x,
                Samples.floats(2, 6, 5, 3, 4)));
      }
    }
  }

  private static void pools(List<OpCase> cases, Layout layout) {
    for (Square square :
        List.of(new Square(2, 2, 0, 1), new Square(3, 1, 1, 1), new Square(3, 2, 1, 1))) {
      for (long channels : new long[] {1, 16, 17}) {
        Tensor x = image(layout, 1, 2, channels, 9, 7);
        for (Op.PoolFunction function : List.of(Op.PoolFunction.MAX, Op.PoolFunction.AVERAGE)) {
          for (boolean countPadding : new boolean[] {false, true}) {
            cases.add(
                OpCase.of(
                    "%s %s %s %s".formatted(layout, function, square, countPadding),
                    new Op.Pool(function, square.window(), countPadding, false, 2, layout),
                    i -> pooled(layout, x, square, function, countPadding, position(layout, i)),
                    x));
          }
        }
        cases.add(
            OpCase.of(
                layout + " global",
                new Op.GlobalPool(Op.PoolFunction.AVERAGE, 2, layout),
                i -> {
                  long[] p = position(layout, i);
                  double sum = 0;
                  for (long s = 0; s < 63; s++) {
                    sum += pixel(layout, x, p[0], p[1], s / 7, s % 7);
                  }
                  return sum / 63;
                },
                x));
      }
    }
  }

  /// Windows of 2×2 that begin at every third pixel, whatever lies between them.
  private static void apart(List<OpCase> cases, Layout layout) {
    for (Op.AutoPad autoPad : List.of(Op.AutoPad.SAME_UPPER, Op.AutoPad.SAME_LOWER)) {
      Op.Window window =
          new Op.Window(List.of(2L, 2L), List.of(3L, 3L), List.of(), List.of(), autoPad, false);
      Tensor x = image(layout, 1, 2, 5, 8, 9);
      Tensor w = Samples.floats(2, 5, 1, 2, 2);
      OpCase.Formula sum =
          i -> {
            long[] p = position(layout, i);
            double[] seen = seen(layout, x, p);
            return IntStream.range(0, 4)
                .mapToDouble(tap -> at(w, p[1], 0, tap / 2, tap % 2) * seen[tap])
                .sum();
          };
      OpCase.Formula spread =
          i -> {
            long[] p = position(layout, i);
            return p[2] % 3 < 2 && p[3] % 3 < 2
                ? at(w, p[1], 0, p[2] % 3, p[3] % 3)
                    * pixel(layout, x, p[0], p[1], p[2] / 3, p[3] / 3)
                : 0;
          };
      String name = layout + " apart " + autoPad;
      cases.add(OpCase.of(name, new Op.Conv(window, 5, layout, null), sum, x, w));
      Op transposed = new Op.ConvTranspose(window, 5, List.of(), List.of(), layout, null);
      cases.add(OpCase.of(name, transposed, spread, x, w));
      cases.add(
          OpCase.of(
              name,
              new Op.Pool(Op.PoolFunction.MAX, window, false, false, 2, layout),
              i -> DoubleStream.of(seen(layout, x, position(layout, i))).max().orElseThrow(),
              x));
      cases.add(
          OpCase.of(
              name,
              new Op.Pool(Op.PoolFunction.AVERAGE, window, true, false, 2, layout),
              i -> DoubleStream.of(seen(layout, x, position(layout, i))).sum() / 4,
              x));
    }
  }

  private static double[] seen(Layout layout, Tensor x, long[] p) {
    return IntStream.range(0, 4)
        .mapToDouble(tap -> pixel(layout, x, p[0], p[1], 3 * p[2] + tap / 2, 3 * p[3] + tap % 2))
        .toArray();
  }

  /// Rounded up, one window covers more than the image.
  private static void overhanging(List<OpCase> cases, Layout layout) {
    Op.Window window =
        new Op.Window(
            List.of(3L, 3L), List.of(2L, 2L), List.of(), List.of(), Op.AutoPad.NOTSET, true);
    for (long channels : new long[] {1, 16, 17}) {
      Tensor x = image(layout, 1, 2, channels, 2, 2);
      for (Op.PoolFunction function : List.of(Op.PoolFunction.MAX, Op.PoolFunction.AVERAGE)) {
        cases.add(
            OpCase.of(
                "%s %s of a window larger than the image".formatted(layout, function),
                new Op.Pool(function, window, false, false, 2, layout),
                i -> {
                  long[] p = position(layout, i);
                  DoubleStream pixels =
                      IntStream.range(0, 4)
                          .mapToDouble(s -> pixel(layout, x, p[0], p[1], s / 2, s % 2));
                  return function == Op.PoolFunction.MAX
                      ? pixels.max().orElseThrow()
                      : pixels.average().orElseThrow();
                },
                x));
      }
    }
  }

  private static double pooled(
      Layout layout,
      Tensor x,
      Square square,
      Op.PoolFunction function,
      boolean countPadding,
      long[] p) {
    double sum = 0;
    double largest = Double.NEGATIVE_INFINITY;
    int count = 0;
    for (long kh = 0; kh < square.kernel; kh++) {
      for (long kw = 0; kw < square.kernel; kw++) {
        long h = p[2] * square.stride - square.pad + kh;
        long v = p[3] * square.stride - square.pad + kw;
        if (h >= 0 && h < 9 && v >= 0 && v < 7) {
          double value = pixel(layout, x, p[0], p[1], h, v);
          sum += value;
          largest = Math.max(largest, value);
          count++;
        } else if (countPadding) {
          count++;
        }
      }
    }
    return function == Op.PoolFunction.MAX ? largest : sum / count;
  }

  private static void resizes(List<OpCase> cases, Layout layout) {
    for (long channels : new long[] {1, 16, 17}) {
      Tensor x = image(layout, 1, 2, channels, 5, 4);
      Tensor twice =
          layout == Layout.CHANNELS_LAST
              ? Tensor.of(new float[] {1, 2, 2, 1}, 4)
              : Tensor.of(new float[] {1, 1, 2, 2}, 4);
      cases.add(
          OpCase.of(
              layout + " nearest",
              resize(ImageOp.Interpolation.NEAREST, ImageOp.CoordinateMode.ASYMMETRIC, layout),
              i -> {
                long[] p = position(layout, i);
                return pixel(layout, x, p[0], p[1], p[2] / 2, p[3] / 2);
              },
              x,
              null,
              twice));
      cases.add(
          OpCase.of(
              layout + " linear",
              resize(ImageOp.Interpolation.LINEAR, ImageOp.CoordinateMode.HALF_PIXEL, layout),
              i -> {
                long[] p = position(layout, i);
                double h = Math.clamp((p[2] + 0.5) / 2 - 0.5, 0, 4);
                double w = Math.clamp((p[3] + 0.5) / 2 - 0.5, 0, 3);
                double sum = 0;
                for (long a = 0; a < 5; a++) {
                  for (long b = 0; b < 4; b++) {
                    double weight = Math.max(0, 1 - Math.abs(h - a));
                    weight *= Math.max(0, 1 - Math.abs(w - b));
                    sum += weight * pixel(layout, x, p[0], p[1], a, b);
                  }
                }
                return sum;
              },
              x,
              null,
              twice));
      boolean last = layout == Layout.CHANNELS_LAST;
      float[] less = last ? new float[] {1, 0.6f, 0.7f, 1} : new float[] {1, 1, 0.6f, 0.7f};
      for (ImageOp.CoordinateMode mode : ImageOp.CoordinateMode.values()) {
        if (mode != ImageOp.CoordinateMode.TF_CROP_AND_RESIZE) {
          Op smaller = resize(ImageOp.Interpolation.LINEAR, mode, layout);
          cases.add(OpCase.of(layout + " " + mode, smaller, null, x, null, Tensor.of(less, 4)));
        }
      }
      Op alike =
          resize(
              ImageOp.Interpolation.LINEAR,
              ImageOp.CoordinateMode.HALF_PIXEL,
              last ? List.of(1L, 2L) : List.of(2L, 3L),
              ImageOp.AspectPolicy.NOT_LARGER,
              layout);
      Tensor sizes = Tensor.of(new long[] {100, 6}, 2);
      cases.add(OpCase.of(layout + " of one scale", alike, null, x, null, null, sizes));
      Tensor other = Tensor.of(new float[] {1.5f, 2, 0.4f, 0.7f}, 4);
      for (boolean antialias : new boolean[] {false, true}) {
        for (ImageOp.Interpolation kind : ImageOp.Interpolation.values()) {
          Op wide = widened(kind, antialias, layout);
          String name = layout + " " + kind + (antialias ? " antialiased" : " ");
          cases.add(OpCase.of(name, wide, null, x, null, Tensor.of(less, 4)));
          cases.add(OpCase.of(name + " twice", wide, null, x, null, twice));
          cases.add(OpCase.of(name + " of all dimensions", wide, null, x, null, other));
        }
      }
    }
  }

  /// Images of one to three dimensions, of numbers and of bytes. Scales are such that mixtures of
  /// bytes are exact.
  private static void resizesOfBytes(List<OpCase> cases) {
    for (DType type : List.of(DType.F32, DType.U8, DType.I8)) {
      for (int rank = 3; rank <= 5; rank++) {
        long[] dims = {2, 3, 4, 5, 6};
        long[] extents = Arrays.copyOfRange(dims, 5 - rank, 5);
        float[] scales = new float[rank];
        Arrays.fill(scales, 4);
        scales[0] = 1;
        scales[rank - 1] = 1;
        Tensor x = Samples.integers(type, rank, type == DType.I8 ? -128 : 0, 127, extents);
        for (ImageOp.Interpolation kind :
            List.of(ImageOp.Interpolation.NEAREST, ImageOp.Interpolation.LINEAR)) {
          Op op = resize(kind, ImageOp.CoordinateMode.HALF_PIXEL, Layout.CHANNELS_LAST);
          String name = kind + " of " + type;
          cases.add(OpCase.of(name, op, null, x, null, Tensor.of(scales, rank)));
        }
      }
    }
  }

  /// Without what is outside.
  private static Op widened(ImageOp.Interpolation interpolation, boolean antialias, Layout layout) {
    return new ImageOp.Resize(
        interpolation,
        ImageOp.CoordinateMode.HALF_PIXEL,
        ImageOp.NearestMode.FLOOR,
        -0.5f,
        true,
        0,
        antialias,
        List.of(),
        ImageOp.AspectPolicy.STRETCH,
        layout);
  }

  private static Op resize(
      ImageOp.Interpolation interpolation, ImageOp.CoordinateMode coordinates, Layout layout) {
    return resize(interpolation, coordinates, List.of(), ImageOp.AspectPolicy.STRETCH, layout);
  }

  private static Op resize(
      ImageOp.Interpolation interpolation,
      ImageOp.CoordinateMode coordinates,
      List<Long> axes,
      ImageOp.AspectPolicy aspect,
      Layout layout) {
    return new ImageOp.Resize(
        interpolation,
        coordinates,
        ImageOp.NearestMode.FLOOR,
        -0.75f,
        false,
        0,
        false,
        axes,
        aspect,
        layout);
  }
}
