package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
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
    long height = bins.dim(2);
    long width = bins.dim(3);
    double shift = halfPixel ? 0.5 : 0;
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
      for (int c = 0; c < channels; c++) {
        long plane = image * channels + c;
        for (long i = 0; i < height; i++) {
          for (long j = 0; j < width; j++) {
            double result = max ? Double.NEGATIVE_INFINITY : 0;
            for (int p = 0; p < rows; p++) {
              for (int q = 0; q < columns; q++) {
                double v = top + i * h + (p + 0.5) * h / rows;
                double u = left + j * w + (q + 0.5) * w / columns;
                double sample = sample(x, plane, v, u, max);
                result = max ? Math.max(result, sample) : result + sample;
              }
            }
            boolean isEmpty = rows <= 0 || columns <= 0;
            double count = Math.max(1.0, (double) rows * columns);
            out.setDouble(
                ((r * channels + c) * height + i) * width + j,
                isEmpty ? 0 : max ? result : result / count);
          }
        }
      }
    }
  }

  private static long image(long image, Tensor x) {
    if (image < 0 || image >= x.shape().dim(0)) {
      throw new ModelException(
          "a region is of image %d, but there are only %d".formatted(image, x.shape().dim(0)));
    }
    return image;
  }

  /// {@return the interpolated pixel, or the largest of its four shares}
  private static double sample(Tensor x, long plane, double v, double u, boolean max) {
    long height = x.shape().dim(2);
    long width = x.shape().dim(3);
    if (!(v >= -1 && v <= height && u >= -1 && u <= width)) {
      return 0;
    }
    double row = Math.min(Math.max(v, 0), (double) (height - 1));
    double column = Math.min(Math.max(u, 0), (double) (width - 1));
    long top = (long) row;
    long left = (long) column;
    long bottom = Math.min(top + 1, height - 1);
    long right = Math.min(left + 1, width - 1);
    double below = row - top;
    double beside = column - left;
    long base = plane * height;
    double a = (1 - below) * (1 - beside) * x.getDouble((base + top) * width + left);
    double b = (1 - below) * beside * x.getDouble((base + top) * width + right);
    double c = below * (1 - beside) * x.getDouble((base + bottom) * width + left);
    double d = below * beside * x.getDouble((base + bottom) * width + right);
    return max ? Math.max(Math.max(a, b), Math.max(c, d)) : a + b + c + d;
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
