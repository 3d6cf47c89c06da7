package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class X86MicroKernelsTest {
  private static final MicroKernels OTHERS = new VectorMicroKernels();
  private static final int[] COLUMNS = {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 100};

  /// What is done with some code and memory.
  private interface Comparison {
    void run(X86MicroKernels kernels, LongFunction<Floats> memory);
  }

  private static void everywhere(Comparison comparison) {
    for (Cpu cpu : Cpus.all().toList()) {
      X86MicroKernels kernels = new X86MicroKernels(cpu);
      comparison.run(kernels, Floats::new);
      try (GuardedMemory guarded = new GuardedMemory()) {
        comparison.run(kernels, seed -> new Floats(seed, guarded::before));
      }
      try (GuardedMemory guarded = new GuardedMemory()) {
        comparison.run(kernels, seed -> new Floats(seed, guarded::after));
      }
    }
  }

  @Test
  void finishesAgree() {
    Activation relu = new Activation(UnaryFunction.RELU, 0, 0);
    Activation clip = new Activation(UnaryFunction.CLIP, -0.5f, 0.5f);
    everywhere((kernels, memory) -> {
      for (int columns : COLUMNS) {
        for (int form = 0; form < 24; form++) {
          Activation activation = form < 8 ? null : form < 16 ? relu : clip;
          finish(kernels, memory, columns, columns + form % 3, form, activation);
        }
      }
    });
  }

  private static void finish(
      X86MicroKernels kernels,
      LongFunction<Floats> memory,
      int columns,
      int stride,
      int form,
      @Nullable Activation activation) {
    int rows = 3;
    long n = (rows - 1L) * stride + columns;
    float factor = (form & 1) == 0 ? 1 : 1.5f;
    try (Floats floats = memory.apply(columns)) {
      long c = floats.normal(n);
      long residual = (form & 2) == 0 ? 0 : floats.normal(n);
      long bias = (form & 4) == 0 ? 0 : floats.normal(columns);
      long preset = floats.copy(c, n);
      long expected = floats.copy(c, n);
      long expectedPreset = floats.copy(c, n);
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          long i = 4L * (row * stride + column);
          float sum = residual == 0 ? 0 : Memory.getFloat(residual + i);
          float added = bias == 0 ? 0 : Memory.getFloat(bias + 4L * column);
          float value = factor * Memory.getFloat(c + i) + sum + added;
          if (activation != null) {
            UnaryFunction function = activation.function();
            value = (float) function.apply(value, activation.alpha(), activation.beta());
          }
          Memory.setFloat(expected + i, value);
          Memory.setFloat(expectedPreset + i, factor * (sum + added));
        }
      }
      kernels.finish(
          factor, residual, 4L * stride, bias, activation, c, 4L * stride, rows, columns);
      floats.assertClose("finish of " + columns, expected, c, n, 1e-6);
      kernels.preset(residual, 4L * stride, bias, factor, preset, 4L * stride, rows, columns);
      floats.assertClose("preset of " + columns, expectedPreset, preset, n, 1e-6);
    }
  }

  @Test
  void scoresBecomeWeights() {
    everywhere((kernels, memory) -> {
      for (int n : COLUMNS) {
        for (int rows = 1; rows <= 3; rows++) {
          for (Added added : Added.values()) {
            try (Floats floats = memory.apply((long) rows * n)) {
              weigh(kernels, floats, rows, n, added);
            }
          }
        }
      }
    });
  }

  /// What is added to scores: nothing, one row for all, or a row each.
  private enum Added {
    NOTHING,
    ONE_ROW,
    ROWS
  }

  private static void weigh(X86MicroKernels kernels, Floats floats, int rows, int n, Added added) {
    long count = (long) rows * n;
    long scores = floats.normal(count);
    long mask = added == Added.NOTHING ? 0 : floats.normal(added == Added.ROWS ? count : n);
    long step = added == Added.ROWS ? 4L * n : 0;
    if (mask != 0 && n > 2) {
      Memory.setFloat(mask + 4, Float.NEGATIVE_INFINITY);
      Memory.setFloat(mask + 8, -Float.MAX_VALUE);
    }
    long expected = floats.empty(count);
    long inverses = floats.empty(rows);
    for (int row = 0; row < rows; row++) {
      long at = 4L * row * n;
      softmax(scores + at, mask == 0 ? 0 : mask + row * step, expected + at, n);
    }
    kernels.weigh(rows, scores, 4L * n, n, 0.25f, mask, step, inverses);
    for (int row = 0; row < rows; row++) {
      float inverse = Memory.getFloat(inverses + 4L * row);
      for (int i = 0; i < n; i++) {
        long at = scores + 4L * (row * n + i);
        Memory.setFloat(at, Memory.getFloat(at) * inverse);
      }
    }
    floats.assertClose(rows + " rows of " + n + ", " + added, expected, scores, count, 1e-6);
  }

  @Test
  void rowsOfScoresThatAreAllMaskedStayFinite() {
    everywhere((kernels, memory) -> {
      try (Floats floats = memory.apply(20)) {
        long scores = floats.normal(20);
        long mask = floats.empty(20);
        for (int i = 0; i < 20; i++) {
          Memory.setFloat(mask + 4L * i, -Float.MAX_VALUE);
        }
        long inverses = floats.empty(1);
        kernels.weigh(1, scores, 80, 20, 1, mask, 0, inverses);
        for (int i = 0; i < 20; i++) {
          assertEquals(1, Memory.getFloat(scores + 4L * i));
        }
        assertEquals(0.05f, Memory.getFloat(inverses), 1e-8f);
      }
    });
  }

  @Test
  void askingForMemoryChangesNothingAndFaultsNowhere() {
    everywhere((kernels, memory) -> {
      try (Floats floats = memory.apply(3)) {
        long x = floats.normal(300);
        long expected = floats.copy(x, 300);
        for (int rows = 0; rows < 4; rows++) {
          for (long bytes : new long[] {1, 64, 65, 300}) {
            kernels.bringNear(x, 4096, rows, bytes);
            kernels.bringNear(0, bytes, rows, bytes);
          }
        }
        floats.assertClose("memory asked for", expected, x, 300, 0);
      }
    });
  }

  private static void softmax(long scores, long mask, long y, int n) {
    double sum = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (long i = 0; i < n; i++) {
        double added = mask == 0 ? 0 : Memory.getFloat(mask + 4 * i);
        double e = Math.exp(0.25 * Memory.getFloat(scores + 4 * i) + added);
        if (pass == 0) {
          sum += e;
        } else {
          Memory.setFloat(y + 4 * i, (float) (e / sum));
        }
      }
    }
  }

  @Test
  void zerosAreStored() {
    everywhere((kernels, memory) -> {
      for (int n : COLUMNS) {
        try (Floats floats = memory.apply(n)) {
          long zeros = floats.normal(n);
          long expected = floats.empty(n);
          for (long i = 0; i < n; i++) {
            Memory.setFloat(expected + 4 * i, 0);
          }
          kernels.zero(zeros, 4L * n);
          floats.assertClose("zeros of " + n, expected, zeros, n, 0);
          kernels.zero(zeros, 0);
          floats.assertClose("nothing of " + n, expected, zeros, n, 0);
        }
      }
    });
  }

  @Test
  void panelsArePacked() {
    everywhere((kernels, memory) -> {
      for (int rows : new int[] {1, 3, 4, 5, 8, 19, 32}) {
        for (int columns : COLUMNS) {
          for (int form = 0; form < 3; form++) {
            pack(kernels, memory, rows, columns, form);
          }
        }
      }
    });
  }

  @Test
  void rowsAreMultiplied() {
    everywhere((kernels, memory) -> {
      for (int k : new int[] {1, 7, 8, 9, 20}) {
        for (int columns : new int[] {1, 100, 512, 513, 519, 528, 545, 4096, 4099}) {
          multiplyRow(kernels, memory, k, columns);
        }
      }
    });
  }

  @Test
  void rowsAreMultipliedByRows() {
    everywhere((kernels, memory) -> {
      for (int rows : new int[] {1, 2, 7, 8, 9, 20}) {
        for (int k : new int[] {1, 7, 8, 16, 33, 64, 100}) {
          dots(kernels, memory, k, rows);
        }
      }
    });
  }

  private static void dots(X86MicroKernels kernels, LongFunction<Floats> memory, int k, int rows) {
    int stride = k + 3;
    try (Floats floats = memory.apply(k)) {
      long a = floats.normal(k);
      long b = floats.normal((rows - 1) * stride + k);
      long expected = floats.normal(rows);
      long actual = floats.normal(rows);
      Product product = new Product(1, k, rows, k, rows, 0, 1, null);
      new ScalarMatrixKernels().multiplyRow(product, a, b, 1, stride, 0, expected);
      kernels.dots(a, k, b, 4L * stride, rows, actual);
      floats.assertClose("%d rows of %d".formatted(rows, k), expected, actual, rows, 1e-5);
    }
  }

  private static void multiplyRow(
      X86MicroKernels kernels, LongFunction<Floats> memory, int k, int columns) {
    long step = 4L * columns + 4;
    try (Floats floats = memory.apply(columns)) {
      long a = floats.normal(k);
      long b = floats.normal((k - 1) * (step / 4) + columns);
      long expected = floats.normal(columns);
      long actual = floats.normal(columns);
      OTHERS.multiplyRow(a, k, b, step, columns, expected);
      kernels.multiplyRow(a, k, b, step, columns, actual);
      floats.assertClose(
          "row of %d, %d columns".formatted(k, columns), expected, actual, columns, 1e-5);
    }
  }

  /// Packs elements whose columns are adjacent, whose rows are, or neither.
  private static void pack(
      X86MicroKernels kernels, LongFunction<Floats> memory, int rows, int columns, int form) {
    int lanes = kernels.lanes();
    if (columns > lanes && columns != 2 * lanes) {
      return;
    }
    int width = columns > lanes ? 2 * lanes : lanes;
    long rowStep = form == 0 ? 4L * columns : form == 1 ? 4 : 8;
    long columnStep = form == 0 ? 4 : rowStep * rows;
    try (Floats floats = memory.apply(columns)) {
      long b = floats.normal(((rows - 1) * rowStep + (columns - 1) * columnStep) / 4 + 1);
      long expected = floats.normal((long) rows * width);
      long actual = floats.normal((long) rows * width);
      OTHERS.pack(b, rowStep, columnStep, rows, columns, width, expected);
      kernels.pack(b, rowStep, columnStep, rows, columns, width, actual);
      String what = "panel of %d rows, %d columns".formatted(rows, columns);
      floats.assertClose(what, expected, actual, (long) rows * width, 0);
    }
  }
}
