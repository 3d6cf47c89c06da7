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
      long kept = Math.min(first, earlierRows);
      long end = Math.min(length, start + rows);
      long out = frame.at(y) + piece * length * rowBytes;
      copy(frame.at(earlier) + piece * earlierRows * rowBytes, out, kept);
      clear(out + kept * rowBytes, first - kept);
      long from = frame.at(added) + (piece * rows + first - start) * rowBytes;
      copy(from, out + first * rowBytes, end - first);
      clear(out + end * rowBytes, length - end);
    }
  }

  private void copy(long from, long to, long count) {
    if (count > 0) {
      Memory.copy(from, to, count * rowBytes);
    }
  }

  private void clear(long to, long count) {
    kernels.fill(0, to, count * rowBytes / 4);
  }
}
