package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Regions of interest of images, each cut into as many bins.
public final class ScalarRegions {
  /// No bin has more samples, and no region so many in a row: they would reach far beyond any
  /// image.
  private static final double MOST_SAMPLES = 1 << 22;

  private static final int MOST_IN_A_ROW = 1 << 20;

  /// The samples of all bins along one dimension: the pixels on both sides of each, and the share
  /// of the second.
  private static final class Samples {
    private final int perBin;

    /// The pixel before a sample, -1 for a sample beyond the image.
    private final int[] low;

    private final int[] high;
    private final double[] shares;

    /// @param first where the first bin begins
    /// @param size the size of a bin
    /// @param bins how many bins
    /// @param perBin how many samples a bin has
    /// @param extent the pixels of the image
    Samples(double first, double size, long bins, int perBin, long extent) {
      this.perBin = perBin;
      int count = Math.toIntExact(bins * perBin);
      this.low = new int[count];
      this.high = new int[count];
      this.shares = new double[count];
      for (int i = 0; i < count; i++) {
        int bin = i / perBin;
        double at = first + bin * size + (i % perBin + 0.5) * size / perBin;
        double near = Math.min(Math.max(at, 0), (double) (extent - 1));
        low[i] = at >= -1 && at <= extent ? (int) near : -1;
        high[i] = (int) Math.min((long) near + 1, extent - 1);
        shares[i] = near - (int) near;
      }
    }
  }

  private ScalarRegions() {}

  /// Samples the bins of regions.
  ///
  /// Source: He et al., Mask R-CNN, 2017. The largest sample is that of ONNX: the largest of the
  /// shares that four pixels have in a sample, which are not added up.
  ///
  /// @param x the images, `[batch, channels, height, width]`
  /// @param regions left, top, right and bottom of each region
  /// @param images the image of each region
  /// @param max whether the largest sample is wanted instead of the mean
  /// @param samples how many samples a bin has along each dimension; 0 stands for one for each
  ///   pixel
  /// @param scale the factor from coordinates of regions to those of pixels
  /// @param halfPixel whether pixels' centres lie at half
  /// @param out the result, `[regions, channels, rows of bins, columns of bins]`
  /// @throws ModelException if there is no image of an index, or a region is beyond all bounds
  public static void align(
      Tensor x,
      Tensor regions,
      Tensor images,
      boolean max,
      int samples,
      double scale,
      boolean halfPixel,
      Tensor out) {
    Shape bins = out.shape();
    long channels = bins.dim(1);
    long size = x.shape().elements(2, 4);
    double shift = halfPixel ? 0.5 : 0;
    double least = halfPixel ? Double.NEGATIVE_INFINITY : 1;
    for (long r = 0; r < bins.dim(0); r++) {
      long image = image(images.getLong(r), x);
      double left = regions.getDouble(4 * r) * scale - shift;
      double top = regions.getDouble(4 * r + 1) * scale - shift;
      double w = Math.max(least, regions.getDouble(4 * r + 2) * scale - shift - left) / bins.dim(3);
      double h = Math.max(least, regions.getDouble(4 * r + 3) * scale - shift - top) / bins.dim(2);
      int down = samples > 0 ? samples : Math.max(0, (int) Math.ceil(h));
      int across = samples > 0 ? samples : Math.max(0, (int) Math.ceil(w));
      long longest = Math.max(bins.dim(2) * down, bins.dim(3) * across);
      if (longest > MOST_IN_A_ROW || (double) down * across > MOST_SAMPLES) {
        throw new ModelException(
            "a region has bins of %d×%d samples: more than any image has".formatted(down, across));
      }
      Samples rows = new Samples(top, h, bins.dim(2), down, x.shape().dim(2));
      Samples columns = new Samples(left, w, bins.dim(3), across, x.shape().dim(3));
      for (long c = 0; c < channels; c++) {
        long plane = (image * channels + c) * size;
        long to = (r * channels + c) * bins.elements(2, 4);
        for (int i = 0; i < bins.dim(2); i++) {
          for (int j = 0; j < bins.dim(3); j++) {
            out.setDouble(to++, bin(x, plane, rows, i, columns, j, max));
          }
        }
      }
    }
  }

  /// {@return the mean or the largest of the samples of a bin, 0 where it has none}
  private static double bin(
      Tensor x, long plane, Samples rows, int i, Samples columns, int j, boolean max) {
    long width = x.shape().dim(3);
    int count = rows.perBin * columns.perBin;
    double result = max && count > 0 ? Double.NEGATIVE_INFINITY : 0;
    for (int p = i * rows.perBin; p < (i + 1) * rows.perBin; p++) {
      long top = plane + rows.low[p] * width;
      long bottom = plane + rows.high[p] * width;
      double below = rows.shares[p];
      for (int q = j * columns.perBin; q < (j + 1) * columns.perBin; q++) {
        int left = columns.low[q];
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        if ((rows.low[p] | left) >= 0) {
          int right = columns.high[q];
          double beside = columns.shares[q];
          a = (1 - below) * (1 - beside) * pixel(x, top + left);
          b = (1 - below) * beside * pixel(x, top + right);
          c = below * (1 - beside) * pixel(x, bottom + left);
          d = below * beside * pixel(x, bottom + right);
        }
        result =
            max
                ? Math.max(result, Math.max(Math.max(a, b), Math.max(c, d)))
                : result + (a + b + c + d);
      }
    }
    return max || count == 0 ? result : result / count;
  }

  private static long image(long image, Tensor x) {
    if (image < 0 || image >= x.shape().dim(0)) {
      throw new ModelException(
          "a region is of image %d, but there are only %d".formatted(image, x.shape().dim(0)));
    }
    return image;
  }

  private static double pixel(Tensor x, long index) {
    return TypedMemory.getDouble(x.dtype(), x.segment().address() + index * x.dtype().bytes());
  }

  /// Takes the largest pixel of each bin of regions.
  ///
  /// Source: Girshick, Fast R-CNN, 2015.
  ///
  /// @param x the images, `[batch, channels, height, width]`
  /// @param regions image, left, top, right and bottom of each region
  /// @param scale the factor from coordinates of regions to those of pixels
  /// @param out the result, `[regions, channels, rows of bins, columns of bins]`
  /// @throws ModelException if there is no image of an index
  public static void pool(Tensor x, Tensor regions, double scale, Tensor out) {
    Shape bins = out.shape();
    long channels = bins.dim(1);
    long height = bins.dim(2);
    long width = bins.dim(3);
    for (long r = 0; r < bins.dim(0); r++) {
      long image = image((long) regions.getDouble(5 * r), x);
      long left = Math.round(regions.getDouble(5 * r + 1) * scale);
      long top = Math.round(regions.getDouble(5 * r + 2) * scale);
      long right = Math.round(regions.getDouble(5 * r + 3) * scale);
      long bottom = Math.round(regions.getDouble(5 * r + 4) * scale);
      double h = (double) Math.max(1, bottom - top + 1) / height;
      double w = (double) Math.max(1, right - left + 1) / width;
      for (long c = 0; c < channels; c++) {
        for (long i = 0; i < height; i++) {
          for (long j = 0; j < width; j++) {
            long y0 = within(top + (long) Math.floor(i * h), x.shape().dim(2));
            long y1 = within(top + (long) Math.ceil((i + 1) * h), x.shape().dim(2));
            long x0 = within(left + (long) Math.floor(j * w), x.shape().dim(3));
            long x1 = within(left + (long) Math.ceil((j + 1) * w), x.shape().dim(3));
            double largest = y0 < y1 && x0 < x1 ? Double.NEGATIVE_INFINITY : 0;
            for (long v = y0; v < y1; v++) {
              for (long u = x0; u < x1; u++) {
                long row = (image * channels + c) * x.shape().dim(2) + v;
                largest = Math.max(largest, x.getDouble(row * x.shape().dim(3) + u));
              }
            }
            out.setDouble(((r * channels + c) * height + i) * width + j, largest);
          }
        }
      }
    }
  }

  private static long within(long at, long extent) {
    return Math.min(Math.max(at, 0), extent);
  }
}
