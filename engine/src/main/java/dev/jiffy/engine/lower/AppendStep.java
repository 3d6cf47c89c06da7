package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;

/// Rows put behind those that there are, zeros behind both.
final class AppendStep extends Step {
  private final RowKernels kernels;
  private final long pieces;
  private final long heads;
  private final long rows;
  private final long earlierRows;
  private final long length;
  private final long rowBytes;
  private final boolean keepsRest;
  private final Place added;
  private final Place starts;
  private final Place earlier;
  private final Place y;

  /// A step.
  ///
  /// @param pieces heads of all sequences
  /// @param heads heads of a sequence
  /// @param rows how many rows of a head are put behind those that there are
  /// @param earlierRows how many there are, not all of which need to count
  /// @param length how many there is room for
  /// @param keepsRest whether rows behind the others stay
  /// @param starts for each sequence how many count
  AppendStep(
      String name,
      Target target,
      long pieces,
      long heads,
      long rows,
      long earlierRows,
      long length,
      long rowBytes,
      boolean keepsRest,
      Place added,
      Place starts,
      Place earlier,
      Place y) {
    super(
        name,
        Math.clamp(pieces, 1, target.parts(0, 2.0 * pieces * (double) length * (double) rowBytes)));
    this.kernels = target.rows();
    this.pieces = pieces;
    this.heads = heads;
    this.rows = rows;
    this.earlierRows = earlierRows;
    this.length = length;
    this.rowBytes = rowBytes;
    this.keepsRest = keepsRest;
    this.added = added;
    this.starts = starts;
    this.earlier = earlier;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long to = from(pieces, part + 1);
    for (long piece = from(pieces, part); piece < to; piece++) {
      long start = Memory.ALL.get(Memory.LONG, frame.at(starts) + 8 * (piece / heads));
      start = Math.clamp(start, -rows, length);
      long first = Math.max(0, start);
      long end = Math.min(length, start + rows);
      long out = frame.at(y) + piece * length * rowBytes;
      keep(frame, piece, 0, first, earlierRows, out);
      long from = frame.at(added) + (piece * rows + first - start) * rowBytes;
      copy(from, out + first * rowBytes, end - first);
      keep(frame, piece, end, length, keepsRest ? earlierRows : 0, out);
    }
  }

  /// Copies rows up to a limit and clears those behind it.
  private void keep(Frame frame, long piece, long from, long to, long limit, long out) {
    long middle = Math.clamp(limit, from, to);
    copy(
        frame.at(earlier) + (piece * earlierRows + from) * rowBytes,
        out + from * rowBytes,
        middle - from);
    kernels.fill(0, out + middle * rowBytes, (to - middle) * rowBytes / 4);
  }

  private void copy(long from, long to, long count) {
    if (count > 0) {
      Memory.copy(from, to, count * rowBytes);
    }
  }
}
