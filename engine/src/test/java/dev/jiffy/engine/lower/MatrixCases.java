package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;
import static dev.jiffy.engine.lower.Samples.broadcast;
import static dev.jiffy.engine.lower.Samples.vector;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Matrix products, their fused forms, and attention.
final class MatrixCases {
  private MatrixCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    long[][] sizes = {
      {1, 1, 1},
      {1, 7, 17},
      {7, 31, 1},
      {8, 16, 32},
      {9, 17, 33},
      {7, 15, 31},
      {17, 64, 65},
      {13, 0, 5},
      {0, 3, 5},
      {3, 5, 0},
      {64, 33, 16},
      {1, 384, 96},
      {3, 40, 70},
      {2, 130, 300}
    };
    for (long[] size : sizes) {
      for (boolean transposed : new boolean[] {false, true}) {
        for (DType dtype : List.of(DType.F32, DType.F64)) {
          product(cases, dtype, size[0], size[1], size[2], transposed, false);
        }
      }
    }
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      product(cases, dtype, 5, 6, 7, true, true);
      product(cases, dtype, 5, 130, 300, true, true);
      batches(cases, dtype);
    }
    integers(cases);
    quantized(cases);
    gemm(cases);
    einsum(cases);
    attention(cases);
    causalAttention(cases);
    appendedRows(cases);
    return cases;
  }

  private static void product(
      List<OpCase> cases,
      DType dtype,
      long m,
      long k,
      long n,
      boolean transposeB,
      boolean transposeA) {
    Tensor a = Samples.as(dtype, transposeA ? Samples.floats(1, k, m) : Samples.floats(1, m, k));
    Tensor b = Samples.as(dtype, transposeB ? Samples.floats(2, n, k) : Samples.floats(2, k, n));
    Tensor bias = Samples.as(dtype, Samples.floats(3, n));
    Tensor residual = Samples.as(dtype, Samples.floats(4, m, n));
    OpCase.Formula plain =
        i -> {
          double sum = 0;
          for (long d = 0; d < k; d++) {
            double left = transposeA ? at(a, d, i[0]) : at(a, i[0], d);
            sum += left * (transposeB ? at(b, i[1], d) : at(b, d, i[1]));
          }
          return sum;
        };
    cases.add(OpCase.of("plain", new Op.MatMul(transposeA, transposeB, 1, null), plain, a, b));
    Op.Unary relu = new Op.Unary(UnaryFunction.RELU);
    Op.Unary gelu = new Op.Unary(UnaryFunction.GELU);
    for (Op.Unary activation : new Op.@Nullable Unary[] {null, relu, gelu}) {
      cases.add(
          OpCase.of(
              "bias " + (activation == null ? "" : activation.function()),
              new Op.MatMul(transposeA, transposeB, 0.5f, activation),
              i -> activated(0.5 * plain.at(i) + bias.getDouble(i[1]), activation),
              a,
              b,
              bias));
    }
    cases.add(
        OpCase.of(
            "bias alone",
            new Op.MatMul(transposeA, transposeB, 1, null),
            i -> plain.at(i) + bias.getDouble(i[1]),
            a,
            b,
            bias));
    Op.Unary last = dtype == DType.F32 ? relu : null;
    cases.add(
        OpCase.of(
            "bias residual",
            new Op.MatMul(transposeA, transposeB, 1, last),
            i -> activated(plain.at(i) + bias.getDouble(i[1]) + at(residual, i), last),
            a,
            b,
            bias,
            residual));
    cases.add(
        OpCase.of(
            "residual",
            new Op.MatMul(transposeA, transposeB, 1, null),
            i -> plain.at(i) + at(residual, i),
            a,
            b,
            null,
            residual));
  }

  static double activated(double x, Op.@Nullable Unary activation) {
    return activation == null
        ? x
        : activation.function().apply(x, activation.alpha(), activation.beta());
  }

  private static void batches(List<OpCase> cases, DType dtype) {
    Tensor a = Samples.as(dtype, Samples.floats(1, 3, 1, 5, 7));
    Tensor b = Samples.as(dtype, Samples.floats(2, 2, 7, 17));
    cases.add(
        OpCase.of(
            "broadcast batches",
            new Op.MatMul(),
            i -> dot(7, d -> at(a, i[0], 0, i[2], d) * at(b, i[1], d, i[3])),
            a,
            b));
    Tensor w = Samples.as(dtype, Samples.floats(3, 7, 17));
    cases.add(
        OpCase.of(
            "shared weights",
            new Op.MatMul(),
            i -> dot(7, d -> at(a, i[0], 0, i[2], d) * at(w, d, i[3])),
            a,
            w));
    Tensor v = Samples.as(dtype, Samples.floats(4, 7));
    cases.add(
        OpCase.of(
            "vector right",
            new Op.MatMul(),
            i -> dot(7, d -> at(a, i[0], 0, i[2], d) * v.getDouble(d)),
            a,
            v));
    cases.add(
        OpCase.of(
            "vector left",
            new Op.MatMul(),
            i -> dot(7, d -> v.getDouble(d) * at(b, i[0], d, i[1])),
            v,
            b));
    cases.add(
        OpCase.of(
            "vectors", new Op.MatMul(), i -> dot(7, d -> v.getDouble(d) * v.getDouble(d)), v, v));
  }

  private static void integers(List<OpCase> cases) {
    Tensor x = Samples.integers(DType.I32, 5, -9, 9, 3, 7);
    Tensor y = Samples.integers(DType.I32, 6, -9, 9, 7, 5);
    cases.add(
        OpCase.of("i32", new Op.MatMul(), i -> dot(7, d -> at(x, i[0], d) * at(y, d, i[1])), x, y));
  }

  private interface Term {
    double at(long d);
  }

  private static double dot(long size, Term term) {
    double sum = 0;
    for (long d = 0; d < size; d++) {
      sum += term.at(d);
    }
    return sum;
  }

  private static void quantized(List<OpCase> cases) {
    Tensor x = Samples.between(1, -0.4, 1.1, 2, 3, 37);
    float least = 0;
    float greatest = 0;
    for (long i = 0; i < x.shape().elements(); i++) {
      least = Math.min(least, (float) x.getDouble(i));
      greatest = Math.max(greatest, (float) x.getDouble(i));
    }
    float scale = (greatest - least) / 255;
    double zero = Math.rint(-least / scale);
    OpCase.Formula quantized = i -> Math.clamp(Math.rint((float) at(x, i) / scale) + zero, 0, 255);
    cases.add(new OpCase("range", new Op.DynamicQuantize(), List.of(x), 3, quantized));
    for (int n : new int[] {1, 16, 33, 34, 35, 36, 37, 38}) {
      int shift = n == 36 ? 1 : n == 37 ? -127 : n == 38 ? 128 : 0;
      Tensor w =
          switch (n) {
            case 34 -> Samples.integers(DType.I16, 2, -120, 136, 37, n);
            case 35 -> Samples.integers(DType.I16, 2, -255, 256, 37, n);
            default -> Samples.integers(DType.I8, 2, -128, 127, 37, n);
          };
      Tensor factors = Samples.between(3, 0.001, 0.01, n);
      Tensor bias = Samples.floats(4, n);
      Tensor residual = Samples.floats(5, 2, 3, n);
      Op.Unary relu = new Op.Unary(UnaryFunction.RELU);
      OpCase.Formula product =
          i ->
              (double) scale
                  * at(factors, i[2])
                  * dot(
                      37,
                      d ->
                          (quantized.at(new long[] {i[0], i[1], d}) - zero)
                              * (at(w, d, i[2]) + shift));
      Op plain = new Op.QuantizedMatMul(shift, null);
      cases.add(OpCase.of("plain", plain, product, x, w, factors));
      cases.add(
          OpCase.of(
              "fused",
              new Op.QuantizedMatMul(shift, relu),
              i -> Math.max(0, product.at(i) + at(bias, i[2]) + at(residual, i)),
              x,
              w,
              factors,
              bias,
              residual));
    }
  }

  private static void gemm(List<OpCase> cases) {
    Tensor a = Samples.floats(1, 7, 5);
    Tensor b = Samples.floats(2, 17, 7);
    for (Tensor c :
        List.of(
            Samples.floats(3, 17),
            Samples.floats(4, 5, 1),
            Samples.floats(5),
            Samples.floats(6, 5, 17))) {
      cases.add(
          OpCase.of(
              "transposed",
              new Op.Gemm(0.5f, 2, true, true),
              i -> 0.5 * dot(7, d -> at(a, d, i[0]) * at(b, i[1], d)) + 2 * broadcast(c, i),
              a,
              b,
              c));
    }
    Tensor w = Samples.floats(7, 5, 3);
    cases.add(
        OpCase.of(
            "plain",
            new Op.Gemm(1, 1, false, false),
            i -> dot(5, d -> at(a, i[0], d) * at(w, d, i[1])),
            a,
            w));
  }

  private static void einsum(List<OpCase> cases) {
    Tensor a = Samples.floats(1, 2, 3, 5);
    Tensor b = Samples.floats(2, 2, 5, 7);
    cases.add(
        OpCase.of(
            "products",
            new Op.Einsum("bij, bjk -> bik"),
            i -> dot(5, d -> at(a, i[0], i[1], d) * at(b, i[0], d, i[2])),
            a,
            b));
    cases.add(
        OpCase.of(
            "ellipsis",
            new Op.Einsum("...ij,...jk"),
            i -> dot(5, d -> at(a, i[0], i[1], d) * at(b, i[0], d, i[2])),
            a,
            b));
    Tensor square = Samples.floats(3, 5, 5);
    cases.add(OpCase.of("trace", new Op.Einsum("ii"), i -> dot(5, d -> at(square, d, d)), square));
    cases.add(OpCase.of("flip", new Op.Einsum("ij->ji"), i -> at(square, i[1], i[0]), square));
  }

  private static void attention(List<OpCase> cases) {
    long[][] sizes = {{1, 1, 1, 1, 1}, {2, 3, 7, 5, 4}, {1, 2, 17, 16, 8}, {1, 12, 9, 9, 32}};
    for (long[] s : sizes) {
      long width = s[1] * s[4];
      Tensor q = Samples.floats(1, s[0], s[2], width);
      Tensor k = Samples.floats(2, s[0], s[3], width);
      Tensor v = Samples.floats(3, s[0], s[3], width);
      Op op = new AttentionOp.Attention(s[1], 0.25f);
      for (Tensor mask :
          new @Nullable Tensor[] {
            null,
            Samples.floats(4, s[0], 1, 1, s[3]),
            Samples.floats(5, s[0], s[1], s[2], s[3]),
            Samples.floats(6, s[2], s[3])
          }) {
        cases.add(
            OpCase.of(
                mask == null ? "plain" : "mask " + mask.shape(),
                op,
                i -> attended(q, k, v, mask, s, i),
                q,
                k,
                v,
                mask));
      }
    }
  }

  private static double attended(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, long[] s, long[] i) {
    long head = i[2] / s[4];
    double sum = 0;
    double weighted = 0;
    for (long j = 0; j < s[3]; j++) {
      long key = j;
      double score =
          0.25
              * dot(
                  s[4],
                  d -> at(q, i[0], i[1], head * s[4] + d) * at(k, i[0], key, head * s[4] + d));
      double weight = Math.exp(score + (mask == null ? 0 : broadcast(mask, i[0], head, i[1], j)));
      sum += weight;
      weighted += weight * at(v, i[0], j, i[2]);
    }
    return weighted / sum;
  }

  private static void causalAttention(List<OpCase> cases) {
    // batch, heads, heads of keys, queries, keys, size, window
    long[][] sizes = {
      {1, 1, 1, 1, 1, 1, 0},
      {2, 6, 3, 1, 40, 16, 0},
      {2, 6, 2, 1, 9, 5, 4},
      {3, 4, 2, 7, 11, 8, 0},
      {1, 4, 4, 70, 70, 32, 0},
      {2, 2, 1, 40, 75, 12, 9},
      {2, 2, 1, 5, 0, 4, 0},
    };
    for (long[] s : sizes) {
      Tensor q = Samples.floats(1, s[0], s[3], s[1] * s[5]);
      Tensor k = Samples.floats(2, s[0], s[2], s[4], s[5]);
      Tensor v = Samples.floats(3, s[0], s[2], s[4], s[5]);
      Tensor starts = Tensor.allocate(DType.I64, Shape.of(s[0]));
      for (long b = 0; b < s[0]; b++) {
        // sequences end where the keys do, before, and beyond; queries before the first key see it
        starts.setLong(b, b == 2 ? Long.MAX_VALUE : s[4] - s[3] - 4 * b);
      }
      for (Tensor mask :
          new @Nullable Tensor[] {
            null, Samples.floats(4, s[0], s[1], s[3], s[4]), Samples.floats(5, 1, s[4])
          }) {
        float cap = mask == null ? 0 : 0.75f;
        cases.add(
            OpCase.of(
                mask == null ? "plain" : "mask " + mask.shape(),
                new AttentionOp.CausalAttention(s[1], s[6], 0.25f, cap),
                i -> causal(q, k, v, starts, mask, cap, s, i),
                q,
                k,
                v,
                starts,
                mask));
      }
    }
  }

  private static double causal(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor starts,
      @Nullable Tensor mask,
      float cap,
      long[] s,
      long[] i) {
    long head = i[2] / s[5];
    long keyHead = head / (s[1] / s[2]);
    long end = Math.clamp(Math.min(starts.getLong(i[0]), s[4]) + i[1] + 1, 1, Math.max(1, s[4]));
    double sum = 0;
    double weighted = 0;
    for (long j = s[6] == 0 ? 0 : Math.max(0, end - s[6]); j < Math.min(end, s[4]); j++) {
      long key = j;
      double score =
          0.25 * dot(s[5], d -> at(q, i[0], i[1], head * s[5] + d) * at(k, i[0], keyHead, key, d));
      double capped = cap == 0 ? score : cap * Math.tanh(score / cap);
      double weight = Math.exp(capped + (mask == null ? 0 : broadcast(mask, i[0], head, i[1], j)));
      sum += weight;
      weighted += weight * at(v, i[0], keyHead, j, i[2] % s[5]);
    }
    return sum == 0 ? 0 : weighted / sum;
  }

  private static void appendedRows(List<OpCase> cases) {
    for (DType dtype : List.of(DType.F32, DType.F16)) {
      Tensor rows = Samples.as(dtype, Samples.floats(1, 5, 3, 2, 7));
      Tensor earlier = Samples.as(dtype, Samples.floats(2, 5, 3, 6, 7));
      // within, behind, over the end, before the first, nowhere
      Tensor starts = vector(3, 6, 7, -1, Long.MIN_VALUE);
      for (int i = 0; i < 3; i++) {
        Tensor before = i == 0 ? null : earlier;
        boolean keepsRest = i == 2;
        cases.add(
            OpCase.of(
                List.of("rows alone", "rows behind others", "rows among others").get(i),
                new AttentionOp.AppendRows(keepsRest),
                at -> {
                  long start = starts.getLong(at[0]);
                  if (at[2] >= start && at[2] < Math.max(start, -9) + 2) {
                    return at(rows, at[0], at[1], at[2] - start, at[3]);
                  }
                  boolean isEarlier = at[2] < 6 && (keepsRest || at[2] < start);
                  return before != null && isEarlier ? at(before, at) : 0;
                },
                rows,
                starts,
                vector(8),
                before));
      }
    }
    cases.add(
        OpCase.of(
            "no rows",
            new AttentionOp.AppendRows(false),
            i -> 0.0,
            Samples.floats(1, 2, 3, 0, 7),
            vector(0, 0),
            vector(0)));
  }
}
