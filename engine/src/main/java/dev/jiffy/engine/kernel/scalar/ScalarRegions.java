package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Regions of interest of images, each cut into as many bins.
public final class ScalarRegions {
  /// No bin has more samples, and no region so many in a row: they would reach far beyond any
  /// image.
  private static final double MOST_SAMPLES = 1 << 22;

  private static final int MOST_IN_A_ROW = 1 << 20;

  /// What the samples of bins read along one dimension: each of them two pixels, by shares.
  private static final class Taps {
    /// Where the taps of each bin begin, and where the last ones end.
    private final int[] begins;

    /// The pixels, -1 for a sample beyond the image.
    private final int[] pixels;

    private final double[] shares;
    private int count;

    /// @param first where the first bin begins
    /// @param size the size of a bin
    /// @param bins how many bins
    /// @param perBin how many samples a bin has
    /// @param extent the pixels of the image
    /// @param sums whether shares of one pixel are added, and samples beyond the image left out
    Taps(double first, double size, long bins, int perBin, long extent, boolean sums) {
      int most = Math.toIntExact(2 * bins * perBin);
      begins = new int[Math.toIntExact(bins) + 1];
      pixels = new int[most];
      shares = new double[most];
      for (int bin = 0; bin < bins; bin++) {
        begins[bin] = count;
        for (int i = 0; i < perBin; i++) {
          double at = first + bin * size + (i + 0.5) * size / perBin;
          if (at >= -1 && at <= extent) {
            double near = Math.min(Math.max(at, 0), (double) (extent - 1));
            int low = (int) near;
            int from = sums ? begins[bin] : count;
            add(from, low, 1 - (near - low));
            add(from, (int) Math.min(low + 1L, extent - 1), near - low);
          } else if (!sums) {
            add(count, -1, 0);
          }
        }
      }
      begins[begins.length - 1] = count;
    }

    /// Adds a share of a pixel, to that of the same pixel if it is one of the last two.
    private void add(int from, int pixel, double share) {
      for (int i = count - 1; i >= Math.max(from, count - 2); i--) {
        if (pixels[i] == pixel) {
          shares[i] += share;
          return;
        }
      }
      pixels[count] = pixel;
      shares[count++] = share;
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
    long to = out.segment().address();
    for (long r = 0; r < bins.dim(0); r++) {
      long image = image(images.getLong(r), x.shape().dim(0));
      double left = start(regions.getDouble(4 * r), scale, halfPixel);
      double top = start(regions.getDouble(4 * r + 1), scale, halfPixel);
      double right = start(regions.getDouble(4 * r + 2), scale, halfPixel);
      double bottom = start(regions.getDouble(4 * r + 3), scale, halfPixel);
      double w = size(left, right, bins.dim(3), halfPixel);
      double h = size(top, bottom, bins.dim(2), halfPixel);
      int down = samples(samples, h);
      int across = samples(samples, w);
      check(bins.dim(2), down, bins.dim(3), across);
      Taps rows = new Taps(top, h, bins.dim(2), down, x.shape().dim(2), !max);
      Taps columns = new Taps(left, w, bins.dim(3), across, x.shape().dim(3), !max);
      int count = down * across;
      for (long c = 0; c < channels; c++) {
        long plane = (image * channels + c) * size;
        for (int i = 0; i < bins.dim(2); i++) {
          for (int j = 0; j < bins.dim(3); j++) {
            double sample =
                count == 0
                    ? 0
                    : max
                        ? largest(x, plane, rows, i, columns, j)
                        : sum(x, plane, rows, i, columns, j) / count;
            TypedMemory.setDouble(out.dtype(), to, sample);
            to += out.dtype().bytes();
          }
        }
      }
    }
  }

  /// {@return a coordinate of a region in pixels}
  ///
  /// @param coordinate the coordinate
  /// @param scale the factor from coordinates of regions to those of pixels
  /// @param halfPixel whether pixels' centres lie at half
  public static double start(double coordinate, double scale, boolean halfPixel) {
    return coordinate * scale - (halfPixel ? 0.5 : 0);
  }

  /// {@return the size of a bin}
  ///
  /// @param from where the region begins
  /// @param to where it ends
  /// @param bins how many bins it has
  /// @param halfPixel whether it may be less than a pixel
  public static double size(double from, double to, long bins, boolean halfPixel) {
    return Math.max(halfPixel ? Double.NEGATIVE_INFINITY : 1, to - from) / bins;
  }

  /// {@return how many samples a bin has}
  ///
  /// @param samples how many are wanted; 0 stands for one for each pixel
  /// @param size the size of a bin
  public static int samples(int samples, double size) {
    return samples > 0 ? samples : Math.max(0, (int) Math.ceil(size));
  }

  /// Checks that a region has not too many samples.
  ///
  /// @param rows the rows of bins
  /// @param down the samples of a bin from top to bottom
  /// @param columns the columns of bins
  /// @param across the samples of a bin from left to right
  /// @throws ModelException if it has
  public static void check(long rows, int down, long columns, int across) {
    long longest = Math.max(rows * down, columns * across);
    if (longest > MOST_IN_A_ROW || (double) down * across > MOST_SAMPLES) {
      throw new ModelException(
          "a region has bins of %d×%d samples: more than any image has".formatted(down, across));
    }
  }

  /// Writes the [taps][Mixtures] of a bin along one dimension; shares of one pixel are added.
  ///
  /// @param first where the bin begins
  /// @param size its size
  /// @param samples how many samples it has
  /// @param extent the pixels of the image
  /// @param step from pixel to pixel, in elements
  /// @param to where the taps go
  /// @return behind the last
  public static long taps(double first, double size, int samples, int extent, int step, long to) {
    long end = to;
    for (int i = 0; i < samples; i++) {
      double at = first + (i + 0.5) * size / samples;
      if (at >= -1 && at <= extent) {
        double near = Math.min(Math.max(at, 0), extent - 1.0);
        int low = (int) near;
        double share = (near - low) / samples;
        end = add(to, end, low * step, 1.0 / samples - share);
        end = add(to, end, Math.min(low + 1, extent - 1) * step, share);
      }
    }
    return end;
  }

  private static long add(long from, long end, int row, double share) {
    long two = end - 2 * Mixtures.TAP_BYTES;
    for (long tap = end - Mixtures.TAP_BYTES;
        tap >= Math.max(from, two);
        tap -= Mixtures.TAP_BYTES) {
      if (Memory.ALL.get(Memory.INT, tap) == row) {
        Memory.setFloat(tap + 4, Memory.getFloat(tap + 4) + (float) share);
        return end;
      }
    }
    Mixtures.setTap(end, row, (float) share);
    return end + Mixtures.TAP_BYTES;
  }

  /// {@return the sum of the samples of a bin}
  private static double sum(Tensor x, long plane, Taps rows, int i, Taps columns, int j) {
    long width = x.shape().dim(3);
    double sum = 0;
    for (int p = rows.begins[i]; p < rows.begins[i + 1]; p++) {
      long row = plane + rows.pixels[p] * width;
      double line = 0;
      for (int q = columns.begins[j]; q < columns.begins[j + 1]; q++) {
        line += columns.shares[q] * pixel(x, row + columns.pixels[q]);
      }
      sum += rows.shares[p] * line;
    }
    return sum;
  }

  /// {@return the largest share of a pixel in the samples of a bin}
  private static double largest(Tensor x, long plane, Taps rows, int i, Taps columns, int j) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int p = rows.begins[i]; p < rows.begins[i + 1]; p++) {
      long row = plane + rows.pixels[p] * x.shape().dim(3);
      for (int q = columns.begins[j]; q < columns.begins[j + 1]; q++) {
        boolean isWithin = (rows.pixels[p] | columns.pixels[q]) >= 0;
        double share = rows.shares[p] * columns.shares[q];
        largest = Math.max(largest, isWithin ? share * pixel(x, row + columns.pixels[q]) : 0);
      }
    }
    return largest;
  }

  /// {@return the image of a region}
  ///
  /// @param image its index
  /// @param images how many there are
  /// @throws ModelException if there is no such image
  public static long image(long image, long images) {
    if (image < 0 || image >= images) {
      throw new ModelException(
          "a region is of image %d, but there are only %d".formatted(image, images));
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
      long image = image((long) regions.getDouble(5 * r), x.shape().dim(0));
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
