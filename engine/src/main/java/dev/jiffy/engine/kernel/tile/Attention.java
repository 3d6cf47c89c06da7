package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.AttentionGeometry;

/// Scaled dot-product attention, a block of queries at a time: the scores of a block stay in the
/// first or second level of cache.
///
/// The keys are packed transposed; the values are read where they lie.
public final class Attention {
  /// From how many keys on it pays to ask for all operands at once: each row is in a page of its
  /// own, which the hardware does not foresee.
  private static final int FAR_KEYS = 64;

  private static final Activation TANH = new Activation(UnaryFunction.TANH, 0, 0);

  private final MicroKernels micro;
  private final Panels panels;

  /// Cuts attention for some kernels.
  ///
  /// @param micro the kernels
  Attention(MicroKernels micro) {
    this.micro = micro;
    this.panels = new Panels(micro);
  }

  /// The elements between two rows of scores: whole vectors, and room for one that begins anywhere.
  private int scoreStride(AttentionGeometry g) {
    int whole = (g.keys() + micro.lanes() - 1) / micro.lanes() * micro.lanes();
    return g.window() == 0 ? whole : whole + micro.lanes();
  }

  private int block(AttentionGeometry g) {
    return g.block(micro.tileRows());
  }

  private long inverseBytes(AttentionGeometry g) {
    return (4L * block(g) + 63) & -64;
  }

  long scratchBytes(AttentionGeometry g) {
    long scores = 4L * block(g) * scoreStride(g);
    return panels.bytes(g.headSize(), g.keys()) + inverseBytes(g) + ((scores + 63) & -64);
  }

  void attend(
      AttentionGeometry g, int seen, long q, long k, long v, long mask, long out, long scratch) {
    int first = g.from(seen, 0);
    int keys = g.to(seen, g.queries() - 1) - first;
    int size = g.headSize();
    long seenKeys = k + 4 * (first * g.keyStride());
    long seenValues = v + 4 * (first * g.valueStride());
    if (keys >= FAR_KEYS) {
      micro.bringNear(seenKeys, 4 * g.keyStride(), keys, 4L * size);
      micro.bringNear(q, 4 * g.queryStride(), g.queries(), 4L * size);
      micro.bringNear(seenValues, 4 * g.valueStride(), keys, 4L * size);
    }
    panels.pack(seenKeys, 1, g.keyStride(), size, keys, scratch, 0, size);
    long inverses = scratch + panels.bytes(size, g.keys());
    long scores = inverses + inverseBytes(g);
    long scoreStep = 4L * scoreStride(g);
    long queryStep = 4 * g.queryStride();
    long outStep = 4 * g.outStride();
    int whole = keys - keys % panels.columns();
    int block = block(g);
    for (int from = 0; from < g.queries(); from += block) {
      int rows = Math.min(block, g.queries() - from);
      int start = (g.from(seen, from) - first) / panels.columns() * panels.columns();
      int end = g.to(seen, from + rows - 1) - first;
      int pairs =
          Math.min(whole, (end + panels.columns() - 1) / panels.columns() * panels.columns());
      // The last panels are filled up with zeros, and the rows of scores have room for them.
      for (int column = start, columns; column < end; column += columns) {
        columns = column < pairs ? pairs - column : micro.lanes();
        micro.multiply(
            rows,
            q + from * queryStep,
            queryStep,
            Zeros.ADDRESS,
            1,
            size,
            scratch + 4L * column * size,
            columns,
            Zeros.ADDRESS,
            0,
            0,
            0,
            null,
            scores + 4L * column,
            scoreStep);
      }
      long row = scores + 4L * start;
      cap(micro, g, rows, end - start, row, scoreStep);
      weigh(micro, g, seen, from, rows, first + start, first + end, row, scoreStep, mask, inverses);
      micro.multiplyStrided(
          rows,
          row,
          scoreStep,
          end - start,
          seenValues + 4 * (start * g.valueStride()),
          4 * g.valueStride(),
          size,
          inverses,
          out + from * outStep,
          outStep);
    }
  }

  /// Keeps scores below what they stay below, before its factor.
  ///
  /// @param micro the kernels
  /// @param g the head
  /// @param rows how many queries
  /// @param keys how many keys
  /// @param scores the first score
  /// @param scoreStep from row to row of the scores
  public static void cap(
      MicroKernels micro, AttentionGeometry g, int rows, int keys, long scores, long scoreStep) {
    if (g.cap() != 0) {
      micro.finish(g.scale() / g.cap(), 0, 0, 0, TANH, scores, scoreStep, rows, keys);
    }
  }

  /// Turns the scores of a block of queries, capped where they are, into weights, as
  /// [MicroKernels#weigh] does: 0 for keys that a query does not see.
  ///
  /// @param micro the kernels
  /// @param g the head
  /// @param seen how many keys the first query of all sees
  /// @param from the first query of the block
  /// @param rows how many queries
  /// @param start the first key that there are scores of
  /// @param end the end of these keys
  /// @param scores the score of the first query with the first of these keys
  /// @param scoreStep from row to row of the scores
  /// @param mask what is added to the scores of all queries with all keys, or 0
  /// @param inverses where the inverse sums go
  public static void weigh(
      MicroKernels micro,
      AttentionGeometry g,
      int seen,
      int from,
      int rows,
      int start,
      int end,
      long scores,
      long scoreStep,
      long mask,
      long inverses) {
    long maskStep = 4 * g.maskStride();
    float scale = g.cap() == 0 ? g.scale() : g.cap();
    boolean isWhole = g.from(seen, from + rows - 1) == start && g.to(seen, from) == end;
    int together = isWhole ? rows : 1;
    for (int row = 0; row < rows; row += together) {
      int first = g.from(seen, from + row);
      int last = g.to(seen, from + row);
      long added = mask == 0 ? 0 : mask + (from + row) * maskStep + 4L * first;
      long line = scores + row * scoreStep;
      long visible = line + 4L * (first - start);
      long inverse = inverses + 4L * row;
      micro.weigh(together, visible, scoreStep, last - first, scale, added, maskStep, inverse);
      micro.zero(line, 4L * (first - start));
      micro.zero(line + 4L * (last - start), 4L * (end - last));
    }
  }
}
