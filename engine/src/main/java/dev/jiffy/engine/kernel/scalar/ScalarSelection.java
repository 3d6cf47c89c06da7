package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// What is picked of a tensor where its elements decide how much.
public final class ScalarSelection {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private ScalarSelection() {}

  /// {@return the boxes of highest score that do not overlap others, as rows of batch, class and
  /// box in the order in which they are picked}
  ///
  /// Of boxes with equal scores the first comes first.
  ///
  /// @param boxes two opposite corners, or centre and extents, `[batch, boxes, 4]`
  /// @param scores `[batch, classes, boxes]`
  /// @param most how many boxes are picked of a class at most
  /// @param overlap the share of intersection in union above which a box is left out
  /// @param threshold the score that a box must exceed
  /// @param centred whether boxes are centre and extents
  public static Tensor suppressOverlaps(
      Tensor boxes, Tensor scores, long most, float overlap, float threshold, boolean centred) {
    int count = Math.toIntExact(boxes.shape().dim(1));
    int classes = Math.toIntExact(scores.shape().dim(1));
    float[] corners = corners(boxes, centred);
    float[] row = new float[count];
    long[] rows = new long[96];
    int size = 0;
    long[] order = new long[count];
    int[] picked = new int[(int) Math.min(most, count)];
    for (int b = 0; b < boxes.shape().dim(0); b++) {
      for (int c = 0; c < classes; c++) {
        MemorySegment.copy(
            scores.segment(), FLOAT, 4L * ((long) b * classes + c) * count, row, 0, count);
        int candidates = candidates(row, threshold, order);
        int kept = 0;
        for (int i = 0; i < candidates && kept < picked.length; i++) {
          int box = (int) order[i];
          if (!overlapsAny(corners, b * count, box, picked, kept, overlap)) {
            picked[kept++] = box;
            if (size + 3 > rows.length) {
              rows = Arrays.copyOf(rows, 2 * rows.length);
            }
            rows[size++] = b;
            rows[size++] = c;
            rows[size++] = box;
          }
        }
      }
    }
    return Tensor.of(Arrays.copyOf(rows, size), size / 3, 3);
  }

  /// Orders the boxes that count by falling score; the box is in the lower half of a number.
  private static int candidates(float[] scores, float threshold, long[] order) {
    int candidates = 0;
    for (int i = 0; i < scores.length; i++) {
      float score = scores[i];
      if (score > threshold) {
        int bits = Float.floatToIntBits(score + 0.0f);
        int rising = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        order[candidates++] = ((long) ~rising << 32) | i;
      }
    }
    Arrays.sort(order, 0, candidates);
    return candidates;
  }

  /// {@return top, left, bottom and right of each box}
  private static float[] corners(Tensor boxes, boolean centred) {
    float[] corners = boxes.toFloats();
    for (int i = 0; i < corners.length; i += 4) {
      float a = corners[i];
      float b = corners[i + 1];
      float c = corners[i + 2];
      float d = corners[i + 3];
      if (centred) {
        corners[i] = b - d / 2;
        corners[i + 1] = a - c / 2;
        corners[i + 2] = b + d / 2;
        corners[i + 3] = a + c / 2;
      } else {
        corners[i] = Math.min(a, c);
        corners[i + 1] = Math.min(b, d);
        corners[i + 2] = Math.max(a, c);
        corners[i + 3] = Math.max(b, d);
      }
    }
    return corners;
  }

  private static boolean overlapsAny(
      float[] corners, int first, int box, int[] picked, int kept, float overlap) {
    int x = 4 * (first + box);
    float area = (corners[x + 2] - corners[x]) * (corners[x + 3] - corners[x + 1]);
    for (int k = 0; k < kept; k++) {
      int y = 4 * (first + picked[k]);
      float height = Math.min(corners[x + 2], corners[y + 2]) - Math.max(corners[x], corners[y]);
      float width =
          Math.min(corners[x + 3], corners[y + 3]) - Math.max(corners[x + 1], corners[y + 1]);
      if (height <= 0 || width <= 0) {
        continue;
      }
      float other = (corners[y + 2] - corners[y]) * (corners[y + 3] - corners[y + 1]);
      float union = area + other - height * width;
      if (area > 0 && other > 0 && union > 0 && height * width / union > overlap) {
        return true;
      }
    }
    return false;
  }

  /// Slices of a tensor that are compared: those along an axis, or single elements.
  private record Slices(Tensor x, long outer, int count, long inner) {
    int compare(int a, int b) {
      for (long o = 0; o < outer; o++) {
        for (long i = 0; i < inner; i++) {
          int order = compare(x, (o * count + a) * inner + i, (o * count + b) * inner + i);
          if (order != 0) {
            return order;
          }
        }
      }
      return 0;
    }

    private static int compare(Tensor x, long a, long b) {
      return switch (x.dtype()) {
        case STRING -> x.getString(a).compareTo(x.getString(b));
        case F32, F64, F16, BF16 -> Double.compare(x.getDouble(a) + 0.0, x.getDouble(b) + 0.0);
        case U64 -> Long.compareUnsigned(x.getLong(a), x.getLong(b));
        case I4, I8, I16, I32, I64, U4, U8, U16, U32, BOOL ->
            Long.compare(x.getLong(a), x.getLong(b));
      };
    }

    /// Sorts indices of slices by merging; equal ones keep their order.
    void sort(int[] indices, int from, int to, int[] spare) {
      if (to - from < 2) {
        return;
      }
      int middle = (from + to) >>> 1;
      sort(indices, from, middle, spare);
      sort(indices, middle, to, spare);
      System.arraycopy(indices, from, spare, from, middle - from);
      int left = from;
      int right = middle;
      for (int k = from; left < middle; k++) {
        boolean takesRight = right < to && compare(indices[right], spare[left]) < 0;
        indices[k] = takesRight ? indices[right++] : spare[left++];
      }
    }
  }

  /// What a tensor has once each.
  ///
  /// @param values the elements or slices
  /// @param first for each the index of the first of them in the input
  /// @param which for each element or slice of the input which of them it is
  /// @param counts how often each occurs
  public record Unique(Tensor values, Tensor first, Tensor which, Tensor counts) {}

  /// {@return each element or slice of a tensor once}
  ///
  /// @param x the tensor
  /// @param axis the dimension of slices, or -1 for elements
  /// @param sorted whether they are sorted instead of in the order in which they occur
  public static Unique unique(Tensor x, int axis, boolean sorted) {
    Shape shape = x.shape();
    long outer = axis < 0 ? 1 : shape.elements(0, axis);
    int count = Math.toIntExact(axis < 0 ? shape.elements() : shape.dim(axis));
    long inner = axis < 0 ? 1 : shape.elements(axis + 1, shape.rank());
    Slices slices = new Slices(x, outer, count, inner);
    int[] order = new int[count];
    Arrays.setAll(order, i -> i);
    slices.sort(order, 0, count, new int[count]);
    int[] group = new int[count];
    int[] firsts = new int[count];
    int groups = 0;
    for (int i = 0; i < count; i++) {
      if (i == 0 || slices.compare(order[i - 1], order[i]) != 0) {
        firsts[groups++] = order[i];
      }
      group[order[i]] = groups - 1;
    }
    int[] places = new int[groups];
    int[] kept = Arrays.copyOf(firsts, groups);
    if (!sorted) {
      Arrays.sort(kept);
    }
    for (int k = 0; k < groups; k++) {
      places[group[kept[k]]] = k;
    }
    long[] dims = axis < 0 ? new long[] {groups} : shape.dims();
    dims[Math.max(axis, 0)] = groups;
    Tensor values = Tensor.allocate(x.dtype(), Shape.of(dims));
    Tensor first = Tensor.allocate(DType.I64, Shape.of(groups));
    Tensor which = Tensor.allocate(DType.I64, Shape.of(count));
    Tensor counts = Tensor.allocate(DType.I64, Shape.of(groups));
    for (int k = 0; k < groups; k++) {
      first.setLong(k, kept[k]);
      for (long o = 0; o < outer; o++) {
        Elements.copy(x, (o * count + kept[k]) * inner, values, (o * groups + k) * inner, inner);
      }
    }
    for (int i = 0; i < count; i++) {
      int place = places[group[i]];
      which.setLong(i, place);
      counts.setLong(place, counts.getLong(place) + 1);
    }
    return new Unique(values, first, which, counts);
  }
}
