package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.function.BiFunction;

/// What is picked of a tensor where its elements decide how much.
public final class ScalarSelection {
  private ScalarSelection() {}

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

  /// Groups slices that are equal.
  ///
  /// @param group takes the group of each slice; groups are sorted
  /// @return the first slice of each group
  private static int[] group(Slices slices, int[] group) {
    int count = slices.count;
    int[] order = new int[count];
    Arrays.setAll(order, i -> i);
    slices.sort(order, 0, count, new int[count]);
    int[] firsts = new int[count];
    int groups = 0;
    for (int i = 0; i < count; i++) {
      if (i == 0 || slices.compare(order[i - 1], order[i]) != 0) {
        firsts[groups++] = order[i];
      }
      group[order[i]] = groups - 1;
    }
    return Arrays.copyOf(firsts, groups);
  }

  /// Groups elements whose keys are equal; else as the other.
  private static int[] group(long[] keys, int[] group) {
    long[] distinct = keys.clone();
    Arrays.sort(distinct);
    int groups = 0;
    for (long key : distinct) {
      if (groups == 0 || distinct[groups - 1] != key) {
        distinct[groups++] = key;
      }
    }
    int[] firsts = new int[groups];
    for (int i = keys.length - 1; i >= 0; i--) {
      group[i] = Arrays.binarySearch(distinct, 0, groups, keys[i]);
      firsts[group[i]] = i;
    }
    return firsts;
  }

  /// {@return numbers in the order of the elements, zeros of both signs being equal}
  private static long[] keys(Tensor x, int count) {
    long[] keys = new long[count];
    if (x.dtype().isFloat()) {
      for (int i = 0; i < count; i++) {
        long bits = Double.doubleToLongBits(x.getDouble(i) + 0.0);
        keys[i] = bits ^ (bits >> 63 & Long.MAX_VALUE);
      }
    } else {
      long sign = x.dtype() == DType.U64 ? Long.MIN_VALUE : 0;
      for (int i = 0; i < count; i++) {
        keys[i] = x.getLong(i) ^ sign;
      }
    }
    return keys;
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
  /// @param memory gives zeroed tensors
  public static Unique unique(
      Tensor x, int axis, boolean sorted, BiFunction<DType, Shape, Tensor> memory) {
    Shape shape = x.shape();
    long outer = axis < 0 ? 1 : shape.elements(0, axis);
    int count = Math.toIntExact(axis < 0 ? shape.elements() : shape.dim(axis));
    long inner = axis < 0 ? 1 : shape.elements(axis + 1, shape.rank());
    int[] group = new int[count];
    int[] firsts =
        axis < 0 && x.dtype() != DType.STRING
            ? group(keys(x, count), group)
            : group(new Slices(x, outer, count, inner), group);
    int groups = firsts.length;
    int[] places = new int[groups];
    int[] kept = firsts.clone();
    if (!sorted) {
      Arrays.sort(kept);
    }
    for (int k = 0; k < groups; k++) {
      places[group[kept[k]]] = k;
    }
    long[] dims = axis < 0 ? new long[] {groups} : shape.dims();
    dims[Math.max(axis, 0)] = groups;
    Tensor values = memory.apply(x.dtype(), Shape.of(dims));
    Tensor first = memory.apply(DType.I64, Shape.of(groups));
    Tensor which = memory.apply(DType.I64, Shape.of(count));
    Tensor counts = memory.apply(DType.I64, Shape.of(groups));
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
