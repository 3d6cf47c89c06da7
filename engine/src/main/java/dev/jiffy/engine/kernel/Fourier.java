package dev.jiffy.engine.kernel;

import java.util.Arrays;

/// The discrete Fourier transform of complex numbers, of one length.
///
/// Lengths whose prime factors are small are cut into them (Stockham's form, which needs no
/// reordering); for all others the transform is a convolution of a length that is a power of two
/// (Bluestein, 1970). Both take `n · log n` operations. Immutable; numbers are pairs of f64.
public final class Fourier {
  private static final int[] FACTORS = {4, 2, 3, 5, 7, 11, 13};

  private final int length;
  private final int[] factors;

  /// The roots of unity: cosine and sine of `2πk / length`, negated for the forward direction.
  private final double[] roots;

  private final Bluestein bluestein;

  /// What a transform as a convolution needs; all of length 0 where it is none.
  ///
  /// @param inner the transform of the convolution, both ways
  /// @param chirp the roots `e^(∓πik² / length)`
  /// @param kernel the transform of what is convolved with
  @SuppressWarnings("ArrayRecordComponent")
  private record Bluestein(Fourier[] inner, double[] chirp, double[] kernel) {}

  /// A transform.
  ///
  /// @param length the number of complex numbers, at least 1
  /// @param inverse whether it is the inverse, without the division by the length
  public Fourier(int length, boolean inverse) {
    this.length = length;
    this.factors = factors(length);
    int rest = length;
    for (int factor : factors) {
      rest /= factor;
    }
    if (rest == 1) {
      this.roots = roots(length, length, inverse);
      this.bluestein = new Bluestein(new Fourier[0], new double[0], new double[0]);
    } else {
      this.roots = new double[0];
      this.bluestein = convolution(length, inverse);
    }
  }

  private static int[] factors(int length) {
    int[] factors = new int[32];
    int count = 0;
    int rest = length;
    for (int factor : FACTORS) {
      while (rest % factor == 0) {
        factors[count++] = factor;
        rest /= factor;
      }
    }
    return Arrays.copyOf(factors, count);
  }

  private static double[] roots(int count, int length, boolean inverse) {
    double[] roots = new double[2 * count];
    for (int k = 0; k < count; k++) {
      double angle = 2 * Math.PI * k / length;
      roots[2 * k] = Math.cos(angle);
      roots[2 * k + 1] = inverse ? Math.sin(angle) : -Math.sin(angle);
    }
    return roots;
  }

  private static Bluestein convolution(int length, boolean inverse) {
    int size = Integer.highestOneBit(Math.multiplyExact(2, length) - 1) * 2;
    Fourier[] inner = {new Fourier(size, false), new Fourier(size, true)};
    double[] chirp = new double[2 * length];
    double[] kernel = new double[2 * size];
    for (int k = 0; k < length; k++) {
      double angle = Math.PI * ((long) k * k % (2L * length)) / length;
      chirp[2 * k] = Math.cos(angle);
      chirp[2 * k + 1] = inverse ? Math.sin(angle) : -Math.sin(angle);
      for (int at : new int[] {k, (size - k) % size}) {
        kernel[2 * at] = chirp[2 * k];
        kernel[2 * at + 1] = -chirp[2 * k + 1];
      }
    }
    double[] transformed = inner[0].transform(kernel, new double[2 * size]);
    return new Bluestein(inner, chirp, transformed.clone());
  }

  /// {@return the length that working arrays need, twice what the transform works on}
  public int workLength() {
    return 2 * Math.max(length, bluestein.kernel().length / 2);
  }

  /// Transforms numbers.
  ///
  /// @param x pairs of real and imaginary part in its first places; an array of [#workLength]
  /// @param work an array of the same length
  /// @return the one of both arrays that holds the result in its first places; the other is garbage
  public double[] transform(double[] x, double[] work) {
    if (bluestein.kernel().length != 0) {
      return convolve(x, work);
    }
    double[] from = x;
    double[] to = work;
    int done = 1;
    for (int factor : factors) {
      stage(from, to, factor, done);
      done *= factor;
      double[] next = from;
      from = to;
      to = next;
    }
    return from;
  }

  /// Joins transforms of `done` numbers to ones of `factor · done`.
  private void stage(double[] x, double[] y, int factor, int done) {
    int blocks = length / (done * factor);
    switch (factor) {
      case 2 -> two(x, y, done, blocks);
      case 4 -> four(x, y, done, blocks);
      default -> any(x, y, factor, done, blocks);
    }
  }

  private void two(double[] x, double[] y, int done, int blocks) {
    int half = length / 2;
    for (int b = 0; b < blocks; b++) {
      for (int k = 0; k < done; k++) {
        int i = 2 * (b * done + k);
        int j = i + 2 * half;
        int root = 2 * k * blocks;
        double re = x[j] * roots[root] - x[j + 1] * roots[root + 1];
        double im = x[j] * roots[root + 1] + x[j + 1] * roots[root];
        int o = 2 * (b * 2 * done + k);
        y[o] = x[i] + re;
        y[o + 1] = x[i + 1] + im;
        y[o + 2 * done] = x[i] - re;
        y[o + 2 * done + 1] = x[i + 1] - im;
      }
    }
  }

  private void four(double[] x, double[] y, int done, int blocks) {
    int quarter = length / 2; // in numbers of the array
    double turn = roots[2 * (length / 4) + 1]; // -1 forward, 1 inverse
    for (int b = 0; b < blocks; b++) {
      for (int k = 0; k < done; k++) {
        int i = 2 * (b * done + k);
        int r1 = 2 * k * blocks;
        int r2 = 2 * r1;
        int r3 = 3 * r1;
        double aRe = x[i];
        double aIm = x[i + 1];
        int j = i + quarter;
        double bRe = x[j] * roots[r1] - x[j + 1] * roots[r1 + 1];
        double bIm = x[j] * roots[r1 + 1] + x[j + 1] * roots[r1];
        j += quarter;
        double cRe = x[j] * roots[r2] - x[j + 1] * roots[r2 + 1];
        double cIm = x[j] * roots[r2 + 1] + x[j + 1] * roots[r2];
        j += quarter;
        double dRe = x[j] * roots[r3] - x[j + 1] * roots[r3 + 1];
        double dIm = x[j] * roots[r3 + 1] + x[j + 1] * roots[r3];
        int o = 2 * (b * 4 * done + k);
        int step = 2 * done;
        double evenRe = aRe + cRe;
        double evenIm = aIm + cIm;
        double oddRe = bRe + dRe;
        double oddIm = bIm + dIm;
        y[o] = evenRe + oddRe;
        y[o + 1] = evenIm + oddIm;
        y[o + 2 * step] = evenRe - oddRe;
        y[o + 2 * step + 1] = evenIm - oddIm;
        double re = aRe - cRe;
        double im = aIm - cIm;
        double turnedRe = -turn * (bIm - dIm);
        double turnedIm = turn * (bRe - dRe);
        y[o + step] = re + turnedRe;
        y[o + step + 1] = im + turnedIm;
        y[o + 3 * step] = re - turnedRe;
        y[o + 3 * step + 1] = im - turnedIm;
      }
    }
  }

  private void any(double[] x, double[] y, int factor, int done, int blocks) {
    int part = length / factor;
    for (int b = 0; b < blocks; b++) {
      for (int k = 0; k < done; k++) {
        for (int q = 0; q < factor; q++) {
          double re = 0;
          double im = 0;
          for (int p = 0; p < factor; p++) {
            int i = 2 * (p * part + b * done + k);
            int root = 2 * (int) ((long) p * (k + q * done) * blocks % length);
            re += x[i] * roots[root] - x[i + 1] * roots[root + 1];
            im += x[i] * roots[root + 1] + x[i + 1] * roots[root];
          }
          int o = 2 * ((b * factor + q) * done + k);
          y[o] = re;
          y[o + 1] = im;
        }
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // which of two arrays it is
  private double[] convolve(double[] x, double[] work) {
    int size = bluestein.kernel().length / 2;
    double[] chirp = bluestein.chirp();
    multiply(x, chirp, length);
    Arrays.fill(x, 2 * length, 2 * size, 0);
    double[] spectrum = bluestein.inner()[0].transform(x, work);
    multiply(spectrum, bluestein.kernel(), size);
    double[] other = spectrum == x ? work : x;
    double[] result = bluestein.inner()[1].transform(spectrum, other);
    multiply(result, chirp, length);
    for (int i = 0; i < 2 * length; i++) {
      result[i] /= size;
    }
    return result;
  }

  private static void multiply(double[] x, double[] y, int count) {
    for (int i = 0; i < 2 * count; i += 2) {
      double re = x[i] * y[i] - x[i + 1] * y[i + 1];
      x[i + 1] = x[i] * y[i + 1] + x[i + 1] * y[i];
      x[i] = re;
    }
  }
}
