package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.Fourier;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RealFourier;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Transforms of signals; complex numbers are pairs along the last dimension.
public final class ScalarSignal {
  private ScalarSignal() {}

  /// Transforms along one dimension.
  ///
  /// @param x the signals, real or complex; cut or filled up with zeros to the length
  /// @param axis the dimension
  /// @param length the number of points
  /// @param inverse whether the inverse is wanted, which divides by the length
  /// @param out the result, complex; it has as many frequencies along the axis as are wanted
  public static void fourier(Tensor x, int axis, int length, boolean inverse, Tensor out) {
    Shape shape = x.shape();
    int rank = shape.rank();
    int parts = (int) shape.dim(rank - 1);
    long outer = shape.elements(0, axis);
    long inner = shape.elements(axis + 1, rank - 1);
    long points = Math.min(length, shape.dim(axis));
    long frequencies = out.shape().dim(axis);
    if (out.shape().elements() == 0) {
      return;
    }
    Fourier fourier = new Fourier(length, inverse);
    double[] values = new double[fourier.workLength()];
    double[] work = new double[fourier.workLength()];
    double factor = inverse ? length : 1;
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        for (int k = 0; k < length; k++) {
          long at = ((o * shape.dim(axis) + k) * inner + i) * parts;
          values[2 * k] = k < points ? x.getDouble(at) : 0;
          values[2 * k + 1] = k < points && parts == 2 ? x.getDouble(at + 1) : 0;
        }
        double[] result = fourier.transform(values, work);
        for (int k = 0; k < frequencies; k++) {
          long at = ((o * frequencies + k) * inner + i) * 2;
          out.setDouble(at, result[2 * k] / factor);
          out.setDouble(at + 1, result[2 * k + 1] / factor);
        }
      }
    }
  }

  /// Transforms frames of signals.
  ///
  /// @param x the signals, `[batch, samples]` or `[batch, samples, 1 or 2]`
  /// @param step the samples between the beginnings of two frames
  /// @param window a factor for each sample of a frame, or null
  /// @param length the samples of a frame
  /// @param out the result, `[batch, frames, frequencies, 2]`
  public static void shortTime(
      Tensor x, long step, @Nullable Tensor window, int length, Tensor out) {
    Shape shape = out.shape();
    long samples = x.shape().dim(1);
    int parts = x.shape().rank() == 3 ? (int) x.shape().dim(2) : 1;
    long frames = shape.dim(1);
    long frequencies = shape.dim(2);
    if (shape.elements() == 0) {
      return;
    }
    if (parts == 1 && length % 2 == 0) {
      shortTimeOfReal(x, step, window, length, out);
      return;
    }
    Fourier fourier = new Fourier(length, false);
    double[] values = new double[fourier.workLength()];
    double[] work = new double[fourier.workLength()];
    double[] factors = window == null ? new double[0] : window.toDoubles();
    for (long f = 0; f < shape.dim(0) * frames; f++) {
      long first = f / frames * samples + f % frames * step;
      for (int k = 0; k < length; k++) {
        double factor = window == null ? 1 : factors[k];
        values[2 * k] = factor * x.getDouble((first + k) * parts);
        values[2 * k + 1] = parts == 2 ? factor * x.getDouble((first + k) * parts + 1) : 0;
      }
      double[] result = fourier.transform(values, work);
      for (int k = 0; k < 2 * frequencies; k++) {
        out.setDouble(f * frequencies * 2 + k, result[k]);
      }
    }
  }

  private static void shortTimeOfReal(
      Tensor x, long step, @Nullable Tensor window, int length, Tensor out) {
    Shape shape = out.shape();
    long samples = x.shape().dim(1);
    long frames = shape.dim(1);
    int numbers = 2 * (int) shape.dim(2);
    RealFourier fourier = new RealFourier(length, false);
    double[] values = new double[fourier.workLength()];
    double[] work = new double[fourier.workLength()];
    double[] spectrum = new double[Math.max(numbers, length + 2)];
    double[] factors = window == null ? new double[0] : window.toDoubles();
    for (long f = 0; f < shape.dim(0) * frames; f++) {
      long first = f / frames * samples + f % frames * step;
      read(x, first, length, values);
      for (int k = 0; k < factors.length; k++) {
        values[k] *= factors[k];
      }
      fourier.transform(values, work, spectrum);
      write(spectrum, numbers, out, f * numbers);
    }
  }

  private static void read(Tensor x, long from, int count, double[] to) {
    Objects.checkFromIndexSize(from, count, x.shape().elements());
    if (x.dtype() == DType.F32) {
      long address = x.segment().address() + 4 * from;
      for (int i = 0; i < count; i++) {
        to[i] = Memory.getFloat(address + 4L * i);
      }
    } else {
      for (int i = 0; i < count; i++) {
        to[i] = x.getDouble(from + i);
      }
    }
  }

  private static void write(double[] from, int count, Tensor out, long to) {
    Objects.checkFromIndexSize(to, count, out.shape().elements());
    if (out.dtype() == DType.F32) {
      long address = out.segment().address() + 4 * to;
      for (int i = 0; i < count; i++) {
        Memory.setFloat(address + 4L * i, (float) from[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        out.setDouble(to + i, from[i]);
      }
    }
  }

  /// Fills in the matrix that turns a spectrum into one of frequencies as they are heard: one
  /// triangle for each band, equally wide on the mel scale.
  ///
  /// @param length the points of the transform
  /// @param rate samples per second
  /// @param lowest the lower edge of the first band in Hz
  /// @param highest the upper edge of the last band in Hz
  /// @param out the result, `[frequencies, bands]`
  /// @throws ModelException if a band reaches beyond the spectrum
  public static void melWeights(long length, long rate, double lowest, double highest, Tensor out) {
    long rows = out.shape().dim(0);
    int bands = Math.toIntExact(out.shape().dim(1));
    double low = 2595 * Math.log10(1 + lowest / 700);
    double high = 2595 * Math.log10(1 + highest / 700);
    long[] edges = new long[bands + 2];
    for (int i = 0; i < edges.length; i++) {
      double mel = i * ((high - low) / edges.length) + low;
      double hertz = 700 * (Math.pow(10, mel / 2595) - 1);
      edges[i] = (long) Math.floor((length + 1) * hertz / rate);
      if (edges[i] < 0 || edges[i] > rows) {
        throw new ModelException(
            "a band of %s Hz is not within the %d frequencies of %d points at %d per second"
                .formatted(hertz, rows, length, rate));
      }
    }
    out.segment().fill((byte) 0);
    for (int band = 0; band < bands; band++) {
      long centre = edges[band + 1];
      long rise = centre - edges[band];
      long fall = edges[band + 2] - centre;
      for (long row = edges[band]; row < Math.min(edges[band + 2], rows); row++) {
        double weight = row > centre ? 1 : rise == 0 ? 1 : (double) (row - edges[band]) / rise;
        double share = row < centre || fall == 0 ? 1 : (double) (edges[band + 2] - row) / fall;
        out.setDouble(row * bands + band, weight * share);
      }
      if (fall == 0 && centre < rows) {
        out.setDouble(centre * bands + band, 1);
      }
    }
  }
}
