package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Matrix products and sums of products.
public final class ScalarLinear {
  private ScalarLinear() {}

  /// Computes `activation(alpha · x · w + bias + residual)` with broadcast batch dimensions.
  ///
  /// A vector on the left is one row, on the right one column; it is never transposed.
  ///
  /// @param x the left operand
  /// @param w the right operand
  /// @param transposeX whether the last two dimensions of `x` are swapped
  /// @param transposeW whether the last two dimensions of `w` are swapped
  /// @param alpha the factor of the product
  /// @param bias one element per column, or null
  /// @param residual one element per result, or null
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void matMul(
      Tensor x,
      Tensor w,
      boolean transposeX,
      boolean transposeW,
      double alpha,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
      @Nullable Activation activation,
      Tensor out) {
    Shape a = matrix(x.shape(), true);
    Shape b = matrix(w.shape(), false);
    int rows = extent(a, transposeX ? 1 : 2);
    int depth = extent(a, transposeX ? 2 : 1);
    int columns = extent(b, transposeW ? 2 : 1);
    int batchRank = Math.max(a.rank(), b.rank()) - 2;
    Shape batchA = Shape.of(Arrays.copyOf(a.dims(), a.rank() - 2));
    Shape batchB = Shape.of(Arrays.copyOf(b.dims(), b.rank() - 2));
    long[] batch = new long[batchRank];
    for (int d = 0; d < batchRank; d++) {
      int da = d - batchRank + batchA.rank();
      int db = d - batchRank + batchB.rank();
      long extentA = da < 0 ? 1 : batchA.dim(da);
      long extentB = db < 0 ? 1 : batchB.dim(db);
      batch[d] = extentA == 1 ? extentB : extentA;
    }
    Walk walk =
        new Walk(
            batch,
            Elements.broadcastStrides(batchA, batchRank),
            Elements.broadcastStrides(batchB, batchRank));
    int size = rows * columns;
    long products = size == 0 ? 0 : out.shape().elements() / size;
    if (!out.dtype().isFloat()) {
      long[] left = integers(x, transposeX, depth, rows);
      long[] right = integers(w, transposeW, columns, depth);
      long[] sums = new long[size];
      for (long p = 0; p < products; p++, walk.next()) {
        Arrays.fill(sums, 0);
        int i = Math.toIntExact(walk.offset(0) * rows * depth);
        int j = Math.toIntExact(walk.offset(1) * depth * columns);
        product(left, i, right, j, sums, rows, depth, columns);
        for (int n = 0; n < size; n++) {
          out.setLong(p * size + n, sums[n]);
        }
      }
      return;
    }
    double[] left = transposeX ? transposed(x.toDoubles(), depth, rows) : x.toDoubles();
    double[] right = transposeW ? transposed(w.toDoubles(), columns, depth) : w.toDoubles();
    double[] sums = new double[size];
    for (long p = 0; p < products; p++, walk.next()) {
      Arrays.fill(sums, 0);
      int i = Math.toIntExact(walk.offset(0) * rows * depth);
      int j = Math.toIntExact(walk.offset(1) * depth * columns);
      product(left, i, right, j, sums, rows, depth, columns);
      finish(sums, alpha, bias, columns, residual, activation, out, p * size);
    }
  }

  /// {@return a value with what is applied last}
  static double activated(double value, @Nullable Activation activation) {
    return activation == null
        ? value
        : activation.function().apply(value, activation.alpha(), activation.beta());
  }

  private static Shape matrix(Shape shape, boolean row) {
    if (shape.rank() > 1) {
      return shape;
    }
    return row ? Shape.of(1, shape.dim(0)) : Shape.of(shape.dim(0), 1);
  }

  private static int extent(Shape shape, int fromEnd) {
    return Math.toIntExact(shape.dim(shape.rank() - fromEnd));
  }

  private static double[] transposed(double[] matrices, int rows, int columns) {
    double[] values = new double[matrices.length];
    int size = rows * columns;
    for (int base = 0; base < values.length; base += size) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          values[base + c * rows + r] = matrices[base + r * columns + c];
        }
      }
    }
    return values;
  }

  private static void product(
      double[] a, int i, double[] b, int j, double[] sums, int rows, int depth, int columns) {
    for (int r = 0; r < rows; r++) {
      int target = r * columns;
      int k = 0;
      for (; k <= depth - 4; k += 4) { // a sum is loaded and stored once for four products
        int at = i + r * depth + k;
        double first = a[at];
        double second = a[at + 1];
        double third = a[at + 2];
        double fourth = a[at + 3];
        int source = j + k * columns;
        for (int c = 0; c < columns; c++) {
          double sum = sums[target + c] + first * b[source + c];
          sum += second * b[source + columns + c];
          sum += third * b[source + 2 * columns + c];
          sums[target + c] = sum + fourth * b[source + 3 * columns + c];
        }
      }
      for (; k < depth; k++) {
        double factor = a[i + r * depth + k];
        int source = j + k * columns;
        for (int c = 0; c < columns; c++) {
          sums[target + c] += factor * b[source + c];
        }
      }
    }
  }

  private static void finish(
      double[] sums,
      double alpha,
      @Nullable Tensor bias,
      int columns,
      @Nullable Tensor residual,
      @Nullable Activation activation,
      Tensor out,
      long at) {
    for (int n = 0; n < sums.length; n++) {
      double value = alpha * sums[n];
      if (bias != null) {
        value += bias.getDouble(n % columns);
      }
      if (residual != null) {
        value += residual.getDouble(at + n);
      }
      out.setDouble(at + n, activated(value, activation));
    }
  }

  private static long[] integers(Tensor x, boolean transposed, int rows, int columns) {
    long[] values = x.toLongs();
    if (!transposed) {
      return values;
    }
    long[] turned = new long[values.length];
    int size = rows * columns;
    for (int base = 0; base < values.length; base += size) {
      for (int n = 0; n < size; n++) {
        turned[base + n % columns * rows + n / columns] = values[base + n];
      }
    }
    return turned;
  }

  private static void product(
      long[] a, int i, long[] b, int j, long[] sums, int rows, int depth, int columns) {
    for (int r = 0; r < rows; r++) {
      int target = r * columns;
      for (int k = 0; k < depth; k++) {
        long factor = a[i + r * depth + k];
        int source = j + k * columns;
        for (int c = 0; c < columns; c++) {
          sums[target + c] += factor * b[source + c];
        }
      }
    }
  }

  /// Computes `alpha · A · B + beta · C` for matrices.
  ///
  /// @param a the left operand
  /// @param b the right operand
  /// @param c what is added, broadcast to the result, or null
  /// @param alpha the factor of the product
  /// @param beta the factor of `c`
  /// @param transposeA whether `a` is transposed
  /// @param transposeB whether `b` is transposed
  /// @param out the result
  public static void gemm(
      Tensor a,
      Tensor b,
      @Nullable Tensor c,
      double alpha,
      double beta,
      boolean transposeA,
      boolean transposeB,
      Tensor out) {
    Tensor product = Tensor.allocate(out.dtype(), out.shape());
    if (!out.dtype().isFloat()) {
      matMul(a, b, transposeA, transposeB, 1, null, null, null, product);
    } else {
      product = Tensor.allocate(dev.jiffy.tensor.DType.F64, out.shape());
      matMul(a, b, transposeA, transposeB, alpha, null, null, null, product);
    }
    boolean integers = !out.dtype().isFloat() && alpha == 1 && (c == null || beta == 1);
    Walk walk =
        new Walk(
            out.shape().dims(),
            c == null ? new long[out.shape().rank()] : Elements.broadcastStrides(c.shape(), 2));
    for (long i = 0; i < out.shape().elements(); i++, walk.next()) {
      if (integers) {
        out.setLong(i, product.getLong(i) + (c == null ? 0 : c.getLong(walk.offset(0))));
      } else {
        double value = product.getDouble(i) * (out.dtype().isFloat() ? 1 : alpha);
        out.setDouble(i, value + (c == null ? 0 : beta * c.getDouble(walk.offset(0))));
      }
    }
  }

  /// Sums products over an index space: the common form of Einstein summation.
  ///
  /// @param operands the factors
  /// @param strides for each factor its stride along each dimension of the index space
  /// @param extents the index space, the result's dimensions first
  /// @param summed the number of trailing dimensions that are summed over
  /// @param out the result
  public static void sumOfProducts(
      Tensor[] operands, long[][] strides, long[] extents, int summed, Tensor out) {
    long inner = 1;
    for (int d = extents.length - summed; d < extents.length; d++) {
      inner *= extents[d];
    }
    Walk walk = new Walk(extents, strides);
    boolean floats = out.dtype().isFloat();
    for (long i = 0; i < out.shape().elements(); i++) {
      double sum = 0;
      long exact = 0;
      for (long n = 0; n < inner; n++, walk.next()) {
        double product = 1;
        long exactProduct = 1;
        for (int k = 0; k < operands.length; k++) {
          if (floats) {
            product *= operands[k].getDouble(walk.offset(k));
          } else {
            exactProduct *= operands[k].getLong(walk.offset(k));
          }
        }
        sum += product;
        exact += exactProduct;
      }
      if (floats) {
        out.setDouble(i, sum);
      } else {
        out.setLong(i, exact);
      }
    }
  }

  /// Computes `softmax(scale · q · kᵀ + mask) · v` for each batch and head.
  ///
  /// @param q the queries, `[batch, queries, heads · headSize]`
  /// @param k the keys, `[batch, keys, heads · headSize]`
  /// @param v the values, `[batch, keys, heads · valueSize]`
  /// @param mask added to the scores, broadcast to `[batch, heads, queries, keys]`, or null
  /// @param heads the number of heads
  /// @param scale the factor of the scores
  /// @param out the result, `[batch, queries, heads · valueSize]`
  public static void attention(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, int heads, double scale, Tensor out) {
    int batches = Math.toIntExact(q.shape().dim(0));
    int queries = Math.toIntExact(q.shape().dim(1));
    int keys = Math.toIntExact(k.shape().dim(1));
    int width = Math.toIntExact(q.shape().dim(2));
    int valueWidth = Math.toIntExact(v.shape().dim(2));
    int size = width / heads;
    int valueSize = valueWidth / heads;
    double[] qs = q.toDoubles();
    double[] ks = k.toDoubles();
    double[] vs = v.toDoubles();
    long[] maskStrides = mask == null ? new long[4] : Elements.broadcastStrides(mask.shape(), 4);
    double[] scores = new double[keys];
    double[] sums = new double[valueSize];
    for (int b = 0; b < batches; b++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < queries; i++) {
          long maskBase = b * maskStrides[0] + h * maskStrides[1] + i * maskStrides[2];
          int qBase = (b * queries + i) * width + h * size;
          for (int j = 0; j < keys; j++) {
            int kBase = (b * keys + j) * width + h * size;
            double dot = 0;
            for (int d = 0; d < size; d++) {
              dot += qs[qBase + d] * ks[kBase + d];
            }
            double added = mask == null ? 0 : mask.getDouble(maskBase + j * maskStrides[3]);
            scores[j] = scale * dot + added;
          }
          softmax(scores);
          Arrays.fill(sums, 0);
          for (int j = 0; j < keys; j++) {
            int vBase = (b * keys + j) * valueWidth + h * valueSize;
            for (int d = 0; d < valueSize; d++) {
              sums[d] += scores[j] * vs[vBase + d];
            }
          }
          long target = (long) (b * queries + i) * valueWidth + (long) h * valueSize;
          for (int d = 0; d < valueSize; d++) {
            out.setDouble(target + d, sums[d]);
          }
        }
      }
    }
  }

  /// Computes attention of queries that see the keys up to their own place.
  ///
  /// @param q the queries, `[batch, queries, heads · headSize]`
  /// @param k the keys, `[batch, keyHeads, keys, headSize]`
  /// @param v the values, as the keys
  /// @param starts for each sequence the number of the last key that its first query sees
  /// @param mask added to the scores, broadcast to `[batch, heads, queries, keys]`, or null
  /// @param heads the number of heads of queries
  /// @param window how many keys a query sees at most; 0 for all
  /// @param scale the factor of the scores
  /// @param cap what scores stay below before the mask is added; 0 for none
  /// @param out the result, as the queries
  public static void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor starts,
      @Nullable Tensor mask,
      int heads,
      long window,
      double scale,
      double cap,
      Tensor out) {
    int queries = Math.toIntExact(q.shape().dim(1));
    int keyHeads = Math.toIntExact(k.shape().dim(1));
    int keys = Math.toIntExact(k.shape().dim(2));
    int size = Math.toIntExact(k.shape().dim(3));
    double[] qs = q.toDoubles();
    double[] ks = k.toDoubles();
    double[] vs = v.toDoubles();
    long[] maskStrides = mask == null ? new long[4] : Elements.broadcastStrides(mask.shape(), 4);
    for (int row = 0; row < q.shape().dim(0) * heads * queries && keys > 0; row++) {
      int query = row % queries;
      int head = row / queries % heads;
      int batch = row / queries / heads;
      long seen = Math.clamp(starts.getLong(batch), -1L - queries, keys) + query + 1;
      int last = Math.clamp(seen, 1, keys);
      int first = window == 0 ? 0 : (int) Math.max(0, last - window);
      long maskBase = batch * maskStrides[0] + head * maskStrides[1] + query * maskStrides[2];
      int qBase = ((batch * queries + query) * heads + head) * size;
      int kBase = (batch * keyHeads + head / (heads / keyHeads)) * keys * size;
      double[] scores = new double[last - first];
      for (int j = first; j < last; j++) {
        double dot = 0;
        for (int d = 0; d < size; d++) {
          dot += qs[qBase + d] * ks[kBase + j * size + d];
        }
        double added = mask == null ? 0 : mask.getDouble(maskBase + j * maskStrides[3]);
        double score = cap == 0 ? scale * dot : cap * Math.tanh(scale * dot / cap);
        scores[j - first] = score + added;
      }
      softmax(scores);
      for (int d = 0; d < size; d++) {
        double sum = 0;
        for (int j = first; j < last; j++) {
          sum += scores[j - first] * vs[kBase + j * size + d];
        }
        out.setDouble(qBase + d, sum);
      }
    }
  }

  private static void softmax(double[] scores) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      largest = Math.max(largest, score);
    }
    double sum = 0;
    for (int j = 0; j < scores.length; j++) {
      scores[j] = Math.exp(scores[j] - largest);
      sum += scores[j];
    }
    for (int j = 0; j < scores.length; j++) {
      scores[j] /= sum;
    }
  }

  /// Computes the determinants of square matrices, by elimination with the largest pivot.
  ///
  /// @param x the matrices, along the last two dimensions
  /// @param out one number for each
  public static void determinant(Tensor x, Tensor out) {
    int n = Math.toIntExact(x.shape().dim(x.shape().rank() - 1));
    double[] a = new double[Math.multiplyExact(n, n)];
    for (long m = 0; m < out.shape().elements(); m++) {
      for (int i = 0; i < a.length; i++) {
        a[i] = x.getDouble(m * a.length + i);
      }
      out.setDouble(m, determinant(a, n));
    }
  }

  private static double determinant(double[] a, int n) {
    double product = 1;
    for (int k = 0; k < n; k++) {
      int pivot = k;
      for (int i = k + 1; i < n; i++) {
        pivot = Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k]) ? i : pivot;
      }
      product *= pivot == k ? a[k * n + k] : -a[pivot * n + k];
      if (a[pivot * n + k] == 0) {
        return product;
      }
      for (int j = k; j < n; j++) {
        double swapped = a[k * n + j];
        a[k * n + j] = a[pivot * n + j];
        a[pivot * n + j] = swapped;
      }
      for (int i = k + 1; i < n; i++) {
        double factor = a[i * n + k] / a[k * n + k];
        for (int j = k + 1; j < n; j++) {
          a[i * n + j] -= factor * a[k * n + j];
        }
      }
    }
    return product;
  }
}
