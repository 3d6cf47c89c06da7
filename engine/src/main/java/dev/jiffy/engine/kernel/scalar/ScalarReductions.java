package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Many elements made one, and what runs along one dimension.
public final class ScalarReductions {
  private ScalarReductions() {}

  /// Reduces dimensions.
  ///
  /// An empty sum is 0, an empty product 1, an empty maximum the least value of the type.
  ///
  /// @param function what is computed
  /// @param x the argument
  /// @param reduced for each dimension whether it is reduced
  /// @param out the result, with or without the reduced dimensions
  public static void reduce(ReduceFunction function, Tensor x, boolean[] reduced, Tensor out) {
    long[] dims = x.shape().dims();
    long[] own = Elements.strides(dims);
    long[] outer = dims.clone();
    long[] inner = new long[dims.length];
    Arrays.fill(inner, 1);
    int last = -1;
    for (int d = 0; d < dims.length; d++) {
      if (reduced[d]) {
        outer[d] = 1;
        inner[d] = dims[d];
        last = d;
      }
    }
    long extent = 1;
    long step = 1;
    if (last >= 0) {
      extent = dims[last];
      step = own[last];
      inner[last] = 1;
    }
    Lines lines = new Lines(x, new Walk(inner, own), Shape.of(inner).elements(), extent, step);
    boolean exact = !x.dtype().isFloat() && isExact(function);
    Walk walk = new Walk(outer, own);
    for (long i = 0; i < out.shape().elements(); i++, walk.next()) {
      if (exact) {
        out.setLong(i, lines.longs(function, walk.offset(0)));
      } else {
        out.setDouble(i, lines.doubles(function, walk.offset(0)));
      }
    }
  }

  private static boolean isExact(ReduceFunction function) {
    return switch (function) {
      case SUM, MEAN, MAX, MIN, PROD, L1, SUM_SQUARE -> true;
      case L2, LOG_SUM, LOG_SUM_EXP -> false;
    };
  }

  /// The elements that become one: lines at the offsets of a walk, which is at its first index
  /// before and after.
  ///
  /// @param x the argument
  /// @param walk goes from line to line
  /// @param lines how many there are
  /// @param extent elements of a line
  /// @param step from one of them to the next
  private record Lines(Tensor x, Walk walk, long lines, long extent, long step) {
    double doubles(ReduceFunction function, long base) {
      double largest = Double.NEGATIVE_INFINITY;
      for (long line = 0; line < lines && function == ReduceFunction.LOG_SUM_EXP; line++) {
        largest = doubles(ReduceFunction.MAX, base + walk.offset(0), 0, largest);
        walk.next();
      }
      double shift = Double.isFinite(largest) ? largest : 0;
      double sum =
          switch (function) {
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
            case PROD -> 1;
            case SUM, MEAN, L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> 0;
          };
      for (long line = 0; line < lines; line++, walk.next()) {
        sum = doubles(function, base + walk.offset(0), shift, sum);
      }
      return switch (function) {
        case SUM, MAX, MIN, PROD, L1, SUM_SQUARE -> sum;
        case MEAN -> sum / ((double) lines * (double) extent);
        case L2 -> Math.sqrt(sum);
        case LOG_SUM -> Math.log(sum);
        case LOG_SUM_EXP -> Math.log(sum) + shift;
      };
    }

    /// {@return what a line makes of what those before it have become}
    private double doubles(ReduceFunction function, long from, double shift, double before) {
      double sum = before;
      for (long i = 0; i < extent; i++) {
        double value = x.getDouble(from + i * step);
        sum =
            switch (function) {
              case SUM, MEAN, LOG_SUM -> sum + value;
              case MAX -> Math.max(sum, value);
              case MIN -> Math.min(sum, value);
              case PROD -> sum * value;
              case L1 -> sum + Math.abs(value);
              case L2, SUM_SQUARE -> sum + value * value;
              case LOG_SUM_EXP -> sum + Math.exp(value - shift);
            };
      }
      return sum;
    }

    long longs(ReduceFunction function, long base) {
      long sum =
          switch (function) {
            case PROD -> 1;
            case MAX -> least(x.dtype());
            case MIN -> greatest(x.dtype());
            default -> 0;
          };
      for (long line = 0; line < lines; line++, walk.next()) {
        sum = longs(function, base + walk.offset(0), sum);
      }
      long count = lines * extent;
      if (function != ReduceFunction.MEAN) {
        return sum;
      }
      if (count == 0) {
        return 0;
      }
      return x.dtype() == DType.U64 ? Long.divideUnsigned(sum, count) : sum / count;
    }

    /// {@return what a line makes of what those before it have become}
    private long longs(ReduceFunction function, long from, long before) {
      boolean unsigned = x.dtype() == DType.U64;
      long sum = before;
      for (long i = 0; i < extent; i++) {
        long value = x.getLong(from + i * step);
        sum =
            switch (function) {
              case PROD -> sum * value;
              case MAX -> compare(value, sum, unsigned) > 0 ? value : sum;
              case MIN -> compare(value, sum, unsigned) < 0 ? value : sum;
              case L1 -> sum + (unsigned ? value : Math.abs(value));
              case SUM_SQUARE -> sum + value * value;
              default -> sum + value;
            };
      }
      return sum;
    }
  }

  private static int compare(long x, long y, boolean unsigned) {
    return unsigned ? Long.compareUnsigned(x, y) : Long.compare(x, y);
  }

  private static long least(DType dtype) {
    return dtype.isUnsigned() || dtype == DType.BOOL ? 0 : -1L << (dtype.bits() - 1);
  }

  private static long greatest(DType dtype) {
    if (dtype == DType.BOOL) {
      return 1;
    }
    int bits = dtype.bits();
    return dtype.isUnsigned() ? -1L >>> (64 - bits) : ~(-1L << (bits - 1));
  }

  /// Finds the index of the largest or smallest element along one dimension.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param largest whether the largest is wanted
  /// @param lastIndex whether the last of equals wins
  /// @param out the indices, with or without the dimension
  public static void argReduce(Tensor x, int axis, boolean largest, boolean lastIndex, Tensor out) {
    Shape shape = x.shape();
    long extent = shape.dim(axis);
    long inner = shape.elements(axis + 1, shape.rank());
    for (long i = 0; i < out.shape().elements(); i++) {
      long base = i / inner * extent * inner + i % inner;
      long best = 0;
      for (long k = 1; k < extent; k++) {
        int order = compare(x, base + k * inner, base + best * inner);
        int wanted = largest ? order : -order;
        if (wanted > 0 || (lastIndex && wanted == 0)) {
          best = k;
        }
      }
      out.setLong(i, best);
    }
  }

  /// NaN is larger than all.
  private static int compare(Tensor x, long i, long j) {
    if (x.dtype().isFloat()) {
      double a = x.getDouble(i);
      double b = x.getDouble(j);
      return a == b ? 0 : Double.compare(a, b);
    }
    return compare(x.getLong(i), x.getLong(j), x.dtype() == DType.U64);
  }

  /// Computes `e^x / Σ e^x` or its logarithm along one dimension.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param log whether the logarithm is wanted
  /// @param out the result, of the argument's shape
  public static void softmax(Tensor x, int axis, boolean log, Tensor out) {
    Shape shape = x.shape();
    long extent = shape.dim(axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long lines = extent == 0 ? 0 : shape.elements() / extent;
    for (long line = 0; line < lines; line++) {
      long base = line / inner * extent * inner + line % inner;
      double largest = Double.NEGATIVE_INFINITY;
      for (long k = 0; k < extent; k++) {
        largest = Math.max(largest, x.getDouble(base + k * inner));
      }
      double sum = 0;
      for (long k = 0; k < extent; k++) {
        sum += Math.exp(x.getDouble(base + k * inner) - largest);
      }
      for (long k = 0; k < extent; k++) {
        double shifted = x.getDouble(base + k * inner) - largest;
        out.setDouble(base + k * inner, log ? shifted - Math.log(sum) : Math.exp(shifted) / sum);
      }
    }
  }

  /// Writes one at the first maximum along one dimension, zero elsewhere.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param out the result, of the argument's shape
  public static void hardmax(Tensor x, int axis, Tensor out) {
    Shape shape = x.shape();
    long extent = shape.dim(axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long lines = extent == 0 ? 0 : shape.elements() / extent;
    for (long line = 0; line < lines; line++) {
      long base = line / inner * extent * inner + line % inner;
      long best = 0;
      for (long k = 1; k < extent; k++) {
        best = compare(x, base + k * inner, base + best * inner) > 0 ? k : best;
      }
      for (long k = 0; k < extent; k++) {
        out.setDouble(base + k * inner, k == best ? 1 : 0);
      }
    }
  }

  /// Divides by the p-norm along one dimension; a norm of zero leaves zeros.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param p 1 or 2
  /// @param out the result, of the argument's shape
  public static void lpNormalization(Tensor x, int axis, long p, Tensor out) {
    Shape shape = x.shape();
    long extent = shape.dim(axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long lines = extent == 0 ? 0 : shape.elements() / extent;
    for (long line = 0; line < lines; line++) {
      long base = line / inner * extent * inner + line % inner;
      double sum = 0;
      for (long k = 0; k < extent; k++) {
        double value = x.getDouble(base + k * inner);
        sum += p == 1 ? Math.abs(value) : value * value;
      }
      double norm = p == 1 ? sum : Math.sqrt(sum);
      for (long k = 0; k < extent; k++) {
        double value = x.getDouble(base + k * inner);
        out.setDouble(base + k * inner, norm == 0 ? 0 : value / norm);
      }
    }
  }

  /// Computes running sums along one dimension.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param exclusive whether an element's own value is left out
  /// @param reverse whether sums run from the end
  /// @param out the result, of the argument's shape
  public static void cumulativeSum(
      Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
    Shape shape = x.shape();
    long extent = shape.dim(axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long lines = extent == 0 ? 0 : shape.elements() / extent;
    boolean floats = x.dtype().isFloat();
    for (long line = 0; line < lines; line++) {
      long base = line / inner * extent * inner + line % inner;
      double sum = 0;
      long exact = 0;
      for (long k = 0; k < extent; k++) {
        long at = base + (reverse ? extent - 1 - k : k) * inner;
        double before = sum;
        long exactBefore = exact;
        if (floats) {
          sum += x.getDouble(at);
          out.setDouble(at, exclusive ? before : sum);
        } else {
          exact += x.getLong(at);
          out.setLong(at, exclusive ? exactBefore : exact);
        }
      }
    }
  }

  /// Finds the largest or smallest elements along one dimension, in order; of equals the one with
  /// the lower index comes first.
  ///
  /// @param x the argument
  /// @param axis the dimension
  /// @param largest whether the largest are wanted
  /// @param values the elements, or null
  /// @param indices their indices, or null
  public static void topK(
      Tensor x, int axis, boolean largest, @Nullable Tensor values, @Nullable Tensor indices) {
    Tensor shaped = values == null ? indices : values;
    if (shaped == null) {
      return;
    }
    Shape shape = x.shape();
    int extent = Math.toIntExact(shape.dim(axis));
    long inner = shape.elements(axis + 1, shape.rank());
    long lines = extent == 0 ? 0 : shape.elements() / extent;
    long k = shaped.shape().dim(axis);
    int[] order = new int[extent];
    int[] spare = new int[extent];
    for (long line = 0; line < lines; line++) {
      long base = line / inner * extent * inner + line % inner;
      for (int i = 0; i < extent; i++) {
        order[i] = i;
      }
      sort(x, base, inner, largest, order, spare, 0, extent);
      long target = line / inner * k * inner + line % inner;
      for (int i = 0; i < k; i++) {
        if (values != null) {
          Elements.copy(x, base + order[i] * inner, values, target + i * inner);
        }
        if (indices != null) {
          indices.setLong(target + i * inner, order[i]);
        }
      }
    }
  }

  /// A merge sort: stable.
  private static void sort(
      Tensor x, long base, long step, boolean largest, int[] order, int[] spare, int from, int to) {
    if (to - from < 2) {
      return;
    }
    int middle = (from + to) >>> 1;
    sort(x, base, step, largest, order, spare, from, middle);
    sort(x, base, step, largest, order, spare, middle, to);
    System.arraycopy(order, from, spare, from, to - from);
    int left = from;
    int right = middle;
    for (int i = from; i < to; i++) {
      boolean takeLeft;
      if (left == middle || right == to) {
        takeLeft = right == to;
      } else {
        int c = compare(x, base + spare[left] * step, base + spare[right] * step);
        takeLeft = largest ? c >= 0 : c <= 0;
      }
      order[i] = takeLeft ? spare[left++] : spare[right++];
    }
  }
}
