package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.function.Border;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.ImageOp.Interpolation;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Window;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cases of the operators on images that look where other inputs tell them to.
final class ImageCases {
  private ImageCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    grids(cases);
    regions(cases);
    deformed(cases);
    folds(cases);
    return cases;
  }

  private static void grids(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 2, 3, 5, 7);
    Tensor grid = Samples.between(2, -1.7, 1.7, 2, 4, 6, 2);
    for (Interpolation interpolation : Interpolation.values()) {
      for (Border border : Border.values()) {
        for (boolean align : new boolean[] {false, true}) {
          Op op = new ImageOp.SampleGrid(interpolation, border, align);
          cases.add(
              OpCase.of(
                  border + " " + align,
                  op,
                  formula(interpolation, border, align, x, grid),
                  x,
                  grid));
          cases.add(
              OpCase.of(
                  "3-d",
                  op,
                  null,
                  Samples.floats(3, 1, 2, 3, 4, 5),
                  Samples.between(4, -1.3, 1.3, 1, 2, 3, 4, 3)));
        }
      }
    }
    Op linear = new ImageOp.SampleGrid(Interpolation.LINEAR, Border.ZEROS, false);
    cases.add(
        OpCase.of(
            "many",
            linear,
            null,
            Samples.floats(5, 1, 8, 33, 40),
            Samples.floats(6, 1, 50, 41, 2)));
    cases.add(
        OpCase.of("f64", linear, null, Samples.as(DType.F64, x), Samples.as(DType.F64, grid)));
    Tensor odd =
        Tensor.of(
            new float[] {Float.NaN, 0, 0, Float.POSITIVE_INFINITY, 1e30f, -1e30f}, 1, 1, 3, 2);
    for (Border border : Border.values()) {
      Op nearest = new ImageOp.SampleGrid(Interpolation.NEAREST, border, false);
      cases.add(OpCase.of("odd " + border, nearest, null, Samples.floats(7, 1, 1, 2, 1), odd));
    }
    cases.add(
        OpCase.of(
            "none", linear, null, Samples.floats(5, 1, 0, 3, 3), Samples.floats(6, 1, 2, 2, 2)));
  }

  /// Two dimensions of linear and nearest interpolation, written down pixel by pixel.
  private static OpCase.@Nullable Formula formula(
      Interpolation interpolation, Border border, boolean align, Tensor x, Tensor grid) {
    if (interpolation == Interpolation.CUBIC || border == Border.REFLECTION) {
      return null;
    }
    return i -> {
      double u = pixels(at(grid, i[0], i[2], i[3], 0), 7, align);
      double v = pixels(at(grid, i[0], i[2], i[3], 1), 5, align);
      if (interpolation == Interpolation.NEAREST) {
        return pixel(x, i[0], i[1], Math.rint(v), Math.rint(u), border);
      }
      if (border == Border.BORDER) {
        u = Math.max(0, Math.min(6, u));
        v = Math.max(0, Math.min(4, v));
      }
      double sum = 0;
      for (int dv = 0; dv < 2; dv++) {
        for (int du = 0; du < 2; du++) {
          double weight =
              (1 - Math.abs(Math.floor(v) + dv - v)) * (1 - Math.abs(Math.floor(u) + du - u));
          sum += weight * pixel(x, i[0], i[1], Math.floor(v) + dv, Math.floor(u) + du, border);
        }
      }
      return sum;
    };
  }

  private static double pixels(double at, long extent, boolean align) {
    return align ? (at + 1) / 2 * (extent - 1) : (at + 1) / 2 * extent - 0.5;
  }

  private static double pixel(Tensor x, long n, long c, double v, double u, Border border) {
    boolean outside = v < 0 || v > 4 || u < 0 || u > 6;
    if (outside && border == Border.ZEROS) {
      return 0;
    }
    return at(x, n, c, (long) Math.max(0, Math.min(4, v)), (long) Math.max(0, Math.min(6, u)));
  }

  private static void regions(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 2, 3, 11, 13);
    Tensor regions =
        Tensor.of(
            new float[] {0, 0, 12, 10, 2.5f, 1.25f, 7, 9, -3, -3, 4, 4, 8, 8, 30, 30, 5, 5, 5, 5},
            5,
            4);
    Tensor images = Samples.vector(0, 1, 1, 0, 1);
    for (boolean max : new boolean[] {false, true}) {
      for (boolean half : new boolean[] {false, true}) {
        for (long samples : new long[] {0, 1, 3}) {
          Op op = new ImageOp.AlignRegions(max, 3, 2, samples, 0.75f, half);
          cases.add(OpCase.of(max + " " + half + " " + samples, op, null, x, regions, images));
        }
      }
    }
    // the mean of a plane's samples is the plane at the middle of the bin
    Tensor plane = Tensor.allocate(DType.F32, Shape.of(1, 1, 20, 30));
    for (int i = 0; i < 600; i++) {
      int row = i / 30;
      plane.setDouble(i, 2.0 * row - 0.5 * (i % 30));
    }
    Op mean = new ImageOp.AlignRegions(false, 3, 4, 2, 1, true);
    cases.add(
        OpCase.of(
            "plane",
            mean,
            i -> 2 * (2 + (i[2] + 0.5) * 4 - 0.5) - 0.5 * (5 + (i[3] + 0.5) * 3 - 0.5),
            plane,
            Tensor.of(new float[] {5, 2, 17, 14}, 1, 4),
            Samples.vector(0)));
    Tensor pooled =
        Tensor.of(new float[] {0, 1, 2, 9, 8, 1, 0, 0, 12, 10, 1, 20, 20, 30, 30}, 3, 5);
    cases.add(
        OpCase.of(
            "whole",
            new ImageOp.PoolRegions(2, 2, 1),
            i -> {
              if (i[0] != 1) {
                return i[0] == 0 ? largest(x, 0, i[1], 2 + i[2] * 3, 1 + i[3] * 4, 4, 5) : 0;
              }
              return largest(x, 1, i[1], i[2] * 5, i[3] * 6, 6, 7);
            },
            x,
            pooled));
  }

  private static double largest(
      Tensor x, long n, long c, long top, long left, long rows, long columns) {
    double largest = Double.NEGATIVE_INFINITY;
    for (long v = top; v < top + rows; v++) {
      for (long u = left; u < left + columns; u++) {
        largest = Math.max(largest, at(x, n, c, v, u));
      }
    }
    return largest;
  }

  private static void deformed(List<OpCase> cases) {
    Window window =
        new Window(
            List.of(3L, 2L),
            List.of(2L, 1L),
            List.of(1L, 0L, 1L, 1L),
            List.of(1L, 2L),
            AutoPad.NOTSET,
            false);
    Tensor x = Samples.floats(1, 2, 4, 7, 6);
    Tensor w = Samples.floats(2, 6, 2, 3, 2);
    Tensor bias = Samples.floats(3, 6);
    Tensor still = Samples.between(4, 0, 0, 2, 24, 4, 5);
    Tensor mask = Samples.between(5, 0, 1, 2, 12, 4, 5);
    Op op = new ImageOp.DeformConv(window, 2, 2);
    cases.add(OpCase.of("moved", op, null, x, w, Samples.floats(6, 2, 24, 4, 5), bias, mask));
    cases.add(OpCase.of("far", op, null, x, w, Samples.between(7, -9, 9, 2, 24, 4, 5)));
    cases.add(
        OpCase.of(
            "still",
            op,
            i -> {
              double sum = at(bias, i[1]);
              for (int c = 0; c < 2; c++) {
                for (int a = 0; a < 3; a++) {
                  for (int b = 0; b < 2; b++) {
                    long v = i[2] * 2 - 1 + a;
                    long u = i[3] + 2L * b;
                    if (v >= 0 && v < 7 && u >= 0 && u < 6) {
                      sum += at(w, i[1], c, a, b) * at(x, i[0], i[1] / 3 * 2 + c, v, u);
                    }
                  }
                }
              }
              return sum;
            },
            x,
            w,
            still,
            bias));
  }

  private static void folds(List<OpCase> cases) {
    Window window =
        new Window(
            List.of(),
            List.of(2L, 1L),
            List.of(1L, 0L, 1L, 0L),
            List.of(1L, 2L),
            AutoPad.NOTSET,
            false);
    Tensor x = Samples.floats(1, 2, 12, 12);
    cases.add(
        OpCase.of(
            "overlapping",
            new ImageOp.Fold(window),
            i -> {
              double sum = 0;
              for (int a = 0; a < 3; a++) {
                for (int b = 0; b < 2; b++) {
                  for (int p = 0; p < 3; p++) {
                    for (int q = 0; q < 4; q++) {
                      boolean hit = p * 2L - 1 + a == i[2] && q + 2L * b == i[3];
                      sum += hit ? at(x, i[0], i[1] * 6 + a * 2L + b, p * 4L + q) : 0;
                    }
                  }
                }
              }
              return sum;
            },
            x,
            Samples.vector(5, 6),
            Samples.vector(3, 2)));
    Window plain = new Window(List.of(), List.of(), List.of(), List.of(), AutoPad.NOTSET, false);
    cases.add(
        OpCase.of(
            "1-d",
            new ImageOp.Fold(plain),
            null,
            Samples.floats(2, 1, 6, 4),
            Samples.vector(6),
            Samples.vector(3)));
    Window padded =
        new Window(
            List.of(), List.of(), List.of(3L, 0L, 1L, 5L), List.of(2L, 3L), AutoPad.NOTSET, false);
    for (long width : new long[] {2, 17, 40}) { // 2: some taps lie beyond the image
      Tensor columns = Samples.floats(3, 2, 18, 4 * (width - 1));
      for (Tensor x1 : List.of(columns, Samples.as(DType.F64, columns))) {
        cases.add(
            OpCase.of(
                "padded",
                new ImageOp.Fold(padded),
                null,
                x1,
                Samples.vector(4, width),
                Samples.vector(3, 3)));
      }
    }
    cases.add(
        OpCase.of(
            "3-d",
            new ImageOp.Fold(plain),
            null,
            Samples.floats(4, 1, 16, 12),
            Samples.vector(3, 4, 3),
            Samples.vector(2, 2, 2)));
  }
}
