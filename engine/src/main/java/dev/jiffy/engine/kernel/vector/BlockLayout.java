package dev.jiffy.engine.kernel.vector;

import dev.jiffy.engine.kernel.Pointwise;
import java.util.Arrays;
import java.util.List;

/// How the iteration space of an elementwise chain is cut into blocks that stay in the first-level
/// cache, and how each input reaches a block.
///
/// The space is a number of lines, each cut into blocks. Where the innermost dimension is long, a
/// line is one run of it; otherwise one line holds all elements.
final class BlockLayout {
  /// How an input reaches a block.
  enum Access {
    /// Contiguous elements, read in place.
    DENSE,
    /// One element for all, repeated in a vector once per call.
    CONSTANT,
    /// One element for each line, repeated in a vector for each block.
    CONSTANT_IN_LINE,
    /// A few elements again and again, repeated in a block once per call.
    PERIODIC,
    /// Anything else, gathered into a block.
    GATHERED
  }

  /// From this extent on the innermost dimension is worth lines of its own.
  private static final long LONG_RUN = 256;

  /// Elements of a block, about.
  private static final long BLOCK = 1024;

  /// The longest sequence that is repeated within a block.
  private static final long LONGEST_PERIOD = 4096;

  final long[] dims;

  /// For each input its strides, in elements.
  final long[][] strides;

  /// For each input how it reaches a block.
  final Access[] access;

  /// For each periodic input its period.
  final long[] periods;

  final long elements;
  final long lines;
  final long lineLength;
  final long blockLength;
  final long blocksPerLine;

  BlockLayout(Pointwise pointwise) {
    dims = array(pointwise.dims());
    elements = pointwise.elements();
    int inputs = pointwise.inputStrides().size();
    strides = new long[inputs][];
    access = new Access[inputs];
    periods = new long[inputs];
    long common = 1;
    boolean gathers = false;
    for (int i = 0; i < inputs; i++) {
      strides[i] = array(pointwise.inputStrides().get(i));
      periods[i] = pointwise.period(i);
      access[i] = whole(periods[i]);
      if (access[i] == Access.PERIODIC) {
        long together = Pointwise.leastCommonMultiple(common, periods[i]);
        if (together <= LONGEST_PERIOD) {
          common = together;
        } else {
          access[i] = Access.GATHERED;
        }
      }
      gathers |= access[i] == Access.GATHERED;
    }
    long run = dims[dims.length - 1];
    if (gathers && run >= LONG_RUN) {
      lineLength = run;
      for (int i = 0; i < inputs; i++) {
        access[i] = inLine(strides[i][dims.length - 1], access[i]);
      }
      long blocks = (run + BLOCK - 1) / BLOCK;
      blockLength = roundUp((run + blocks - 1) / blocks, Lanes.LANES);
    } else {
      lineLength = elements;
      long unit = Pointwise.leastCommonMultiple(common, Lanes.LANES);
      unit = unit <= LONGEST_PERIOD ? unit : common;
      blockLength = Math.max(unit, BLOCK / unit * unit);
    }
    lines = elements == 0 ? 0 : elements / lineLength;
    blocksPerLine = (lineLength + blockLength - 1) / blockLength;
  }

  long blocks() {
    return lines * blocksPerLine;
  }

  /// The offset of a line's first element of an input.
  long lineOffset(int input, long line) {
    long rest = line;
    long offset = 0;
    for (int d = dims.length - 2; d >= 0 && rest > 0; d--) {
      offset += rest % dims[d] * strides[input][d];
      rest /= dims[d];
    }
    return offset;
  }

  private static Access whole(long period) {
    if (period == Pointwise.NEVER) {
      return Access.DENSE;
    }
    return period == Pointwise.IRREGULARLY
        ? Access.GATHERED
        : period == 0 ? Access.CONSTANT : Access.PERIODIC;
  }

  private static Access inLine(long stride, Access whole) {
    return whole == Access.CONSTANT
        ? whole
        : stride == 1 ? Access.DENSE : stride == 0 ? Access.CONSTANT_IN_LINE : Access.GATHERED;
  }

  private static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }

  private static long[] array(List<Long> list) {
    long[] array = new long[list.size()];
    Arrays.setAll(array, list::get);
    return array;
  }
}
