package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;

/// Compares softmax, layer normalisation, reductions, copies and conversions with the oracle.
public final class RowComparison {
  private static final long[] LENGTHS = {1, 3, 7, 12, 15, 16, 17, 32, 33, 64, 100, 128, 384, 1000};

  private final RowKernels oracle = new ScalarRowKernels();
  private final RowKernels kernels;
  private final LongFunction<Floats> memory;

  /// Prepares the comparison of some kernels.
  ///
  /// @param kernels the kernels
  /// @param memory where the elements lie, by the seed of random numbers
  public RowComparison(RowKernels kernels, LongFunction<Floats> memory) {
    this.kernels = kernels;
    this.memory = memory;
  }

  /// Compares the softmax of rows.
  ///
  /// @param log whether the logarithm is wanted
  public void softmax(boolean log) {
    for (long n : LENGTHS) {
      try (Floats floats = memory.apply(n)) {
        long rows = 5;
        long x = floats.normal(rows * n);
        for (long i = 0; i < n; i++) {
          Memory.setFloat(x + 4 * i, 10_000 + 30 * Memory.getFloat(x + 4 * i));
        }
        if (n > 8) {
          Memory.setFloat(x + 4 * (n + 3), Float.NEGATIVE_INFINITY);
          Memory.setFloat(x + 4 * (2 * n + 3), Float.NaN);
          Memory.setFloat(x + 4 * (3 * n + 3), Float.POSITIVE_INFINITY);
        }
        long expected = floats.empty(rows * n);
        long actual = floats.empty(rows * n);
        oracle.softmax(log, x, expected, rows, n);
        kernels.softmax(log, x, actual, rows, n);
        floats.assertClose("softmax of " + n, expected, actual, rows * n, 1e-6);
        kernels.softmax(log, x, x, rows, n);
        floats.assertClose("softmax in place of " + n, expected, x, rows * n, 1e-6);
      }
    }
  }

  /// Compares layer normalisation, with and without its optional operands.
  public void layerNorm() {
    for (long n : LENGTHS) {
      for (int present = 0; present < 8; present++) {
        try (Floats floats = memory.apply(n)) {
          long rows = 3;
          long x = floats.normal(rows * n);
          long residual = (present & 1) == 0 ? 0 : floats.normal(rows * n);
          long scale = (present & 2) == 0 ? 0 : floats.normal(n);
          long bias = (present & 4) == 0 ? 0 : floats.normal(n);
          long expected = floats.empty(rows * n);
          long actual = floats.empty(rows * n);
          oracle.layerNorm(x, residual, scale, bias, expected, rows, n, 1e-5f);
          kernels.layerNorm(x, residual, scale, bias, actual, rows, n, 1e-5f);
          floats.assertClose("layerNorm of " + n, expected, actual, rows * n, 1e-5);
          kernels.layerNorm(x, residual, scale, bias, x, rows, n, 1e-5f);
          floats.assertClose("layerNorm in place of " + n, expected, x, rows * n, 1e-5);
        }
      }
    }
  }

  /// Compares reductions of rows and columns.
  ///
  /// @param function what is computed
  public void reductions(ReduceFunction function) {
    long[][] shapes = {
      {1, 1, 1},
      {3, 7, 1},
      {2, 16, 1},
      {2, 65, 1},
      {3, 200, 1},
      {2, 0, 3},
      {1, 0, 1},
      {2, 5, 3},
      {1, 9, 16},
      {2, 49, 24},
      {3, 1, 40},
      {1, 130, 70},
      {0, 3, 4},
      {1, 10_000, 1}
    };
    for (long[] shape : shapes) {
      for (int spoilt = 0; spoilt < 2; spoilt++) {
        try (Floats floats = memory.apply(shape[1])) {
          long n = shape[0] * shape[1] * shape[2];
          long results = shape[0] * shape[2];
          long x = floats.normal(n);
          if (spoilt == 1 && n > 30) {
            floats.spoil(x, n);
          }
          if (function == ReduceFunction.LOG_SUM || function == ReduceFunction.PROD) {
            for (long i = 0; i < n; i++) {
              float magnitude = Math.abs(Memory.getFloat(x + 4 * i));
              boolean product = function == ReduceFunction.PROD;
              Memory.setFloat(x + 4 * i, product ? 1 + magnitude / 1000 : magnitude);
            }
          }
          long expected = floats.empty(results);
          long actual = floats.empty(results);
          oracle.reduce(function, x, expected, shape[0], shape[1], shape[2]);
          kernels.reduce(function, x, actual, shape[0], shape[1], shape[2]);
          String what = function + " of " + Arrays.toString(shape);
          floats.assertClose(what, expected, actual, results, 1e-5);
        }
      }
    }
  }

  /// Compares sums of weighted rows of every length, of none to four taps.
  public void mixtures() {
    for (long n : LENGTHS) {
      try (Floats floats = memory.apply(n)) {
        int sums = 11;
        long begins = floats.empty(sums + 1L);
        int taps = 0;
        for (int i = 0; i <= sums; i++) {
          Memory.ALL.set(Memory.INT, begins + 4L * i, taps);
          taps += i < sums ? 3 * i % 5 : 0;
        }
        long all = floats.empty(2L * taps);
        for (int i = 0; i < taps; i++) {
          Mixtures.setTap(all + (long) Mixtures.TAP_BYTES * i, 5 * i % 7, 1 - i / 8f);
        }
        long x = floats.normal(n + 6);
        long expected = floats.empty(sums * n);
        long actual = floats.empty(sums * n);
        oracle.mix(begins, all, x, expected, sums, n);
        kernels.mix(begins, all, x, actual, sums, n);
        floats.assertClose("mixture of " + n, expected, actual, sums * n, 1e-5);
      }
    }
  }

  /// Compares added rows, one and several, near to and far from each other.
  public void addedRows() {
    for (long n : LENGTHS) {
      for (int rows : new int[] {1, 3}) {
        try (Floats floats = memory.apply(n)) {
          long x = floats.normal(rows * (n + 2) - 2);
          long expected = floats.normal(rows * (n + 5) - 5);
          long actual = floats.empty(rows * (n + 5) - 5);
          Memory.copy(expected, actual, 4 * (rows * (n + 5) - 5));
          oracle.addRows(x, 4 * (n + 2), expected, 4 * (n + 5), rows, n);
          kernels.addRows(x, 4 * (n + 2), actual, 4 * (n + 5), rows, n);
          floats.assertClose("added rows of " + n, expected, actual, rows * (n + 5) - 5, 0);
        }
      }
    }
  }

  /// Compares fills.
  public void fills() {
    for (long n : LENGTHS) {
      try (Floats floats = memory.apply(n)) {
        long expected = floats.empty(n);
        long actual = floats.empty(n);
        oracle.fill(2.5f, expected, n);
        kernels.fill(2.5f, actual, n);
        floats.assertClose("fill of " + n, expected, actual, n, 0);
      }
    }
  }

  /// Compares conversions to unsigned bytes and back, and ranges.
  public void bytes() {
    for (long n : LENGTHS) {
      bytes(n, 0.02f, 128);
      bytes(n, 1, 0);
      bytes(n, 0.3f, 255);
      bytes(n, 1e-39f, 7);
      bytes(n, 1e36f, 100);
    }
  }

  /// Compares conversions from f16, of any bits, up to the last of its memory.
  public void halves() {
    for (long n : LENGTHS) {
      try (Floats floats = memory.apply(n)) {
        long words = (n + 1) / 2;
        long x = floats.normal(words) + 4 * words - 2 * n;
        long expected = floats.empty(n);
        long actual = floats.empty(n);
        oracle.cast(DType.F16, DType.F32, x, expected, n);
        kernels.cast(DType.F16, DType.F32, x, actual, n);
        floats.assertClose("f16 as f32, " + n, expected, actual, n, 0);
      }
    }
  }

  /// Compares conversions from bytes, up to the last of their memory.
  public void bytesAsFloats() {
    for (DType type : new DType[] {DType.I8, DType.U8}) {
      for (long n : LENGTHS) {
        try (Floats floats = memory.apply(n)) {
          long words = (n + 3) / 4;
          long x = floats.normal(words) + 4 * words - n;
          long expected = floats.empty(n);
          long actual = floats.empty(n);
          oracle.cast(type, DType.F32, x, expected, n);
          kernels.cast(type, DType.F32, x, actual, n);
          floats.assertClose(type + " as f32, " + n, expected, actual, n, 0);
        }
      }
    }
  }

  private void bytes(long n, float scale, int zero) {
    String what = "%d numbers, scale %s, zero %d".formatted(n, scale, zero);
    try (Floats floats = memory.apply(n)) {
      long x = floats.normal(n);
      float[] steps = {0.5f, 1.5f, -2.5f, 254.5f, 1000, -1000, 3e9f, -3e9f, 0x1.fffffep30f};
      for (int i = 0; i < n; i++) {
        float number = i % 3 > 0 ? 50 * Memory.getFloat(x + 4L * i) : steps[i / 3 % steps.length];
        Memory.setFloat(x + 4L * i, number * scale);
      }
      range(what, floats, x, n);
      if (n > 8) {
        floats.spoil(x, n);
        range(what + ", not all finite", floats, x, n);
      }
      long table = floats.normal(64);
      long words = (n + 3) / 4;
      long expected = floats.empty(words);
      long actual = floats.empty(words);
      // at the beginning of those words, or at their end
      for (long first : new long[] {0, 4 * words - n}) {
        oracle.quantize(scale, zero, x, expected + first, n);
        kernels.quantize(scale, zero, x, actual + first, n);
        assertSameBytes(what, expected, actual, 4 * words);
        long numbers = floats.empty(n);
        long same = floats.empty(n);
        oracle.dequantize(scale, zero, expected + first, numbers, n);
        kernels.dequantize(scale, zero, expected + first, same, n);
        floats.assertClose(what, numbers, same, n, 0);
        oracle.lookUp(table, x, expected + first, n);
        kernels.lookUp(table, x, actual + first, n);
        assertSameBytes(what + ", looked up", expected, actual, 4 * words);
      }
      floats.assertClose(what, expected, actual, words, 0);
    }
  }

  private static void assertSameBytes(String what, long expected, long actual, long n) {
    for (long i = 0; i < n; i++) {
      byte right = Memory.ALL.get(ValueLayout.JAVA_BYTE, expected + i);
      byte got = Memory.ALL.get(ValueLayout.JAVA_BYTE, actual + i);
      assertEquals(right, got, what + ", byte " + i);
    }
  }

  private void range(String what, Floats floats, long x, long n) {
    long expected = floats.empty(2);
    long actual = floats.empty(2);
    oracle.range(x, n, expected);
    kernels.range(x, n, actual);
    floats.assertClose(what, expected, actual, 2, 0);
  }

  /// Compares copies between strided views.
  ///
  /// @param rounds how many random copies
  public void copies(int rounds) {
    Random random = new Random(5);
    for (int round = 0; round < rounds; round++) {
      int rank = random.nextInt(6);
      int bytes = round % 2 == 0 ? 4 : 1 << random.nextInt(4);
      long[] dims = new long[rank];
      long elements = 1;
      for (int d = 0; d < rank; d++) {
        dims[d] =
            switch (random.nextInt(13)) {
              case 0 -> 70;
              case 1 -> 33;
              case 2 -> random.nextInt(2);
              case 3 -> 600;
              default -> random.nextInt(6) + 1;
            };
        elements *= dims[d];
      }
      if (elements <= 200_000) {
        long[] source = strides(dims, bytes, random, true);
        long[] target = strides(dims, bytes, random, false);
        StridedCopy copy =
            round % 3 == 0
                ? new StridedCopy(bytes, dims, source, target)
                : StridedCopy.of(bytes, dims, source, target);
        copies(copy, bytes + " bytes " + Arrays.toString(dims), (elements * bytes + 3) / 4);
      }
    }
  }

  /// Compares sums of numbers of 32 and 64 bits.
  public void sums() {
    for (DType type : List.of(DType.F64, DType.I32, DType.I64)) {
      for (long[] shape : new long[][] {{1, 1, 1}, {3, 37, 1}, {2, 5, 3}, {2, 9, 21}, {2, 0, 4}}) {
        try (Floats floats = memory.apply(shape[1])) {
          int words = type.bytes() / Float.BYTES;
          long n = shape[0] * shape[1] * shape[2];
          long results = shape[0] * shape[2];
          long x = floats.empty(n * words);
          for (long i = 0; i < n; i++) {
            TypedMemory.setLong(type, x + i * type.bytes(), i % 13 - 5);
          }
          long expected = floats.empty(results * words);
          long actual = floats.empty(results * words);
          oracle.sum(type, x, expected, shape[0], shape[1], shape[2]);
          kernels.sum(type, x, actual, shape[0], shape[1], shape[2]);
          String what = "sums of " + type + " of " + Arrays.toString(shape);
          assertSameBytes(what, expected, actual, results * type.bytes());
        }
      }
    }
  }

  /// Compares copies of a few lines of adjacent words, of every second word, of neighbours that
  /// change places, and of three planes that are interleaved, on memory that ends with the last
  /// word.
  public void lines() {
    for (long n : LENGTHS) {
      for (long lines = 1; lines <= 3; lines++) {
        long gap = n + 3;
        long[] dims = {lines, n};
        lines(StridedCopy.of(4, dims, new long[] {4 * gap, 4}, new long[] {4 * n, 4}));
        lines(StridedCopy.of(4, dims, new long[] {4 * n, 4}, new long[] {4 * gap, 4}));
        lines(StridedCopy.of(4, dims, new long[] {8 * gap, 8}, new long[] {4 * n, 4}));
        lines(StridedCopy.of(4, dims, new long[] {8 * n, 8}, new long[] {4 * gap, 4}));
        long[] pairs = {8 * gap, 8, -4};
        lines(StridedCopy.of(4, new long[] {lines, n, 2}, pairs, new long[] {8 * n, 8, 4}));
        long[] planes = {12 * n, 4, 4 * n};
        lines(StridedCopy.of(4, new long[] {lines, n, 3}, planes, new long[] {12 * n, 12, 4}));
      }
    }
  }

  private void lines(StridedCopy copy) {
    try (Floats floats = memory.apply(7)) {
      long x = floats.normal(extent(copy.dims(), copy.sourceStrides()));
      long n = extent(copy.dims(), copy.targetStrides());
      long expected = floats.empty(n);
      long actual = floats.empty(n);
      long first = x + first(copy);
      oracle.copy(copy, first, expected);
      kernels.copy(copy, first, actual);
      floats.assertClose(copy.toString(), expected, actual, n, 0);
    }
  }

  /// The words from the first to the last of a view.
  private static long extent(long[] dims, long[] strides) {
    long bytes = 4;
    for (int d = 0; d < dims.length; d++) {
      bytes += (dims[d] - 1) * Math.abs(strides[d]);
    }
    return bytes / 4;
  }

  /// {@return the bytes before the first element that is copied}
  ///
  /// @param copy the copy
  public static long first(StridedCopy copy) {
    long first = 0;
    for (int d = 0; d < copy.dims().length; d++) {
      first += Math.max(0, -copy.sourceStrides()[d] * (copy.dims()[d] - 1));
    }
    return first;
  }

  private void copies(StridedCopy copy, String what, long n) {
    try (Floats floats = memory.apply(n)) {
      long x = floats.normal(n);
      long expected = floats.empty(n);
      long actual = floats.empty(n);
      long first = x + first(copy);
      oracle.copy(copy, first, expected);
      kernels.copy(copy, first, actual);
      floats.assertClose(what, expected, actual, n, 0);
    }
  }

  /// Strides of a dense tensor whose dimensions lie in any order; a source may also repeat or
  /// reverse one.
  private static long[] strides(long[] dims, int bytes, Random random, boolean source) {
    long[] strides = new long[dims.length];
    boolean[] done = new boolean[dims.length];
    boolean ordered = random.nextInt(3) == 0;
    long stride = bytes;
    for (int i = dims.length - 1; i >= 0; i--) {
      int d = i;
      while (done[d] || !ordered) {
        d = random.nextInt(dims.length);
        if (!done[d]) {
          break;
        }
      }
      done[d] = true;
      strides[d] = stride;
      stride *= dims[d];
    }
    if (source && dims.length > 0 && random.nextInt(4) == 0) {
      int d = random.nextInt(dims.length);
      strides[d] = random.nextBoolean() ? 0 : -strides[d];
    }
    return strides;
  }
}
