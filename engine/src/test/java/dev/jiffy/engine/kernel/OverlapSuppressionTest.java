package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.engine.kernel.x86.X86RowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Boxes that are picked are those that the definition picks, box by box.
class OverlapSuppressionTest {
  private static final List<RowKernels> KERNELS = kernels();

  private final Random random = new Random(5);

  /// One for several calls, as in sessions.
  private final OverlapSuppression suppression = new OverlapSuppression();

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 5, 0.5, 0.3",
    "1, 1, 64, 70, 0.2, 0.5",
    "2, 3, 50, 4, 0.4, 0.9",
    "1, 5, 333, 20, 0.3, 0.97",
    "3, 2, 129, 1000, 0.0, -1",
    "1, 2, 300, 300, 1.0, -Infinity",
    "1, 4, 100, 0, 0.5, 0.5",
    "1, 4, 0, 10, 0.5, 0.5",
  })
  void picksWhatTheDefinitionPicks(
      int batches, int classes, int count, long most, float overlap, float threshold) {
    Tensor boxes = Tensor.allocate(DType.F32, Shape.of(batches, count, 4));
    Tensor scores = Tensor.allocate(DType.F32, Shape.of(batches, classes, count));
    for (int i = 0; i < 4 * batches * count; i++) {
      boxes.setDouble(i, random.nextInt(40) / 8.0);
    }
    for (int i = 0; i < batches * classes * count; i++) {
      int kind = random.nextInt(50);
      scores.setDouble(i, kind == 0 ? Double.NaN : kind == 1 ? -0.0 : random.nextInt(100) / 100.0);
    }
    for (boolean centred : new boolean[] {true, false}) {
      check(boxes, scores, most, overlap, threshold, centred);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 700, 1000, 0.3, 30, 1, 4, 0",
    "2, 700, 1000, 0.3, 30, 1, 4, 0",
    "1, 900, 200, 0.5, 9, 64, 40, 0",
    "1, 600, 600, 0.0, 50, 0.125, 0.5, 0",
    "1, 600, 600, 0.3, 1, 1, 4, 0",
    "1, 600, 600, 0.3, 30, 1e6, 4, 0",
    "1, 600, 600, 0.3, 30, 1, 4, 1",
    "1, 600, 600, 0.3, 30, 1, 4, 2",
    "1, 600, 600, 0.3, 30, 1, 4, 3",
  })
  void picksWhatTheDefinitionPicksOfBoxesFarApart(
      int batches,
      int count,
      long most,
      float overlap,
      int groups,
      float distance,
      float extent,
      int strange) {
    float[] numbers = {0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    Tensor boxes = Tensor.allocate(DType.F32, Shape.of(batches, count, 4));
    Tensor scores = Tensor.allocate(DType.F32, Shape.of(batches, 1, count));
    for (int i = 0; i < batches * count; i++) {
      scores.setDouble(i, random.nextFloat());
      float place = random.nextInt(groups) * distance - groups * distance / 2;
      for (int k = 0; k < 4; k++) {
        boxes.setDouble(4L * i + k, (k < 2 ? place : 0) + random.nextFloat() * extent);
      }
    }
    if (strange > 0) {
      boxes.setDouble(4 * 17 + 1, numbers[strange]);
      boxes.setDouble(4 * 40 + 2, numbers[strange]);
    }
    check(boxes, scores, most, overlap, 0.02f, true);
    for (int i = 0; i < batches * count; i++) {
      for (int k = 0; k < 2; k++) {
        float extents = (float) boxes.getDouble(4L * i + k + 2);
        boxes.setDouble(4L * i + k + 2, boxes.getDouble(4L * i + k) + extents);
      }
    }
    check(boxes, scores, most, overlap, 0.02f, false);
  }

  private void check(
      Tensor boxes, Tensor scores, long most, float overlap, float threshold, boolean centred) {
    List<Long> defined = defined(boxes, scores, most, overlap, threshold, centred);
    for (RowKernels kernels : KERNELS) {
      Tensor picked =
          suppression.run(
              kernels, boxes, scores, most, overlap, threshold, centred, Tensor::allocate);
      List<Long> actual = LongStream.of(picked.toLongs()).boxed().toList();
      assertEquals(defined, actual, kernels.getClass()::getSimpleName);
      assertEquals(3, picked.shape().dim(1));
    }
  }

  private static List<RowKernels> kernels() {
    RowKernels scalar = new ScalarRowKernels();
    try {
      return List.of(scalar, new VectorRowKernels(), new X86RowKernels(() -> scalar));
    } catch (UnsupportedOperationException e) {
      return List.of(scalar, new VectorRowKernels());
    }
  }

  private static List<Long> defined(
      Tensor boxes, Tensor scores, long most, float overlap, float threshold, boolean centred) {
    int count = (int) boxes.shape().dim(1);
    List<Long> all = new ArrayList<>();
    for (int row = 0; row < scores.shape().elements(0, 2); row++) {
      int classes = (int) scores.shape().dim(1);
      int first = row / classes * count;
      int scoresFrom = row * count;
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        if (scores.getDouble(scoresFrom + i) > threshold) {
          order.add(i);
        }
      }
      // adding zero makes one zero of two
      order.sort(Comparator.comparingDouble(i -> -(scores.getDouble(scoresFrom + i) + 0.0) + 0.0));
      List<Integer> picked = new ArrayList<>();
      for (int box : order) {
        boolean isApart =
            picked.stream()
                .noneMatch(other ->
                    share(
                            corners(boxes, first + box, centred),
                            corners(boxes, first + other, centred))
                        > overlap);
        if (isApart && picked.size() < most) {
          picked.add(box);
          all.addAll(List.of((long) row / classes, (long) row % classes, (long) box));
        }
      }
    }
    return all;
  }

  /// Top, left, bottom, right.
  private static float[] corners(Tensor boxes, int box, boolean centred) {
    float[] b = new float[4];
    for (int i = 0; i < 4; i++) {
      b[i] = (float) boxes.getDouble(4L * box + i);
    }
    return centred
        ? new float[] {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2}
        : new float[] {
          Math.min(b[0], b[2]), Math.min(b[1], b[3]), Math.max(b[0], b[2]), Math.max(b[1], b[3])
        };
  }

  /// The share of the intersection in the union.
  private static float share(float[] a, float[] b) {
    float height = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
    float width = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
    float areaA = (a[2] - a[0]) * (a[3] - a[1]);
    float areaB = (b[2] - b[0]) * (b[3] - b[1]);
    boolean areApart = height <= 0 || width <= 0 || areaA <= 0 || areaB <= 0;
    return areApart ? -1 : height * width / (areaA + areaB - height * width);
  }
}
