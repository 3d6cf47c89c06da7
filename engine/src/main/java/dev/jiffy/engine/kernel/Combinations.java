package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// The loops of [Combination]s: a block of elements at a time is widened to i64 or f64, which hold
/// every number of the narrower types, combined, and narrowed again; i32 stays as it is. Each loop
/// is so simple that the JIT compiles it well; those over integers are a method each, so that the
/// first that runs does not decide how the others are compiled.
public final class Combinations {
  /// The elements of a block.
  private static final int BLOCK = 512;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The truth values of a block.
  private static final int TRUTHS = 8 * BLOCK;

  /// A byte of 1, eight times.
  private static final long ONES = 0x0101_0101_0101_0101L;

  /// The bytes of working memory that [#combine] needs.
  public static final long SCRATCH_BYTES = 2L * BLOCK * 8;

  private Combinations() {}

  /// Computes a combination as [RowKernels#combine] does.
  ///
  /// @param c what is computed
  /// @param x the first argument
  /// @param y the second argument
  /// @param out the result
  /// @param scratch working memory of [#SCRATCH_BYTES]
  /// @throws ArithmeticException if an integer is divided by zero
  public static void combine(Combination c, long x, long y, long out, long scratch) {
    long inner = c.inner();
    long rows = inner == 0 ? 0 : c.elements() / inner;
    if (c.in() == DType.BOOL) {
      for (long row = 0; row < rows; row++) {
        truths(c, row, x, y, out + row * inner, scratch);
      }
    } else {
      blocks(c, rows, x, y, out, scratch);
    }
  }

  private static void truths(Combination c, long row, long x, long y, long out, long scratch) {
    for (long column = 0; column < c.inner(); column += TRUTHS) {
      long n = Math.min(TRUTHS, c.inner() - column);
      long a = adjacent(x + c.start(row, c.xStrides()), c.xStrides().getLast(), column, n, scratch);
      long b =
          adjacent(
              y + c.start(row, c.yStrides()), c.yStrides().getLast(), column, n, scratch + TRUTHS);
      truths(c.function(), a, b, out + column, n);
    }
  }

  /// {@return where some truth values of a row lie one after another; the step is 1 or 0}
  private static long adjacent(long row, long step, long column, long n, long scratch) {
    if (step == 1) {
      return row + column;
    }
    long repeated = getTruth(row) * ONES;
    for (long i = 0; i < n; i += 8) {
      setLong(scratch + i, repeated);
    }
    return scratch;
  }

  private static void blocks(Combination c, long rows, long x, long y, long out, long scratch) {
    long inner = c.inner();
    long together = Math.max(1, BLOCK / Math.max(1, inner));
    boolean repeats = c.isSingle(c.yStrides());
    boolean isInts = isInts(c);
    for (long row = 0; row < rows; row += together) {
      long some = Math.min(together, rows - row);
      for (long column = 0; column < inner; column += BLOCK) {
        long width = Math.min(BLOCK, inner - column);
        long a = widen(c, c.xStrides(), x, row, some, column, width, scratch);
        long b = scratch + BLOCK * 8L;
        if (!repeats || row + column == 0) {
          b = widen(c, c.yStrides(), y, row, some, column, width, b);
        }
        long n = some * width;
        boolean isWhole = isInts || c.out() == DType.I64 || c.out() == DType.F64;
        long result = out + (row * inner + column) * c.out().bytes();
        long wide = isWhole ? result : scratch;
        if (c.in().isFloat()) {
          doubles(c.function(), a, b, wide, 8 * n);
        } else if (c.out() == DType.BOOL) {
          predicate(c.function(), a, b, result, n);
          continue;
        } else if (isInts) {
          ints(c.function(), a, b, result, 4 * n);
        } else {
          longs(c.function(), a, b, wide, 8 * n);
        }
        if (!isWhole) {
          narrow(c.out(), wide, result, n);
        }
      }
    }
  }

  private static boolean isInts(Combination c) {
    return c.in() == DType.I32 && c.out() == DType.I32;
  }

  /// {@return where parts of some rows lie widened, one after another}
  private static long widen(
      Combination c,
      List<Long> strides,
      long x,
      long row,
      long rows,
      long column,
      long width,
      long scratch) {
    int bytes = c.in().bytes();
    long step = strides.getLast();
    boolean isInts = isInts(c);
    boolean isWide = isInts || c.in() == DType.I64 || c.in() == DType.F64;
    if (isWide && step == 1 && (rows == 1 || c.isDense(strides))) {
      return x + (c.start(row, strides) + column) * bytes;
    }
    for (long i = 0; i < rows; i++) {
      long from = x + (c.start(row + i, strides) + column * step) * bytes;
      if (isInts) {
        Movement.elements(4, from, 4 * step, scratch + i * width * 4, 4, width);
      } else if (step == 1 && !c.in().isFloat()) {
        Casts.cast(c.in(), DType.I64, from, scratch + i * width * 8, width);
      } else {
        widen(c.in(), from, step * bytes, scratch + i * width * 8, width);
      }
    }
    return scratch;
  }

  private static void widen(DType type, long from, long step, long to, long n) {
    if (step == 0 && n > 1) {
      widen(type, from, 0, to, 1);
      long repeated = getLong(to);
      for (long i = 1; i < n; i++) {
        setLong(to + 8 * i, repeated);
      }
      return;
    }
    switch (type) {
      case I64, F64 -> {
        for (long i = 0; i < n; i++) {
          setLong(to + 8 * i, getLong(from + i * step));
        }
      }
      case F32 -> {
        for (long i = 0; i < n; i++) {
          setDouble(to + 8 * i, (double) Memory.getFloat(from + i * step));
        }
      }
      case I32 -> {
        for (long i = 0; i < n; i++) {
          setLong(to + 8 * i, ALL.get(Memory.INT, from + i * step));
        }
      }
      case F16, BF16 -> {
        for (long i = 0; i < n; i++) {
          setDouble(to + 8 * i, TypedMemory.getDouble(type, from + i * step));
        }
      }
      case BOOL, I4, I8, I16, U4, U8, U16, U32, U64, STRING -> {
        for (long i = 0; i < n; i++) {
          setLong(to + 8 * i, TypedMemory.getLong(type, from + i * step));
        }
      }
    }
  }

  private static void narrow(DType type, long from, long to, long n) {
    switch (type) {
      case F32 -> {
        for (long i = 0; i < n; i++) {
          Memory.setFloat(to + 4 * i, (float) getDouble(from + 8 * i));
        }
      }
      case I32, U32 -> Casts.cast(DType.I64, DType.I32, from, to, n);
      case BOOL, I8, U8 -> {
        for (long i = 0; i < n; i++) {
          ALL.set(BYTE, to + i, (byte) getLong(from + 8 * i));
        }
      }
      case F16, BF16 -> {
        for (long i = 0; i < n; i++) {
          TypedMemory.setDouble(type, to + 2 * i, getDouble(from + 8 * i));
        }
      }
      case I64, F64, I4, I16, U4, U16, U64, STRING -> {
        for (long i = 0; i < n; i++) {
          TypedMemory.setLong(type, to + i * type.bytes(), getLong(from + 8 * i));
        }
      }
    }
  }

  /// Combines adjacent truth values: eight at a time, then one by one.
  private static void truths(BinaryFunction function, long x, long y, long out, long n) {
    long whole = n & -8;
    switch (function) {
      case AND -> {
        for (long i = 0; i < whole; i += 8) {
          setLong(out + i, getTruths(x + i) & getTruths(y + i));
        }
        for (long i = whole; i < n; i++) {
          ALL.set(BYTE, out + i, (byte) (getTruth(x + i) & getTruth(y + i)));
        }
      }
      case OR -> {
        for (long i = 0; i < whole; i += 8) {
          setLong(out + i, getTruths(x + i) | getTruths(y + i));
        }
        for (long i = whole; i < n; i++) {
          ALL.set(BYTE, out + i, (byte) (getTruth(x + i) | getTruth(y + i)));
        }
      }
      case XOR, EQUAL -> {
        int same = function == BinaryFunction.EQUAL ? 1 : 0;
        for (long i = 0; i < whole; i += 8) {
          setLong(out + i, getTruths(x + i) ^ getTruths(y + i) ^ same * ONES);
        }
        for (long i = whole; i < n; i++) {
          ALL.set(BYTE, out + i, (byte) (getTruth(x + i) ^ getTruth(y + i) ^ same));
        }
      }
      default -> throw new IllegalArgumentException("no loop for " + function);
    }
  }

  private static void ints(BinaryFunction function, long x, long y, long out, long bytes) {
    switch (function) {
      case ADD -> addInts(x, y, out, bytes);
      case SUB -> subtractInts(x, y, out, bytes);
      case MUL -> multiplyInts(x, y, out, bytes);
      case MIN -> leastInts(x, y, out, bytes);
      case MAX -> greatestInts(x, y, out, bytes);
      case DIV -> divideInts(x, y, out, bytes);
      case MOD -> floorRestInts(x, y, out, bytes);
      case FMOD -> restInts(x, y, out, bytes);
      default -> throw new IllegalArgumentException("no loop for " + function);
    }
  }

  private static void addInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, getInt(x + i) + getInt(y + i));
    }
  }

  private static void subtractInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, getInt(x + i) - getInt(y + i));
    }
  }

  private static void multiplyInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, getInt(x + i) * getInt(y + i));
    }
  }

  private static void leastInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, Math.min(getInt(x + i), getInt(y + i)));
    }
  }

  private static void greatestInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, Math.max(getInt(x + i), getInt(y + i)));
    }
  }

  private static void divideInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, getInt(x + i) / getInt(y + i));
    }
  }

  private static void floorRestInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, Math.floorMod(getInt(x + i), getInt(y + i)));
    }
  }

  private static void restInts(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 4) {
      setInt(out + i, getInt(x + i) % getInt(y + i));
    }
  }

  private static void longs(BinaryFunction function, long x, long y, long out, long bytes) {
    switch (function) {
      case ADD -> addLongs(x, y, out, bytes);
      case SUB -> subtractLongs(x, y, out, bytes);
      case MUL -> multiplyLongs(x, y, out, bytes);
      case MIN -> leastLongs(x, y, out, bytes);
      case MAX -> greatestLongs(x, y, out, bytes);
      case DIV -> divideLongs(x, y, out, bytes);
      case MOD -> floorRestLongs(x, y, out, bytes);
      case FMOD -> restLongs(x, y, out, bytes);
      default -> throw new IllegalArgumentException("no loop for " + function);
    }
  }

  private static void addLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, getLong(x + i) + getLong(y + i));
    }
  }

  private static void subtractLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, getLong(x + i) - getLong(y + i));
    }
  }

  private static void multiplyLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, getLong(x + i) * getLong(y + i));
    }
  }

  private static void leastLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, Math.min(getLong(x + i), getLong(y + i)));
    }
  }

  private static void greatestLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, Math.max(getLong(x + i), getLong(y + i)));
    }
  }

  private static void divideLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, getLong(x + i) / getLong(y + i));
    }
  }

  private static void floorRestLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, Math.floorMod(getLong(x + i), getLong(y + i)));
    }
  }

  private static void restLongs(long x, long y, long out, long bytes) {
    for (long i = 0; i < bytes; i += 8) {
      setLong(out + i, getLong(x + i) % getLong(y + i));
    }
  }

  private static void predicate(BinaryFunction function, long x, long y, long out, long n) {
    switch (function) {
      case EQUAL -> equal(x, y, out, n);
      case LESS -> less(x, y, 0, out, n);
      case GREATER_OR_EQUAL -> less(x, y, 1, out, n);
      case GREATER -> less(y, x, 0, out, n);
      case LESS_OR_EQUAL -> less(y, x, 1, out, n);
      default -> throw new IllegalArgumentException("no loop for " + function);
    }
  }

  private static void equal(long x, long y, long out, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(BYTE, out + i, (byte) (getLong(x + 8 * i) == getLong(y + 8 * i) ? 1 : 0));
    }
  }

  /// Computes `x < y`, or with `not` of 1 the opposite.
  private static void less(long x, long y, int not, long out, long n) {
    for (long i = 0; i < n; i++) {
      int less = getLong(x + 8 * i) < getLong(y + 8 * i) ? 1 : 0;
      ALL.set(BYTE, out + i, (byte) (less ^ not));
    }
  }

  private static void doubles(BinaryFunction function, long x, long y, long out, long bytes) {
    switch (function) {
      case ADD -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, getDouble(x + i) + getDouble(y + i));
        }
      }
      case SUB -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, getDouble(x + i) - getDouble(y + i));
        }
      }
      case MUL -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, getDouble(x + i) * getDouble(y + i));
        }
      }
      case DIV -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, getDouble(x + i) / getDouble(y + i));
        }
      }
      case MIN -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, Math.min(getDouble(x + i), getDouble(y + i)));
        }
      }
      case MAX -> {
        for (long i = 0; i < bytes; i += 8) {
          setDouble(out + i, Math.max(getDouble(x + i), getDouble(y + i)));
        }
      }
      case EQUAL -> {
        for (long i = 0; i < bytes; i += 8) {
          setLong(out + i, getDouble(x + i) == getDouble(y + i) ? 1 : 0);
        }
      }
      case LESS -> {
        for (long i = 0; i < bytes; i += 8) {
          setLong(out + i, getDouble(x + i) < getDouble(y + i) ? 1 : 0);
        }
      }
      case LESS_OR_EQUAL -> {
        for (long i = 0; i < bytes; i += 8) {
          setLong(out + i, getDouble(x + i) <= getDouble(y + i) ? 1 : 0);
        }
      }
      case GREATER -> {
        for (long i = 0; i < bytes; i += 8) {
          setLong(out + i, getDouble(x + i) > getDouble(y + i) ? 1 : 0);
        }
      }
      case GREATER_OR_EQUAL -> {
        for (long i = 0; i < bytes; i += 8) {
          setLong(out + i, getDouble(x + i) >= getDouble(y + i) ? 1 : 0);
        }
      }
      default -> throw new IllegalArgumentException("no loop for " + function);
    }
  }

  /// {@return eight adjacent truth values, a byte each that is 0 or 1}
  private static long getTruths(long address) {
    long bytes = getLong(address);
    return (((bytes & ~(ONES << 7)) + ~(ONES << 7)) | bytes) >>> 7 & ONES;
  }

  private static int getTruth(long address) {
    return ALL.get(BYTE, address) != 0 ? 1 : 0;
  }

  private static long getLong(long address) {
    return ALL.get(Memory.LONG, address);
  }

  private static void setLong(long address, long value) {
    ALL.set(Memory.LONG, address, value);
  }

  private static int getInt(long address) {
    return ALL.get(Memory.INT, address);
  }

  private static void setInt(long address, int value) {
    ALL.set(Memory.INT, address, value);
  }

  private static double getDouble(long address) {
    return ALL.get(DOUBLE, address);
  }

  private static void setDouble(long address, double value) {
    ALL.set(DOUBLE, address, value);
  }
}
