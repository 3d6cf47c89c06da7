package dev.jiffy.engine.kernel;

/// The discrete Fourier transform of an even number of real numbers: one of half as many complex
/// ones, those at even places with those at odd ones beside them, which is then taken apart.
/// Immutable.
public final class RealFourier {
  private final int half;
  private final Fourier fourier;

  /// The roots of unity of the whole length that the frequencies at odd places are turned by.
  private final double[] roots;

  /// A transform.
  ///
  /// @param length the number of real numbers, even and at least 2
  /// @param inverse whether it is the inverse, without the division by the length
  public RealFourier(int length, boolean inverse) {
    half = length / 2;
    fourier = new Fourier(half, inverse);
    roots = new double[2 * (half + 1)];
    for (int k = 0; k <= half; k++) {
      double angle = Math.PI * k / half;
      roots[2 * k] = Math.cos(angle);
      roots[2 * k + 1] = inverse ? Math.sin(angle) : -Math.sin(angle);
    }
  }

  /// {@return the length that working arrays need}
  public int workLength() {
    return fourier.workLength();
  }

  /// Transforms numbers.
  ///
  /// @param x the numbers, in the first places of an array of [#workLength]; garbage afterwards
  /// @param work an array of the same length
  /// @param spectrum where the frequencies go, as pairs of real and imaginary part: those from 0 to
  ///   half of the length, and then as many more as there is room for
  public void transform(double[] x, double[] work, double[] spectrum) {
    double[] z = fourier.transform(x, work);
    for (int k = 0; k <= half; k++) {
      int at = 2 * (k % half);
      int mirrored = 2 * ((half - k) % half);
      double evenRe = (z[at] + z[mirrored]) / 2;
      double evenIm = (z[at + 1] - z[mirrored + 1]) / 2;
      double oddRe = (z[at + 1] + z[mirrored + 1]) / 2;
      double oddIm = (z[mirrored] - z[at]) / 2;
      double cos = roots[2 * k];
      double sin = roots[2 * k + 1];
      spectrum[2 * k] = evenRe + cos * oddRe - sin * oddIm;
      spectrum[2 * k + 1] = evenIm + cos * oddIm + sin * oddRe;
    }
    for (int k = half + 1; k < spectrum.length / 2; k++) {
      spectrum[2 * k] = spectrum[2 * (2 * half - k)];
      spectrum[2 * k + 1] = -spectrum[2 * (2 * half - k) + 1];
    }
  }
}
