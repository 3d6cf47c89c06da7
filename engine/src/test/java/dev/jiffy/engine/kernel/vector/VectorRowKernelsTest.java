package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.GatherGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowComparison;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class VectorRowKernelsTest {
  private static final RowKernels ORACLE = new ScalarRowKernels();
  private static final RowKernels VECTOR = new VectorRowKernels();
  private final RowComparison comparison = new RowComparison(VECTOR, Floats::new);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void softmaxAgrees(boolean log) {
    comparison.softmax(log);
  }

  @Test
  void layerNormAgrees() {
    comparison.layerNorm();
  }

  @ParameterizedTest
  @EnumSource(ReduceFunction.class)
  void reductionsAgree(ReduceFunction function) {
    comparison.reductions(function);
  }

  @Test
  void poolingAgrees() {
    Random random = new Random(3);
    for (int round = 0; round < 120; round++) {
      int kernelHeight = 1 + random.nextInt(3);
      int kernelWidth = 1 + random.nextInt(3);
      int dilation = 1 + random.nextInt(2);
      int stride = 1 + random.nextInt(3);
      int padding = random.nextInt(2);
      int height = 5 + random.nextInt(6);
      int width = 5 + random.nextInt(12);
      int channels = new int[] {1, 3, 8, 16, 24, 33}[random.nextInt(6)];
      PoolGeometry geometry =
          new PoolGeometry(
              2,
              height,
              width,
              channels,
              (height + 2 * padding - dilation * (kernelHeight - 1) - 1) / stride + 1,
              (width + 2 * padding - dilation * (kernelWidth - 1) - 1 + stride - 1) / stride + 1,
              kernelHeight,
              kernelWidth,
              stride,
              stride,
              dilation,
              dilation,
              padding,
              padding,
              padding,
              padding,
              random.nextBoolean(),
              random.nextBoolean());
      try (Floats floats = new Floats(round)) {
        long n = 2L * height * width * channels;
        long results = (long) geometry.rows() * geometry.outWidth() * channels;
        long x = floats.normal(n);
        if (round % 4 == 0) {
          floats.spoil(x, n);
        }
        long expected = floats.empty(results);
        long actual = floats.empty(results);
        ORACLE.pool(geometry, x, expected, 0, geometry.rows());
        VECTOR.pool(geometry, x, actual, 1, geometry.rows());
        VECTOR.pool(geometry, x, actual, 0, 1);
        floats.assertClose(geometry.toString(), expected, actual, results, 1e-6);
      }
    }
  }

  @Test
  void resamplingAgrees() {
    Random random = new Random(4);
    for (int round = 0; round < 60; round++) {
      int height = 1 + random.nextInt(6);
      int width = 1 + random.nextInt(6);
      int channels = new int[] {1, 2, 3, 4, 16, 20, 33}[random.nextInt(7)];
      boolean nearest = random.nextBoolean();
      ResizeGeometry geometry =
          new ResizeGeometry(
              2,
              height,
              width,
              channels,
              indices(9, height, random),
              indices(9, height, random),
              weights(9, nearest, random),
              indices(11, width, random),
              indices(11, width, random),
              weights(11, nearest, random),
              nearest);
      try (Floats floats = new Floats(round)) {
        long results = 2L * 9 * 11 * channels;
        long x = floats.normal(2L * height * width * channels);
        long expected = floats.empty(results);
        long actual = floats.empty(results);
        ORACLE.resize(geometry, x, expected, 0, geometry.rows());
        VECTOR.resize(geometry, x, actual, 5, geometry.rows());
        VECTOR.resize(geometry, x, actual, 0, 5);
        String what = "nearest " + nearest + " of " + channels + " channels";
        floats.assertClose(what, expected, actual, results, 1e-6);
      }
    }
  }

  private static int[] indices(int n, int bound, Random random) {
    int[] indices = new int[n];
    for (int i = 0; i < n; i++) {
      indices[i] = random.nextInt(bound);
    }
    Arrays.sort(indices);
    return indices;
  }

  private static float[] weights(int n, boolean nearest, Random random) {
    float[] weights = new float[n];
    for (int i = 0; i < n; i++) {
      weights[i] = nearest || i % 3 == 0 ? 0 : random.nextFloat();
    }
    return weights;
  }

  @Test
  void copiesAgree() {
    comparison.copies(400);
    comparison.lines();
  }

  @Test
  void gathersAgree() {
    for (long slice : new long[] {1, 2, 4, 8, 12, 36, 64, 100, 1536, 5000}) {
      try (Floats floats = new Floats(slice)) {
        long[] indices = {3, -1, 0, -5, 4, 4};
        long at = floats.empty(2L * indices.length);
        long narrow = floats.empty(indices.length);
        for (int i = 0; i < indices.length; i++) {
          Memory.ALL.set(Memory.LONG, at + 8L * i, indices[i]);
          Memory.ALL.set(Memory.INT, narrow + 4L * i, (int) indices[i]);
        }
        long x = floats.normal(2 * 5 * slice / 4 + 1);
        long n = 2L * indices.length * slice / 4;
        long expected = floats.empty(n);
        long actual = floats.empty(n);
        long narrowed = floats.empty(n);
        GatherGeometry wide = new GatherGeometry(2, 5, 1, slice, DType.I64, indices.length, true);
        ORACLE.gather(wide, x, at, expected);
        VECTOR.gather(wide, x, at, actual);
        VECTOR.gather(
            new GatherGeometry(2, 5, 1, slice, DType.I32, indices.length, true),
            x,
            narrow,
            narrowed);
        floats.assertClose("slices of " + slice, expected, actual, n, 0);
        floats.assertClose("slices of " + slice, expected, narrowed, n, 0);
      }
    }
  }

  @Test
  void gatheringOutOfRangeSaysWhere() {
    try (Floats floats = new Floats(1)) {
      long at = floats.empty(4);
      Memory.ALL.set(Memory.LONG, at, 1L);
      Memory.ALL.set(Memory.LONG, at + 8, -6L);
      IndexOutOfBoundsException thrown =
          assertThrows(
              IndexOutOfBoundsException.class,
              () -> VECTOR.gather(new GatherGeometry(1, 5, 1, 0, DType.I64, 2, true), at, at, at));
      assertEquals("index -6 at position 1: expected -5 to 4", thrown.getMessage());
    }
  }

  @Test
  void conversionsAgree() {
    double[] values = {
      0,
      -0.0,
      1,
      -1,
      0.5,
      -0.5,
      1.5,
      2.7,
      -2.7,
      127,
      128,
      200,
      255,
      256,
      -129,
      40_000,
      70_000,
      3e9,
      -3e9,
      1e19,
      -1e19,
      1e30,
      65_504,
      65_520,
      1e-6,
      1e-40,
      Double.NaN,
      1.00390625,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      16_777_217,
      0.333333333333
    };
    try (Arena arena = Arena.ofConfined()) {
      for (DType from : DType.values()) {
        for (DType to : DType.values()) {
          if (from == DType.STRING || to == DType.STRING) {
            continue;
          }
          int n = 3 * values.length;
          long x = arena.allocate((long) n * from.bytes(), 64).address();
          long y = arena.allocate((long) n * to.bytes(), 64).address();
          for (int i = 0; i < n; i++) {
            TypedMemory.setDouble(from, x + (long) i * from.bytes(), values[i % values.length]);
          }
          VECTOR.cast(from, to, x, y, n);
          long expected = arena.allocate((long) n * to.bytes(), 64).address();
          ORACLE.cast(from, to, x, expected, n);
          for (long i = 0; i < n; i++) {
            double want = TypedMemory.getDouble(to, expected + i * to.bytes());
            double have = TypedMemory.getDouble(to, y + i * to.bytes());
            assertEquals(want, have, from + " to " + to + ", element " + i);
          }
        }
      }
    }
  }

  @Test
  void truncationOfWhatIsNoInteger() {
    try (Floats floats = new Floats(1)) {
      long x = floats.empty(4);
      long y = floats.empty(8);
      Memory.setFloat(x, Float.NaN);
      Memory.setFloat(x + 4, -2.9f);
      Memory.setFloat(x + 8, 1e30f);
      VECTOR.cast(DType.F32, DType.I64, x, y, 3);
      assertEquals(0, TypedMemory.getLong(DType.I64, y));
      assertEquals(-2, TypedMemory.getLong(DType.I64, y + 8));
      assertEquals(Long.MAX_VALUE, TypedMemory.getLong(DType.I64, y + 16));
      VECTOR.cast(DType.F32, DType.BOOL, x, y, 3);
      assertEquals(1, TypedMemory.getLong(DType.BOOL, y));
    }
  }

  @Test
  void bytesAgree() {
    comparison.bytes();
  }

  @Test
  void fillsLeaveTheNeighboursAlone() {
    comparison.fills();
  }
}
