package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Product;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The sizes at which products, convolutions and attention are compared with the oracle.
final class MatrixCases {
  private static final Activation RELU = new Activation(UnaryFunction.RELU, 0, 0);
  private static final Activation RELU6 = new Activation(UnaryFunction.CLIP, 0, 6);

  /// One that machine code does not apply with the product.
  private static final Activation CELU = new Activation(UnaryFunction.CELU, 1, 0);

  private static final Activation GELU = new Activation(UnaryFunction.GELU, 0, 0);

  /// Height, width, strides, dilations and padding above and to the left of the windows of
  /// transposed convolutions.
  private static final int[][] WINDOWS = {
    {2, 2, 2, 2, 1, 1, 0, 0},
    {4, 4, 2, 2, 1, 1, 1, 1},
    {3, 3, 2, 2, 1, 1, 1, 1},
    {3, 3, 2, 2, 2, 2, 2, 1},
    {3, 3, 1, 1, 2, 3, 2, 3},
    {1, 1, 2, 3, 1, 1, 0, 0},
    {2, 2, 3, 4, 1, 1, 1, 1},
    {2, 3, 2, 3, 1, 1, 1, 2},
    {3, 6, 1, 3, 1, 1, 0, 4},
    {5, 4, 3, 2, 1, 1, 2, 5},
    {4, 3, 3, 2, 3, 5, 1, 0},
    {1, 16, 1, 8, 1, 1, 0, 4},
  };

  private MatrixCases() {}

  /// A product and what is added to it.
  ///
  /// @param product the geometry
  /// @param bias whether there is a bias
  /// @param inPlace whether the residual, where there is one, is the result itself
  record ProductCase(Product product, boolean bias, boolean inPlace) {}

  /// A convolution and what is added to it.
  ///
  /// @param geometry the geometry
  /// @param bias whether there is a bias
  /// @param residual whether there is a residual
  record ConvCase(ConvGeometry geometry, boolean bias, boolean residual) {}

  static List<ProductCase> products() {
    List<ProductCase> cases = new ArrayList<>();
    for (int m : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 25}) {
      for (int n : new int[] {1, 9, 16, 17, 32, 65}) {
        cases.add(product(m, 5 + m % 7, n, 0, 0, 1, null, false));
      }
    }
    for (int m : new int[] {3, 4, 7, 8, 14, 15, 16, 17, 33}) {
      for (int n : new int[] {24, 40, 72}) {
        cases.add(
            product(m, 4 + m % 3, n, 2, m % 2 == 0 ? 5 : 0, 1, m % 3 == 0 ? GELU : null, true));
      }
    }
    for (int k : new int[] {0, 1, 2, 3, 4, 5, 8, 63, 384}) {
      for (int m : new int[] {1, 2, 8}) {
        cases.add(product(m, k, 37, 3, 2, 1, RELU, true));
      }
    }
    for (int m : new int[] {1, 12, 13, 100}) {
      cases.add(product(m, 50, 70, 1, 5, 0.25f, GELU, true));
      cases.add(product(m, 50, 70, 0, 0, 0.25f, null, true));
      cases.add(product(m, 50, 70, 0, 0, 0, null, true));
      cases.add(product(m, 50, 70, 0, 0, 3, RELU6, false));
      cases.add(product(m, 50, 64, 0, 0, 1, RELU6, true));
    }
    cases.add(product(60, 1536, 33, 0, 0, 1, null, true));
    cases.add(product(7, 3, 0, 0, 0, 1, null, false));
    cases.add(product(300, 384, 400, 0, 0, 1, RELU, true));
    return withResiduals(cases);
  }

  private static List<ProductCase> withResiduals(List<ProductCase> cases) {
    List<ProductCase> all = new ArrayList<>(cases);
    for (int i = 0; i < cases.size(); i += 5) {
      Product p = cases.get(i).product();
      boolean inPlace = i % 2 == 1;
      long stride = inPlace ? p.cStride() : p.n() + 3L;
      for (boolean bias : new boolean[] {false, true}) {
        Product with =
            new Product(
                p.m(), p.k(), p.n(), p.aStride(), p.cStride(), stride, p.alpha(), p.activation());
        all.add(new ProductCase(with, bias, inPlace));
      }
    }
    return all;
  }

  private static ProductCase product(
      int m,
      int k,
      int n,
      int aGap,
      int cGap,
      float alpha,
      @Nullable Activation activation,
      boolean bias) {
    Product product = new Product(m, k, n, (long) k + aGap, (long) n + cGap, 0, alpha, activation);
    return new ProductCase(product, bias, false);
  }

  static List<ConvCase> convolutions() {
    List<ConvCase> cases = new ArrayList<>();
    int[][] channels = {{1, 1}, {3, 16}, {5, 33}, {40, 24}};
    int[][] kernels = {{1, 1}, {3, 3}, {1, 5}, {2, 2}, {5, 3}};
    for (int[] c : channels) {
      for (int[] k : kernels) {
        cases.add(conv(2, 9, 13, c[0], c[1], k, 1, 1, 1, k[0] / 2, k[1] / 2, 1, RELU));
        cases.add(conv(1, 9, 13, c[0], c[1], k, 2, 2, 1, k[0] / 2, k[1] / 2, 1, null));
        cases.add(conv(1, 9, 13, c[0], c[1], k, 1, 1, 1, 0, 0, 1, RELU6));
        cases.add(conv(1, 9, 13, c[0], c[1], k, 1, 2, 2, 1, 0, 1, GELU));
      }
    }
    int[] square = {3, 3};
    cases.add(conv(1, 40, 3, 60, 33, square, 1, 1, 1, 1, 1, 1, null));
    cases.add(conv(1, 8, 150, 50, 33, square, 1, 1, 1, 1, 1, 1, null));
    cases.add(conv(3, 1, 40, 20, 33, new int[] {1, 3}, 1, 1, 1, 0, 1, 1, RELU));
    cases.add(conv(1, 5, 5, 12, 24, square, 1, 1, 1, 3, 3, 1, null));
    cases.add(conv(1, 4, 4, 12, 24, square, 3, 3, 1, 0, 0, 1, null));
    cases.add(conv(1, 40, 70, 32, 40, new int[] {1, 1}, 1, 1, 1, 0, 0, 1, RELU));
    for (int out : new int[] {6, 7, 12, 15, 21, 27, 56}) { // parts of vectors behind whole ones
      cases.add(conv(2, 9, 13, 5, out, new int[] {1, 1}, 1, 1, 1, 0, 0, 1, RELU));
      cases.add(conv(1, 21, 13, 3, out, square, 2, 2, 1, 1, 1, 1, null));
    }
    for (int[] g : new int[][] {{8, 8, 4}, {32, 64, 2}, {48, 48, 3}, {6, 12, 6}, {4, 6, 2}}) {
      cases.add(conv(2, 8, 9, g[0], g[1], square, 1, 1, 1, 1, 1, g[2], RELU));
      cases.add(conv(1, 8, 9, g[0], g[1], square, 2, 2, 2, 0, 1, g[2], null));
      cases.add(conv(1, 8, 9, g[0], g[1], new int[] {1, 1}, 1, 1, 1, 0, 0, g[2], null));
    }
    for (int c : new int[] {2, 16, 24, 33}) {
      for (int k : new int[] {1, 3, 5}) {
        for (int stride = 1; stride <= 2; stride++) {
          int[] kernel = {k, k};
          cases.add(conv(2, 9, 21, c, c, kernel, stride, stride, 1, k / 2, k / 2, c, RELU6));
          cases.add(conv(1, 12, 12, c, c, kernel, stride, stride, 2, 1, 0, c, GELU));
        }
      }
    }
    cases.add(conv(1, 90, 70, 16, 16, square, 1, 1, 1, 1, 1, 16, null));
    for (int width = 8; width < 19; width++) { // whole tiles, and what is left of one
      for (int stride = 1; stride <= 2; stride++) {
        cases.add(conv(1, 3, width, 17, 17, square, stride, stride, 1, 1, width % 3, 17, null));
        cases.add(conv(1, 5, width, 32, 32, new int[] {5, 5}, 1, stride, 1, 2, 11, 32, RELU));
      }
    }
    adjacentWindows(cases);
    groups(cases);
    lines(cases);
    absentTaps(cases);
    return cases;
  }

  /// Convolutions of one line, which can be cut by columns.
  private static void lines(List<ConvCase> cases) {
    for (int[] c : new int[][] {{1, 33, 1}, {20, 24, 1}, {6, 12, 6}, {24, 24, 24}}) {
      for (int width : new int[] {3, 17, 70}) {
        for (int k : new int[] {1, 2, 3}) {
          int[] kernel = {1, k};
          cases.add(conv(1, 1, width, c[0], c[1], kernel, 1, 1, 1, 0, 0, c[2], RELU));
          cases.add(conv(1, 1, width, c[0], c[1], kernel, 1, 2, 1, 0, k - 1, c[2], null));
          cases.add(
              conv(1, 1, width, c[0], c[1], kernel, 1, 3, 1, 0, Math.max(0, k - 2), c[2], GELU));
        }
      }
    }
    cases.add(conv(1, 1, 400, 1, 40, new int[] {1, 80}, 1, 16, 1, 0, 0, 1, null));
    cases.add(conv(1, 1, 40, 8, 24, new int[] {1, 3}, 1, 1, 4, 0, 6, 1, null));
  }

  /// Windows many of whose taps lie in the padding, or whose taps are far apart.
  private static void absentTaps(List<ConvCase> cases) {
    int[] square = {3, 3};
    int number = 0;
    for (int[] c : new int[][] {{5, 33, 1}, {24, 48, 1}, {40, 9, 1}, {12, 72, 3}, {8, 12, 4}}) {
      for (int dilation : new int[] {4, 6, 9, 12, 40}) {
        number++;
        Activation activation = number % 3 == 0 ? CELU : number % 3 == 1 ? RELU : null;
        int pad = dilation;
        cases.add(conv(2, 9, 13, c[0], c[1], square, 1, 1, dilation, pad, pad, c[2], activation));
        cases.add(conv(1, 13, 9, c[0], c[1], square, 2, 1, dilation, pad, pad, c[2], null));
        cases.add(
            conv(1, 9, 7, c[0], c[1], new int[] {4, 2}, 1, 3, dilation, 2 * pad, pad, c[2], GELU));
      }
      cases.add(conv(2, 1, 1, c[0], c[1], square, 1, 1, 1, 1, 1, c[2], RELU));
      cases.add(conv(1, 2, 3, c[0], c[1], new int[] {7, 5}, 1, 1, 1, 3, 2, c[2], null));
      cases.add(conv(1, 1, 30, c[0], c[1], new int[] {1, 3}, 1, 1, 16, 0, 32, c[2], CELU));
    }
    // no tap of some results lies within the image
    cases.add(conv(1, 9, 9, 24, 40, square, 1, 1, 12, 24, 13, 1, RELU));
    cases.add(conv(1, 4, 5, 24, 40, new int[] {2, 2}, 1, 1, 20, 15, 20, 1, null));
  }

  /// Windows of three by three adjacent pixels, for which there are special ways.
  private static void adjacentWindows(List<ConvCase> cases) {
    int[] square = {3, 3};
    int[] extents = {1, 2, 3, 7, 9};
    int number = 0;
    for (int in : new int[] {16, 32, 33, 48, 64}) {
      for (int out : new int[] {16, 32, 33, 48, 64}) {
        for (int height : extents) {
          number++;
          int width = extents[(number + number / 5) % 5];
          int top = height < 3 ? 1 : number % 3;
          int left = width < 3 ? 1 : number / 2 % 3;
          Activation activation = number % 4 == 0 ? GELU : number % 2 == 0 ? RELU : null;
          int batch = 1 + number % 3;
          cases.add(conv(batch, height, width, in, out, square, 1, 1, 1, top, left, 1, activation));
        }
      }
    }
    cases.add(conv(2, 45, 67, 32, 32, square, 1, 1, 1, 1, 1, 1, RELU));
    int[][] dilated = {{2, 9, 16, 2}, {5, 30, 31, 5}, {3, 13, 12, 3}, {4, 17, 21, 2}, {7, 9, 9, 7}};
    for (int[] d : dilated) {
      cases.add(conv(2, d[1], d[2], 32, 40, square, 1, 1, d[0], d[3], d[3], 1, RELU));
      cases.add(conv(1, d[2], d[1], 33, 16, square, 1, 1, d[0], d[0], d[3] - 1, 1, GELU));
      cases.add(conv(1, d[2], d[1], 16, 17, square, 1, 1, d[0], d[0], d[3] - 1, 1, CELU));
      cases.add(conv(2, d[1], d[2], 32, 33, square, 1, 1, d[0], d[3], d[3], 1, CELU));
    }
    cases.add(conv(1, 24, 40, 130, 65, square, 1, 1, 1, 1, 1, 1, null));
    cases.add(conv(1, 12, 13, 24, 20, square, 1, 1, 1, 1, 1, 1, RELU));
  }

  /// Groups of channels that are a vector or more, or less.
  private static void groups(List<ConvCase> cases) {
    int[][] channels = {
      {24, 24, 6},
      {40, 40, 20},
      {40, 40, 5},
      {128, 128, 32},
      {32, 32, 2},
      {80, 80, 5},
      {66, 66, 2},
      {72, 72, 3},
      {64, 128, 2},
      {96, 48, 3},
      {160, 160, 10}
    };
    int[][] images = {{7, 7}, {9, 13}, {14, 14}};
    int number = 0;
    for (int[] c : channels) {
      for (int[] image : images) {
        number++;
        Activation activation = number % 3 == 0 ? CELU : number % 3 == 1 ? RELU : null;
        for (int stride = 1; stride <= 2; stride++) {
          int[] square = {3, 3};
          int batch = 1 + number % 2;
          cases.add(
              conv(
                  batch,
                  image[0],
                  image[1],
                  c[0],
                  c[1],
                  square,
                  stride,
                  stride,
                  1,
                  1,
                  1,
                  c[2],
                  activation));
        }
        int[] wide = {2, 5};
        cases.add(conv(1, image[0], image[1], c[0], c[1], wide, 1, 2, 1, 0, 2, c[2], activation));
      }
    }
    int[] square = {3, 3};
    cases.add(conv(2, 20, 20, 48, 48, square, 1, 1, 2, 2, 2, 3, CELU));
  }

  private static ConvCase conv(
      int batch,
      int height,
      int width,
      int in,
      int out,
      int[] kernel,
      int strideHeight,
      int strideWidth,
      int dilation,
      int padTop,
      int padLeft,
      int groups,
      @Nullable Activation activation) {
    // Padding at the end is one more than at the start where that is not 0.
    int padded = height + 2 * padTop + (padTop > 0 ? 1 : 0);
    int paddedWidth = width + 2 * padLeft + (padLeft > 0 ? 1 : 0);
    int outHeight = (padded - dilation * (kernel[0] - 1) - 1) / strideHeight + 1;
    int outWidth = (paddedWidth - dilation * (kernel[1] - 1) - 1) / strideWidth + 1;
    ConvGeometry geometry =
        new ConvGeometry(
            batch,
            height,
            width,
            in,
            outHeight,
            outWidth,
            out,
            kernel[0],
            kernel[1],
            strideHeight,
            strideWidth,
            dilation,
            dilation,
            padTop,
            padLeft,
            groups,
            activation);
    return new ConvCase(geometry, (in + kernel[0]) % 3 != 0, (out + kernel[1]) % 2 == 0);
  }

  static List<ConvGeometry> transposed() {
    List<ConvGeometry> cases = new ArrayList<>();
    for (int[] c : new int[][] {{1, 1, 1}, {16, 8, 1}, {5, 33, 1}, {24, 16, 8}, {6, 6, 6}}) {
      for (int kernel = 1; kernel <= 4; kernel++) {
        for (int stride = 1; stride <= 3; stride++) {
          cases.add(transposed(2, 5, 7, c, kernel, stride, 1, 0));
          cases.add(transposed(1, 6, 5, c, kernel, stride, 2, 1));
        }
      }
    }
    int[][] channels = {{3, 1, 1}, {8, 12, 1}, {5, 33, 1}, {16, 32, 1}, {12, 20, 4}, {9, 9, 9}};
    int number = 0;
    for (int[] w : WINDOWS) {
      for (int[] c : channels) {
        for (int[] image : new int[][] {{1, 1}, {1, 30}, {4, 3}, {7, 19}}) {
          number++;
          Activation activation = number % 4 == 0 ? CELU : number % 2 == 0 ? GELU : null;
          cases.add(transposed(1 + number % 2, image, c, w, number % 3, activation));
          int extent = Math.max(w[1] * w[5], w[0] * w[4]);
          cases.add(transposed(2, image, c, w, -(number % extent), RELU));
        }
      }
    }
    cases.add(transposed(1, new int[] {20, 50}, new int[] {24, 1, 1}, WINDOWS[0], 0, RELU));
    cases.add(transposed(2, new int[] {9, 70}, new int[] {24, 24, 1}, WINDOWS[0], 0, GELU));
    cases.add(transposed(1, new int[] {9, 70}, new int[] {40, 72, 1}, WINDOWS[1], 0, RELU));
    int far = Integer.MAX_VALUE;
    int[] pixel = {1, 1};
    cases.add(transposed(2, pixel, channels[1], new int[] {2, 3, far, 1, 1, 1, 0, 0}, 0, null));
    cases.add(transposed(2, pixel, channels[1], new int[] {3, 2, 1, far, 1, 1, 0, 0}, 0, null));
    return cases;
  }

  /// A transposed convolution with as much padding at the end as at the beginning.
  ///
  /// @param image height and width
  /// @param c channels of the input, of the result, groups
  /// @param w one of the windows
  /// @param more rows and columns of the result beyond those that windows reach
  private static ConvGeometry transposed(
      int batch, int[] image, int[] c, int[] w, int more, @Nullable Activation activation) {
    int height = (image[0] - 1) * w[2] + (w[0] - 1) * w[4] + 1 - 2 * w[6] + more;
    int width = (image[1] - 1) * w[3] + (w[1] - 1) * w[5] + 1 - 2 * w[7] + more;
    return new ConvGeometry(
        batch,
        image[0],
        image[1],
        c[0],
        Math.max(1, height),
        Math.max(1, width),
        c[1],
        w[0],
        w[1],
        w[2],
        w[3],
        w[4],
        w[5],
        w[6],
        w[7],
        c[2],
        activation);
  }

  private static ConvGeometry transposed(
      int batch, int height, int width, int[] c, int kernel, int stride, int dilation, int pad) {
    int[] window = {kernel, kernel, stride, stride, dilation, dilation, pad, pad};
    return transposed(batch, new int[] {height, width}, c, window, stride > 1 ? 1 : 0, RELU);
  }

  static List<AttentionGeometry> attentions() {
    List<AttentionGeometry> cases = new ArrayList<>();
    for (int size : new int[] {1, 20, 32, 72}) {
      for (int keys : new int[] {1, 5, 12, 31, 33, 70}) {
        int queries = keys == 31 ? 3 : keys;
        cases.add(attention(queries, keys, size, 0, 0, false, 0));
        cases.add(attention(queries, keys, size, keys + 3, 0, false, 0));
        cases.add(attention(queries, keys, size, keys + 3, 0.25f, true, 0));
        cases.add(attention(queries, keys, size, 0, 0, true, 6));
        cases.add(attention(queries, keys, size, keys + 3, 0, false, 40));
      }
    }
    cases.add(attention(203, 33, 20, 36, 0, false, 0)); // blocks of many tiles, not all alike
    return cases;
  }

  private static AttentionGeometry attention(
      int queries, int keys, int size, int maskStride, float cap, boolean isCausal, int window) {
    long stride = size + 8L;
    return new AttentionGeometry(
        queries,
        keys,
        size,
        stride,
        stride + 1,
        stride + 2,
        stride + 3,
        maskStride,
        0.3f,
        cap,
        isCausal,
        window);
  }
}
