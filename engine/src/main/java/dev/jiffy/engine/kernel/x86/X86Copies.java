package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.x86.CopyCode.Kind;
import java.lang.foreign.MemorySegment;

/// Copies between strided views.
///
/// Elements that lie side by side in both views move as vectors, where they are whole words and not
/// so many that the library's copy is as good, short runs without a loop; neighbours change places
/// within vectors; of every other word two vectors make one; words that lie apart otherwise are
/// transposed in registers where they make squares, else, with some columns less than a square,
/// they move one by one, in strips of a cache line; a few planes of f32 are interleaved. Bytes are
/// transposed as words are. All else is left to [Movement].
final class X86Copies implements CodeTable.Emitter, StridedCopy.Loops {
  /// The most words, or blocks of an interleaving, of one call: the JVM cannot stop a thread
  /// within.
  private static final long MOST = 1 << 18;

  /// The most bytes side by side that are copied here.
  private static final long LONGEST = 2048;

  /// Rows of the target's lines in a strip of a transposition: the words of a cache line.
  private static final long STRIP = 16;

  /// From this extent on a transposition is cut into strips.
  private static final long CUT = 64;

  /// From this many columns on; with fewer a strip saves less than its own loop costs.
  private static final long STRIP_COLUMNS = 7;

  /// From this extent on the elements that the target has side by side are copied in turn.
  private static final long SHORT = 8;

  private static final String INTERLEAVING = "interleave";

  private final int vectorBytes;
  private final CodeTable interleavings;
  private final X86Transposition transposition;

  private final CodeTable words;
  private final CodeTable vectors;
  private final CodeTable neighbours;
  private final CodeTable halves;

  /// Of four words, of eight and so on.
  private final CodeTable runs;

  X86Copies(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    interleavings = new CodeTable(INTERLEAVING, InterleaveCode.MOST_PLANES + 1, this);
    transposition = new X86Transposition(cpu);
    words = table(Kind.WORDS, 1);
    vectors = table(Kind.VECTORS, 1);
    neighbours = table(Kind.NEIGHBOURS, 1);
    halves = table(Kind.HALVES, 1);
    runs = table(Kind.RUN, CopyCode.MOST_RUN / 4 + 1);
  }

  private CodeTable table(Kind kind, int forms) {
    return new CodeTable(kind.name(), forms, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return table.equals(INTERLEAVING)
        ? new InterleaveCode(vectorBytes, form).emit()
        : new CopyCode(vectorBytes, Kind.valueOf(table), 4 * form).emit();
  }

  /// Copies as [dev.jiffy.engine.kernel.RowKernels#copy] does.
  void copy(StridedCopy copy, long x, long y) {
    if (copy.isEmpty()) {
      return;
    }
    int bytes = copy.elementBytes();
    int target = copy.adjacentInTarget();
    int source = copy.adjacentInSource();
    if (copy.repeats(target) && copy.dims()[target] >= STRIP) {
      Movement.copy(copy, x, y);
    } else if (interleaves(copy)) {
      interleave(copy, 0, x, y);
    } else if (copy.exchangesNeighbours()) {
      int pair = copy.dims().length - 1;
      copy.around(pair - 1, pair, this, x, y);
    } else if (transposition.suits(copy, source, target)) {
      transposition.copy(copy, source, target, x, y);
    } else if (target >= 0 && target == source && isRun(bytes * copy.dims()[target])) {
      copy(copy, target, next(copy, target, -1), Kind.VECTORS, 0, x, y);
    } else if (bytes == 4 && target >= 0 && isHalf(copy, target)) {
      copy(copy, target, next(copy, target, -1), Kind.HALVES, 0, x, y);
    } else if (bytes == 4 && copy.dims().length > 0 && (target < 0 || target != source)) {
      int inner = target < 0 ? copy.dims().length - 1 : target;
      if (source >= 0 && copy.dims()[inner] < SHORT && copy.dims()[source] > copy.dims()[inner]) {
        inner = source;
      }
      int middle = target >= 0 && source >= 0 ? target + source - inner : next(copy, inner, -1);
      copy(copy, inner, middle, Kind.WORDS, 0, x, y);
    } else {
      Movement.copy(copy, x, y);
    }
  }

  private static boolean isRun(long bytes) {
    return bytes % 4 == 0 && bytes <= LONGEST;
  }

  /// Whether every other word of the source is copied, and there are enough for a vector.
  private boolean isHalf(StridedCopy copy, int dimension) {
    long words = copy.dims()[dimension];
    return copy.sourceStrides()[dimension] == 8 && words >= vectorBytes / 4 && words <= MOST;
  }

  /// {@return the last dimension but two, or -1}
  private static int next(StridedCopy copy, int inner, int middle) {
    for (int d = copy.dims().length - 1; d >= 0; d--) {
      if (d != inner && d != middle) {
        return d;
      }
    }
    return -1;
  }

  /// Runs over all dimensions but those of the loops in machine code.
  private void copy(
      StridedCopy copy, int inner, int middle, Kind kind, int dimension, long x, long y) {
    boolean strips = kind == Kind.WORDS && isCutIntoStrips(copy, inner, middle);
    int outer = strips ? -1 : next(copy, inner, middle);
    if (dimension == copy.dims().length) {
      if (strips) {
        strips(copy, inner, middle, x, y);
      } else {
        loops(copy, inner, middle, outer, kind, x, y);
      }
    } else if (dimension == inner || dimension == middle || dimension == outer) {
      copy(copy, inner, middle, kind, dimension + 1, x, y);
    } else {
      long from = x;
      long to = y;
      for (long i = copy.dims()[dimension]; i > 0; i--) {
        copy(copy, inner, middle, kind, dimension + 1, from, to);
        from += copy.sourceStrides()[dimension];
        to += copy.targetStrides()[dimension];
      }
    }
  }

  private static boolean isCutIntoStrips(StridedCopy copy, int inner, int middle) {
    return middle >= 0
        && copy.targetStrides()[inner] == 4
        && copy.sourceStrides()[middle] == 4
        && copy.dims()[inner] >= CUT
        && copy.dims()[middle] >= STRIP_COLUMNS;
  }

  /// Transposes a matrix in strips, so that each line of the target is written at once.
  private void strips(StridedCopy copy, int inner, int middle, long x, long y) {
    long stepX = copy.sourceStrides()[inner];
    long stepY = copy.targetStrides()[inner];
    long middleX = copy.sourceStrides()[middle];
    long middleY = copy.targetStrides()[middle];
    long m = copy.dims()[middle];
    long n = copy.dims()[inner];
    long whole = n / STRIP;
    MemorySegment code = words.get(0);
    call(
        code,
        STRIP,
        x,
        y,
        STRIP,
        stepX,
        stepY,
        m,
        middleX,
        middleY,
        whole,
        STRIP * stepX,
        STRIP * stepY);
    long rest = n % STRIP;
    if (rest > 0) {
      long from = x + whole * STRIP * stepX;
      long to = y + whole * STRIP * stepY;
      call(code, rest, from, to, rest, stepX, stepY, m, middleX, middleY, 1, 0, 0);
    }
  }

  private void loops(
      StridedCopy copy, int inner, int middle, int outer, Kind kind, long x, long y) {
    long middleX = middle < 0 ? 0 : copy.sourceStrides()[middle];
    long middleY = middle < 0 ? 0 : copy.targetStrides()[middle];
    long outerX = outer < 0 ? 0 : copy.sourceStrides()[outer];
    long outerY = outer < 0 ? 0 : copy.targetStrides()[outer];
    long m = middle < 0 ? 1 : copy.dims()[middle];
    long o = outer < 0 ? 1 : copy.dims()[outer];
    long n = copy.dims()[inner];
    if (kind == Kind.VECTORS) {
      long bytes = n * copy.elementBytes();
      long mask = Masks.rest(vectorBytes, bytes / 4);
      boolean isRun = bytes % 16 == 0 && bytes <= 4 * CopyCode.MOST_RUN;
      MemorySegment code = isRun ? runs.get((int) bytes / 16) : vectors.get(0);
      call(code, bytes / 4, x, y, bytes, mask, 0, m, middleX, middleY, o, outerX, outerY);
      return;
    }
    MemorySegment code = (kind == Kind.HALVES ? halves : words).get(0);
    long stepX = copy.sourceStrides()[inner];
    long stepY = copy.targetStrides()[inner];
    for (long i = 0; i < n; i += MOST) {
      long words = Math.min(MOST, n - i);
      long from = x + i * stepX;
      long to = y + i * stepY;
      call(code, words, from, to, words, stepX, stepY, m, middleX, middleY, o, outerX, outerY);
    }
  }

  @Override
  public void run(StridedCopy copy, int pairs, int pair, long x, long y) {
    long words = 2 * copy.dims()[pairs];
    for (long i = 0; i < words; i += MOST) {
      long some = Math.min(MOST, words - i);
      long mask = Masks.rest(vectorBytes, some);
      long from = x - 4 + 4 * i;
      call(neighbours.get(0), some, from, y + 4 * i, 4 * some, mask, 0, 1, 0, 0, 1, 0, 0);
    }
  }

  /// Calls the code, some passes of its loops at a time.
  ///
  /// @param words words of a pass of the middle loop
  private static void call(
      MemorySegment code,
      long words,
      long x,
      long y,
      long n,
      long stepX,
      long stepY,
      long middle,
      long middleX,
      long middleY,
      long outer,
      long outerX,
      long outerY) {
    long mostMiddle = Math.max(1, MOST / words);
    for (long m = 0; m < middle; m += mostMiddle) {
      long passes = Math.min(mostMiddle, middle - m);
      long mostOuter = Math.max(1, MOST / (words * passes));
      for (long o = 0; o < outer; o += mostOuter) {
        Code.call(
            code,
            x + m * middleX + o * outerX,
            y + m * middleY + o * outerY,
            n,
            stepX,
            stepY,
            passes,
            middleX,
            middleY,
            Math.min(mostOuter, outer - o),
            outerX,
            outerY,
            0,
            0,
            0,
            0,
            0);
      }
    }
  }

  // ---- a few planes

  /// {@return whether a copy interleaves a few planes}
  boolean interleaves(StridedCopy copy) {
    int rank = copy.dims().length;
    if (copy.elementBytes() != 4 || rank < 2) {
      return false;
    }
    long planes = copy.dims()[rank - 1];
    return planes >= 2
        && planes <= InterleaveCode.MOST_PLANES
        && copy.dims()[rank - 2] >= vectorBytes / 4
        && copy.targetStrides()[rank - 1] == 4
        && copy.targetStrides()[rank - 2] == 4 * planes
        && copy.sourceStrides()[rank - 2] == 4;
  }

  private void interleave(StridedCopy copy, int axis, long x, long y) {
    int rank = copy.dims().length;
    if (axis < rank - 2) {
      for (long i = 0; i < copy.dims()[axis]; i++) {
        long from = x + i * copy.sourceStrides()[axis];
        interleave(copy, axis + 1, from, y + i * copy.targetStrides()[axis]);
      }
      return;
    }
    int planes = (int) copy.dims()[rank - 1];
    long n = copy.dims()[rank - 2];
    long step = copy.sourceStrides()[rank - 1];
    int block = vectorBytes / 4;
    long blocks = n / block;
    long most = MOST / block;
    for (long done = 0; done < blocks; done += most) {
      long at = vectorBytes * done;
      long count = Math.min(most, blocks - done);
      long _ = Code.call(interleavings.get(planes), x + at, step, y + planes * at, count, 0, 0);
    }
    long last = n - block;
    if (last % block != 0) { // some elements once more
      long to = y + 4L * planes * last;
      long _ = Code.call(interleavings.get(planes), x + 4 * last, step, to, 1, 0, 0);
    }
  }
}
