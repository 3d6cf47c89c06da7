package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.ir.MatrixOp;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cases of the operators on signals and matrices, of those that pick by elements, and of random
/// ones.
final class SignalCases {
  private SignalCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (int n : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 30, 34, 60, 64, 97, 400}) {
      Tensor x = Samples.floats(n, 2, n, 2);
      for (boolean inverse : new boolean[] {false, true}) {
        cases.add(
            OpCase.of(
                "" + n,
                new SignalOp.Fourier(inverse, false),
                i -> sum(x, i[0], i[1], n, inverse)[(int) i[2]],
                x));
      }
    }
    Tensor real = Samples.floats(1, 3, 10, 2, 1);
    Tensor axis = Tensor.of(new long[] {1});
    cases.add(OpCase.of("axis", new SignalOp.Fourier(false, true), null, real, null, axis));
    cases.add(
        OpCase.of(
            "longer",
            new SignalOp.Fourier(false, false),
            null,
            real,
            Tensor.of(new long[] {15}),
            axis));
    cases.add(
        OpCase.of(
            "shorter",
            new SignalOp.Fourier(true, false),
            null,
            real,
            Tensor.of(new long[] {7}),
            axis));
    cases.add(
        OpCase.of(
            "f64",
            new SignalOp.Fourier(false, false),
            null,
            Samples.as(DType.F64, real),
            null,
            axis));
    frames(cases);
    mel(cases);
    determinants(cases);
    Tensor words = Samples.integers(DType.U8, 2, 0, 5, 4, 6);
    cases.add(
        new OpCase("elements", new SelectionOp.Unique(null, true), Arrays.asList(words), 4, null));
    cases.add(
        new OpCase("slices", new SelectionOp.Unique(1L, false), Arrays.asList(words), 4, null));
    Tensor shape = Samples.vector(3, 4);
    cases.add(OpCase.of("seed", new RandomOp.Uniform(DType.F32, -1, 2, 5f), null, shape));
    cases.add(OpCase.of("seed", new RandomOp.Normal(DType.F16, 1, 2, 5f), null, shape));
    return cases;
  }

  /// One frequency by its definition.
  private static double[] sum(Tensor x, long row, long frequency, int n, boolean inverse) {
    double re = 0;
    double im = 0;
    for (int k = 0; k < n; k++) {
      double angle = (inverse ? 2 : -2) * Math.PI * (frequency * k % n) / n;
      double a = at(x, row, k, 0);
      double b = at(x, row, k, 1);
      re += a * Math.cos(angle) - b * Math.sin(angle);
      im += a * Math.sin(angle) + b * Math.cos(angle);
    }
    return inverse ? new double[] {re / n, im / n} : new double[] {re, im};
  }

  private static void frames(List<OpCase> cases) {
    Tensor x = Samples.floats(3, 2, 50, 1);
    Tensor window = Samples.between(4, 0, 1, 12);
    for (boolean half : new boolean[] {false, true}) {
      cases.add(
          OpCase.of(
              "window " + half,
              new SignalOp.ShortTimeFourier(half),
              i -> {
                double result = 0;
                for (int k = 0; k < 12; k++) {
                  double angle = -2 * Math.PI * i[2] * k / 12;
                  double sample = at(window, k) * at(x, i[0], i[1] * 5 + k, 0);
                  result += sample * (i[3] == 0 ? Math.cos(angle) : Math.sin(angle));
                }
                return result;
              },
              x,
              Tensor.of(new long[] {5}),
              window));
    }
    for (int n : new int[] {2, 6, 34, 64, 400}) {
      Tensor signal = Samples.floats(n, 2, n + 7);
      cases.add(
          OpCase.of(
              "real " + n,
              new SignalOp.ShortTimeFourier(n % 4 == 0),
              i -> {
                double result = 0;
                for (int k = 0; k < n; k++) {
                  double angle = -2 * Math.PI * (i[2] * k % n) / n;
                  double part = i[3] == 0 ? Math.cos(angle) : Math.sin(angle);
                  result += at(signal, i[0], i[1] * 3 + k) * part;
                }
                return result;
              },
              signal,
              Tensor.of(new long[] {3}),
              null,
              Tensor.of(new long[] {n})));
    }
    Tensor flat = Samples.floats(5, 1, 40);
    Tensor step = Tensor.of(new long[] {4});
    Tensor length = Tensor.of(new long[] {7});
    cases.add(
        OpCase.of("flat", new SignalOp.ShortTimeFourier(true), null, flat, step, null, length));
    cases.add(
        OpCase.of(
            "complex",
            new SignalOp.ShortTimeFourier(false),
            null,
            Samples.floats(6, 1, 40, 2),
            step,
            null,
            length));
  }

  private static void mel(List<OpCase> cases) {
    cases.add(
        OpCase.of(
            "bands",
            new SignalOp.MelWeights(DType.F32),
            null,
            Tensor.of(new long[] {8}),
            Tensor.of(new long[] {64}),
            Tensor.of(new long[] {8192}),
            Tensor.of(new float[] {100}),
            Tensor.of(new float[] {4000})));
  }

  private static void determinants(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 5, 3, 3);
    cases.add(
        OpCase.of(
            "3×3",
            new MatrixOp.Determinant(),
            i -> {
              double sum = 0;
              for (int k = 0; k < 3; k++) {
                int a = (k + 1) % 3;
                int b = (k + 2) % 3;
                sum +=
                    at(x, i[0], 0, k)
                        * (at(x, i[0], 1, a) * at(x, i[0], 2, b)
                            - at(x, i[0], 1, b) * at(x, i[0], 2, a));
              }
              return sum;
            },
            x));
    Tensor swap = Tensor.of(new float[] {0, 2, 3, 0}, 2, 2);
    cases.add(OpCase.of("rows swapped", new MatrixOp.Determinant(), _ -> -6, swap));
    Tensor singular = Tensor.of(new float[] {1, 2, 2, 4}, 2, 2);
    cases.add(OpCase.of("singular", new MatrixOp.Determinant(), _ -> 0, singular));
    Tensor empty = Tensor.of(new float[0], 0, 0);
    cases.add(OpCase.of("empty", new MatrixOp.Determinant(), _ -> 1, empty));
  }
}
