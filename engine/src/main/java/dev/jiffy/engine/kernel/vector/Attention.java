package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Epilogue.ZERO;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.Memory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Scaled dot-product attention, a block of queries at a time: the scores of a block stay in the
/// first or second level of cache.
///
/// The keys are packed transposed; the values are read where they lie.
final class Attention {
  /// The queries of a block.
  private static final int BLOCK = 2 * Tiles.WIDE_ROWS;

  private static final Isolated EXPONENTIALS =
      Isolated.method(
          Attention.class,
          "exponentials",
          float.class,
          long.class,
          float.class,
          long.class,
          long.class);

  private Attention() {}

  /// The elements between two rows of scores: whole vectors.
  private static int scoreStride(AttentionGeometry g) {
    return (g.keys() + LANES - 1) / LANES * LANES;
  }

  static long scratchBytes(AttentionGeometry g) {
    long scores = 4L * Math.min(BLOCK, g.queries()) * scoreStride(g);
    return Panels.bytes(g.headSize(), g.keys()) + ((scores + 63) & -64);
  }

  static void attend(
      AttentionGeometry g, long q, long k, long v, long mask, long out, long scratch) {
    int keys = g.keys();
    int size = g.headSize();
    Panels.pack(k, 1, g.keyStride(), size, keys, scratch, 0, size);
    long scores = scratch + Panels.bytes(size, keys);
    long scoreStep = 4L * scoreStride(g);
    long queryStep = 4 * g.queryStride();
    long outStep = 4 * g.outStride();
    for (int from = 0; from < g.queries(); from += BLOCK) {
      int rows = Math.min(BLOCK, g.queries() - from);
      long query = q + from * queryStep;
      int whole = keys - keys % Panels.COLUMNS;
      Products.columns(
          rows, query, queryStep, ZERO, 1, size, scratch, whole, ZERO, 0, scores, scoreStep);
      // The last panels are filled up with zeros, and the rows of scores have room for them.
      for (int column = whole; column < keys; column += LANES) {
        long b = scratch + 4L * column * size;
        long to = scores + 4L * column;
        Products.narrow(
            rows, query, queryStep, ZERO, 1, size, b, BYTES, ZERO, 0, to, scoreStep, LANES);
      }
      for (int row = 0; row < rows; row++) {
        long added = mask == 0 ? 0 : mask + 4L * (from + row) * g.maskStride();
        softmax(scores + row * scoreStep, keys, g.scale(), added);
      }
      values(g, rows, scores, scoreStep, v, out + from * outStep);
    }
  }

  /// Replaces scores by `softmax(scale · scores + mask)`, in whole vectors, the last filled up.
  private static void softmax(long scores, int n, float scale, long mask) {
    int whole = n - n % LANES;
    float max = mask == 0 ? scaled(scores, whole, scale) : masked(scores, whole, scale, mask);
    if (whole < n) {
      VectorMask<Float> present = Lanes.upTo(whole, n);
      FloatVector x = Lanes.load(scores + 4L * whole).mul(scale);
      if (mask != 0) {
        x = x.add(Lanes.load(mask + 4L * whole, present));
      }
      x = Lanes.splat(Float.NEGATIVE_INFINITY).blend(x, present);
      Lanes.store(x, scores + 4L * whole);
      max = Math.max(max, x.reduceLanes(VectorOperators.MAX));
    }
    float sum = EXPONENTIALS.map(scores, max, scores, n);
    Epilogue.scale(1 / sum, scores, whole < n ? whole + LANES : n);
  }

  /// Computes `scale · scores` in place and returns the greatest.
  private static float scaled(long scores, int n, float scale) {
    FloatVector max = Lanes.splat(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = Lanes.load(scores + 4L * i).mul(scale);
      Lanes.store(x, scores + 4L * i);
      max = max.max(x);
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /// Computes `scale · scores + mask` in place and returns the greatest.
  private static float masked(long scores, int n, float scale, long mask) {
    FloatVector max = Lanes.splat(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = Lanes.load(scores + 4L * i).mul(scale).add(Lanes.load(mask + 4L * i));
      Lanes.store(x, scores + 4L * i);
      max = max.max(x);
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /// Computes `y = e^(x - max)` of whole vectors and returns the sum.
  static float exponentials(long x, float max, long y, long n) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (long i = 0; i < n; i += LANES) {
      FloatVector e =
          VectorMath.expOfNegative(
              FloatVector.fromMemorySegment(SPECIES, Memory.ALL, x + 4 * i, LE).sub(max));
      e.intoMemorySegment(Memory.ALL, y + 4 * i, LE);
      sum = sum.add(e);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  /// Multiplies a block of probabilities by the values.
  private static void values(
      AttentionGeometry g, int rows, long scores, long scoreStep, long v, long out) {
    int keys = g.keys();
    long valueStep = 4 * g.valueStride();
    long outStep = 4 * g.outStride();
    int column = 0;
    while (column + Panels.COLUMNS <= g.headSize()) {
      long from = v + 4L * column;
      long to = out + 4L * column;
      Products.wide(rows, scores, scoreStep, ZERO, 1, keys, from, valueStep, ZERO, 0, to, outStep);
      column += Panels.COLUMNS;
    }
    while (column < g.headSize()) {
      int present = Math.min(LANES, g.headSize() - column);
      long from = v + 4L * column;
      long to = out + 4L * column;
      if (present == LANES) {
        Products.narrow(
            rows, scores, scoreStep, ZERO, 1, keys, from, valueStep, ZERO, 0, to, outStep, LANES);
      } else {
        rest(rows, scores, scoreStep, keys, from, valueStep, to, outStep, present);
      }
      column += LANES;
    }
  }

  /// Multiplies by less than a vector of columns, which must not be read beyond.
  private static void rest(
      int rows,
      long scores,
      long scoreStep,
      int keys,
      long v,
      long valueStep,
      long out,
      long outStep,
      int present) {
    VectorMask<Float> mask = Lanes.upTo(0, present);
    for (int row = 0; row < rows; row++) {
      FloatVector sum = Lanes.splat(0);
      for (int key = 0; key < keys; key++) {
        FloatVector x = Lanes.splat(Memory.getFloat(scores + row * scoreStep + 4L * key));
        sum = x.fma(Lanes.load(v + key * valueStep, mask), sum);
      }
      Lanes.store(sum, out + row * outStep, mask);
    }
  }
}
