package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.RowKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An elementwise chain as machine code, over lines of elements that are adjacent.
///
/// A line is the innermost dimension, or all elements. Where the innermost dimension is so short
/// that lines of it would be slow, but all inputs repeat regularly, a line is as many repetitions
/// as are about a thousand elements, and inputs are repeated in working memory.
///
/// Working memory holds the table of addresses and steps, then the repeated inputs.
final class X86Pointwise implements RowKernels.PreparedPointwise {
  /// The least elements of a piece.
  private static final long PIECE = 1 << 14;

  /// From this extent on the innermost dimension makes good lines.
  private static final long LONG_LINE = 64;

  /// Below this extent of the innermost dimension, lines are slower than anything.
  private static final long SHORT_LINE = 4;

  /// Elements of a line of repetitions, about.
  private static final long REPEATED_LINE = 1024;

  /// The longest sequence that is repeated.
  private static final long LONGEST_PERIOD = 4096;

  private static final int SLOT_BYTES = 16;

  private final MemorySegment code;
  private final int vectorBytes;
  private final int operands;
  private final long[] dims;

  /// For each operand, outputs included, its strides in elements.
  private final long[][] strides;

  /// For each operand the bytes of an element.
  private final int[] elementBytes;

  /// For each input the elements that are repeated in working memory, or 0.
  private final long[] periods;

  private final long elements;
  private final long lines;
  private final long length;

  /// The elements of the last line, which may be shorter.
  private final long lastLength;

  private final long linesPerPiece;
  private final long piecesPerLine;

  /// Elements of a part of a line.
  private final long partLength;

  private final long scratchBytes;

  private X86Pointwise(
      Pointwise pointwise,
      Map<Integer, Affine> bytes,
      Lines space,
      MemorySegment code,
      int vectorBytes) {
    this.code = code;
    this.vectorBytes = vectorBytes;
    operands = space.strides.length;
    elementBytes = new int[operands];
    for (int operand = 0; operand < elementBytes.length; operand++) {
      elementBytes[operand] = bytes.containsKey(operand) ? 1 : 4;
    }
    dims = space.dims;
    strides = space.strides;
    periods = space.periods;
    elements = pointwise.elements();
    length = dims[dims.length - 1];
    lines = elements == 0 ? 0 : (elements + length - 1) / length;
    lastLength = elements - (lines - 1) * length;
    piecesPerLine = length < 2 * PIECE ? 1 : (length + PIECE - 1) / PIECE;
    long part = (length + piecesPerLine - 1) / piecesPerLine;
    partLength = piecesPerLine == 1 ? length : (part + vectorBytes - 1) / vectorBytes * vectorBytes;
    linesPerPiece = piecesPerLine > 1 ? 1 : Math.max(1, PIECE / Math.max(1, length));
    long scratch = roundUp((long) SLOT_BYTES * operands);
    for (long period : periods) {
      scratch += period == 0 ? 0 : roundUp(4 * length);
    }
    scratchBytes = scratch;
  }

  /// The iteration space, seen as lines.
  private static final class Lines {
    final long[] dims;

    /// For each operand its strides, in elements.
    final long[][] strides;

    /// For each input the elements that are repeated, or 0.
    final long[] periods;

    Lines(long[] dims, long[][] strides, long[] periods) {
      this.dims = dims;
      this.strides = strides;
      this.periods = periods;
    }
  }

  /// Makes code, or finds code that was made before.
  interface Emitter {
    /// {@return the code, or null if there is none}
    @Nullable MemorySegment code(PointwiseCode form);
  }

  /// {@return a chain as machine code, or null if it cannot be}
  ///
  /// @param bytes what some operands' bytes stand for, by the number of the operand
  static @Nullable X86Pointwise of(
      Pointwise pointwise, Map<Integer, Affine> bytes, int vectorBytes, Emitter emitter) {
    Lines space = lines(pointwise);
    if (space == null) {
      return null;
    }
    List<Boolean> repeated = new ArrayList<>();
    for (int i = 0; i < pointwise.inputStrides().size(); i++) {
      repeated.add(space.strides[i][space.dims.length - 1] == 0);
    }
    PointwiseCode form =
        new PointwiseCode(
            vectorBytes, false, repeated, bytes, pointwise.instructions(), pointwise.outputs());
    MemorySegment code = emitter.code(form);
    return code == null ? null : new X86Pointwise(pointwise, bytes, space, code, vectorBytes);
  }

  private static @Nullable Lines lines(Pointwise pointwise) {
    int inputs = pointwise.inputStrides().size();
    boolean flat = true;
    boolean regular = true;
    boolean adjacent = true;
    long together = 1;
    for (int i = 0; i < inputs; i++) {
      long period = pointwise.period(i);
      flat &= period == Pointwise.NEVER || period == 0;
      regular &= period != Pointwise.IRREGULARLY;
      together = period > 0 ? Pointwise.leastCommonMultiple(together, period) : together;
      long stride = pointwise.inputStrides().get(i).getLast();
      adjacent &= pointwise.dims().getLast() == 1 || stride == 0 || stride == 1;
    }
    long elements = pointwise.elements();
    long innermost = pointwise.dims().getLast();
    if (flat) {
      return regular(pointwise, Math.max(1, elements), false);
    }
    if (adjacent && innermost >= LONG_LINE) {
      return innermost(pointwise);
    }
    if (regular && together <= LONGEST_PERIOD) {
      long line = Math.max(1, REPEATED_LINE / together) * together;
      return regular(pointwise, Math.min(line, Math.max(1, elements)), true);
    }
    return adjacent && innermost >= SHORT_LINE ? innermost(pointwise) : null;
  }

  /// Lines of any length, where inputs are dense, a single number, or repeated.
  private static Lines regular(Pointwise pointwise, long length, boolean repeats) {
    int inputs = pointwise.inputStrides().size();
    long[][] strides = new long[inputs + pointwise.outputs().size()][];
    long[] periods = new long[inputs];
    long lines = (pointwise.elements() + length - 1) / length;
    for (int i = 0; i < strides.length; i++) {
      long period = i < inputs ? pointwise.period(i) : Pointwise.NEVER;
      boolean dense = period == Pointwise.NEVER;
      strides[i] = new long[] {dense ? length : 0, period == 0 ? 0 : 1};
      if (repeats && period > 0) {
        periods[i] = period;
      }
    }
    return new Lines(new long[] {lines, length}, strides, periods);
  }

  /// Lines of the innermost dimension.
  private static Lines innermost(Pointwise pointwise) {
    int inputs = pointwise.inputStrides().size();
    int rank = pointwise.dims().size();
    long[] dims = new long[rank];
    long[][] strides = new long[inputs + pointwise.outputs().size()][rank];
    long dense = 1;
    for (int d = rank - 1; d >= 0; d--) {
      dims[d] = pointwise.dims().get(d);
      for (int i = 0; i < strides.length; i++) {
        strides[i][d] = i < inputs ? pointwise.inputStrides().get(i).get(d) : dense;
      }
      dense *= dims[d];
    }
    return new Lines(dims, strides, new long[inputs]);
  }

  private static long roundUp(long bytes) {
    return (bytes + 63) & -64;
  }

  @Override
  public int pieces() {
    return Math.toIntExact((lines + linesPerPiece - 1) / linesPerPiece * piecesPerLine);
  }

  @Override
  public long first(int piece) {
    long line = piece / piecesPerLine * linesPerPiece;
    long within = Math.min(length, piece % piecesPerLine * partLength);
    return Math.min(elements, line * length + within);
  }

  @Override
  public long scratchBytes() {
    return scratchBytes;
  }

  @Override
  public void run(long[] addresses, int pieceFrom, int pieceTo, long scratch) {
    repeat(addresses, scratch);
    for (long piece = pieceFrom; piece < pieceTo; piece++) {
      if (piecesPerLine > 1) {
        long line = piece / piecesPerLine;
        long start = piece % piecesPerLine * partLength;
        long end = line == lines - 1 ? lastLength : length;
        call(addresses, line, 1, start, Math.min(partLength, end - start), scratch);
        continue;
      }
      long last = Math.min(lines, (piece + 1) * linesPerPiece);
      for (long line = piece * linesPerPiece; line < last; ) {
        long count = last - line;
        if (dims.length > 1) {
          long inner = dims[dims.length - 2];
          count = Math.min(count, inner - line % inner);
        }
        boolean shorter = lastLength < length && line + count == lines;
        if (shorter && count > 1) {
          count--;
          shorter = false;
        }
        call(addresses, line, count, 0, shorter ? lastLength : length, scratch);
        line += count;
      }
    }
  }

  /// Fills a line of working memory with repetitions of each input that needs it.
  private void repeat(long[] addresses, long scratch) {
    long place = scratch + roundUp((long) SLOT_BYTES * operands);
    for (int i = 0; i < periods.length; i++) {
      if (periods[i] != 0) {
        long period = Math.min(periods[i], length);
        Memory.copy(addresses[i], place, 4 * period);
        for (long done = period; done < length; done *= 2) {
          Memory.copy(place, place + 4 * done, 4 * Math.min(done, length - done));
        }
        place += roundUp(4 * length);
      }
    }
  }

  /// Runs the code over some lines that lie at equal distances.
  private void call(long[] addresses, long line, long count, long start, long n, long scratch) {
    long place = scratch + roundUp((long) SLOT_BYTES * operands);
    for (int i = 0; i < operands; i++) {
      long first;
      if (i < periods.length && periods[i] != 0) {
        first = place;
        place += roundUp(4 * length);
      } else {
        first = addresses[i] + elementBytes[i] * offset(strides[i], line);
      }
      int inner = dims.length - 1;
      first += elementBytes[i] * start * strides[i][inner];
      Memory.ALL.set(Memory.LONG, scratch + (long) SLOT_BYTES * i, first);
      long step = inner == 0 ? 0 : elementBytes[i] * strides[i][inner - 1];
      Memory.ALL.set(Memory.LONG, scratch + (long) SLOT_BYTES * i + 8, step);
    }
    long _ = Code.call(code, scratch, count, 4 * n, Masks.rest(vectorBytes, n), 0, 0);
  }

  /// The offset of a line's first element.
  private long offset(long[] stride, long line) {
    long rest = line;
    long offset = 0;
    for (int d = dims.length - 2; d >= 0 && rest > 0; d--) {
      offset += rest % dims[d] * stride[d];
      rest /= dims[d];
    }
    return offset;
  }
}
