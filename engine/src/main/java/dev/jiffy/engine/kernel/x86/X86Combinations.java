package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Functions of two tensors of f32, f64, i32, i64 and truth values as machine code.
final class X86Combinations implements CodeTable.Emitter {
  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 16;

  /// The bytes of an element of a mask.
  private static final int WORD = 4;

  private static final List<DType> TYPES =
      List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.BOOL);
  private static final BinaryFunction[] FUNCTIONS = BinaryFunction.values();

  private final int vectorBytes;
  private final CodeTable codes;

  X86Combinations(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    codes = new CodeTable("combine", 4 * TYPES.size() * FUNCTIONS.length, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    DType type = TYPES.get(form / 4 % TYPES.size());
    BinaryFunction function = FUNCTIONS[form / 4 / TYPES.size()];
    return new CombinationCode(vectorBytes, function, type, (form & 1) != 0, (form & 2) != 0)
        .emit();
  }

  /// {@return whether there is code for a combination whose rows, where they do not consist of
  /// words, are at least a word long}
  boolean suits(Combination c) {
    return (c.in() != DType.BOOL || c.inner() >= WORD)
        && c.out() == c.in()
        && isPlain(c.xStrides())
        && isPlain(c.yStrides())
        && CombinationCode.suits(c.function(), c.in(), vectorBytes);
  }

  /// Whether the elements of a row are adjacent, or one.
  private static boolean isPlain(List<Long> strides) {
    long stride = strides.getLast();
    return stride == 0 || stride == 1;
  }

  /// {@return whether a combination is one call: a row of words}
  static boolean isRow(Combination c) {
    return c.dims().size() == 1 && c.inner() <= MOST && c.inner() * c.in().bytes() % WORD == 0;
  }

  /// {@return a combination that [#suits] and [is a row][#isRow]}
  RowKernels.PreparedCombination prepareRow(Combination c) {
    MemorySegment code = code(c);
    long bytes = c.inner() * c.in().bytes();
    return (x, y, out, _) -> call(code, 1, x, y, out, bytes, 0, 0, 0);
  }

  /// As [RowKernels#addRows].
  void addRows(long x, long xStep, long y, long yStep, long rows, long n) {
    MemorySegment code = code(BinaryFunction.ADD, DType.F32, 0);
    for (long from = 0; from < n; from += MOST) {
      long bytes = 4 * Math.min(MOST, n - from);
      long most = Math.max(1, 4 * MOST / bytes);
      for (long row = 0; row < rows; row += most) {
        long to = y + row * yStep + 4 * from;
        long added = x + row * xStep + 4 * from;
        call(code, Math.min(most, rows - row), to, added, to, bytes, yStep, xStep, yStep);
      }
    }
  }

  private MemorySegment code(Combination c) {
    int repeats = (c.xStrides().getLast() == 0 ? 1 : 0) | (c.yStrides().getLast() == 0 ? 2 : 0);
    return code(c.function(), c.in(), repeats);
  }

  @SuppressWarnings("EnumOrdinal") // An index into a table of this run, never stored.
  private MemorySegment code(BinaryFunction function, DType type, int repeats) {
    return codes.get(4 * (function.ordinal() * TYPES.size() + TYPES.indexOf(type)) + repeats);
  }

  /// Computes a combination that [#suits], as [RowKernels#combine] does.
  void combine(Combination c, long x, long y, long out) {
    MemorySegment code = code(c);
    long inner = c.inner();
    long all = inner == 0 ? 0 : c.elements() / inner;
    int axis = c.dims().size() - 2;
    long rows = axis < 0 ? 1 : c.dims().get(axis);
    long most = Math.max(1, MOST / Math.max(1, inner));
    for (long row = 0; row < all; ) {
      long count = Math.min(most, rows - row % rows);
      rows(code, c, row, count, x, y, out);
      row += count;
    }
  }

  /// Computes some rows of one index of all dimensions but the last two.
  private void rows(
      MemorySegment code, Combination c, long row, long count, long x, long y, long out) {
    int bytes = c.in().bytes();
    int axis = c.dims().size() - 2;
    long xStep = axis < 0 ? 0 : c.xStrides().get(axis) * bytes;
    long yStep = axis < 0 ? 0 : c.yStrides().get(axis) * bytes;
    long outStep = c.inner() * bytes;
    long left = x + c.start(row, c.xStrides()) * bytes;
    long right = y + c.start(row, c.yStrides()) * bytes;
    long to = out + row * outStep;
    long xMove = c.xStrides().getLast();
    long yMove = c.yStrides().getLast();
    for (long from = 0; from < outStep; from += MOST * bytes) {
      long width = Math.min(MOST * bytes, outStep - from);
      long words = width & -WORD;
      call(
          code,
          count,
          left + xMove * from,
          right + yMove * from,
          to + from,
          words,
          xStep,
          yStep,
          outStep);
      if (words < width) { // once more the last bytes
        long last = from + width - WORD;
        call(
            code,
            count,
            left + xMove * last,
            right + yMove * last,
            to + last,
            WORD,
            xStep,
            yStep,
            outStep);
      }
    }
  }

  private void call(
      MemorySegment code,
      long rows,
      long x,
      long y,
      long out,
      long bytes,
      long xStep,
      long yStep,
      long outStep) {
    long end = Masks.rest(vectorBytes, bytes / WORD);
    Code.call(code, x, y, out, rows, bytes, end, xStep, yStep, outStep, 0, 0, 0, 0, 0, 0, 0);
  }
}
