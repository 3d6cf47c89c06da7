package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.ConvGeometry;

/// Convolutions with windows of three by three pixels that compute two by two pixels with 16
/// multiplications instead of 36 per pair of channels.
///
/// Where the taps of a window are apart, so are the pixels of a tile: a dilated convolution is one
/// of adjacent pixels for each of the grids that its taps jump along.
///
/// The four by four pixels that such a tile of the result sees are transformed, multiplied by
/// transformed weights as 16 products of matrices with a row per tile, and transformed back; where
/// channels are grouped, some groups after the others. Source: A. Lavin and S. Gray, Fast
/// Algorithms for Convolutional Neural Networks, 2015, `F(2×2, 3×3)`.
final class Winograd {
  /// The matrices of a transform.
  private static final int MATRICES = 16;

  /// Which of four matrices hold the three rows or columns of a window before they are transformed.
  private static final int[] PLACES = {0, 1, 3};

  /// What the transformed input and result of a block of tiles should not exceed, in bytes: a part
  /// of the second-level cache.
  private static final long BLOCK_BYTES = 256 * 1024;

  /// The least tiles of a block, so that weights are used often while they are near.
  private static final int LEAST_TILES = 48;

  /// The most tiles of a block where channels are grouped, whose weights are few.
  private static final int GROUPED_TILES = 24;

  /// The fewest tiles from which on this is faster, although there are 16 weights for each 9.
  private static final int LEAST_RESULT_TILES = 8;

  /// The most tiles per pixel of a dilated convolution's result from which on this is slower; where
  /// all pixels exist there are 0.25.
  private static final double MOST_TILES_PER_PIXEL = 0.33;

  /// How many blocks of rows that make pairs a dilated convolution has at least, since threads cut
  /// some of them.
  private static final int LEAST_PAIRS = 2;

  private final MicroKernels micro;
  private final WinogradKernels kernels;
  private final Panels panels;

  /// Cuts convolutions for some kernels.
  ///
  /// @param micro the kernels of products
  /// @param kernels the kernels of transforms
  Winograd(MicroKernels micro, WinogradKernels kernels) {
    this.micro = micro;
    this.kernels = kernels;
    this.panels = new Panels(micro);
  }

  /// {@return whether a convolution is computed this way}
  boolean suits(ConvGeometry g) {
    return g.kernelHeight() == 3
        && g.kernelWidth() == 3
        && g.strideHeight() == 1
        && g.strideWidth() == 1
        && Math.min(g.inChannels(), g.outChannels()) / g.groups() >= kernels.leastChannels()
        && hasTiles(g);
  }

  /// Whether there are enough tiles, and few of their pixels lie beyond the image.
  private static boolean hasTiles(ConvGeometry g) {
    long tiles = (long) pairs(g.outHeight(), g.dilationHeight()) * columns(g);
    boolean isDilated = g.dilationHeight() > 1 || g.dilationWidth() > 1;
    return g.batch() * tiles >= LEAST_RESULT_TILES
        && (!isDilated || MOST_TILES_PER_PIXEL * g.outHeight() * g.outWidth() >= tiles)
        && (g.dilationHeight() == 1 || g.outHeight() >= LEAST_PAIRS * 2L * g.dilationHeight());
  }

  long packedBytes(ConvGeometry g) {
    return (long) MATRICES * g.groups() * groupBytes(g);
  }

  /// The bytes of a matrix of packed weights of a group.
  private long groupBytes(ConvGeometry g) {
    return panels.bytes(g.inChannels() / g.groups(), g.outChannels() / g.groups());
  }

  /// Packs `G g Gᵀ` of each filter: 16 matrices, each packed as a right-hand side.
  ///
  /// The weights of each tap are packed where the transform leaves them or will need them, and
  /// transformed in place, whole matrices at a time: first columns, then rows of four matrices.
  void pack(ConvGeometry g, long weights, long packed) {
    int in = g.inChannels() / g.groups();
    int out = g.outChannels() / g.groups();
    long groupBytes = groupBytes(g);
    long bytes = g.groups() * groupBytes;
    for (int tap = 0; tap < 9; tap++) {
      long to = packed + (4L * PLACES[tap / 3] + PLACES[tap % 3]) * bytes;
      for (int group = 0; group < g.groups(); group++) {
        long from = weights + 4L * (9L * group * out * in + tap);
        panels.pack(from, 9, 9L * in, in, out, to + group * groupBytes, 0, in);
      }
    }
    for (int place : PLACES) {
      transformWeights(packed + place * bytes, 4 * bytes, bytes);
    }
    for (int row = 0; row < 4; row++) {
      transformWeights(packed + 4L * row * bytes, bytes, bytes);
    }
  }

  /// Multiplies by `G`: of four matrices the first, second and last hold what is transformed.
  private void transformWeights(long first, long step, long bytes) {
    int n = Math.toIntExact(bytes / 4);
    long second = first + step;
    long third = second + step;
    micro.preset(first, bytes, third + step, 0.5f, third, bytes, 1, n);
    micro.finish(0.5f, third, bytes, 0, null, second, bytes, 1, n);
    micro.finish(-2, second, bytes, 0, null, third, bytes, 1, n);
    micro.finish(-1, 0, 0, 0, null, third, bytes, 1, n);
  }

  long scratchBytes(ConvGeometry g) {
    int tiles = blockTiles(g, g.rows());
    int groups = blockGroups(g);
    int in = groups * (g.inChannels() / g.groups());
    int out = groups * (g.outChannels() / g.groups());
    return MATRICES * (step(tiles, in) + step(tiles, out));
  }

  void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    int tiles = Lines.of(g, rowFrom, rowTo).count() * columns(g);
    int most = blockTiles(g, rowTo - rowFrom);
    int blocks = (tiles + most - 1) / most;
    int atOnce = blockGroups(g);
    for (int group = 0; group < g.groups(); group += atOnce) {
      int groups = Math.min(atOnce, g.groups() - group);
      for (int block = 0; block < blocks; block++) {
        int first = (int) ((long) tiles * block / blocks);
        int last = (int) ((long) tiles * (block + 1) / blocks);
        block(
            g, group, groups, x, packed, bias, residual, y, rowFrom, rowTo, first, last, most,
            scratch);
      }
    }
  }

  /// {@return the channels of a group of the input or of the result}
  private static int channels(ConvGeometry g, boolean input) {
    return (input ? g.inChannels() : g.outChannels()) / g.groups();
  }

  /// Computes some tiles of some groups.
  ///
  /// @param group the first of them
  /// @param groups how many
  private void block(
      ConvGeometry g,
      int group,
      int groups,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      int first,
      int last,
      int most,
      long scratch) {
    int in = groups * channels(g, true);
    int out = groups * channels(g, false);
    long inStep = step(most, in);
    long outStep = step(most, out);
    long products = scratch + MATRICES * inStep;
    long groupBytes = groupBytes(g);
    transform(g, group, groups, true, x, 0, 0, rowFrom, rowTo, first, last, scratch, inStep);
    long weights = packed + group * groupBytes;
    long following = group + groups < g.groups() ? groups : 0;
    for (int i = 0; i < MATRICES; i++) {
      long b = weights + (long) i * g.groups() * groupBytes;
      long next = b + g.groups() * groupBytes;
      micro.multiplyGroups(
          groups,
          last - first,
          scratch + i * inStep,
          4L * in,
          Zeros.ADDRESS,
          1,
          in / groups,
          b,
          groupBytes,
          i + 1 < MATRICES ? next : weights + following * groupBytes,
          out / groups,
          Zeros.ADDRESS,
          0,
          0,
          null,
          products + i * outStep,
          4L * out);
    }
    long offset = 4L * group * channels(g, false);
    transform(
        g,
        group,
        groups,
        false,
        y,
        bias == 0 ? 0 : bias + offset,
        residual == 0 ? 0 : residual + offset,
        rowFrom,
        rowTo,
        first,
        last,
        products,
        outStep);
  }

  /// Transforms the input or the result of some tiles.
  private void transform(
      ConvGeometry g,
      int group,
      int groups,
      boolean input,
      long images,
      long bias,
      long residual,
      int rowFrom,
      int rowTo,
      int first,
      int last,
      long matrices,
      long step) {
    Lines lines = Lines.of(g, rowFrom, rowTo);
    int columns = columns(g);
    int apart = g.dilationWidth();
    // Of the grids of columns the first have a tile more than the others.
    int grids = Math.min(apart, g.outWidth());
    int most = Math.ceilDiv(columns, grids);
    int longGrids = columns - (most - 1) * grids;
    int channels = groups * channels(g, input);
    long own = images + 4L * group * channels(g, input);
    int count;
    for (int tile = first; tile < last; tile += count) {
      int row = lines.row(tile / columns);
      int rest = tile % columns;
      boolean isLong = rest < longGrids * most;
      int inGrid = isLong ? most : most - 1;
      int place = isLong ? rest : rest - longGrids * most;
      int grid = (isLong ? 0 : longGrids) + place / inGrid;
      count = Math.min(inGrid - place % inGrid, last - tile);
      int column = grid + 2 * apart * (place % inGrid);
      long at = matrices + 4L * channels * (tile - first);
      if (input) {
        kernels.transformInput(g, channels, own, row, column, count, at, step);
      } else {
        int second = row + g.dilationHeight();
        int rows = second < Math.min(rowTo, row - row % g.outHeight() + g.outHeight()) ? 2 : 1;
        kernels.transformResult(
            g, channels, at, step, bias, residual, own, row, rows, column, count);
      }
    }
  }

  /// The rows of tiles of a part of a result: they start anew where the part and each image do.
  ///
  /// @param first the first row
  /// @param height the rows of the first image
  /// @param imageHeight the rows of the others
  /// @param apart rows from one row of a tile to the other
  /// @param count how many rows of tiles
  private record Lines(int first, int height, int imageHeight, int apart, int count) {
    static Lines of(ConvGeometry g, int rowFrom, int rowTo) {
      int height = Math.min(g.outHeight() - rowFrom % g.outHeight(), rowTo - rowFrom);
      int rest = rowTo - rowFrom - height;
      int whole = rest / g.outHeight();
      int apart = g.dilationHeight();
      int count =
          pairs(height, apart)
              + whole * pairs(g.outHeight(), apart)
              + pairs(rest - whole * g.outHeight(), apart);
      return new Lines(rowFrom, height, g.outHeight(), apart, count);
    }

    int row(int line) {
      int inFirst = pairs(height, apart);
      if (line < inFirst) {
        return first + row(line, apart);
      }
      int perImage = pairs(imageHeight, apart);
      int further = line - inFirst;
      return first + height + further / perImage * imageHeight + row(further % perImage, apart);
    }

    private static int row(int pair, int apart) {
      return 2 * apart * (pair / apart) + pair % apart;
    }
  }

  /// The pairs of rows that are some rows apart; the second of a pair may not exist.
  private static int pairs(int rows, int apart) {
    long both = 2L * apart;
    return (int) (rows / both * apart + Math.min(rows % both, apart));
  }

  /// The tiles of a row of tiles, grid by grid.
  private static int columns(ConvGeometry g) {
    return pairs(g.outWidth(), g.dilationWidth());
  }

  /// The tiles that are computed at a time.
  private static int blockTiles(ConvGeometry g, int rows) {
    long fit = BLOCK_BYTES / (4L * MATRICES * (g.inChannels() + g.outChannels()));
    long all = (long) columns(g) * rows;
    long most = g.groups() > 1 ? GROUPED_TILES : Math.max(LEAST_TILES, fit / 12 * 12);
    return (int) Math.max(1, Math.min(most, all));
  }

  /// The groups that are computed at a time.
  private static int blockGroups(ConvGeometry g) {
    int tiles = blockTiles(g, g.rows());
    long channels = ((long) g.inChannels() + g.outChannels()) / g.groups();
    return Math.clamp(BLOCK_BYTES / (4L * MATRICES * channels * tiles), 1, g.groups());
  }

  /// The bytes from matrix to matrix: not a multiple of what caches count in, and more than a
  /// vector is left at the end.
  private static long step(int tiles, int channels) {
    return ((4L * tiles * channels + 4095) & -4096) + 192;
  }
}
