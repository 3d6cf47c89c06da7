package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Regions of interest of images, each cut into as many bins.
public final class ScalarRegions {
  /// No bin has more samples: they would reach far beyond any image.
  private static final double MOST_SAMPLES = 1 << 22;

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
    int channels = Math.toIntExact(bins.dim(1));
    int height = Math.toIntExact(bins.dim(2));
    int width = Math.toIntExact(bins.dim(3));
    double shift = halfPixel ? 0.5 : 0;
    long at = 0;
    for (long r = 0; r < bins.dim(0); r++) {
      long image = image(images.getLong(r), x);
      double left = regions.getDouble(4 * r) * scale - shift;
      double top = regions.getDouble(4 * r + 1) * scale - shift;
      double least = halfPixel ? Double.NEGATIVE_INFINITY : 1;
      double w = Math.max(least, regions.getDouble(4 * r + 2) * scale - shift - left) / width;
      double h = Math.max(least, regions.getDouble(4 * r + 3) * scale - shift - top) / height;
      int rows = samples > 0 ? samples : (int) Math.ceil(h);
      int columns = samples > 0 ? samples : (int) Math.ceil(w);
      if ((double) rows * columns > MOST_SAMPLES) {
        throw new ModelException(
            "a region has bins of %d×%d samples: more than any image has".formatted(rows, columns));
      }
      if (rows <= 0 || columns <= 0) {
        rows = 0;
        columns = 0;
      }
      Samples down = Samples.of(top, h, height, rows, x.shape().dim(2));
      Samples across = Samples.of(left, w, width, columns, x.shape().dim(3));
      for (int c = 0; c < channels; c++) {
        for (int i = 0; i < height; i++) {
          for (int j = 0; j < width; j++) {
            out.setDouble(at++, bin(x, image * channels + c, down, i, across, j, max));
          }
        }
      }
    }
  }

  /// Where the samples of all bins lie along one dimension: between which two pixels, the first of
  /// which is -1 for a sample outside, and how near to the second.
  @SuppressWarnings("ArrayRecordComponent")
  private record Samples(int perBin, int extent, int[] first, int[] second, double[] share) {
    static Samples of(double start, double size, int bins, int perBin, long pixels) {
      int count = bins * perBin;
      int extent = Math.toIntExact(pixels);
      Samples samples =
          new Samples(perBin, extent, new int[count], new int[count], new double[count]);
      for (int k = 0; k < count; k++) {
        int bin = k / perBin;
        double at = start + bin * size + (k - bin * perBin + 0.5) * size / perBin;
        double within = Math.min(Math.max(at, 0), (double) (extent - 1));
        samples.first[k] = at >= -1 && at <= extent ? (int) within : -1;
        samples.second[k] = Math.min((int) within + 1, extent - 1);
        samples.share[k] = within - (int) within;
      }
      return samples;
    }
  }

  /// {@return the mean of the interpolated pixels of a bin, or the largest share of a pixel}
  private static double bin(
      Tensor x, long plane, Samples down, int i, Samples across, int j, boolean max) {
    int count = down.perBin * across.perBin;
    double result = max && count > 0 ? Double.NEGATIVE_INFINITY : 0;
    for (int p = i * down.perBin; p < (i + 1) * down.perBin; p++) {
      for (int q = j * across.perBin; q < (j + 1) * across.perBin; q++) {
        double sample = sample(x, plane, down, p, across, q, max);
        result = max ? Math.max(result, sample) : result + sample;
      }
    }
    return max ? result : result / Math.max(1, count);
  }

  private static long image(long image, Tensor x) {
    if (image < 0 || image >= x.shape().dim(0)) {
      throw new ModelException(
          "a region is of image %d, but there are only %d".formatted(image, x.shape().dim(0)));
    }
    return image;
  }

  /// {@return the interpolated pixel, or the largest of its four shares}
  private static double sample(
      Tensor x, long plane, Samples down, int p, Samples across, int q, boolean max) {
    if (down.first[p] < 0 || across.first[q] < 0) {
      return 0;
    }
    long upper = (plane * down.extent + down.first[p]) * across.extent;
    long lower = (plane * down.extent + down.second[p]) * across.extent;
    double below = down.share[p];
    double beside = across.share[q];
    double a = (1 - below) * (1 - beside) * pixel(x, upper + across.first[q]);
    double b = (1 - below) * beside * pixel(x, upper + across.second[q]);
    double c = below * (1 - beside) * pixel(x, lower + across.first[q]);
    double d = below * beside * pixel(x, lower + across.second[q]);
    return max ? Math.max(Math.max(a, b), Math.max(c, d)) : a + b + c + d;
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
