package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.AttentionGeometry;

/// Scaled dot-product attention, a block of queries at a time: the scores of a block stay in the
/// first or second level of cache.
///
/// The keys are packed transposed; the values are read where they lie.
final class Attention {
  /// From how many keys on it pays to ask for all operands at once: each row is in a page of its
  /// own, which the hardware does not foresee.
  private static final int FAR_KEYS = 64;

  private final MicroKernels micro;
  private final Panels panels;

  /// The queries of a block.
  private final int block;

  /// Cuts attention for some kernels.
  ///
  /// @param micro the kernels
  Attention(MicroKernels micro) {
    this.micro = micro;
    this.panels = new Panels(micro);
    this.block = 2 * micro.tileRows();
  }

  /// The elements between two rows of scores: whole vectors.
  private int scoreStride(AttentionGeometry g) {
    return (g.keys() + micro.lanes() - 1) / micro.lanes() * micro.lanes();
  }

  private long inverseBytes() {
    return (4L * block + 63) & -64;
  }

  long scratchBytes(AttentionGeometry g) {
    long scores = 4L * Math.min(block, g.queries()) * scoreStride(g);
    return panels.bytes(g.headSize(), g.keys()) + inverseBytes() + ((scores + 63) & -64);
  }

  void attend(AttentionGeometry g, long q, long k, long v, long mask, long out, long scratch) {
    int keys = g.keys();
    int size = g.headSize();
    if (keys >= FAR_KEYS) {
      micro.bringNear(k, 4 * g.keyStride(), keys, 4L * size);
      micro.bringNear(q, 4 * g.queryStride(), g.queries(), 4L * size);
      micro.bringNear(v, 4 * g.valueStride(), keys, 4L * size);
    }
    panels.pack(k, 1, g.keyStride(), size, keys, scratch, 0, size);
    long inverses = scratch + panels.bytes(size, keys);
    long scores = inverses + inverseBytes();
    long scoreStep = 4L * scoreStride(g);
    long queryStep = 4 * g.queryStride();
    long maskStep = 4 * g.maskStride();
    long outStep = 4 * g.outStride();
    int whole = keys - keys % panels.columns();
    for (int from = 0; from < g.queries(); from += block) {
      int rows = Math.min(block, g.queries() - from);
      // The last panels are filled up with zeros, and the rows of scores have room for them.
      for (int column = 0, columns; column < keys; column += columns) {
        columns = keys - column >= panels.columns() ? whole : micro.lanes();
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
      long added = mask == 0 ? 0 : mask + from * maskStep;
      micro.weigh(rows, scores, scoreStep, keys, g.scale(), added, maskStep, inverses);
      micro.multiplyStrided(
          rows,
          scores,
          scoreStep,
          keys,
          v,
          4 * g.valueStride(),
          size,
          inverses,
          out + from * outStep,
          outStep);
    }
  }
}
